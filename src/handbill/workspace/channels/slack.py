"""Slack: what is said goes to an incoming webhook of the team's own."""

from collections.abc import Sequence

from handbill.errors import quoted
from handbill.workspace.channels import asking
from handbill.workspace.engine.needs import Outcome, Receipt, TransportDown

EXAMPLE = "https://hooks.slack.com/services/T000/B000/XXXX"


def read(text: str) -> asking.Provider:
    """The incoming webhook's address, which is itself the secret. Raises ValueError."""
    provider = asking.Provider.of(text, EXAMPLE)
    if not provider.url.partition("://")[2].partition("/")[2]:
        raise ValueError(f"it must be the whole address of an incoming webhook: {EXAMPLE}")
    return provider


class Slack:
    connections = 1  # Slack takes one message a second

    def __init__(self, provider: asking.Provider, seconds: float = asking.SECONDS) -> None:
        self._http = asking.Http(seconds)
        self._url = provider.url

    async def send(self, sender: str, recipients: Sequence[str], payload: bytes) -> Receipt:
        """Say it. Raises TransportDown when Slack does not answer, or does not know the webhook any more."""
        try:
            answer = await self._http.ask(
                "POST", self._url, content=payload, headers={"Content-Type": "application/json"}
            )
        except asking.Unreached as fault:
            raise TransportDown("refused", f"Slack cannot be reached: {fault}.") from None
        except asking.Unanswered as fault:
            return Receipt(Outcome.UNKNOWN, f"Slack: {fault}")
        if answer.status in (403, 404, 410):
            raise TransportDown("login", f"Slack refused the webhook in HANDBILL_SLACK: {quoted(answer.words)}.")
        return asking.judge(answer.status, answer.words)

    async def close(self) -> None:
        await self._http.close()
