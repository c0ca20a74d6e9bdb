"""A live bar on standard error while a broadcast runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from handbill.cli.running import Report
from handbill.contract.app import triggers


@contextmanager
def progress_bar() -> Iterator[Report]:
    """A live bar on standard error; what it gives back is told how the trigger gets on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("accepted", total=None)

        async def report(now: triggers.Progress) -> None:
            counts = now.counts
            done = counts.sent + counts.failed + counts.skipped + counts.drafted + counts.unknown
            progress.update(task, description=now.state, completed=done, total=now.recipients or None)

        yield report
