"""What was sent, kept small: a map of fields as msgpack, compressed against a sample of the same broadcast."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

LEVEL = 3


def compress(fields: Mapping[str, Any], sample: bytes = b"") -> bytes:
    """`fields` (text by name; `headers` is a map) as few bytes. `expand` needs the same `sample`.

    A sample is one message of the same content, packed: what a message shares with it costs nothing.
    """
    return _compressor(sample).compress(pack(fields))


def expand(blob: bytes, sample: bytes = b"") -> dict[str, Any]:
    """The fields that `compress` was given."""
    return msgspec.msgpack.decode(_decompressor(sample).decompress(blob), type=dict[str, Any])


def pack(fields: Mapping[str, Any]) -> bytes:
    """`fields` uncompressed: what a sample is made of."""
    return msgspec.msgpack.encode(fields)


# Making one costs more than a message does, so they are kept: a worker serves few contents at a time.
# They may not be shared between threads: everything that packs or unpacks runs in one.
@lru_cache(maxsize=32)
def _compressor(sample: bytes) -> ZstdCompressor:
    return ZstdCompressor(level=LEVEL, dict_data=_dictionary(sample))


@lru_cache(maxsize=32)
def _decompressor(sample: bytes) -> ZstdDecompressor:
    return ZstdDecompressor(dict_data=_dictionary(sample))


def _dictionary(sample: bytes) -> ZstdCompressionDict | None:
    return ZstdCompressionDict(sample, dict_type=DICT_TYPE_RAWCONTENT) if sample else None
