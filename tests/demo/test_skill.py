"""The skill for agents names only what exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from handbill.contract import limits
from handbill.contract.audience import FLAGS
from handbill.tools import TOOLS
from handbill.tools.triggering import EFFECTIVE

SKILL = (Path(__file__).parents[2] / "skills/customerio-automation/SKILL.md").read_text("utf-8")
_, FRONT, TEXT = SKILL.split("---\n", 2)
SPANS = set(re.findall(r"`([^`\n]+)`", TEXT))
FILTER_WORDS = {"and", "or", "not", "segment", "attribute", "eq", "exists"}
LIQUID_WORDS = {"default"}


def fields(schema: Any) -> Iterator[str]:
    """The names of all properties of a JSON schema, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from fields(inner)


def enums(schema: dict[str, Any]) -> Iterator[str]:
    """The values of the parameters that have a choice."""
    for parameter in schema["properties"].values():
        yield from parameter.get("enum", ())


def test_its_front_matter_names_and_describes_it() -> None:
    front = yaml.safe_load(FRONT)
    assert front["name"] == "customerio-automation"
    assert 50 < len(front["description"]) <= 1024


def test_every_tool_it_names_exists() -> None:
    named = set(re.findall(r"CUSTOMERIO_\w+", SKILL)) - {"CUSTOMERIO_"}
    assert named
    assert named <= set(TOOLS)


def test_every_tool_has_its_place_in_it() -> None:
    assert {span for span in SPANS if span in TOOLS} == set(TOOLS)


def test_every_word_in_code_is_known_to_tools_answers_or_filters() -> None:
    parameters = {parameter.name for tool in TOOLS.values() for parameter in tool.parameters}
    answers = {name for tool in TOOLS.values() for name in fields(tool.output_schema())}
    options = {option for tool in TOOLS.values() for option in enums(tool.input_schema())}
    words = {span for span in SPANS if re.fullmatch(r"[a-z_]+", span)}
    assert words <= parameters | options | answers | FILTER_WORDS | LIQUID_WORDS


def test_every_parameter_it_gives_to_a_tool_is_that_tools() -> None:
    calls = re.findall(r"`(CUSTOMERIO_\w+)`\s+with\s+((?:(?:,|and|perhaps|\s)*`[a-z_]+`)+)", TEXT)
    assert len(calls) >= 5
    for name, given in calls:
        own = {parameter.name for parameter in TOOLS[name].parameters}
        assert set(re.findall(r"`(\w+)`", given)) <= own, name


@pytest.mark.parametrize("option", EFFECTIVE)
def test_its_table_says_which_flags_go_with_an_audience(option: str) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{option}` "))
    flags = row.rsplit("|", 2)[1].replace("all three flags", " ".join(f"`{flag}`" for flag in FLAGS))
    assert set(re.findall(r"`(\w+)`", flags)) == set(EFFECTIVE[option])


def test_its_limits_are_those_of_the_contract() -> None:
    assert f"more than {limits.AUDIENCE_ENTRIES:,} people" in TEXT
    assert f"At most {limits.TRIGGER_DATA_BYTES:,} bytes" in TEXT
    assert f"One trigger per broadcast in {limits.TRIGGER.seconds} seconds" in TEXT
