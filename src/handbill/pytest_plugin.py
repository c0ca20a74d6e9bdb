"""The pytest plugin: `handbill`, a fixture that is a running workspace. Read testing.py next.

Every pytest of an environment with Handbill in it loads this file: the workspace is imported when a test asks for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from handbill.testing import Handbill


@pytest.fixture
def handbill(tmp_path: Path) -> "Iterator[Handbill]":
    """A running workspace of this test alone, in sandbox: nothing leaves the machine."""
    from handbill.testing import served

    with served(tmp_path / "handbill") as opened:
        yield opened
