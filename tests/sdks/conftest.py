"""A workspace served by `handbill serve`, as its users start it, for SDKs that know nothing of us."""

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from handbill.settings import Settings
from handbill.workspace.keys import load

HANDBILL = Path(sys.executable).with_name("handbill")
SECONDS = 20
"""How long a test waits for what the worker does."""

DEFINITIONS = {
    "transactional/receipt.yaml": {
        "id": 9,
        "name": "Receipt",
        "messages": [
            {
                "from": "Shop <mail@shop.example>",
                "subject": "Order {{trigger.order}}",
                "body": '<p>Hi {{customer.first_name | default: "you"}} <a href="https://shop.example/a">see</a></p>',
            },
            {"type": "twilio", "from": "+15550199", "body": "Order {{trigger.order}}"},
            {"type": "whatsapp", "from": "+15550199", "body": "Order {{trigger.order}}"},
            {"type": "push", "subject": "Order", "body": "{{trigger.order}}"},
            {"type": "in_app", "body": "Order {{trigger.order}}"},
            {"type": "inbox", "subject": "Order", "body": "Order {{trigger.order}}"},
        ],
    },
    "broadcasts/restock.yaml": {
        "id": 5,
        "name": "Restock",
        "audience": {"attribute": {"field": "id", "operator": "exists"}},
        "messages": [
            {"from": "mail@shop.example", "subject": "{{trigger.headline}}", "body": "Hi {{customer.id}}"},
        ],
    },
}


SECRETS = {
    "HANDBILL_APP_KEY": "the-app-key-itself",
    "HANDBILL_TRACK_KEY": "the-track-key-itself",
    "HANDBILL_PIPELINES_KEY": "the-pipelines-key-itself",
    "HANDBILL_SIGNING_KEY": "the-signing-key-itself",
    "HANDBILL_SMTP": "smtp://shop:the-smtp-password@127.0.0.1:9",
    "HANDBILL_TWILIO": "https://AC1:the-twilio-token@127.0.0.1:9",
    "HANDBILL_SLACK": "https://127.0.0.1:9/services/the-slack-secret",
}
"""What begins with `the-` the server must never say."""
DEBUG = "import logging; logging.basicConfig(level=logging.DEBUG); from handbill.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Served:
    """Where the workspace is, and its keys."""

    port: int
    keys: dict[str, str]
    pid: int
    log: Path
    """What the server says on standard error, every logger at DEBUG."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """An answer of the App API, as anybody sees it."""
        headers = {"Authorization": f"Bearer {self.keys['app_key']}"}
        answer = httpx2.get(f"{self.url}/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def person(self, name: str, id_type: str = "id") -> dict[str, Any]:
        """A person's attributes."""
        found: dict[str, Any] = self.get(f"/customers/{name}/attributes?id_type={id_type}")["customer"]
        return found

    def happened(self, name: str, type_: str = "event") -> list[tuple[str | None, Any]]:
        """Name and data of what this person did, the newest first."""
        found = self.get(f"/customers/{name}/activities?type={type_}&limit=100")["activities"]
        return [(each.get("name"), each.get("data")) for each in found]

    async def sent(self, delivery_id: str) -> dict[str, Any]:
        """A message, once it is sent."""
        async with asyncio.timeout(SECONDS):
            while True:
                found: dict[str, Any] = await asyncio.to_thread(self.get, f"/messages/{delivery_id}")
                if "sent" in found["message"]["metrics"]:
                    return dict(found["message"])

    def delivery(self, delivery_id: str) -> dict[str, Any]:
        """The same for a test without a loop."""
        return asyncio.run(self.sent(delivery_id))


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served")
    folder = home / "definitions"
    for name, definition in DEFINITIONS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(definition))  # JSON is YAML
    environment = {
        "HANDBILL_HOME": str(home / "home"),
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        **SECRETS,
    }
    subprocess.run([HANDBILL, "apply", folder], env=environment, check=True, capture_output=True)
    keys = load(Settings.load(environment))
    command = [sys.executable, "-c", DEBUG, "serve", "--port", "0", "--no-limits"]
    log = home / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=output, text=True) as server,
    ):
        assert server.stdout
        said = server.stdout.readline()
        port = int(said.partition("127.0.0.1:")[2].partition(":")[0])
        yield Served(port, dataclasses.asdict(keys), server.pid, log)
        server.terminate()
