"""What a segment's conditions may hold, and what is said about everything else."""

import pytest

from handbill.contract.conditions import check, unix_seconds


def attribute(**parts: object) -> dict[str, object]:
    return {"attribute": {"field": "created_at", **parts}}


def event(**parts: object) -> dict[str, object]:
    return {"event": {"name": "rental", **parts}}


@pytest.mark.parametrize(
    "good",
    [
        attribute(operator="eq", value="x"),
        attribute(operator="ne", value=True),
        attribute(operator="lt", value=5),
        attribute(operator="gt", value="-5.5e3"),
        attribute(operator="contains", value="x"),
        attribute(operator="exists"),
        attribute(operator="is_timestamp"),
        attribute(operator="before", value="2022-08-23"),
        attribute(operator="after", value=1_661_212_800),
        attribute(operator="within", past_days=30),
        attribute(operator="within", next_days=7),
        event(),
        event(at_least=3, within_days=90, before="2022-08-23"),
        event(at_most=0, after="2022-08-23T10:00:00Z", before="2022-08-23T10:00:00+02:00"),
        event(where={"or": [attribute(operator="gt", value=2), {"not": attribute(operator="exists")}]}),
        {"and": [{"not": {"segment": {"id": 4}}}, event()]},
    ],
)
def test_good_conditions_have_no_faults(good: object) -> None:
    assert check(good) == []


@pytest.mark.parametrize(
    ("bad", "field", "message"),
    [
        (attribute(operator="like"), "conditions.attribute.operator", "must be one of eq, ne, lt"),
        (attribute(operator="lt", value="many"), "conditions.attribute.value", 'must be a number; got "many".'),
        (attribute(operator="gt", value=True), "conditions.attribute.value", "must be a number; got true."),
        (
            attribute(operator="before", value="soon"),
            "conditions.attribute.value",
            "must be a date such as 2026-01-31",
        ),
        (attribute(operator="after"), "conditions.attribute.value", "got nothing."),
        (attribute(operator="within"), "conditions.attribute", "must say past_days or next_days"),
        (attribute(operator="within", past_days=1, next_days=1), "conditions.attribute", "only one of them"),
        (attribute(operator="within", past_days=0), "conditions.attribute.past_days", "a whole number, 1 to 36500"),
        (attribute(operator="exists", days=1), "conditions.attribute.days", "is not known"),
        ({"event": "rental"}, "conditions.event", "must be an object with the event's name"),
        ({"event": {}}, "conditions.event.name", "must be a name; got nothing."),
        (event(at_least=0), "conditions.event.at_least", "a whole number, 1 to 1000000; got 0."),
        (event(at_most=1.5), "conditions.event.at_most", "a whole number, 0 to 1000000; got 1.5."),
        (event(within_days=True), "conditions.event.within_days", "got true."),
        (event(within_days=9, after="2022-01-01"), "conditions.event.after", "cannot stand beside within_days"),
        (event(before="2022-13-01"), "conditions.event.before", 'got "2022-13-01".'),
        (event(at_lest=3), "conditions.event.at_lest", "is not known; use name, at_least"),
        (event(where={"segment": {"id": 1}}), "conditions.event.where.segment", "use and, or, not, attribute."),
        (event(where=attribute(operator="x")), "conditions.event.where.attribute.operator", "must be one of"),
    ],
)
def test_a_fault_names_its_part(bad: object, field: str, message: str) -> None:
    [fault] = check(bad)
    assert fault.field == field
    assert message in fault.message


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("2022-08-23", 1_661_212_800),
        ("2022-08-23T00:00:00", 1_661_212_800),
        ("2022-08-23T02:00:00+02:00", 1_661_212_800),
        ("2022-08-23T00:00:00Z", 1_661_212_800),
        (1_661_212_800, 1_661_212_800),
        (1_661_212_800_000, None),
        (-1, None),
        (True, None),
        (1.5, None),
        ("0001-01-01", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_are_dates_or_unix_seconds(given: object, seconds: int | None) -> None:
    assert unix_seconds(given) == seconds
