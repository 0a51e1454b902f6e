"""JSON from strangers."""

import asyncio
import json
import time

import pytest
from starlette.exceptions import HTTPException

from tinct.dialects.bodies import MAX_DEPTH, json_value

pytestmark = pytest.mark.asyncio


async def test_json_is_read_as_it_is() -> None:
    value = {"a": [1, 2.5, None, True, "[[[[{{{{"], "b": {"c": 'quoted \\" ]]]'}}
    assert await json_value(json.dumps(value).encode()) == value
    long = ["x" * 100] * 1000
    assert await json_value(json.dumps(long).encode()) == long


async def test_what_is_nested_up_to_the_limit_is_taken_and_beyond_it_is_not() -> None:
    assert await json_value(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 900, 500_000):
        for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
            with pytest.raises(HTTPException, match="nested too deeply"):
                await json_value(opened * depth + b"1" + closed * depth)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"NaN", b'{"a": Infinity}', b'"\\u0000"', b"\xff", b'"' + b"\\" * 99_999]
)
async def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        await json_value(text)
    assert refused.value.status_code == 400


async def test_a_long_text_keeps_the_event_loop_free() -> None:
    gaps, last = [0.0], time.perf_counter()

    async def beat() -> None:
        nonlocal last
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0.01)
    await json_value(b"[" + b"{}," * 2_000_000 + b"{}]")
    beats = len(gaps)
    beating.cancel()
    assert beats > 5
