"""Who may see what waits, and who may decide: a person with the approval code, which no program is given."""

import hashlib
import hmac
import secrets

TRIES = 5
"""Wrong codes until approvals by page are closed; they stay so until the process is started again."""
VISITORS = 100
"""Browsers that may look at a time; the one that came first has to give the code again."""


class Door:
    """One for each process. A browser that gave the code may look; a decision wants the code again."""

    def __init__(self, approval_key: str) -> None:
        self._key = approval_key.encode()
        self._secret = secrets.token_bytes(32)
        self._visitors: list[str] = []
        self.tries = TRIES
        """Wrong codes that are left."""

    def fits(self, code: str) -> bool:
        """Whether this is the code. None is, once too many were wrong."""
        if not self.tries:
            return False
        fits = hmac.compare_digest(code.strip().encode("utf-8", "surrogatepass"), self._key)
        self.tries -= not fits
        return fits

    def enter(self) -> str:
        """A new visitor's secret name, for the cookie of a browser that gave the code."""
        visitor = secrets.token_urlsafe(24)
        self._visitors = [*self._visitors[1 - VISITORS :], visitor]
        return visitor

    def knows(self, visitor: str) -> bool:
        """Whether the browser with this cookie gave the code."""
        return any(hmac.compare_digest(visitor.encode(), known.encode()) for known in self._visitors)

    def mark(self, visitor: str) -> str:
        """What a form that this browser was shown holds, and no other page can know (CSRF)."""
        return hmac.digest(self._secret, visitor.encode(), hashlib.sha256).hex()

    def marked(self, visitor: str, mark: str) -> bool:
        """Whether the form was shown to this browser."""
        return hmac.compare_digest(self.mark(visitor).encode(), mark.encode())
