"""The XMP packet (ISO 16684-1): what the result makes untrue goes, rights and captions stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

__all__ = ["Facts", "cleaned", "fact", "orientation", "slim", "with_fact", "with_facts", "without_place"]

Facts = Mapping[tuple[str, str], tuple[str, ...]]
"""Values by prefix and name, such as ``("dc", "rights")``."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_GOOGLE, _PANORAMA = "http://ns.google.com/photos/", "http://ns.google.com/photos/1.0/panorama/"
_DESCRIBING = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "cc": "http://creativecommons.org/ns#",
}
"""Where rights and captions stand."""

# Other pictures, sounds, films and maps in the same file: they are not written.
_DROPPED = {
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.apple.com/HDRGainMap/1.0/",
    "http://ns.apple.com/pixeldatainfo/1.0/",
    "http://ns.apple.com/depthData/1.0/",
    "http://ns.adobe.com/xmp/note/",  # that more of the packet stands elsewhere in the file
    "http://ns.adobe.com/xap/1.0/g/img/",
}
_DROPPED_NAMES = re.compile(r"(MotionPhoto|MicroVideo|HDRGainMap|GainMap|Thumbnails$|NativeDigest$)")
# Facts of the pixels, which the file tells itself.
_PIXEL_FACTS = {
    _TIFF: {"ImageWidth", "ImageLength", "BitsPerSample", "Compression", "PhotometricInterpretation",
            "SamplesPerPixel", "PlanarConfiguration", "YCbCrSubSampling", "YCbCrPositioning", "XResolution",
            "YResolution", "ResolutionUnit"},
    _EXIF: {"PixelXDimension", "PixelYDimension", "ColorSpace", "CompressedBitsPerPixel"},
    _DESCRIBING["photoshop"]: {"ICCProfile", "ColorMode"},
}  # fmt: skip
_PLACES = {
    _DESCRIBING["photoshop"]: {"City", "State", "Country"},
    _DESCRIBING["Iptc4xmpCore"]: {"Location", "CountryCode"},
    _DESCRIBING["Iptc4xmpExt"]: {"LocationCreated", "LocationShown"},
    _DESCRIBING["dc"]: {"coverage"},
}
_PLACE_NAMES = re.compile(r"gps|latitude|longitude|altitude|geotag|geohash", re.IGNORECASE)
_PLACE_SPACES = ("http://www.w3.org/2003/01/geo/",)
_LISTS = {("dc", "creator"): "Seq", ("dc", "subject"): "Bag"}
_TRANSLATED = {("dc", "rights"), ("dc", "description"), ("dc", "title")}


_DEEPEST = 60  # levels; the deepest structures of cameras and editors have about 15
_MOST_BYTES = 2 * 2**20  # of a packet; those of long histories have some hundred thousand


def _parsed(packet: bytes | None) -> minidom.Document | None:
    """The packet as a tree; None where it is no XML, or more than XMP is."""
    if packet is None or len(packet) > _MOST_BYTES or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return None
    text = packet.strip(b"\0 \r\n\t")
    try:
        tree = minidom.parseString(text)
    except (ExpatError, ValueError, LookupError):
        return None
    return tree if _depth(tree) <= _DEEPEST else None


def _depth(tree: minidom.Document) -> int:
    """How deep elements are nested, at most one more than allowed."""
    level: list[Any] = list(tree.childNodes)
    deep = 0
    while level and deep <= _DEEPEST:
        level, deep = [child for node in level for child in node.childNodes], deep + 1
    return deep


def _written(tree: minidom.Document) -> bytes | None:
    """The tree as a packet; None where nothing is said in it any more."""
    if not any(_properties(tree)):
        return None
    body = "".join(
        node.toxml() for node in tree.childNodes if node.nodeType != node.PROCESSING_INSTRUCTION_NODE
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' + body + '<?xpacket end="w"?>'
    ).encode()


def _descriptions(tree: minidom.Document) -> list[minidom.Element]:
    """The rdf:Description elements at the top."""
    return [
        node
        for rdf in tree.getElementsByTagNameNS(_RDF, "RDF")
        for node in rdf.childNodes
        if node.nodeType == node.ELEMENT_NODE and node.localName == "Description"
    ]


def _properties(tree: minidom.Document) -> Iterable[minidom.Element | minidom.Attr]:
    """The properties at the top, as elements and as attributes."""
    for node in _descriptions(tree):
        yield from (child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE)
        for attribute in list(node.attributes.values()):
            if attribute.namespaceURI not in (_RDF, _XMLNS, _XML, None):
                yield attribute


def _purge(node: minidom.Element, unwanted: Callable[[str, str], bool]) -> None:
    """Remove elements and attributes at any depth."""
    for attribute in list(node.attributes.values()):
        if unwanted(attribute.namespaceURI or "", attribute.localName or ""):
            node.removeAttributeNode(attribute)
    for child in list(node.childNodes):
        if child.nodeType != child.ELEMENT_NODE:
            continue
        if unwanted(child.namespaceURI or "", child.localName or ""):
            node.removeChild(child)
        else:
            _purge(child, unwanted)


def _without(packet: bytes | None, unwanted: Callable[[str, str], bool]) -> bytes | None:
    tree = _parsed(packet)
    if tree is None or tree.documentElement is None:
        return None
    _purge(tree.documentElement, unwanted)
    return _written(tree)


def orientation(packet: bytes | None) -> int | None:
    """The orientation 1..8 that a packet names, or None."""
    tree = _parsed(packet)
    for node in _properties(tree) if tree is not None else ():
        if node.namespaceURI == _TIFF and node.localName == "Orientation":
            text = _text(node).strip()
            return int(text) if text in "12345678" and len(text) == 1 else None
    return None


def _text(node: minidom.Element | minidom.Attr) -> str:
    if isinstance(node, minidom.Attr):
        return str(node.value)
    return "".join(
        child.data
        for child in node.childNodes
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE)
    )


def cleaned(packet: bytes | None) -> bytes | None:
    """A packet that says nothing of how pixels are stored, and promises nothing that is not written.

    The pixels are upright, of their own size, and alone: orientation, sizes and colour space go, and so do
    motion photos, gain maps, depth maps, thumbnails and parts of the packet elsewhere in the file. A packet that
    cannot be read is dropped, because nobody can say what it promises.
    """

    def unwanted(space: str, name: str) -> bool:
        return (
            space in _DROPPED
            or (space.startswith(_GOOGLE) and space != _PANORAMA)
            or bool(_DROPPED_NAMES.search(name))
            or name in _PIXEL_FACTS.get(space, ())
            or (space == _TIFF and name == "Orientation")
        )

    return _without(packet, unwanted)


def without_place(packet: bytes | None) -> bytes | None:
    """The packet without where the photo was taken or what place it shows."""

    def unwanted(space: str, name: str) -> bool:
        return (
            name in _PLACES.get(space, ())
            or space.startswith(_PLACE_SPACES)
            or (space not in (_XMLNS, _RDF) and bool(_PLACE_NAMES.search(name)))
        )

    return _without(packet, unwanted)


def slim(packet: bytes | None) -> bytes | None:
    """Rights and captions alone, for places that hold no more."""
    tree = _parsed(packet)
    if tree is None:
        return None
    spaces = set(_DESCRIBING.values())
    for node in list(_properties(tree)):
        if node.namespaceURI in spaces:
            continue
        if isinstance(node, minidom.Attr):
            if node.ownerElement is not None:
                node.ownerElement.removeAttributeNode(node)
        elif node.parentNode is not None:
            node.parentNode.removeChild(node)
    return _written(tree)


_EMPTY = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'.encode()


def with_facts(packet: bytes | None, facts: Facts) -> bytes | None:
    """The packet with these facts, where it does not say them already."""
    if not facts:
        return packet
    tree = _parsed(packet) or minidom.parseString(_EMPTY)
    said = {(node.namespaceURI, node.localName) for node in _properties(tree)}
    roots = tree.getElementsByTagNameNS(_RDF, "RDF")
    if not roots:
        return with_facts(None, facts)
    new = tree.createElementNS(_RDF, "rdf:Description")
    new.setAttributeNS(_XMLNS, "xmlns:rdf", _RDF)
    new.setAttributeNS(_RDF, "rdf:about", "")
    for (prefix, name), values in facts.items():
        if (_DESCRIBING[prefix], name) not in said and any(values):
            new.setAttributeNS(_XMLNS, f"xmlns:{prefix}", _DESCRIBING[prefix])
            new.appendChild(_property(tree, prefix, name, values))
    if new.hasChildNodes():
        roots[0].appendChild(new)
    return _written(tree)


def fact(packet: bytes | None, name: tuple[str, str]) -> str | None:
    """The text of one property, by prefix and name; None where the packet does not say it."""
    tree = _parsed(packet)
    for node in _properties(tree) if tree is not None else ():
        if (node.namespaceURI, node.localName) == (_DESCRIBING[name[0]], name[1]):
            resource = node.getAttributeNS(_RDF, "resource") if isinstance(node, minidom.Element) else ""
            return str(resource) or _text(node)
    return None


def with_fact(packet: bytes | None, name: tuple[str, str], text: str) -> bytes | None:
    """The packet with this property, in place of what it says of it."""
    space = _DESCRIBING[name[0]]
    cleared = _without(packet, lambda where, local: (where, local) == (space, name[1]))
    return with_facts(cleared, {name: (text,)})


def _property(tree: minidom.Document, prefix: str, name: str, values: tuple[str, ...]) -> minidom.Element:
    element = tree.createElementNS(_DESCRIBING[prefix], f"{prefix}:{name}")
    kind = "Alt" if (prefix, name) in _TRANSLATED else _LISTS.get((prefix, name))
    if kind is None:
        element.appendChild(tree.createTextNode(_storable(values[0])))
        return element
    group = tree.createElementNS(_RDF, f"rdf:{kind}")
    for text in values[:1] if kind == "Alt" else values:
        item = tree.createElementNS(_RDF, "rdf:li")
        if kind == "Alt":
            item.setAttributeNS(_XML, "xml:lang", "x-default")
        item.appendChild(tree.createTextNode(_storable(text)))
        group.appendChild(item)
    element.appendChild(group)
    return element


def _storable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
