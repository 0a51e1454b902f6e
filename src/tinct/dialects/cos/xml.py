"""XML as this API writes and reads it: small documents, no document types, no entities."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from tinct.dialects.cos.errors import CosError

__all__ = ["MOST_BYTES", "document", "element", "parse"]

MOST_BYTES = 2 * 2**20
"""Of a request's document: ten thousand parts, or a thousand keys of the greatest length."""
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, *content: str | int | None, raw: str = "") -> str:
    """An element: `content` is text, to be escaped; `raw` is XML already. Nothing at all makes ``<Name/>``."""
    inner = "".join(_clean(str(item)) for item in content if item is not None) + raw
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def document(root: str) -> bytes:
    """A whole reply, from its root element."""
    return f"<?xml version='1.0' encoding='utf-8' ?>\n{root}\n".encode()


def _clean(text: str) -> str:
    """Escaped, without the characters that XML cannot hold."""
    return escape(_UNWRITABLE.sub("\ufffd", text))


def parse(data: bytes, root: str) -> ET.Element:
    """Read a request's document.

    Raises
    ------
    CosError
        MalformedXML: not UTF-8, too long, with a document type, or with another root element.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CosError("MalformedXML") from None
    if len(data) > MOST_BYTES or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise CosError("MalformedXML")
    try:
        found = ET.fromstring(text)
    except (ET.ParseError, ValueError):
        raise CosError("MalformedXML") from None
    for item in found.iter():
        item.tag = item.tag.rpartition("}")[2]  # namespaces say nothing here
    if found.tag != root:
        raise CosError("MalformedXML")
    return found
