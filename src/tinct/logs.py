"""Structured logs: one JSON object a line, on standard error.

A line holds what happened and how long it took; never a URL's query, a key, a secret or a photo's metadata.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

__all__ = ["configure", "event"]

_KINDS = 1000  # kinds of lines that are counted at a time
_KIND = 200  # characters by which they are told
_QUIET = ("uvicorn", "httpx", "httpcore", "procrastinate", "psycopg", "asyncio", "multipart")


class _Throttle(logging.Filter):
    """Lets few warnings and errors of one kind through in a minute; the first of the next tells of those left out.

    A server that cannot open a file logs that as fast as it can, and fills the disk with it.
    """

    def __init__(self, repeats_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most, self._clock = repeats_per_minute, clock
        self._kinds: dict[tuple[str, int, str], tuple[int, int]] = {}
        """Kind -> minute, and lines in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        kind = record.name, record.levelno, str(record.msg).partition("\n")[0][:_KIND]
        minute = int(self._clock() // 60)
        last, count = self._kinds.get(kind, (minute, 0))
        if last != minute:
            if count > self._most:
                record.fields = {**getattr(record, "fields", {}), "left_out": count - self._most}
            count = 0
        if len(self._kinds) >= _KINDS and kind not in self._kinds:
            self._kinds.clear()
        self._kinds[kind] = minute, count + 1
        return count < self._most


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__  # its message may hold what a user sent
            line["stack"] = [entry.strip() for entry in traceback.format_tb(record.exc_info[2])]
        return json.dumps(line, default=str)


def configure(stream: TextIO | None = None, level: int = logging.INFO, *, repeats_per_minute: int) -> None:
    """Send the logs of this process to `stream`, standard error by default.

    Of warnings and errors of one kind, `repeats_per_minute` are written in a minute.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_Throttle(repeats_per_minute))
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def event(logger: logging.Logger, name: str, **fields: object) -> None:
    """Log that something happened, with facts about it."""
    logger.info(name, extra={"fields": fields})
