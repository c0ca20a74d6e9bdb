"""Settings: the environment and the home folder, read once into one frozen object."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from platformdirs import user_data_path

from handbill.errors import InvalidInput

BASE_URL = "http://127.0.0.1:8622"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the workspace lives and how it sends. Passwords never appear in its repr."""

    home: Path
    database: str
    app_key: str | None
    site_id: str | None
    track_key: str | None
    pipelines_key: str | None
    signing_key: str | None
    smtp: str | None
    twilio: str | None = None
    slack: str | None = None
    fcm: str | None = None
    apns: str | None = None
    base_url: str = BASE_URL
    """Where people reach this workspace: the start of every link to it in a message."""
    private_hosts: frozenset[str] = frozenset()
    """Hosts that calls of ours (data files, webhooks) may go to although they are private, or speak plain http."""
    hosts: frozenset[str] = frozenset()
    """Names that callers of `handbill serve` may use for it, beside this machine's own and the base URL's."""
    toolsets: str = ""
    """Which tools an agent is shown (tools/toolsets.py)."""
    readonly: bool = False
    """This process may only look, whatever the policy allows."""
    connection: str = ""
    """The connection this process works on, whichever is current: a name, or `embedded`."""
    customerio_url: str = ""
    """Called instead of Customer.io's hosts: a proxy before them."""

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r})"

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, home: Path | None = None) -> "Settings":
        """Read `HANDBILL_*`. `home` (from `--home`) wins over `HANDBILL_HOME`; the default is the platform's."""
        named = home or (Path(environ["HANDBILL_HOME"]) if environ.get("HANDBILL_HOME") else None)
        folder = (named or user_data_path("handbill", appauthor=False)).expanduser().absolute()
        return cls(
            home=folder,
            database=environ.get("HANDBILL_DATABASE") or f"sqlite:///{folder / 'workspace.db'}",
            app_key=environ.get("HANDBILL_APP_KEY"),
            site_id=environ.get("HANDBILL_SITE_ID"),
            track_key=environ.get("HANDBILL_TRACK_KEY"),
            pipelines_key=environ.get("HANDBILL_PIPELINES_KEY"),
            signing_key=environ.get("HANDBILL_SIGNING_KEY"),
            smtp=environ.get("HANDBILL_SMTP"),
            twilio=environ.get("HANDBILL_TWILIO"),
            slack=environ.get("HANDBILL_SLACK"),
            fcm=environ.get("HANDBILL_FCM"),
            apns=environ.get("HANDBILL_APNS"),
            base_url=environ.get("HANDBILL_BASE_URL", BASE_URL).rstrip("/"),
            private_hosts=frozenset(environ.get("HANDBILL_PRIVATE_HOSTS", "").lower().split()),
            hosts=frozenset(environ.get("HANDBILL_HOSTS", "").split()),
            toolsets=environ.get("HANDBILL_TOOLSETS", ""),
            readonly=environ.get("HANDBILL_READONLY", "").lower() not in ("", "0", "false", "no", "off"),
            connection=environ.get("HANDBILL_CONNECTION", ""),
            customerio_url=environ.get("HANDBILL_CUSTOMERIO_URL", "").rstrip("/"),
        )

    def tightened(self, readonly: bool) -> "Settings":
        """The same, and read-only if that is asked for; what is read-only stays so."""
        return replace(self, readonly=readonly or self.readonly)

    @property
    def sqlite_path(self) -> Path:
        """The database file. Raises InvalidInput when `HANDBILL_DATABASE` is not a SQLite URL."""
        scheme, _, path = self.database.partition(":///")
        if scheme != "sqlite" or not path:
            raise InvalidInput.of(
                "HANDBILL_DATABASE",
                "HANDBILL_DATABASE must look like sqlite:////folder/workspace.db; PostgreSQL is not supported yet.",
            )
        return Path(unquote(path))
