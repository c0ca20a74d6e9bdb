"""What the pool and its children say to each other: msgpack, each message after its length in four bytes."""

from typing import Self

import msgspec

from handbill.workspace.engine.needs import Rendered, RenderFailure, Work


class Learn(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """A content to keep under `key` until it is to be forgotten. `content` is JSON, as its numbers may be large."""

    key: bytes
    content: bytes
    dictionary: bytes
    forget: bytes = b""


class RawWork(msgspec.Struct, array_like=True, frozen=True):
    """needs.Work with its JSON as bytes."""

    delivery: int
    id: str
    customer: bytes
    created: int
    roots: bytes
    devices: bytes
    fields: bytes

    @classmethod
    def of(cls, work: Work) -> Self:
        raw = (work.roots, work.devices, work.fields)
        return cls(work.delivery, work.id, bytes(work.customer), work.created, *map(bytes, raw))


class Render(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """Works to render with a content that was learned, answered with groups; without works it is a check."""

    key: bytes
    works: list[RawWork]


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some of the works, rendered in the order they came. The last group of a turn may leave works over."""

    done: list[Rendered] = []
    failed: list[RenderFailure] = []
    over: bool = False
    faults: list[str] = []
    paths: list[str] = []


Request = Learn | Render

LENGTH = 4
_encoder = msgspec.msgpack.Encoder()


def framed(message: Request | Group) -> bytes:
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH, "big") + body


def too_slow(deadline: float) -> str:
    """The reason for a message that was stopped, by the child itself or from outside."""
    return f"Rendering took longer than {deadline:g} s; make the template do less"
