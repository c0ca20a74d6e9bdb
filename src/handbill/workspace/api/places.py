"""From a path to the content it means: of whom, and by which number or language."""

from handbill.workspace.api.route import Call
from handbill.workspace.store.writing import PARENTS, Place


def place(call: Call) -> Place:
    """What the path of this call names. Raises BadRequest."""
    parent = next(name for name in PARENTS if name in call.path)
    numbers = {name: call.number(name) for name in call.path if name.endswith("_id")}
    return Place(
        parent,
        numbers[parent],
        content=numbers.get("action_id") or numbers.get("content_id"),
        test_group=numbers.get("test_group_id"),
        language=call.path.get("language"),
    )
