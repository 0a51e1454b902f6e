"""What clips cost by their length: held when ordered, charged when done, given back when it fails or is cancelled."""

import pytest

from running import Server
from youcam_pictures import clip
from youcam_wire import Caller, account, body_of, log_in, said, state

SLUG = "video-sr"


@pytest.mark.parametrize(("seconds", "price"), [(2, 1), (3, 2)])
def test_a_clip_costs_a_unit_for_every_two_seconds_that_were_begun(
    youcam: Server, seconds: int, price: int
) -> None:
    caller = Caller(youcam.url, account(youcam, credits=5).client_id, "v2.0")
    file = caller.upload(clip(seconds), "video/mp4")
    body = {"src_file_id": file, "dst_duration": seconds}
    found = caller.ended(SLUG, said(caller.start(SLUG, body))["data"]["task_id"])
    assert state(found) == "success", found
    assert caller.balance() == 5 - price
    newest = caller.history()["history"][0]
    assert [one["amount"] for one in newest["info"]["credits"]] == [-price]


def test_the_older_form_asks_the_same_price(youcam: Server) -> None:
    caller = Caller(youcam.url, log_in(youcam.url, account(youcam, credits=5)), "v1.0")
    body = body_of(SLUG, F=caller.upload(clip(8), "video/mp4", SLUG))
    assert len(caller.done(SLUG, body)) == 1
    assert caller.balance() == 1


def test_a_clip_that_fails_costs_nothing_and_one_beyond_the_balance_is_refused(youcam: Server) -> None:
    caller = Caller(youcam.url, account(youcam, credits=2).client_id, "v2.0")
    file = caller.upload(clip(3), "video/mp4")
    assert caller.failed(SLUG, {"src_file_id": file, "dst_duration": 1}) == "error_unexpected_video_duration"
    broken = caller.upload(clip(3)[:600], "video/mp4")
    assert caller.failed(SLUG, {"src_file_id": broken, "dst_duration": 3}) == "error_decode_video"
    assert caller.balance() == 2
    reply = caller.start(SLUG, {"src_file_id": file, "dst_duration": 5})
    assert reply.json()["error_code"] == "CreditInsufficiency"
    assert caller.balance() == 2
