"""Run calls of the YouCam API that are refused, in both forms: what is wrong, unknown, foreign or not installed."""

import pytest

from youcam_hazards import picture
from youcam_pictures import face
from youcam_wire import ABSENT, BODIES, Caller, Json, changed, filled, refused, said

# -- the run call of the older form ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "path", "values"),
    [
        ("enhance", "request_id", [ABSENT, None, -1, 1.5, "0", True, [], 10**30]),
        ("enhance", "payload", [ABSENT, None, [], "x", {}]),
        ("enhance", "payload.file_sets", [ABSENT, None, [], "x", {}]),
        ("enhance", "payload.file_sets.src_ids", [ABSENT, None, "F", [], [None], [7], ["a", "b"], {}]),
        ("enhance", "payload.actions", [ABSENT, None, {}, [], [None], "x", [{"id": 0}, {"id": 1}]]),
        ("enhance", "payload.actions.0.id", [ABSENT, None, -1, "0", True, 0.5]),
        ("enhance", "payload.actions.0.params", [ABSENT, None, [], "x", {}]),
        ("enhance", "payload.actions.0.params.scale", [None, 0, 3, 8, -2, "2", True, 2.5, [2]]),
        ("obj-removal", "payload.file_sets.mask_ids", [ABSENT, None, "M", [], ["a", "b"], [7]]),
        ("obj-replace", "payload.file_sets.msk_ids", [ABSENT, None, [], ["a", "b"]]),
        ("obj-replace", "payload.actions.0.params.prompt", [ABSENT, None, "", 7, "x" * 2001]),
        ("mu-transfer", "payload.file_sets.ref_ids", [ABSENT, None, [], ["a", "b"]]),
        ("face-swap", "payload.file_sets.ref_ids", [ABSENT, None, [], ["R"] * 11]),
        (
            "face-swap",
            "payload.actions.0.params.face_mapping",
            [
                ABSENT,
                None,
                [],
                {},
                "x",
                [None],
                [{}],
                [{"index": 0}],
                [{"position": 0}],
                [{"index": 1, "position": 0}],
                [{"index": True, "position": 0}],
                [{"index": "0", "position": 0}],
                [{"index": 0, "position": 0}] * 2,
                [{"index": -2, "position": 0}],
            ],
        ),
        ("video-sr", "payload.actions.0.params", [ABSENT, {}]),
        ("video-sr", "payload.actions.0.params.dst_duration", [None, 0, 61, -1, "8", True]),
        ("text-to-image", "payload.actions.0.params.prompt", [ABSENT, None, "", 7, "x" * 2001]),
        ("text-to-image", "payload.actions.0.params.style_group_id", [ABSENT, None, "1", True]),
        ("text-to-image", "payload.actions.0.params.style_ids", [ABSENT, None, 11, [], [1, 2], ["11"]]),
        ("hair-style", "payload.actions.0.params.style_ids", [ABSENT, None, 11, [], [1, 2], ["11"], [True]]),
        ("hair-style", "request_id", [ABSENT]),
        ("out-paint", "payload.actions.0.params.output_width", [ABSENT, 0, 4097, "900", True]),
        ("out-paint", "payload.actions.0.params.crop_input_height", [ABSENT, 0, 4097, None]),
        ("out-paint", "payload.actions.0.params.input_x", [ABSENT, -1, 4097, 301, "0", True]),
        ("out-paint", "payload.actions.0.params.input_y", [1]),
        ("out-paint", "payload.actions.0.params.input_width", [751]),
    ],
)
def test_what_is_wrong_in_an_older_body_is_a_bad_parameter(
    v1: Caller, file: str, slug: str, path: str, values: list[object]
) -> None:
    good = filled(BODIES["v1.0"][slug], F=file, M=file, R=file)
    for value in values:
        refused(v1.start(slug, changed(good, path, value)), 400, "InvalidParameters")


@pytest.mark.parametrize("slug", ["hair-ext", "hair-bang", "hair-vol"])
def test_three_hair_tools_need_no_request_id(v1: Caller, file: str, slug: str) -> None:
    started = v1.start(slug, filled(BODIES["v1.0"][slug], F=file))
    assert started.status_code == 200 or started.json()["error_code"] != "InvalidParameters"


def test_the_body_of_the_newer_form_is_none_of_the_older(v1: Caller, file: str) -> None:
    body = {"src_file_id": file, "scale": 2}
    refused(v1.start("enhance", body), 400, "InvalidParameters")
    refused(v1.start("enhance", body | {"request_id": 0}), 400, "InvalidParameters")


@pytest.mark.parametrize("wrong", ["", "x", "f_unknown0000000000", "../../etc/passwd", "x" * 5000, "é"])
def test_ids_that_were_never_issued_are_bad_parameters(v1: Caller, v2: Caller, file: str, wrong: str) -> None:
    for slug, letter in (("enhance", "F"), ("obj-removal", "M"), ("mu-transfer", "R")):
        letters = dict.fromkeys("FMR", file) | {letter: wrong}
        refused(v1.start(slug, filled(BODIES["v1.0"][slug], **letters)), 400, "InvalidParameters")
    refused(v2.start("enhance", {"src_file_id": wrong, "scale": 2}), 400, "InvalidParameters")


def test_files_results_and_tasks_of_others_are_as_if_they_were_not(v1: Caller, other_caller: Caller) -> None:
    theirs = other_caller.upload(picture(0, number=40))
    body = filled(BODIES["v1.0"]["lighting"], F=theirs)
    task = other_caller.run("lighting", body)
    result = other_caller.ended("lighting", task)["results"][0]["data"][0]["dst_id"]
    for source in (theirs, result):
        refused(v1.start("lighting", filled(BODIES["v1.0"]["lighting"], F=source)), 400, "InvalidParameters")
    refused(v1.ask("lighting", task), 400, "InvalidTaskId")
    refused(v1.in_form("v2.0").ask("lighting", task), 400, "InvalidTaskId")


@pytest.mark.parametrize("query", ["", "?task_id=", "?task=x"])
def test_a_poll_wants_an_id(v1: Caller, query: str) -> None:
    refused(v1.http.get(f"/v1.0/task/enhance{query}"), 400, "InvalidParameters")


@pytest.mark.parametrize("task", ["x", "x" * 5000, "a b", "%00", "..%2f..", "k3JtPq7vWm0aZr5n"])
def test_a_poll_of_no_task_is_told_so_in_known_words(v1: Caller, v2: Caller, task: str) -> None:
    refused(v1.ask("enhance", task), 400, "InvalidTaskId")
    if "%" not in task:
        assert refused(v2.ask("enhance", task), 400, "InvalidTaskId") == "Invalid task ID"


@pytest.mark.parametrize("slug", ["hair-style", "text-to-image"])
def test_unknown_styles_and_groups_have_codes(v1: Caller, file: str, slug: str) -> None:
    body = filled(BODIES["v1.0"][slug], F=file)
    params = body["payload"]["actions"][0]["params"]
    params["style_group_id"] = 987654321
    refused(v1.start(slug, body), 400, "InvalidStyleGroup")
    groups = said(v1.http.get(f"/v1.0/task/style-group/{slug}"))["result"]["groups"]
    if groups:
        params.update(style_group_id=groups[0]["id"], style_ids=[987654321])
        refused(v1.start(slug, body), 400, "InvalidStyle")


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("text-to-image", "AI Image Generator"),
        ("obj-replace", "AI Replace"),
        ("video-sr", "AI Video Enhance"),
    ],
)
def test_a_tool_that_is_not_installed_is_named(v1: Caller, file: str, slug: str, title: str) -> None:
    body = filled(BODIES["v1.0"][slug], F=file, M=file)
    groups = said(v1.http.get(f"/v1.0/task/style-group/{slug}"))["result"]["groups"] if "text" in slug else []
    if "text" in slug and not groups:
        pytest.skip("there are no styles that could be named")
    if groups:
        group = groups[0]["id"]
        styles = said(v1.http.get(f"/v1.0/task/style/{slug}?style_group_id={group}"))["result"]["styles"]
        body["payload"]["actions"][0]["params"].update(style_group_id=group, style_ids=[styles[0]["id"]])
    started = v1.start(slug, body)
    if started.status_code == 200:
        pytest.skip(f"{slug} is installed here")
    assert title in refused(started, 400, "OperationNotSupport")


@pytest.mark.parametrize("path", ["v1.0/client/credit/history", "v1.0/task/style-group/hair-style"])
@pytest.mark.parametrize(
    "query",
    ["page_size=0", "page_size=31", "page_size=x", "page_size=1.5", "page_size=-1", "starting_token=x"],
)
def test_pages_of_another_size_or_from_another_place_are_bad_parameters(
    v1: Caller, path: str, query: str
) -> None:
    refused(v1.http.get(f"/{path}?{query}"), 400, "InvalidParameters")


@pytest.mark.parametrize("path", ["v2.0/credit/feature-cost", "v2.0/task/template/bg-replace"])
@pytest.mark.parametrize("query", ["page_size=0", "page_size=21", "page_size=x", "starting_token=%21"])
def test_pages_of_the_newer_form_too(v2: Caller, path: str, query: str) -> None:
    refused(v2.http.get(f"/{path}?{query}"), 400, "InvalidParameters")


# -- the run call of the newer form ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("enhance", {"scale": 2}),
        ("enhance", {"src_file_id": None, "src_file_url": "", "scale": 2}),
        ("enhance", {"src_file_id": "F", "src_file_url": "http://example.com/a.jpg", "scale": 2}),
        ("enhance", {"src_file_id": 7, "scale": 2}),
        ("enhance", {"src_file_id": ["F", "F"], "scale": 2}),
        ("enhance", {"src_file_url": "ftp://example.com/a.jpg", "scale": 2}),
        ("enhance", {"src_file_url": "file:///etc/passwd", "scale": 2}),
        ("enhance", {"src_file_url": "photo.jpg", "scale": 2}),
        ("enhance", {"src_file_url": " http://example.com/a.jpg", "scale": 2}),
        ("enhance", {"src_file_url": "http://example.com/a.jpg\n", "scale": 2}),
        ("enhance", {"src_file_url": "http://example.com/ HTTP/1.1\r\nX: y", "scale": 2}),
        ("enhance", {"src_file_url": "http://example.com:99999/a.jpg", "scale": 2}),
        ("enhance", {"src_file_url": "http://example.com:0/a.jpg", "scale": 2}),
        ("enhance", {"src_file_url": "http://exa\x7fmple.com/a.jpg", "scale": 2}),
        ("enhance", {"src_file_url": "data:image/png;base64,AAAA", "scale": 2}),
        ("enhance", {"src_file_id": "F"}),
        ("enhance", {"src_file_id": "F", "scale": 3}),
        ("enhance", {"src_file_id": "F", "scale": "2"}),
        ("enhance", {"src_file_id": "F", "scale": True}),
        ("bg-blur", {"src_file_id": "F", "intensity": 101}),
        ("bg-blur", {"src_file_id": "F", "intensity": -1}),
        ("bg-blur", {"src_file_id": "F", "intensity": "50"}),
        ("bg-blur", {"src_file_id": "F", "intensity": False}),
        ("bg-blur", {"src_file_id": "F", "intensity": 50.5}),
        ("bg-replace", {"src_file_id": "F", "type": "nonsense"}),
        ("bg-replace", {"src_file_id": "F", "prompt": 7}),
        ("generative-fill", {"src_file_id": "F"}),
        ("generative-fill", {"src_file_id": "F", "msk_file_id": "F", "msk_file_url": "http://example.com/"}),
        ("mu-transfer", {"src_file_id": "F"}),
        ("mu-transfer", {"src_file_id": "F", "ref_file_ids": ["F", "F"]}),
        ("face-swap", {"src_file_id": "F", "ref_file_ids": ["F"]}),
        (
            "face-swap",
            {"src_file_id": "F", "ref_file_ids": [], "face_mapping": [{"index": 0, "position": 0}]},
        ),
        ("face-swap", {"src_file_id": "F", "ref_file_ids": ["F"], "face_mapping": []}),
        (
            "face-swap",
            {"src_file_id": "F", "ref_file_ids": ["F"], "face_mapping": [{"index": 1, "position": 0}]},
        ),
        ("hair-style", {"src_file_id": "F"}),
        ("hair-transfer", {"src_file_id": "F"}),
        ("video-sr", {"src_file_id": "F"}),
        ("video-sr", {"src_file_id": "F", "dst_duration": 0}),
        ("text-to-image/youcam", {"model": "youcam-image-v2"}),
        ("text-to-image/youcam", {"prompt": "x"}),
        ("text-to-image/youcam", {"model": "other", "prompt": "x"}),
        ("text-to-image/youcam", {"model": "youcam-image-v2", "prompt": "x" * 801}),
        ("text-to-image/youcam", {"model": "youcam-image-v2", "prompt": "x", "size": "10*10"}),
        ("text-to-image/youcam", {"model": "youcam-image-v2", "prompt": "x", "prompt_extend": "yes"}),
        ("image-to-image/youcam", {"model": "youcam-image-v2", "prompt": "x"}),
        ("image-to-image/youcam", {"model": "youcam-image-v2", "prompt": "x", "src_file_ids": ["F"] * 4}),
        ("text-to-image", {"template_id": "T"}),
        ("text-to-image", {"prompt": "x"}),
        ("text-to-image", {"prompt": "x", "template_id": "T", "steps": 101}),
        ("text-to-image", {"prompt": "x", "template_id": "T", "cfg_scale": 51}),
        ("text-to-image", {"prompt": "x", "template_id": "T", "seed": 7}),
        ("text-to-image", {"prompt": "x", "template_id": "T", "width_ratio": 0}),
        ("obj-replace", {"src_file_id": "F", "msk_file_id": "F"}),
        ("obj-replace", {"src_file_id": "F", "msk_file_id": "F", "prompt": ""}),
        ("enhance", {"payload": 7}),
        ("enhance", {"payload": {"file_sets": {"src_ids": ["F"]}, "actions": []}, "request_id": 0}),
        ("hair-transfer 2.1", {"src_file_id": "F", "template_id": "all_buzz_cut", "ref_file_id": "F"}),
        ("hair-transfer 2.1", {"src_file_id": "F", "template_id": "all_buzz_cut", "hair_color": "blue"}),
    ],
)
def test_what_is_wrong_in_a_newer_body_is_a_bad_parameter(
    v2: Caller, file: str, slug: str, body: Json
) -> None:
    caller = v2.in_form("v2.1") if slug.endswith("2.1") else v2
    refused(caller.start(slug.partition(" ")[0], filled(body, F=file)), 400, "InvalidParameters")


def test_a_refusal_names_the_field_and_what_is_allowed(v2: Caller, file: str) -> None:
    error = refused(v2.start("enhance", {"src_file_id": file, "scale": 3}), 400, "InvalidParameters")
    assert "scale" in error
    assert all(allowed in error for allowed in "124")


def test_an_unknown_template_is_an_unknown_style(v2: Caller) -> None:
    file = v2.upload(face())
    body = {"src_file_id": file, "type": "template", "template_id": "there_is_no_such_place"}
    refused(v2.start("bg-replace", body), 400, "InvalidStyle")
    refused(v2.start("hair-style", {"src_file_id": file, "template_id": "nonsense_bob"}), 400, "InvalidStyle")
