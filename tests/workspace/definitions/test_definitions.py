"""Definition files: applied all or nothing, twice without a change, exported and applied again to the same."""

from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest

from handbill.client import Client
from handbill.errors import InvalidInput
from handbill.settings import Settings
from handbill.workspace.definitions import apply, export
from handbill.workspace.store import definitions, people, segments
from handbill.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

RESTOCK = """
id: 5
name: Restock
audience: {segment: {id: 3}}
tags: [films]
goal: {event: rental, within_days: 3, after: opened}
messages:
  - type: email
    from: "Film Club <news@film.example>"
    subject: "{{trigger.headline}}"
    body_file: restock.html
    layout: plain
    headers: [{name: X-Club, value: film}]
"""
FILES = {
    "broadcasts/restock.yaml": RESTOCK,
    "broadcasts/restock.html": "<p>Dear {{customer.first_name}}</p>\n{{snippets.foot}}\n" * 5,
    "layouts/plain.html": "<html>{{content}}</html>",
    "snippets/foot.html": "Film Club, {{customer.city}}",
    "snippets/odd.yaml": "name: 'odd name: 100% \"ä\"'\nvalue: hello\n",
    "segments/regulars.yaml": (
        "id: 3\nname: Regulars\nconditions:\n  and:\n"
        "    - attribute: {field: country, operator: eq, value: Canada}\n"
        "    - event: {name: rental, at_least: 3, within_days: 90, before: 2022-08-23}\n"
        "    - not: {segment: {id: 4}}\n"
    ),
    "segments/staff.yaml": "id: 4\nname: Staff\nmanual: true\n",
    "segments/new.yaml": "name: New\nconditions: {attribute: {field: created_at, operator: within, past_days: 30}}\n",
    "object_types/companies.yaml": "id: 1\nname: Companies\nsingular_name: Company\n",
    "newsletters/may.yaml": (
        "name: May\ngoal: {event: rental}\naudience: {segment: {id: 3}}\n"
        'messages: [{from: "a@b.example", subject: Hi, body: Hello}]\n'
    ),
    "newsletters/june.yaml": (
        "name: June\nmessages:\n"
        '  - {test_group: A, from: "a@b.example", subject: Hi, body: Hello, preheader_text: Now}\n'
        '  - {language: fr, subject: Salut, preheader_text: ""}\n'
        '  - {test_group: B, from: "a@b.example", subject: Oh, body: Hello}\n'
        "  - {language: fr, subject: Eh}\n"
    ),
    "campaigns/welcome.yaml": (
        "name: Welcome\nevent: signed_up\nstate: stopped\naudience: {segment: {id: 3}}\ntags: [new]\n"
        "goal: {event: rental, within_days: 3, after: clicked}\nmessages:\n"
        '  - {from: "a@b.example", subject: Welcome, body: Hello, headers: [{name: X-Club, value: film}]}\n'
        "  - {language: pt-BR, subject: Oi}\n"
    ),
    "transactional/receipt.yaml": (
        "name: Receipt\ndescription: After a rental\nsend_to_unsubscribed: false\n"
        'messages: [{from: "a@b.example", subject: Receipt, body: "{{trigger.total}}"}]\n'
    ),
}


def written(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


async def outcomes(workspace: Workspace, folder: Path) -> dict[str, str]:
    return {f"{each.kind}/{each.name}": each.outcome for each in await apply(workspace, folder)}


async def test_everything_is_made_once_and_left_alone_the_second_time(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert set((await outcomes(workspace, folder)).values()) == {"made"}
    assert set((await outcomes(workspace, folder)).values()) == {"unchanged"}


async def test_a_change_in_one_file_changes_that_definition_and_keeps_its_ids(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    folder = written(tmp_path)
    await apply(workspace, folder)
    action = (await client.broadcasts.actions(5)).actions[0]
    written(folder, {"broadcasts/restock.html": "<p>Short</p>"})
    changed = {name for name, outcome in (await outcomes(workspace, folder)).items() if outcome == "changed"}
    assert changed == {"broadcasts/Restock"}
    after = (await client.broadcasts.actions(5)).actions[0]
    assert (after.id, after.body, after.headers) == (action.id, "<p>Short</p>", action.headers)


async def test_an_id_is_assigned_once_and_found_again_by_name(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path)
    first = {(each.kind, each.name): each.id for each in await apply(workspace, folder)}
    assert first["segments", "New"] not in (None, 3, 4)
    assert {(each.kind, each.name): each.id for each in await apply(workspace, folder)} == first


async def test_what_is_not_in_the_folder_is_left_alone(workspace: Workspace, client: Client, tmp_path: Path) -> None:
    await client.segments.create("By hand", "")
    await apply(workspace, written(tmp_path))
    assert "By hand" in [segment.name for segment in (await client.segments.list()).segments]


async def test_a_manual_segment_keeps_its_people(workspace: Workspace, client: Client, tmp_path: Path) -> None:
    folder = written(tmp_path)
    await apply(workspace, folder)
    await workspace.database.write(people.identify, "id", "u1", {}, 1)
    await workspace.database.write(segments.add, 4, "id", ["u1"])
    written(folder, {"segments/staff.yaml": "id: 4\nname: Staff\ndescription: Who works here\nmanual: true\n"})
    await apply(workspace, folder)
    assert (await client.segments.count(4)).count == 1


async def test_an_export_applied_elsewhere_gives_the_same_definitions(workspace: Workspace, tmp_path: Path) -> None:
    await apply(workspace, written(tmp_path / "in"))
    await export(workspace, tmp_path / "out")
    async with Workspace.open(Settings.load({}, tmp_path / "other")) as other:
        await apply(other, tmp_path / "out")
        assert await other.database.read(definitions.read) == await workspace.database.read(definitions.read)
    assert set((await outcomes(workspace, tmp_path / "out")).values()) == {"unchanged"}


def message_of(type_: str, fields: str) -> dict[str, str]:
    return {"broadcasts/b.yaml": f"name: B\nmessages: [{{type: {type_}, {fields}}}]"}


EVERY_TYPE = """
name: All ways
messages:
  - {type: email, from: a@b.example, cc: c@d.example, bcc: e@f.example, fake_bcc: true, body: x,
     body_amp_file: x.amp.html}
  - {type: webhook, url: "https://f.example/{{customer.id}}", method: put, headers: [{name: A, value: b}], body: "{}"}
  - {type: twilio, from: "+15550111000", body: Hi, image_url: "https://f.example/a.png"}
  - {type: whatsapp, body: Hi}
  - {type: slack, recipient: "#club", body: Hi}
  - {type: push, subject: Hi, body: Two films, link: "club://a", sound: default, custom_data: '{"a": 1}'}
  - {type: in_app, body: Hi}
  - {type: inbox, subject: Hi, body: Hi}
"""


async def test_a_message_of_every_type_is_kept_and_exported_as_it_was_written(
    workspace: Workspace, tmp_path: Path
) -> None:
    files = {"broadcasts/ways.yaml": EVERY_TYPE, "broadcasts/x.amp.html": "<html amp4email>\n"}
    await apply(workspace, written(tmp_path / "in", files))
    await export(workspace, tmp_path / "out")
    assert set((await outcomes(workspace, tmp_path / "in")).values()) == {"unchanged"}
    assert set((await outcomes(workspace, tmp_path / "out")).values()) == {"unchanged"}
    assert (tmp_path / "out/broadcasts/all-ways-1.amp.html").read_text() == "<html amp4email>\n"


TRANSLATED = """
name: Sale
messages:
  - {from: "a@b.example", subject: One, body: Hello}
  - {language: fr, subject: Un}
  - {from: "a@b.example", subject: Two}
  - {language: de, subject: Zwei}
"""


async def test_a_message_with_a_language_translates_the_one_before_and_says_only_what_is_different(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    await apply(workspace, written(tmp_path, {"broadcasts/sale.yaml": TRANSLATED}))
    one, two = (await client.broadcasts.actions(1)).actions
    french = (await client.broadcasts.language(1, one.id, "fr")).action
    assert (french.subject, french.body, french.from_) == ("Un", "Hello", "a@b.example")
    assert (await client.broadcasts.language(1, two.id, "de")).action.subject == "Zwei"
    with pytest.raises(InvalidInput, match='no translation into the language "de"'):
        await client.broadcasts.language(1, one.id, "de")


async def test_a_translation_more_or_less_leaves_the_ids_of_all_others(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    files = {"newsletters/sale.yaml": TRANSLATED}
    await apply(workspace, written(tmp_path, files))

    async def ids() -> dict[tuple[str, str], int]:
        contents = (await client.newsletters.contents(1)).contents
        return {(content.language, content.subject): content.id for content in contents}

    before = await ids()
    changed = TRANSLATED.replace("  - {language: fr, subject: Un}\n", "  - {language: it, subject: Uno}\n")
    await apply(workspace, written(tmp_path, {"newsletters/sale.yaml": changed}))
    after = await ids()
    assert ("fr", "Un") not in after
    assert after.items() - before.items() == {(("it", "Uno"), after["it", "Uno"])}


async def test_test_groups_of_a_newsletter_keep_their_ids_and_go_when_nobody_is_in_them(
    workspace: Workspace, client: Client, tmp_path: Path
) -> None:
    folder = written(tmp_path)
    number = {each.name: each.id for each in await apply(workspace, folder)}["June"] or 0
    first, second = (await client.newsletters.test_groups(number)).test_groups
    assert [(group.name, len(group.content_ids)) for group in (first, second)] == [("A", 2), ("B", 2)]
    french = (await client.newsletters.group_language(number, first.id, "fr")).content
    assert (french.subject, french.preheader_text, french.body) == ("Salut", "", "Hello")
    june = FILES["newsletters/june.yaml"]
    await apply(workspace, written(tmp_path, {"newsletters/june.yaml": june[: june.index("  - {test_group: B")]}))
    assert (await client.newsletters.test_groups(number)).test_groups == [first]


FAULTS = [
    ({"segments/a.yaml": "name: A\ncondition: {}\nmanual: true"}, "segments/a.yaml", "Did you mean conditions?"),
    ({"segments/a.yaml": "name: A"}, "segments/a.yaml", "needs conditions, or `manual: true`"),
    ({"segments/a.yaml": "conditions: {}\n"}, "segments/a.yaml", "name is required"),
    ({"segments/a.yaml": "name: A\nname: B\nmanual: true"}, "segments/a.yaml", '"name" stands here twice'),
    ({"segments/a.yaml": "name: [A"}, "segments/a.yaml", "line 1"),
    ({"segments/a.yaml": "- A"}, "segments/a.yaml", "must hold `name:"),
    ({"segments/a.yaml": "id: x\nname: A\nmanual: true"}, "segments/a.yaml", "id"),
    ({"segments/a.yaml": "name: A\nconditions: {segment: {id: 99}}"}, "segments/a.yaml", "names segment 99"),
    ({"segments/a.yaml": "id: 8\nname: A\nconditions: {segment: {id: 8}}"}, "segments/a.yaml", "depends on itself"),
    ({"segments/a.yaml": "name: Staff\nmanual: true"}, "segments/staff.yaml", "is segments/a.yaml's already"),
    (
        {"segments/a.yaml": "name: A\nconditions: {attribute: {field: x, operator: like}}"},
        "segments/a.yaml",
        "operator",
    ),
    ({"broadcasts/restock.html": "{% if %}"}, "broadcasts/restock.yaml", "body line 1"),
    ({"snippets/foot.html": "{{ 'open }}"}, "snippets/foot.html", "value line 1"),
    ({"broadcasts/b.yaml": "name: B\nmessages: [{body_file: ../x}]"}, "broadcasts/b.yaml", "a file beside this one"),
    ({"broadcasts/b.yaml": "name: B\nmessages: [{body_file: x.html}]"}, "broadcasts/b.yaml", "which is not there"),
    ({"broadcasts/b.yaml": "name: B\nmessages: [{body: x}]"}, "broadcasts/b.yaml", "type email needs `from`"),
    (message_of("webhook", "body: x"), "broadcasts/b.yaml", "type webhook needs `url`, such as https://"),
    (message_of("webhook", "url: x, subject: y"), "broadcasts/b.yaml", "has no `subject`; it has url, method, body"),
    (message_of("webhook", "url: x, method: trace"), "broadcasts/b.yaml", "messages[0].method must be"),
    (message_of("twilio", "recipient: '+15550100999'"), "broadcasts/b.yaml", "type twilio needs `body`"),
    (message_of("whatsapp", "body: x, headers: [{name: a, value: b}]"), "broadcasts/b.yaml", "has no `headers`"),
    (message_of("push", "subject: x"), "broadcasts/b.yaml", "type push needs `body`"),
    (message_of("inbox", "subject: x"), "broadcasts/b.yaml", "type inbox needs `body`"),
    (message_of("webhook", "url: '{{ x'"), "broadcasts/b.yaml", "url line 1"),
    (
        {"broadcasts/b.yaml": 'name: B\nmessages: [{from: "a@b.example", layout: none}]'},
        "broadcasts/b.yaml",
        "layout",
    ),
    ({"broadcasts/b.yaml": "name: B\nmessages: [{subjet: x}]"}, "broadcasts/b.yaml", "Did you mean subject?"),
    ({"campaigns/c.yaml": "name: C"}, "campaigns/c.yaml", "event is required"),
    (
        {"campaigns/c.yaml": "name: C\nevent: x\naudience: {segment: {id: 99}}"},
        "campaigns/c.yaml",
        "names segment 99",
    ),
    ({"broadcasts/b.yaml": "name: B\naudience: {segment: {id: 99}}"}, "broadcasts/b.yaml", "names segment 99"),
    ({"newsletters/n.yaml": "name: N\naudience: {segments: 3}"}, "newsletters/n.yaml", "audience"),
    ({"broadcasts/b.yaml": TRANSLATED.replace("de", "French")}, "broadcasts/b.yaml", "language"),
    (
        {"broadcasts/b.yaml": TRANSLATED + "  - {language: de}\n"},
        "broadcasts/b.yaml",
        'messages[2] has two translations into "de"',
    ),
    (
        {"broadcasts/b.yaml": TRANSLATED + "  - {language: it, type: push}\n"},
        "broadcasts/b.yaml",
        "has its type, email",
    ),
    (
        {"broadcasts/b.yaml": TRANSLATED + '  - {test_group: A, from: "a@b.example"}\n'},
        "broadcasts/b.yaml",
        "only newsletters have a `test_group`",
    ),
]


@pytest.mark.parametrize(("files", "file", "said"), FAULTS)
async def test_a_fault_names_its_file_and_field_and_nothing_is_changed(
    workspace: Workspace, tmp_path: Path, files: Mapping[str, str], file: str, said: str
) -> None:
    folder = written(written(tmp_path), files)
    with pytest.raises(InvalidInput) as refused:
        await apply(workspace, folder)
    assert [fault for fault in refused.value.faults if fault.field == file and said in fault.message]
    assert not any((await workspace.database.read(definitions.read)).values())


async def test_the_faults_of_all_files_come_together(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(
        tmp_path, {"segments/a.yaml": "name: A", "snippets/b.html": "{% if %}", "layouts/c.yaml": "x: y"}
    )
    with pytest.raises(InvalidInput) as refused:
        await apply(workspace, folder)
    assert {fault.field for fault in refused.value.faults} == {"segments/a.yaml", "snippets/b.html", "layouts/c.yaml"}


async def test_a_folder_without_definitions_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no definitions"):
        await apply(workspace, tmp_path)


async def test_a_type_of_objects_has_the_name_of_its_file(
    workspace: Workspace, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "object_types").mkdir()
    (tmp_path / "object_types" / "companies.yaml").write_text("id: 1\nname: Companies\nsingular_name: Company\n")
    await apply(workspace, tmp_path)
    [type_] = (await http.get("/v1/object_types")).json()["types"]
    assert (type_["id"], type_["name"], type_["singular_name"]) == ("1", "Companies", "Company")
