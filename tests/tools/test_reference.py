"""The page about the tools is the tools'."""

from pathlib import Path

from handbill.tools import TOOLS, reference

PAGE = Path(__file__).parents[2] / "docs/reference/tools.md"


def test_the_page_is_what_the_tools_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "run make docs"


def test_every_tool_is_in_it() -> None:
    assert all(f"### {name}\n" in reference.page() for name in TOOLS)
