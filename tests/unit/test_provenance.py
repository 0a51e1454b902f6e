"""What a file says of where its pixels come from."""

import numpy as np
import pytest

from tinct.photo import decode, provenance, xmp
from tinct.photo.encode import encode
from tinct.photo.formats import WRITABLE
from tinct.photo.photo import Photo

SPACE = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def packet(properties: str = "", attributes: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}><rdf:Description {SPACE} {attributes}>{properties}'
        '<dc:rights xmlns:dc="http://purl.org/dc/elements/1.1/">mine</dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def photo(packet: bytes | None = None) -> Photo:
    return Photo(np.full((32, 40, 3), 90, np.uint8), xmp=packet)


@pytest.mark.parametrize("metadata", ["all", "no-gps", "none"])
@pytest.mark.parametrize("kind", WRITABLE)
def test_every_format_says_that_a_model_made_it_whatever_metadata_is_wanted(kind, metadata):
    made = provenance.marked(photo(packet()), "trainedAlgorithmicMedia")
    data = encode(made, kind, metadata=metadata)
    again = decode.open(data)
    assert provenance.source(again) == "trainedAlgorithmicMedia"
    assert (b"mine" in data) == (metadata != "none")


@pytest.mark.parametrize(
    "said",
    [
        packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{CAPTURE}"'),
        packet(f"<Iptc4xmpExt:DigitalSourceType>{CAPTURE}</Iptc4xmpExt:DigitalSourceType>"),
        packet(f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{CAPTURE}"/>'),
    ],
)
def test_what_a_photo_says_is_read_in_each_notation_and_replaced(said):
    before = photo(said)
    assert provenance.source(before) == "digitalCapture"
    after = provenance.marked(before, "compositeWithTrainedAlgorithmicMedia")
    assert provenance.source(after) == "compositeWithTrainedAlgorithmicMedia"
    assert b"digitalCapture" not in (after.xmp or b"")
    assert xmp.fact(after.xmp, ("dc", "rights")) == "mine"


def test_a_part_that_is_invented_does_not_make_a_whole_one_less():
    whole = provenance.marked(photo(), "trainedAlgorithmicMedia")
    again = provenance.marked(whole, "compositeWithTrainedAlgorithmicMedia")
    assert provenance.source(again) == "trainedAlgorithmicMedia"


def test_without_metadata_a_photo_of_a_camera_says_nothing():
    said = packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{CAPTURE}"')
    data = encode(photo(said), "jpeg", metadata="none")
    assert decode.open(data).xmp is None
    assert provenance.source(photo()) is None


def test_a_packet_that_cannot_be_read_is_replaced():
    made = provenance.marked(photo(b"<not xml"), "trainedAlgorithmicMedia")
    assert provenance.source(made) == "trainedAlgorithmicMedia"
