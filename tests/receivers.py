"""A receiver of callbacks on loopback: remembers what it got, answers what the test says."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loopback import Loopback, reply

__all__ = ["Got", "Receiver", "reply"]


@dataclass(frozen=True)
class Got:
    """One request."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(Loopback):
    """Gives each of `answers` once, then the last one for ever; None never answers, and a callable is asked."""

    path = "/told"

    def __init__(self, *answers: bytes | Callable[[Got], bytes] | None) -> None:
        super().__init__()
        self.answers = list(answers) or [reply(204)]
        self.got: list[Got] = []

    @property
    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.got.append(Got(head[0], headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.sleep(3600)
            return
        writer.write(answer if isinstance(answer, bytes) else answer(self.got[-1]))
        await writer.drain()
