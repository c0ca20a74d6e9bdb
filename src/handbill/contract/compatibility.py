"""The page `docs/reference/compatibility.md`: what is served, what is not, and why. `make docs` writes it."""

import sys
from collections.abc import Iterable, Iterator

from handbill.contract.apis import APIS
from handbill.contract.endpoint import Endpoint

_HEAD = """# What is served, what is not, and why

Made by `make docs` from `handbill.contract`, the same data that the workspace's routes, the client's calls and
`handbill openapi` come from. What is not served answers as Customer.io does for a path it does not have: 404, a page.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_HEAD, *(section(name, list(endpoints())) for name, endpoints in APIS.items())])


def section(name: str, endpoints: list[Endpoint]) -> str:
    """One API as a table in the order of its paths, with how much of it is served."""
    served = sum(not endpoint.unserved for endpoint in endpoints)
    return f"## {name}\n\n{served} of {len(endpoints)} are served.\n\n" + "\n".join(_table(endpoints)) + "\n"


def _table(endpoints: Iterable[Endpoint]) -> Iterator[str]:
    yield "| Method | Path | Does | Served |"
    yield "|---|---|---|---|"
    for endpoint in sorted(endpoints, key=lambda endpoint: (endpoint.path, endpoint.method)):
        whose = "yes; ours, not Customer.io's" if endpoint.source == "handbill" else "yes"
        served = f"no: {endpoint.unserved}" if endpoint.unserved else whose
        yield f"| {endpoint.method} | `{endpoint.path}` | {endpoint.does} | {served} |"


if __name__ == "__main__":
    sys.stdout.write(page())
