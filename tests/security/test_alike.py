"""Refusals that tell nothing."""

import httpx

from running import Server


def test_ailab_answers_alike_to_no_key_a_wrong_key_and_an_unknown_one(server: Server) -> None:
    good = server.key("alike")["ailab"]["api_key"]
    flipped = good[:-1] + ("0" if good[-1] != "0" else "1")
    for path in ("/api/common/query-credits", "/api/common/query-async-task-result"):
        replies = [
            httpx.get(server.url + path, headers={} if key is None else {"ailabapi-api-key": key})
            for key in (None, flipped, "tnct_" + "0" * 64, "x", good + "0")
        ]
        told = set()
        for reply in replies:
            own = reply.json().get("request_id") or reply.headers["x-request-id"]
            told.add((reply.status_code, reply.content.replace(str(own).encode(), b"ID").lower()))
        assert len(told) == 1, told
