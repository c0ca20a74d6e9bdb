"""An audience read from a file: fetched as a stream, handed on in portions."""

from collections.abc import AsyncIterator, Sequence

from handbill.errors import InvalidInput
from handbill.workspace.data_file import read_lines
from handbill.workspace.store.audience import Entry
from handbill.workspace.workspace import Workspace

PORTION = 5_000
"""Lines looked up in one transaction."""

NAMED_LINES = 100
"""Bad lines named one by one; all are counted."""


async def portions(workspace: Workspace, url: str) -> AsyncIterator[Sequence[Entry]]:
    """The people of a data file, some thousand at a time, each by the number of its line.

    Raises InvalidInput when the file cannot be fetched or, after the last line, when lines were wrong.
    """
    faults: list[str] = []
    wrong = lines = 0
    portion: list[Entry] = []
    async for line in read_lines(url, allowed_hosts=workspace.settings.private_hosts):
        lines += 1
        if line.fault:
            wrong += 1
            faults += [f"line {line.number}: {line.fault}"][: NAMED_LINES - len(faults)]
            continue
        portion.append(Entry(f"line {line.number}", line.id, line.email, line.data.decode()))
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion
    if wrong:
        summary = f"{wrong:,} of {lines:,} lines are wrong: {'; '.join(faults)}. Nothing was sent."
        raise InvalidInput.of("data_file_url", summary)
