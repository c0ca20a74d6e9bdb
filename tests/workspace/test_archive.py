import random

from hypothesis import given
from hypothesis import strategies as st

from handbill.workspace.archive import compress, expand, pack

FIELDS = st.dictionaries(st.sampled_from(["from", "subject", "body", "body_plain"]), st.text())


@given(FIELDS, FIELDS)
def test_what_was_compressed_against_a_sample_comes_back(fields: dict[str, str], sample: dict[str, str]) -> None:
    assert expand(compress(fields, pack(sample)), pack(sample)) == fields


@given(FIELDS)
def test_no_sample_is_needed(fields: dict[str, str]) -> None:
    assert expand(compress(fields)) == fields


def test_headers_are_kept_as_a_map() -> None:
    assert expand(compress({"headers": {"X-Campaign": "5"}})) == {"headers": {"X-Campaign": "5"}}


def test_a_message_like_the_sample_takes_what_differs_and_little_more() -> None:
    text = "".join(random.Random(1).choices("abcdefghij ", k=10_000))
    message = {"subject": "Hello Ann", "body": f"<p>Dear Ann</p>{text}"}
    sample = pack({"subject": "Hello Bob", "body": f"<p>Dear Bob</p>{text}"})
    assert len(compress(message, sample)) < 100 < len(compress(message)) / 10
