"""One content compiled, and rendered for one person: Liquid, then its channel's form, then the copy that is kept."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from handbill.contract import attachments
from handbill.contract.fields import ADDRESSES, DEFAULTS, FIELDS, LINES, addresses
from handbill.errors import HandbillError
from handbill.workspace import archive
from handbill.workspace.channels.mime import HeaderFault
from handbill.workspace.engine.needs import Content, Rendered, RenderFailure, Work
from handbill.workspace.liquid import Dialect, LiquidFault, LiquidSyntaxFault, Template
from handbill.workspace.rendering import tracking
from handbill.workspace.rendering.composing import Draft, Unsendable, compose

LINKS = {
    "unsubscribe_url": "unsubscribe",
    "view_in_browser_url": "deliveries",
    "manage_subscription_preferences_url": "subscriptions",
}
"""The folder each link leads to; the delivery id follows."""

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
        self._base_url = content.base_url.rstrip("/")
        self._tracked = content.tracked and bool(self._base_url)
        self._shared = dict(content.shared)
        self._message: Any = self._shared.pop("message", {})
        overlaid = content.own_roots and "trigger" in self._shared
        self._everybodys: dict[str, Any] = {"trigger": self._shared.pop("trigger")} if overlaid else {}
        self._names = FIELDS[content.type]
        self._fields = {name: self._compiled(name) for name in self._names}
        self._layout = self._compile("layout", content.fields.get("layout", ""))
        self._headers = [(name, self._compile(f"header {name}", source)) for name, source in content.headers]

    def render(self, work: Work) -> Rendered | RenderFailure:
        """The message for one person, or why there is none; the same work always gives the same bytes."""
        if self.faults:
            return RenderFailure(work.delivery, self.faults[0])
        try:
            return self._rendered(work)
        except (LiquidFault, HeaderFault, Unsendable, tracking.LinkFault) as fault:
            return RenderFailure(work.delivery, str(fault))

    def _compiled(self, name: str) -> list[Template]:
        """The templates of a field: one, or one for each address, so that no value can add an address."""
        source = self._content.fields.get(name) or DEFAULTS.get(self._content.type, {}).get(name, "")
        return [self._compile(name, part) for part in self._split(name, source)]

    def _split(self, name: str, source: str) -> list[str]:
        several = self._content.type == "email" and name in ADDRESSES
        return addresses(source) if several else [source]

    def _own(self, fields: Mapping[str, Any]) -> dict[str, list[str]]:
        """The lines that this message says itself, in place of the content's."""
        return {name: self._split(name, text) for name, text in fields.items() if name in LINES}

    def _compile(self, name: str, source: str) -> Template:
        try:
            template = self._dialect.compile(source, name, shared=self._shared)
        except LiquidSyntaxFault as fault:
            self.faults.append(str(fault))
            return self._dialect.compile("", name)
        self.paths |= template.paths
        return template

    def _parts(self, roots: dict[str, Any], names: Iterable[str]) -> dict[str, list[str]]:
        return {name: [template.render(roots) for template in self._fields[name]] for name in names}

    def _rendered(self, work: Work) -> Rendered:
        roots = self._roots(work)
        own = _json_object.decode(work.fields)
        lines = self._parts(roots, [name for name in self._names if name in LINES and name not in own]) | self._own(
            own
        )
        lines = {name: [part.strip() for part in parts] for name, parts in lines.items()}  # it may well end in one
        texts = {name: ", ".join(filter(None, parts)) for name, parts in lines.items()}
        told = {"subject": texts.get("subject", ""), "preheader": texts.get("preheader_text", "")}
        roots["message"] = {**roots["message"], **told}
        bodies = self._parts(roots, [name for name in self._names if name not in LINES])
        texts |= {name: "".join(parts) for name, parts in bodies.items()}
        if self._content.fields.get("layout"):
            texts["body"] = self._layout.render({**roots, "content": texts["body"]})
        tracking.check(roots["links"]["targets"])
        draft = Draft(
            work,
            type=self._content.type,
            texts=texts,
            addresses=lines,
            headers=tuple((name, template.render(roots)) for name, template in self._headers),
            customer=roots["customer"],
            links=roots["links"],
            base_url=self._base_url,
            follow_links=self._tracked and self._content.link_tracking,
            notice_opening=self._tracked and self._content.open_tracking,
            attachments=_attached(own.get("attachments", "{}")),
        )
        return self._finished(draft)

    def _finished(self, draft: Draft) -> Rendered:
        composed = compose(draft)
        kept = {name: text for name, text in draft.texts.items() if text} | {"recipient": composed.recipient}
        shown: dict[str, Any] = {**kept, **composed.archived, "headers": dict(draft.headers)}
        shown = shown if self._content.retained else {"forgotten": True}
        if targets := draft.links["targets"]:  # they are followed for as long as the message lies in an inbox
            shown["links"] = list(targets)
        return Rendered(
            draft.work.delivery,
            sender=composed.sender,
            recipient=composed.recipient,
            subject=draft.texts.get("subject", ""),
            payload=composed.payload,
            archive=archive.compress(shown, self._dictionary),
            recipients=composed.recipients,
        )

    def _roots(self, work: Work) -> dict[str, Any]:
        brings_some = self._content.own_roots or self._content.objects
        own = _json_object.decode(work.roots) if brings_some else {}
        overlaid = {name: {**value, **own.get(name, {})} for name, value in self._everybodys.items()}
        return {
            **own,
            **overlaid,
            "message": {**self._message, **own.get("message", {})},
            "customer": _json_object.decode(work.customer),
            "delivery_id": work.id,
            "links": self._links(work.id),
        }

    def _links(self, delivery_id: str) -> dict[str, Any]:
        """What the tags that print links print; `targets` is where the tracked ones lead."""
        links: dict[str, Any] = dict.fromkeys(LINKS, "")
        if base := self._base_url:
            links = {name: f"{base}/{folder}/{delivery_id}" for name, folder in LINKS.items()}
        if self._tracked and self._content.link_tracking:
            links |= tracking.liquid_links(base, delivery_id)
        return links | {"targets": {}}


def _attached(files: str) -> dict[str, bytes]:
    try:
        return attachments.read(_json_object.decode(files))
    except HandbillError as error:
        raise Unsendable(str(error)) from None
