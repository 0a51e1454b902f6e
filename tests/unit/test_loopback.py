"""The scripted server of other tests leaves nothing to the collector, whose warning fails some other test."""

import asyncio
import gc
import socket
import warnings

from loopback import Loopback, reply


class Long(Loopback):
    """Answers more than a connection takes while nobody reads."""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(200, body=bytes(20_000_000)))


def test_no_socket_stays_open_where_nobody_has_read_the_answer() -> None:
    async def ask() -> socket.socket:
        async with Long() as server:
            asking = socket.create_connection(("127.0.0.1", server.port))
            asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while not any(task.done() for task in server._serving):
                await asyncio.sleep(0.01)
        return asking

    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asking = asyncio.run(ask())
        gc.collect()
    asking.close()
    assert [str(one.message) for one in told] == []
