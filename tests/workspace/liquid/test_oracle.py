"""Our table of cases says what liquidjs 10 does, where no reason stands beside a case.

`make conformance` installs liquidjs and runs this.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    expected = {case["name"]: case.get("output") for case in table["cases"] if "liquidjs" not in case}
    found = dict(zip((case["name"] for case in table["cases"]), liquidjs(table), strict=True))
    assert {name: found[name] for name in expected} == expected
