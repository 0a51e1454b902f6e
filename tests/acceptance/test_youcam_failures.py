"""Tasks of the YouCam API that are taken and fail: every cause has the code of its form."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data as samples

from running import Server, photo
from youcam_hazards import DIES, RAISES, picture
from youcam_pictures import encoded, face, flat, mask, two_faces
from youcam_wire import Caller, account, body_of, refused

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def file(v1: Caller) -> str:
    """A small photo."""
    return v1.upload(photo(96, 72, format="JPEG"))


@pytest.mark.parametrize("slug", ["enhance", "lighting"])
def test_a_file_that_was_never_sent_fails_its_task(v1: Caller, v2: Caller, slug: str) -> None:
    unsent = v1.declared(b"x")["file_id"]
    assert v1.failed(slug, body_of(slug, F=unsent)) == "error_download_image"
    unsent = v2.declared(b"x")["file_id"]
    assert v2.failed(slug, {"src_file_id": unsent, "scale": 2}) == "error_download_image"


def test_a_mask_that_was_never_sent_has_a_code_of_its_own(v1: Caller, v2: Caller, file: str) -> None:
    unsent = v1.declared(b"x")["file_id"]
    assert v1.failed("obj-removal", body_of("obj-removal", F=file, M=unsent)) == "error_download_mask"
    body = {"src_file_id": file, "msk_file_id": unsent}
    assert v2.failed("generative-fill", body) == "error_download_mask"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"these are words",
        photo(40, 32, format="JPEG")[:200],
        photo(40, 32, format="GIF"),
        photo(40, 32, format="WEBP"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["nothing", "words", "half", "gif", "webp", "svg"],
)
def test_bytes_that_are_no_photo_of_the_tools_formats_cannot_be_decoded(
    v1: Caller, file: str, content: bytes
) -> None:
    wrong = v1.upload(content)
    assert v1.failed("enhance", body_of("enhance", F=wrong)) == "error_decode_image"
    assert v1.failed("obj-removal", body_of("obj-removal", F=file, M=wrong)) == "error_decode_mask"


def test_a_reference_that_is_no_photo_cannot_be_decoded(v1: Caller) -> None:
    body = body_of("mu-transfer", F=v1.upload(face()), R=v1.upload(b"words"))
    assert v1.failed("mu-transfer", body) == "error_decode_image"


def test_a_heic_is_not_for_tools_that_do_not_take_it_in_the_older_form(v1: Caller) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    made = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(flat(64, 64))).save(made, format="HEIF")
    file = v1.upload(made.getvalue(), "image/heic")
    assert v1.failed("colorize", body_of("colorize", F=file)) == "error_decode_image"


@pytest.mark.parametrize(
    ("slug", "width", "height", "v1_code", "v2_code"),
    [
        ("enhance", 4097, 8, "exceed_max_filesize", "exceed_max_filesize"),
        ("sod", 8, 4097, "exceed_max_filesize", "exceed_max_filesize"),
        ("bg-blur", 4097, 8, "exceed_max_filesize", "exceed_max_filesize"),
        ("colorize", 4097, 8, "exceed_max_filesize", "exceed_max_filesize"),
        ("bg-replace", 4097, 8, "exceed_max_filesize", "error_exceed_max_image_size"),
        ("mu-transfer", 1025, 900, "exceed_max_filesize", "error_exceed_max_image_size"),
        ("face-swap/pre-process", 4097, 8, "exceed_max_filesize", "error_exceed_max_image_size"),
        ("lighting", 300, 255, "invalid_parameter", None),
        ("lighting", 4097, 300, "exceed_max_filesize", "exceed_max_filesize"),
    ],
)
def test_sides_beyond_a_tools_limits_fail_by_code(
    v1: Caller, v2: Caller, slug: str, width: int, height: int, v1_code: str, v2_code: str | None
) -> None:
    content = encoded(flat(width, height), "PNG")
    reference = v1.upload(face())
    assert v1.failed(slug, body_of(slug, F=v1.upload(content), R=reference)) == v1_code
    body = {"src_file_id": v2.upload(content), "ref_file_id": reference, "scale": 1}
    if v2_code is None:  # the newer form has no such limit
        v2.done(slug, body)
    else:
        assert v2.failed(slug, body) == v2_code


def test_the_longest_side_that_is_allowed_is_allowed(v1: Caller) -> None:
    assert len(v1.done("lighting", body_of("lighting", F=v1.upload(picture(0, width=4096))))) == 1


@pytest.mark.parametrize(("size", "fits"), [(10 * MEGABYTE - 1, True), (10 * MEGABYTE, False)])
def test_ten_megabytes_are_one_byte_too_many(v1: Caller, v2: Caller, size: int, fits: bool) -> None:
    content = picture(0, number=50)
    padded = content + b"\0" * (size - len(content))
    body = body_of("lighting", F=v1.upload(padded))
    if fits:
        v1.done("lighting", body)
    else:
        assert v1.failed("lighting", body) == "exceed_max_filesize"
        assert v2.failed("lighting", {"src_file_id": v2.upload(padded)}) == "exceed_max_filesize"


@pytest.mark.parametrize(
    ("size", "v1_code", "v2_code"),
    [((95, 72), "invalid_parameter", "size_mismatch_on_input_image_and_mask"), ((96, 72), None, None)],
)
def test_a_mask_of_another_size_or_without_white_fails(
    v1: Caller, v2: Caller, file: str, size: tuple[int, int], v1_code: str | None, v2_code: str | None
) -> None:
    content = mask(*size) if v1_code else encoded(np.zeros(size[::-1], np.uint8), "PNG")
    wrong = v1.upload(content, "image/png")
    empty = "invalid_parameter"
    assert v1.failed("obj-removal", body_of("obj-removal", F=file, M=wrong)) == (v1_code or empty)
    body = {"src_file_id": file, "msk_file_id": wrong}
    assert v2.failed("generative-fill", body) == (v2_code or empty)


def test_pictures_without_a_face_fail_where_one_is_needed(v1: Caller, v2: Caller) -> None:
    none, one = v1.upload(photo(300, 300, format="JPEG")), v1.upload(face())
    detection, swap, makeup = "face-swap/pre-process", "face-swap", "mu-transfer"
    assert v1.failed(detection, body_of(detection, F=none)) == "error_no_face"
    assert v2.failed(detection, {"src_file_id": none}) == "error_no_face"
    assert v1.failed(swap, body_of(swap, F=none, R=one)) == "error_no_face"
    for target, reference, side in ((none, one, "src"), (one, none, "ref")):
        assert v1.failed(makeup, body_of(makeup, F=target, R=reference)) == "error_no_face"
        body = {"src_file_id": target, "ref_file_id": reference}
        assert v2.failed(makeup, body) == f"error_{side}_no_face"


def test_a_small_face_is_too_small_for_makeup_in_the_newer_form(v2: Caller) -> None:
    small = encoded(samples.astronaut()[0:256, 100:356], "PNG")
    tiny = encoded(np.asarray(Image.open(io.BytesIO(small)).resize((150, 150))), "PNG")
    body = {"src_file_id": v2.upload(tiny), "ref_file_id": v2.upload(face())}
    assert v2.failed("mu-transfer", body) == "error_src_face_too_small"


def test_a_face_that_is_not_there_cannot_be_swapped(v1: Caller, v2: Caller) -> None:
    target, reference = v1.upload(two_faces()), v1.upload(face())
    body = body_of("face-swap", F=target, R=reference)
    mapping = [{"index": 0, "position": 2}]
    body["payload"]["actions"][0]["params"]["face_mapping"] = mapping
    assert v1.failed("face-swap", body) == "invalid_parameter"
    flat_body = {"src_file_id": target, "ref_file_ids": [reference], "face_mapping": mapping}
    assert v2.failed("face-swap", flat_body) == "invalid_parameter"


@pytest.mark.parametrize(("then", "code"), [(RAISES, "error_inference"), (DIES, "unknown_internal_error")])
def test_an_effect_that_breaks_or_dies_tells_no_secrets(v1: Caller, v2: Caller, then: int, code: str) -> None:
    file = v1.upload(picture(0, then, 51))
    found = v1.ended("lighting", v1.run("lighting", body_of("lighting", F=file)))
    assert found["error"] == code
    assert "secret" not in str(found)
    assert v2.failed("lighting", {"src_file_id": file}) == code


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/a.jpg", "http://10.0.0.1/a.jpg", "http://nowhere.invalid/"]
)
def test_sources_that_cannot_be_fetched_fail_their_task(v2: Caller, file: str, url: str) -> None:
    assert v2.failed("enhance", {"src_file_url": url, "scale": 1}) == "error_download_image"
    body = {"src_file_id": file, "msk_file_url": url}
    assert v2.failed("generative-fill", body) == "error_download_mask"


def test_too_few_credits_are_said_at_once_and_what_runs_counts(youcam: Server) -> None:
    poor = account(youcam, credits=3)
    caller = Caller(youcam.url, poor.client_id)
    body = body_of("lighting", F=caller.upload(picture(0.8, number=52)))
    task = caller.run("lighting", body)
    refused(caller.start("lighting", body | {"request_id": 1}), 400, "CreditInsufficiency")
    newer = caller.in_form("v2.0")
    flat_body = {"src_file_id": newer.upload(picture(0))}
    refused(newer.start("lighting", flat_body), 400, "CreditInsufficiency")
    caller.ended("lighting", task)
    assert caller.balance() == 1
