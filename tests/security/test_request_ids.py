"""Every reply of every wire format bears a request id, and the log has it once."""

import time
from collections.abc import Iterator, Sequence
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, Router

from running import Server
from tinct.dialects.dialect import Dialect
from tinct.dialects.registry import DIALECTS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def addresses(routes: Sequence[BaseRoute], below: str = "") -> Iterator[str]:
    """A path for each route."""
    for route in routes:
        if isinstance(route, Mount):
            yield from addresses(route.routes or [], below + route.path)
        elif isinstance(route, Route):
            names = dict.fromkeys(route.param_convertors, "7")
            path = route.path_format.format(**names)
            yield below + path


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_address_of_a_wire_format_replies_a_request_id_that_the_log_has_once(
    server: Server, dialect: Dialect
) -> None:
    headers, seen = {}, []
    if isinstance(dialect.app, Router | Starlette):
        paths = sorted(set(addresses(dialect.app.routes)))
    else:  # any path of a bucket's host
        paths, headers = ["/", "/key", "/a/long/key?acl"], {"Host": "photos-1.cos.local.myqcloud.com"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60) as client:
        for path in paths:
            for method in METHODS:
                reply = client.request(method, path)
                assert reply.status_code < 500 or reply.status_code == 501, (method, path, reply.text)
                seen.append(str(UUID(reply.headers["x-request-id"])))
    assert len(set(seen)) == len(paths) * len(METHODS)
    until = time.monotonic() + 20  # a line may be written after its reply
    while sorted(logged(server, set(seen))) != sorted(seen):
        assert time.monotonic() < until
        time.sleep(0.1)


def logged(server: Server, ids: set[str]) -> list[str]:
    """Which of some ids of requests the log has, as often as it has them."""
    requests = [event for event in server.events if event.get("event") == "request"]
    return [event["request_id"] for event in requests if event["request_id"] in ids]
