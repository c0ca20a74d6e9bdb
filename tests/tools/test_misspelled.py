"""Every parameter of every tool, misspelled: refused, with the nearest name there is."""

from collections.abc import Iterator

import pytest

from handbill.errors import InvalidInput
from handbill.tools import TOOLS, Tool
from handbill.tools.parameters import nearest


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_misspelled_parameter_is_refused_with_the_nearest_right_one(tool: Tool) -> None:
    names = [parameter.name for parameter in tool.parameters]
    for name in names:
        for wrong in {*misspelled(name)} - {*names}:
            with pytest.raises(InvalidInput) as refused:
                tool.read({wrong: "x"})
            sentence = next(fault.message for fault in refused.value.faults if fault.field == wrong)
            assert sentence.startswith(f"Unknown parameter `{wrong}`. "), sentence
            if len(name) > 3:
                assert f"Did you mean `{nearest(wrong, names)}`?" in sentence, sentence
            assert ("Nothing was sent." in sentence) is (tool.effect == "sends")


def misspelled(name: str) -> Iterator[str]:
    """A letter left out, two swapped, one doubled, one added, and another case."""
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :] or "x"
        yield name[:at] + name[at] + name[at:]
        if at:
            yield name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    yield from (f"{name}s", f"x{name}", name.upper(), name.replace("_", ""), name.replace("_", "-"))
