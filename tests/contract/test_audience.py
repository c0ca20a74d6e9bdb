"""A trigger's body: what can be wrong with it, and how that is said (reference 3.1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.contract.audience import check, is_address, named

FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"ids": ["u1"], "emails": ["a@b.example"]}, [("emails", "Give exactly one of")]),
    ({"ids": "a,b"}, [("ids", "ids must be a list of customer ids")]),
    ({"ids": []}, [("ids", "ids is empty: nobody would receive this")]),
    (
        {"ids": [1, None, True, ["u1"], {"id": "u1"}]},
        [
            ("ids[0]", "ids[0] must be text; got a number."),
            ("ids[1]", "got null"),
            ("ids[2]", "got a boolean"),
            ("ids[3]", "got a list"),
            ("ids[4]", "got an object"),
        ],
    ),
    (
        {"ids": ["u1", "", "  ", "x" * 151, "a\0b", "\ud800"]},
        [
            ("ids[1]", "is empty"),
            ("ids[2]", "is empty"),
            ("ids[3]", "longer than 150 bytes"),
            ("ids[4]", "control character"),
            ("ids[5]", "surrogate"),
        ],
    ),
    ({"ids": ["u1"] * 10_001}, [("ids", "ids has 10,001 entries; the limit is 10,000. Use data_file_url.")]),
    ({"emails": ["a@b.example", "a@b..c"]}, [("emails[1]", 'emails[1] is not one plain address: "a@b..c".')]),
    ({"per_user_data": {"id": "u1"}}, [("per_user_data", "must be a list of people")]),
    (
        {"per_user_data": [{"id": "u1", "email": "a@b.example"}, {}]},
        [("per_user_data[0]", "got both"), ("per_user_data[1]", "got neither")],
    ),
    ({"per_user_data": [{"id": "u1", "Data": {}}]}, [("per_user_data[0]", "per_user_data[0].Data is not known")]),
    ({"per_user_data": [{"id": "u1", "data": [1]}]}, [("per_user_data[0].data", "must be an object")]),
    (
        {"per_user_data": [{"id": "u7"}, {"id": "u8"}, {"id": "u7"}]},
        [("per_user_data[2]", 'per_user_data[0] and [2] are the same person ("u7").')],
    ),
    (
        {"per_user_data": [{"id": "u1", "data": {"x": "x" * 2_200_000}}]},
        [("per_user_data[0].data", "per_user_data[0] is 2.1 MB; the limit is 2 MB per person.")],
    ),
    ({"data": [1]}, [("data", 'data must be an object, e.g. {"headline":"…"}.')]),
    ({"data": {"x": "é" * 30_000}}, [("data", "data is 60,008 bytes; the limit is 50,000.")]),
    ({"data": {"price": float("nan")}}, [("data.price", "data.price is not a number JSON allows.")]),
    ({"data": {"n": 10**5000}}, [("data.n", "beyond 64 bits")]),
    ({"data": {"a b": ["\ud800"]}}, [('data."a b"[0]', "not text JSON allows")]),
    ({"data_file_url": "file:///etc/passwd"}, [("data_file_url", "must start with https://.")]),
    ({"data_file_url": "https://"}, [("data_file_url", "is not a whole URL")]),
    ({"data_file_url": "https://[x"}, [("data_file_url", "is not a whole URL")]),
    ({"email_ignore_missing": None}, [("email_ignore_missing", "must be true or false")]),
    ({"recipients": {"any": []}}, [("recipients.any", "recipients.any is not known")]),
    (
        {"recipients": {"attribute": {"field": "x", "operator": "eq", "value": float("inf")}}},
        [("recipients.attribute.value", "not a number JSON allows")],
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_each_fault_is_told_with_its_field(body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    faults = check(body)
    assert [fault.field for fault in faults] == [field for field, _ in expected]
    for fault, (_, fragment) in zip(faults, expected, strict=True):
        assert fragment in fault.message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"recipients": {}},
        {"data": None, "ids": None},
        {"ids": ["u1", "u1"]},
        {"emails": ["Ana@Shop.example", " ana@shop.example "]},
        {"recipients": {"segment": {"id": 3}}, "data": {"": 1, "a.b": {"__proto__": [None, 1.5, "x"]}}},
        {"per_user_data": [{"id": "u7"}, {"id": "u7"}], "email_add_duplicates": True},
        {"per_user_data": [{"email": "a@b.example", "data": {"code": "A1"}}]},
        {"data_file_url": "https://files.example/people.jsonl?x=1"},
    ],
)
def test_a_right_body_has_no_faults(body: dict[str, Any]) -> None:
    assert check(body) == []


def test_an_empty_filter_names_no_audience() -> None:
    assert named({"recipients": {}, "ids": None}) == []
    assert named({"recipients": {"and": []}, "emails": []}) == ["recipients", "emails"]


def test_data_may_be_as_deep_as_the_api_reads_and_no_deeper() -> None:
    assert check({"data": _nested(49)}) == []
    [fault] = check({"data": _nested(50)})
    assert fault.message == "data is nested deeper than 50."


def test_at_most_twenty_faults_are_told() -> None:
    assert len(check({"ids": [""] * 10_000})) == 20


@pytest.mark.parametrize("address", ["a@b.example", "ana+x@shop.example", "用户@例子.example", "O'Neil@shop.example"])
def test_a_plain_address_is_one(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    ["a", "a@", "@b.c", "a b@c.d", "a@b..c", "A <a@b.c>", "a@b.c, d@e.f", "a@b.c\r\nBcc: x@y.z", "a@b.c\n",
     "a@b.c\u202e", "a@-b.c", ".a@b.c", f"{'a' * 65}@b.c", f"a@{'b.' * 126}c", "a@b\ud800.c"],
)  # fmt: skip
def test_anything_else_is_not(address: str) -> None:
    assert not is_address(address)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from(["ids", "emails", "per_user_data", "data", "data_file_url"]), JSON))
def test_any_json_is_answered_with_faults_that_name_a_field(body: dict[str, Any]) -> None:
    for fault in check(body):
        assert fault.field.partition("[")[0].partition(".")[0] in body
        assert fault.message.encode()


def _nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"x": value}
    return value
