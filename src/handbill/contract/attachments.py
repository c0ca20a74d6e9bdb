"""Attachments of a mail: how they come, how large they may be, and which types nobody may send. Reference 7.2."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from handbill.errors import InvalidInput, SendingRefused, TooLarge

BYTES = 2 * 1024 * 1024
"""All attachments of a message together, decoded."""

FORBIDDEN = frozenset(
    re.split(
        r"\s+",
        "ade adp apk appx appxbundle bat cab chm cmd com cpl diagcab diagcfg diagpkg dll dmg ex ex_ exe hta img ins "
        "iso isp jar jnlp js jse lib lnk mde mjs msc msi msix msixbundle msp mst nsh pif ps1 scr sct shb sys vb vbe "
        "vbs vhd vxd wsc wsf wsh xll",
    )
)
"""File types that mail providers take for programs, and refuse."""


def read(attachments: Mapping[str, Any]) -> dict[str, bytes]:
    """The files by name, of `{name: base64}`.

    Raises InvalidInput for what is not base64, SendingRefused for a forbidden type, TooLarge over BYTES in all.
    """
    files = {name: _file(name, value) for name, value in attachments.items()}
    if sum(map(len, files.values())) >= BYTES:
        raise TooLarge("Total attachment size exceeds the limit")
    return files


def _file(name: str, value: Any) -> bytes:
    ending = name.rpartition(".")[2].lower()
    if ending in FORBIDDEN:
        raise SendingRefused(f"Forbidden file type {ending} for attachment {name[:60]}.")
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        message = f'Attachment must be base64 encoded: "{name[:60]}"'
        raise InvalidInput.of("attachments", message) from None
