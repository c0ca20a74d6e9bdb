"""A real shop's people and events, from import to broadcast, against SQL on the raw files.

Its rentals run from 2022-02-14 to 2022-08-23: the 90 days before 2006-02-15 hold none, those before 2022-08-23 do.
"""

import csv
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import filled
from tests.workspace.engine.standins import send_everything

from handbill.client import Client
from handbill.contract.app.messages import MessagesQuery
from handbill.workspace import imports
from handbill.workspace.definitions import apply
from handbill.workspace.workspace import Workspace

DATA = Path(__file__).parents[2] / "shared" / "data" / "pagila"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs the pagila data set, which is not part of the project"),
]

SEGMENTS = {
    "canada": "{attribute: {field: country, operator: eq, value: Canada}}",
    "recent-2006": "{event: {name: film_rented, at_least: 1, within_days: 90, before: 2006-02-15}}",
    "recent-2022": "{event: {name: film_rented, at_least: 1, within_days: 90, before: 2022-08-23}}",
    "regulars": "{event: {name: film_rented, at_least: 24, within_days: 90, before: 2022-08-23}}",
    "late-horror": (
        "{and: [{event: {name: film_rented, at_least: 2, where: {attribute: {field: category, operator: eq,"
        " value: Horror}}}}, {event: {name: film_returned, at_least: 1, where: {attribute: {field: days_late,"
        " operator: gt, value: 3}}}}]}"
    ),
    "canada-or-late": "{or: [{segment: {id: 1}}, {not: {segment: {id: 4}}}]}",
}
RECENT = """SELECT customer_id FROM rentals WHERE datetime(rented_at) >= datetime(:before, '-90 days')
    AND datetime(rented_at) < datetime(:before) GROUP BY customer_id HAVING count(*) >= :least"""
EXPECTED = {
    "canada": "SELECT id FROM people WHERE country = 'Canada'",
    "recent-2006": RECENT.replace(":before", "'2006-02-15'").replace(":least", "1"),
    "recent-2022": RECENT.replace(":before", "'2022-08-23'").replace(":least", "1"),
    "regulars": RECENT.replace(":before", "'2022-08-23'").replace(":least", "24"),
    "late-horror": """SELECT customer_id FROM rentals WHERE category = 'Horror'
        GROUP BY customer_id HAVING count(*) >= 2
        INTERSECT SELECT customer_id FROM rentals WHERE returned_at <> '' AND CAST(days_late AS INTEGER) > 3""",
}
EXPECTED["canada-or-late"] = f"""SELECT id FROM people WHERE country = 'Canada'
    UNION SELECT id FROM people WHERE id NOT IN ({EXPECTED["regulars"]})"""

MAIL = """
id: 7
name: Back on the shelf
messages:
  - from: "Film Club <news@film.example>"
    subject: "{{ trigger.films | size }} for {{ customer.first_name }} in {{ customer.city }}"
    body: "{% for film in trigger.films %}<li>{{ forloop.index }}. {{ film }}</li>{% endfor %}"
"""


@pytest.fixture(scope="module")
def raw() -> Iterator[sqlite3.Connection]:
    """The raw files as tables, loaded without any of our code."""
    connection = sqlite3.connect(":memory:")
    for table in ("people", "rentals"):
        with (DATA / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        connection.execute(f"CREATE TABLE {table} ({', '.join(rows[0])})")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows[1:])
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def first_database(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's people, events, segments and one broadcast."""
    folder = tmp_path_factory.mktemp("pagila")

    async def fill(workspace: Workspace) -> None:
        await imports.run(workspace, "people", DATA / "people.csv")
        await imports.run(workspace, "events", DATA / "events.jsonl")
        await apply(workspace, folder)

    (folder / "segments").mkdir()
    (folder / "broadcasts").mkdir()
    for number, (name, conditions) in enumerate(SEGMENTS.items(), 1):
        text = f"id: {number}\nname: {name}\nconditions: {conditions}\n"
        (folder / "segments" / f"{name}.yaml").write_text(text)
    (folder / "broadcasts" / "shelf.yaml").write_text(MAIL)
    return filled(empty_database, folder, fill)


async def test_segments_hold_just_the_people_that_sql_on_the_raw_files_finds(
    workspace: Workspace, client: Client, raw: sqlite3.Connection
) -> None:
    for number, name in enumerate(SEGMENTS, 1):
        expected = sorted(row[0] for row in raw.execute(EXPECTED[name]))
        assert bool(expected) == (name != "recent-2006")
        assert sorted((await client.segments.membership(number)).ids) == expected, name
        assert (await client.segments.count(number)).count == len(expected), name


async def test_a_broadcast_to_a_segment_reaches_each_of_its_people_once(
    workspace: Workspace, client: Client, raw: sqlite3.Connection
) -> None:
    number = (
        await client.triggers.create(7, {"recipients": {"segment": {"id": 3}}, "data": {"films": ["A", "B"]}})
    ).id
    await send_everything(workspace)
    progress = await client.triggers.progress(7, number)
    wanted = f"SELECT email, first_name, city FROM people WHERE id IN ({EXPECTED['recent-2022']})"
    expected = {email: f"2 for {name} in {city}" for email, name, city in raw.execute(wanted)}
    assert (progress.recipients, progress.counts.sent) == (len(expected), len(expected))
    assert await got(client) == expected


async def test_people_named_with_their_own_data_each_get_their_own_films(
    workspace: Workspace, client: Client, raw: sqlite3.Connection
) -> None:
    query = "SELECT customer_id, json_group_array(title) FROM rentals WHERE category = 'Horror' GROUP BY customer_id"
    films = {customer: json.loads(titles) for customer, titles in raw.execute(query)}
    people = [{"id": customer, "data": {"films": titles}} for customer, titles in films.items()]
    await client.triggers.create(7, {"per_user_data": people})
    await send_everything(workspace)
    messages = (await client.messages.list(MessagesQuery(limit=1000))).messages
    assert len(messages) == len(films)
    for message in messages[:20]:
        body = (await client.messages.archived(message.id)).archived_message.body
        titles = films[str(message.customer_id)]
        assert body == "".join(f"<li>{position}. {title}</li>" for position, title in enumerate(titles, 1))


async def got(client: Client) -> dict[str, str]:
    messages = (await client.messages.list(MessagesQuery(limit=1000))).messages
    return {message.recipient or "": message.subject or "" for message in messages}
