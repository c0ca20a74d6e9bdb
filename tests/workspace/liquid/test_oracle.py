"""Our tables of cases say what liquidjs 10 does, where no reason stands beside a case.

`make conformance` installs liquidjs and runs this. The reasons are published: see `page.py`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.workspace.liquid.test_filters import cases, name

HERE = Path(__file__).parent
LIQUIDJS = HERE.parents[2] / ".conformance"

SCRIPT = """
const { Liquid } = require('liquidjs')
const { roots, cases } = JSON.parse(require('fs').readFileSync(0))
const engine = new Liquid({ strictVariables: true, lenientIf: true, strictFilters: true, locale: 'en-US' })
const outcome = source => {
  try { return engine.parseAndRenderSync(source, structuredClone(roots)) } catch (error) { return null }
}
console.log(JSON.stringify(cases.map(({ template }) => outcome(template))))
"""


def liquidjs(table: dict[str, Any]) -> list[str | None]:
    """What liquidjs makes of each case, None where it refuses."""
    done = subprocess.run(
        [Path(sys.executable).with_name("node"), "-e", SCRIPT],
        input=json.dumps(table),
        capture_output=True,
        text=True,
        cwd=LIQUIDJS,
        env={"TZ": "UTC"},
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.conformance
def test_the_table_agrees_with_liquidjs() -> None:
    table = json.loads((HERE / "cases.json").read_text())
    expected = {case["name"]: case.get("output") for case in table["cases"]}
    found = dict(zip(expected, liquidjs(table), strict=True))
    differing = {case["name"] for case in table["cases"] if "differs" in case}
    assert {name for name, output in found.items() if output != expected[name]} == differing


@pytest.mark.conformance
def test_filters_agree_with_liquidjs_on_every_kind_of_value() -> None:
    table = json.loads((HERE / "filters.json").read_text())
    shared = [entry for entry in table["filters"] if not entry.get("own")]
    asked = [(entry, kind, {"template": source}) for entry in shared for kind, source in cases(entry)]
    found = liquidjs({"roots": {"customer": table["values"]}, "cases": [case for _, _, case in asked]})
    differing = set()
    for (entry, kind, _), output in zip(asked, found, strict=True):
        ours = entry["outputs"][kind]
        if output != (None if isinstance(ours, dict) else ours):
            differing.add((entry["filter"], kind))
    named = {
        (entry["filter"], kind) for entry in shared for kinds in entry.get("differs", {}).values() for kind in kinds
    }
    assert differing == named


@pytest.mark.conformance
def test_liquidjs_has_none_of_the_filters_that_are_called_customer_ios_own() -> None:
    table = json.loads((HERE / "filters.json").read_text())
    own = [{"template": f"{{{{ 1 | {name(entry)} }}}}"} for entry in table["filters"] if entry.get("own")]
    assert set(liquidjs({"roots": {}, "cases": own})) == {None}
