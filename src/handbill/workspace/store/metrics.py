"""Metrics: what was counted, hour by hour, for any parent of contents or one of its contents. Reference 8.3."""

import msgspec

from handbill.contract.limits import LINKS_MAX
from handbill.workspace.store import writing
from handbill.workspace.store.database import Row, Transaction
from handbill.workspace.store.writing import Place


def counted(tx: Transaction, place: Place, since: int, until: int, type_: str | None) -> list[Row]:
    """metric, hour (Unix seconds) and count, of the hours from `since` on and before `until`. Raises NotFound."""
    writing.check(tx, place)
    values = {"number": place.number, "contents": _contents(tx, place), "since": since, "until": until, "type": type_}
    if place.content is None:
        return tx.all("metrics.of_parent", values, parent=place.parent)
    return tx.all("metrics.of_contents", values)


def links(tx: Transaction, place: Place, since: int, type_: str | None) -> list[Row]:
    """The first LINKS_MAX links, with metric, hour and count for each that was counted. Raises NotFound."""
    writing.check(tx, place)
    values = {"number": place.number, "contents": _contents(tx, place), "since": since, "type": type_}
    return tx.all("metrics.links", {**values, "limit": LINKS_MAX}, parent=place.parent)


def _contents(tx: Transaction, place: Place) -> str | None:
    if place.content is None:
        return None
    return msgspec.json.encode(writing.shown_as(tx, place.content)).decode()
