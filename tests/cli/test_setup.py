"""`handbill setup`: what it writes into the files of agents' programs, and what it leaves alone."""

import asyncio
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from handbill.cli import client_files, root
from handbill.connections.saved import Saved, change
from handbill.errors import Conflict, HandbillError
from handbill.policy import Policy
from handbill.settings import Settings
from handbill.tools import toolsets
from handbill.workspace.store import sending
from handbill.workspace.workspace import Workspace

PROGRAM = str(Path(sys.executable).with_name("handbill"))
ENTRY = {"command": "/bin/handbill", "args": ["mcp"]}


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with no program on its PATH but what a test puts into `bin`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in (
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "CODEX_HOME",
        "HANDBILL_HOME",
        "HANDBILL_TOOLSETS",
        "HANDBILL_READONLY",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


@dataclass
class Ended:
    output: str
    exception: Exception | None


Setup = Callable[..., Ended]


@pytest.fixture
def setup(person: Path, capfd: pytest.CaptureFixture[str]) -> Setup:
    """`handbill setup` with these words; the server that it starts writes where this process does."""

    def run(*words: str) -> Ended:
        failure = None
        try:
            root.main(["setup", *words], standalone_mode=False)
        except HandbillError as error:
            failure = error
        return Ended(capfd.readouterr().out, failure)

    return run


@pytest.mark.parametrize(
    ("client", "folder", "file", "table"),
    [
        ("claude", "", "project/.mcp.json", "mcpServers"),
        ("claude", ".config/Claude", ".config/Claude/claude_desktop_config.json", "mcpServers"),
        ("cursor", "", ".cursor/mcp.json", "mcpServers"),
        ("vscode", "", ".config/Code/User/mcp.json", "servers"),
        ("codex", "", ".codex/config.toml", "mcp_servers"),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="the folders of Linux")
def test_a_client_starts_what_it_was_told_and_finds_the_tools(
    person: Path, setup: Setup, client: str, folder: str, file: str, table: str
) -> None:
    (person / folder).mkdir(parents=True, exist_ok=True)
    done = setup(client, "--home", str(person / "shop"), "--toolsets", "default,people")
    assert done.exception is None, done.output
    text = (person / file).read_text()
    read = tomllib.loads if file.endswith("toml") else json.loads
    told = read(text)[table]["handbill"]
    assert [told["command"], *told["args"]] == [
        PROGRAM,
        "mcp",
        "--home",
        str(person / "shop"),
        "--toolsets",
        "default,people",
    ]
    assert f"{len(toolsets.shown('default,people'))} tools" in done.output


def test_what_the_rules_of_the_current_connection_leave_is_what_the_client_finds(
    person: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = person / "shop"

    async def fill() -> None:
        async with Workspace.open(Settings.load({}, shop)) as workspace:
            few = Policy(mode="live", toolsets="broadcasts,campaigns")
            await workspace.database.write(sending.put, few, "acme")

    asyncio.run(fill())
    saved = Saved(name="acme", region="eu", apis=("app",), fails={"CUSTOMERIO_LIST_CAMPAIGNS": "No scope."})
    change(shop, lambda book: book.with_(saved))
    monkeypatch.setenv("HANDBILL_CONNECTION", "embedded")
    done = setup("cursor", "--home", str(shop), "--toolsets", "broadcasts,campaigns,people", "--read-only")
    assert done.exception is None, done.output
    assert "--read-only" in (person / ".cursor" / "mcp.json").read_text()
    reading = sum(not tool.refusal(Policy(readonly=True)) for tool in toolsets.shown("broadcasts,campaigns").values())
    assert f"{reading} tools, on acme (Customer.io, EU), read-only. 1 of them do not work there" in done.output
    assert "HANDBILL_CONNECTION is set in this shell alone" in done.output


def test_a_second_time_changes_nothing_and_leaves_no_copy(person: Path, setup: Setup) -> None:
    setup("cursor")
    before = sorted((path, path.stat().st_mtime_ns) for path in (person / ".cursor").iterdir())
    done = setup("cursor")
    assert "says so already" in done.output
    assert sorted((path, path.stat().st_mtime_ns) for path in (person / ".cursor").iterdir()) == before


def test_a_dry_run_shows_the_lines_that_change_and_nothing_of_the_others(person: Path, setup: Setup) -> None:
    file = person / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text('{\n  "mcpServers": {\n    "other": {\n      "env": {"KEY": "hush"}\n    }\n  }\n}\n')
    before = file.read_bytes()
    done = setup("cursor", "--dry-run")
    assert done.exception is None
    assert '+    "handbill": {' in done.output
    assert "hush" not in done.output
    assert [*file.parent.iterdir()] == [file]
    assert file.read_bytes() == before


def test_an_unknown_toolset_is_named_before_anything_is_written(person: Path, setup: Setup) -> None:
    done = setup("cursor", "--toolsets", "peple")
    assert "did you mean people" in str(done.exception)
    assert not (person / ".cursor").exists()


def test_claude_code_is_told_with_its_own_command_once(person: Path, setup: Setup) -> None:
    (person / "bin").mkdir()
    claude = person / "bin" / "claude"
    claude.write_text(f"""#!{sys.executable}
import pathlib, sys
kept = pathlib.Path({str(person / "told")!r})
if sys.argv[1:3] == ["mcp", "get"]:
    if not kept.exists(): sys.exit(1)
    command, *args = kept.read_text().split()
    print(f"handbill:\\n  Command: {{command}}\\n  Args: {{' '.join(args)}}")
else:
    kept.write_text(" ".join(sys.argv[sys.argv.index("--") + 1:]))
""")
    claude.chmod(0o755)
    assert "add --scope user handbill" in setup("claude", "--dry-run").output
    assert not (person / "told").exists()
    assert "Claude Code is told" in setup("claude").output
    assert (person / "told").read_text() == f"{PROGRAM} mcp"
    assert "says so already" in setup("claude").output
    other = setup("claude", "--toolsets", "all")
    assert isinstance(other.exception, Conflict)
    assert (person / "told").read_text() == f"{PROGRAM} mcp"
    assert [*(person / "project").iterdir()] == []


TOML = """# mine
model = "large"   # keep

[mcp_servers.docs]
command = "docs"  # hand-made

[mcp_servers.handbill]
command = "old"
args = ["mcp", "--home", "/old"]
startup_timeout_sec = 20   # slow disk

[tui]
theme = 'dark'
"""


def test_comments_and_other_keys_in_toml_stay_and_a_copy_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(TOML)
    file.chmod(0o600)
    backup = client_files.change(file, "mcp_servers", ENTRY).write()
    assert file.read_text() == TOML.replace('"old"', '"/bin/handbill"').replace(', "--home", "/old"', "")
    assert backup is not None
    assert backup.read_text() == TOML
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1.0}', '{"a": 1.0,\n  "mcpServers": {\n    "handbill": @\n  }}'),
        ('{\n\t"mcpServers": {}\n}\n', '{\n\t"mcpServers": {\n\t\t"handbill": @\n\t}\n}\n'),
        ('{"mcpServers": {"handbill": {"env": {"K": "1"}}} }', None),
        ("", '{\n  "mcpServers": {\n    "handbill": @\n  }\n}\n'),
    ],
)
def test_json_is_changed_where_the_server_stands_and_nowhere_else(
    tmp_path: Path, before: str, after: str | None
) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(before)
    text = client_files.change(file, "mcpServers", ENTRY).after
    told = json.loads(text)["mcpServers"]["handbill"]
    assert told.items() >= ENTRY.items()
    if after is None:
        assert told["env"] == {"K": "1"}
    else:
        start, end = after.split("@")
        assert text.startswith(start)
        assert text.endswith(end)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mcp.json", b'{\n  // mine\n  "mcpServers": {}\n}'),
        ("mcp.json", b'{"mcpServers": {"a": 1,}}'),
        ("mcp.json", b'{"mcpServers": []}'),
        ("mcp.json", b'{"mcpServers": null}'),
        ("mcp.json", b'{"mcpServers": {"handbill": 5}}'),
        ("mcp.json", b'{"mcpServers": {}, "mcpServers": {"a": {}}}'),
        ("mcp.json", b'["secret"]'),
        ("mcp.json", b"\xff\xfe{}"),
        ("mcp.json", b"[" * 100_000),
        ("config.toml", b"mcpServers = [secret"),
        ("config.toml", b"mcpServers = 5"),
    ],
)
def test_a_broken_or_strange_file_is_left_alone_with_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(Conflict, match=r"is left alone: .*add the server by hand") as refused:
        client_files.change(file, "mcpServers", ENTRY)
    assert "secret" not in str(refused.value)
    assert file.read_bytes() == content


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def objects(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(texts, inner, max_size=3)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3) | objects(inner)
)


@example_settings(max_examples=60, deadline=None)
@given(objects(values), st.none() | objects(objects(values)), st.sampled_from([None, 1, 2, "\t"]))
def test_any_json_keeps_its_meaning(
    tmp_path_factory: pytest.TempPathFactory, others: dict[str, object], servers: object, indent: int | str | None
) -> None:
    known = {**others, **({} if servers is None else {"mcpServers": servers})}
    file = tmp_path_factory.mktemp("any") / "mcp.json"
    file.write_text(json.dumps(known, indent=indent, ensure_ascii=False), "utf-8", newline="")
    change = client_files.change(file, "mcpServers", ENTRY)
    read = json.loads(change.after)
    assert read["mcpServers"].pop("handbill").items() >= ENTRY.items()
    assert {key: value for key, value in read.items() if key != "mcpServers"} == others
    change.write()
    again = client_files.change(file, "mcpServers", ENTRY)
    assert again.after == again.before
