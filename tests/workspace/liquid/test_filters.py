"""Filters: each of a table of strange values (filters.json), and what Customer.io's own do beyond that."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from handbill.workspace.liquid import Dialect, LiquidFault
from handbill.workspace.liquid.filters import FILTERS
from handbill.workspace.liquid.interpreter import Run, render_or_fault

TABLE = json.loads((Path(__file__).parent / "filters.json").read_text())
VALUES: dict[str, object] = {"customer": TABLE["values"]}


def cases(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The kind of value, and a template that gives it to the filter."""
    for kind in TABLE["values"]:
        yield kind, f"{{{{ customer.{kind} | {entry['filter']} }}}}"


def outcome(source: str, *, compiled: bool) -> object:
    dialect = Dialect()
    try:
        if compiled:
            return dialect.compile(source).render(VALUES)
        return render_or_fault(dialect.parsed(source, "body"), Run(dialect, VALUES))
    except LiquidFault as fault:
        return {"fault": fault.message}


@pytest.mark.parametrize("entry", TABLE["filters"], ids=lambda entry: entry["filter"])
def test_a_filter_does_as_the_table_says_with_every_kind_of_value(entry: Mapping[str, Any]) -> None:
    assert {kind: outcome(source, compiled=True) for kind, source in cases(entry)} == entry["outputs"]
    assert {kind: outcome(source, compiled=False) for kind, source in cases(entry)} == entry["outputs"]


def name(entry: Mapping[str, Any]) -> str:
    return re.split("[: ]", entry["filter"])[0]


def test_every_filter_is_in_the_table() -> None:
    """But for chance, which no table can hold."""
    assert set(map(name, TABLE["filters"])) == FILTERS.keys() - {"random"}


RANDOM: list[tuple[object, set[str]]] = [([4], {"4"}), ([], {""}), (1, {"0"}), (None, {"0"}), ("2", {"0", "1"})]


@pytest.mark.parametrize(("value", "found"), RANDOM)
def test_random_takes_an_item_or_a_number_below(value: object, found: set[str]) -> None:
    template = Dialect().compile("{{ customer.v | random }}")
    assert {template.render({"customer": {"v": value}}) for _ in range(60)} == found


ROOTS: dict[str, object] = {
    "customer": {
        "films": [{"t": "Ran", "y": 1985}, {"t": "Flow", "y": 2024}, {"t": "Ran", "y": 1985}],
        "seen": [3, "3", 3],
    }
}

PRINTS = [
    ("{{ 'a tale of TWO' | titlecase }}", "A Tale Of Two"),
    ("{{ 1 | pluralize: 'item', 'items' }} {{ 2 | pluralize: 'item', 'items' }}", "item items"),
    ("{{ '0' | pluralize: 'item', 'items' }}", "items"),
    ("{{ 'Hollywood' | contains: 'wood' }} {{ customer.seen | contains: 4 }}", "true false"),
    ("{{ '&lt;b&gt; &#39;' | unescape }}", "<b> '"),
    ("{{ 'x' | raw }}{{ 'x' | base64 }}", "xeA=="),
    ("{{ '??>' | base64_url_safe_encode }} {{ 'Pz8-' | base64_url_safe_decode }}", "Pz8- ??>"),
    ("{{ 'Pz8+' | base64_decode }} {{ 'Zg' | base64_decode }}", "??> f"),
    ("{{ '666f6f' | hex_base64 }}", "Zm9v"),
    ("{{ 'a' | md5 }}", "0cc175b9c0f1b6a831c399e269772661"),
    ("{{ 'a' | sha1 }}", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("{{ 'a' | hmac_sha1: 'k' }}", "40e7d441cadb17b07f050341aa23a6820ed81c8b"),
    ("{{ 1234.5 | format_number }} {{ '1234.5' | format_number: 'de' }}", "1,234.5 1.234,5"),
    ("{{ 1234.5 | format_number: 'fr' }}", "1\u202f234,5"),
    ("{{ 1234.5 | currency }} {{ 1234.5 | currency: 'en', 'EUR' }}", "$1,234.50 €1,234.50"),
    ("{{ 1234.5 | currency: 'pt-BR', 'brl' }}", "R$\xa01.234,50"),
    ("{{ 1234.5 | rounded_currency }} {{ 99.4 | rounded_currency: 'de', 'EUR' }}", "$1,235 99\xa0€"),
    ("{{ customer.films | json_array_uniq | size }} {{ customer.seen | json_array_uniq | join }}", "2 3 3"),
    ("{{ customer.films | json_array_uniq: 'y' | map: 't' | join }}", "Ran Flow"),
    ("{{ customer.films | uniq | size }}", "3"),
    ("{{ customer.films | where_not: 't', 'Ran' | map: 't' | join }}", "Flow"),
    ("{{ customer.films | limit: 2 | map: 't' | join }}", "Ran Flow"),
    ("{{ '[1, {\"a\": 2}]' | from_json | last | to_json }}", '{"a":2}'),
    ("{{ 1705276800 | add_day: 20 | date: '%Y-%m-%d' }}", "2024-02-04"),
    ("{{ '2024-01-31' | add_month: 1 | date: '%Y-%m-%d' }}", "2024-02-29"),
    ("{{ '2024-02-29' | add_year: 1 | date: '%Y-%m-%d' }}", "2025-02-28"),
    ("{{ 1705276800 | subtract_day: 15 | date: '%Y-%m-%d' }}", "2023-12-31"),
    ("{{ '2024-03-31' | subtract_month: 1 | date: '%Y-%m-%d' }}", "2024-02-29"),
    ("{{ '2024-03-31' | subtract_year: 4 | date: '%Y-%m-%d' }}", "2020-03-31"),
    ("{{ 'soon' | add_day: 1 }}", "soon"),
]


@pytest.mark.parametrize(("source", "output"), PRINTS)
def test_a_filter_prints(source: str, output: str) -> None:
    assert Dialect().compile(source).render(ROOTS) == output


def test_every_filter_of_the_reference_is_there() -> None:
    named = """titlecase slugify pluralize number_of_words array_to_sentence_string normalize_whitespace contains
    xml_escape cgi_escape uri_escape base64 base64_encode base64_decode base64_url_safe_encode base64_url_safe_decode
    hex_base64 md5 sha1 sha256 hmac_sha1 hmac_sha256 format_number currency rounded_currency random find find_exp
    group_by group_by_exp where where_not where_exp limit pop push shift unshift sum json_array_uniq from_json to_json
    json date_to_string date_to_long_string date_to_rfc822 date_to_xmlschema add_day add_month add_year subtract_day
    subtract_month subtract_year default"""
    assert set(named.split()) <= FILTERS.keys()
