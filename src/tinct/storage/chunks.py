"""Bytes on their way, in chunks: those that are all there already, and those whose first has to be there."""

from __future__ import annotations

from collections.abc import AsyncIterator

__all__ = ["begun", "stream_of"]


async def stream_of(chunks: AsyncIterator[bytes] | bytes) -> AsyncIterator[bytes]:
    """The chunks as they come; bytes are one."""
    if isinstance(chunks, bytes):
        yield chunks
        return
    async for chunk in chunks:
        yield chunk


async def begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks, the first of which is there already; raises what asking for it raised."""
    first = await anext(chunks, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_of_them()
