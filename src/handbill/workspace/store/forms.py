"""Forms: what people send from a website, and that makes them known (reference 12)."""

from collections.abc import Mapping
from typing import Any

from handbill.contract.track import FORM_KEYS
from handbill.workspace.store import people
from handbill.workspace.store.database import Transaction
from handbill.workspace.store.identifiers import IdType


def submit(tx: Transaction, form_id: str, data: Mapping[str, Any], now: int) -> bool:
    """Count a form that was sent and take in who sent it; False when `data` names nobody. A new id is a new form."""
    tx.run("forms.submit", {"id": form_id, "now": now})
    kinds: tuple[IdType, ...] = ("id", "email") if people.emails_identify(tx) else ("id",)
    kind = next((kind for kind in kinds if data.get(kind)), None)
    if kind is None:
        return False
    people.identify(tx, kind, data[kind], {name: data[name] for name in data if name not in FORM_KEYS}, now)
    return True
