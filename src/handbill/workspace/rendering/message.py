"""One content compiled, and rendered for one person: Liquid, then MIME, then the copy that is kept."""

from typing import Any

import msgspec

from handbill.workspace import archive
from handbill.workspace.channels import mime
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.liquid import Dialect, LiquidFault, LiquidSyntaxFault, Template

FIELDS = ("from", "reply_to", "recipient", "subject", "preheader_text", "body", "body_plain")
LINES = ("from", "reply_to", "recipient", "subject", "preheader_text")
"""Fields of one line."""
LINKS = {
    "unsubscribe_url": "unsubscribe",
    "view_in_browser_url": "deliveries",
    "manage_subscription_preferences_url": "unsubscribe",  # there are no topics yet
}
"""The folder each link leads to; the delivery id follows."""

_EMPTY = dict.fromkeys(FIELDS, "")
_json_object = msgspec.json.Decoder(dict[str, Any])


class Message:
    """A compiled content, to be rendered for any number of people.

    `faults` are sentences about its syntax, `paths` the variables it uses, also through snippets.
    `dictionary` is the sample that the kept copies are compressed against.
    """

    def __init__(self, content: Content, dictionary: bytes = b"") -> None:
        self.faults: list[str] = []
        self.paths: set[str] = set()
        self._content = content
        self._dictionary = dictionary
        self._dialect = Dialect(content.snippets)
        self._shared = dict(content.shared)
        self._message: Any = self._shared.pop("message", {})
        overlaid = content.own_roots and "trigger" in self._shared
        self._everybodys: dict[str, Any] = {"trigger": self._shared.pop("trigger")} if overlaid else {}
        self._fields = {name: self._compile(name, source) for name, source in _sources(content).items()}
        self._layout = self._compile("layout", content.fields.get("layout", ""))
        self._headers = [(name, self._compile(f"header {name}", source)) for name, source in content.headers]

    def render(self, work: Work) -> Rendered | RenderFailure:
        """The message for one person, or why there is none; the same work always gives the same bytes."""
        if self.faults:
            return RenderFailure(work.delivery, self.faults[0])
        try:
            return self._rendered(work)
        except (LiquidFault, mime.HeaderFault) as fault:
            return RenderFailure(work.delivery, str(fault))

    def _compile(self, name: str, source: str) -> Template:
        try:
            template = self._dialect.compile(source, name, shared=self._shared)
        except LiquidSyntaxFault as fault:
            self.faults.append(str(fault))
            return self._dialect.compile("", name)
        self.paths |= template.paths
        return template

    def _texts(self, roots: dict[str, Any], names: list[str]) -> dict[str, str]:
        return {name: self._fields[name].render(roots) for name in names}

    def _rendered(self, work: Work) -> Rendered:
        roots = self._roots(work)
        own = _json_object.decode(work.fields)
        texts = _EMPTY | self._texts(roots, [name for name in self._fields if name in LINES]) | own
        texts |= {name: texts[name].strip() for name in LINES}  # a template of several lines may well end in one
        roots["message"] = {**self._message, "subject": texts["subject"], "preheader": texts["preheader_text"]}
        texts |= self._texts(roots, [name for name in self._fields if name not in LINES])
        if self._content.fields.get("layout"):
            texts["body"] = self._layout.render({**roots, "content": texts["body"]})
        headers = tuple((name, template.render(roots)) for name, template in self._headers)
        sender, recipient, mail = texts["from"], texts["recipient"], b""
        if self._content.type == "email":
            sender, recipient = mime.address(sender, "from"), _one_address(recipient)
            message_id = f"<{work.id}@{sender.rpartition('@')[2]}>"
            mail = mime.build(_mail(texts, headers, roots["links"]), message_id=message_id, date=work.created)
        shown = {**texts, "headers": dict(headers)} if self._content.retained else {"forgotten": True}
        kept = archive.compress(shown, self._dictionary)
        return Rendered(work.delivery, sender, recipient, texts["subject"], mail, kept)

    def _roots(self, work: Work) -> dict[str, Any]:
        roots = {
            "message": self._message,
            "customer": _json_object.decode(work.customer),
            "delivery_id": work.id,
            "links": self._links(work.id),
        }
        if self._content.own_roots:
            own = _json_object.decode(work.roots)
            roots |= own | {name: {**value, **own.get(name, {})} for name, value in self._everybodys.items()}
        return roots

    def _links(self, delivery_id: str) -> dict[str, str]:
        base = self._content.base_url.rstrip("/")
        return {name: f"{base}/{folder}/{delivery_id}" if base else "" for name, folder in LINKS.items()}


def _sources(content: Content) -> dict[str, str]:
    """The fields that have a text. A mail goes to the person's own address unless it says otherwise."""
    given = {name: content.fields[name] for name in FIELDS if content.fields.get(name)}
    return {"recipient": "{{customer.email}}", **given} if content.type == "email" else given


def _one_address(recipient: str) -> str:
    if not recipient:
        raise mime.HeaderFault("recipient", "is empty: this person has no address for this message")
    return mime.address(recipient, "recipient")


def _mail(texts: dict[str, str], headers: tuple[tuple[str, str], ...], links: dict[str, str]) -> mime.Mail:
    return mime.Mail(
        sender=texts["from"],
        recipient=texts["recipient"],
        subject=texts["subject"],
        html=texts["body"],
        text=texts["body_plain"],
        preheader=texts["preheader_text"],
        reply_to=texts["reply_to"],
        headers=headers,
        unsubscribe_url=links["unsubscribe_url"],
    )
