"""What `recipients` may hold, and what is said about everything else."""

import pytest

from handbill.contract.filters import check
from handbill.contract.limits import FILTER_PARTS

CANADA: dict[str, object] = {"attribute": {"field": "country", "operator": "eq", "value": "Canada"}}
VIP: dict[str, object] = {"segment": {"id": 3}}


def nested(depth: int) -> dict[str, object]:
    """A filter `depth` parts deep."""
    inner: dict[str, object] = VIP
    for level in range(depth - 1):
        inner = {"not": inner} if level % 2 else {"and": [inner, CANADA]}
    return inner


@pytest.mark.parametrize(
    "good",
    [
        VIP,
        CANADA,
        {"and": [VIP, CANADA]},
        {"or": [VIP, {"not": CANADA}, {"and": [CANADA, VIP]}]},
        {"not": {"or": [VIP, CANADA]}},
        {"attribute": {"field": "country", "operator": "exists"}},
        {"attribute": {"field": "active", "operator": "eq", "value": True}},
        {"attribute": {"field": "seats", "operator": "eq", "value": 5}},
        {"attribute": {"field": 'odd "name"[0].x', "operator": "eq", "value": ""}},
        nested(10),
    ],
)
def test_a_filter_of_the_grammar_has_no_faults(good: object) -> None:
    assert check(good) == []


@pytest.mark.parametrize(
    ("bad", "field", "message"),
    [
        ([], "recipients", 'must be a filter object, e.g. {"segment":{"id":3}}; got a list.'),
        ("everyone", "recipients", 'must be a filter object, e.g. {"segment":{"id":3}}; got "everyone".'),
        ({}, "recipients", "matches everyone or nobody: the filter is empty."),
        ({"and": []}, "recipients", "matches everyone or nobody: the filter is empty."),
        ({"or": [{"and": []}]}, "recipients.or[0]", "matches everyone or nobody: the filter is empty."),
        ({"any": [VIP]}, "recipients.any", "is not known; use and, or, not, segment, attribute."),
        ({"AND": [VIP]}, "recipients.AND", "is not known; use and, or, not, segment, attribute."),
        ({"segments": [3]}, "recipients.segments", "is not known; use and, or, not, segment, attribute."),
        (
            {**VIP, **CANADA},
            "recipients",
            "must have one of and, or, not, segment, attribute; got segment, attribute.",
        ),
        ({"and": VIP}, "recipients.and", "must be a list of filters; got an object."),
        ({"not": [VIP]}, "recipients.not", "must be a filter object"),
        ({"segment": 3}, "recipients.segment", 'must be an object such as {"id":3}; got 3.'),
        ({"segment": {}}, "recipients.segment.id", "must be a segment number; GET_SEGMENTS lists them."),
        ({"and": [VIP, {"segment": {"id": "VIP"}}]}, "recipients.and[1].segment.id", "must be a segment number"),
        ({"segment": {"id": [3]}}, "recipients.segment.id", "must be a segment number"),
        ({"segment": {"id": True}}, "recipients.segment.id", "must be a segment number"),
        ({"segment": {"id": 0}}, "recipients.segment.id", "must be a segment number"),
        ({"segment": {"id": 3, "name": "x"}}, "recipients.segment.name", "is not known; use id."),
        ({"attribute": "country"}, "recipients.attribute", "must be an object with field and operator"),
        ({"attribute": {"operator": "exists"}}, "recipients.attribute.field", "must be a name; got nothing."),
        ({"attribute": {"field": "", "operator": "exists"}}, "recipients.attribute.field", 'must be a name; got "".'),
        ({"attribute": {"field": "a"}}, "recipients.attribute.operator", "must be eq or exists; got nothing."),
        (
            {"attribute": {"field": "a", "operator": "==", "value": "b"}},
            "recipients.attribute.operator",
            'must be eq or exists; got "==".',
        ),
        ({"attribute": {"field": "a", "operator": "eq"}}, "recipients.attribute.value", "got nothing."),
        (
            {"attribute": {"field": "a", "operator": "eq", "value": ["b"]}},
            "recipients.attribute.value",
            "got a list.",
        ),
        (nested(14), "recipients", "is nested 14 deep; the limit is 10."),
        ({"and": [VIP] * (FILTER_PARTS + 1)}, "recipients", "has more than 200 parts"),
    ],
)
def test_a_fault_names_its_part_and_says_what_is_right(bad: object, field: str, message: str) -> None:
    [fault] = check(bad)
    assert fault.field == field
    assert fault.message.startswith(field)
    assert message in fault.message


def test_all_faults_come_together() -> None:
    bad = {"and": [{"segment": {"id": "x"}}, {"attribute": {"operator": "like"}}, {"maybe": 1}]}
    assert [fault.field for fault in check(bad, "filter")] == [
        "filter.and[0].segment.id",
        "filter.and[1].attribute.field",
        "filter.and[1].attribute.operator",
        "filter.and[2].maybe",
    ]


def test_a_filter_that_holds_itself_is_refused_and_not_followed() -> None:
    endless: dict[str, object] = {}
    endless["and"] = [endless, VIP]
    [fault] = check(endless)
    assert "more than 200 parts" in fault.message
