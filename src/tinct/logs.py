"""Structured logs: one JSON object a line, on standard error.

A line holds what happened and how long it took; never a URL's query, a key, a secret or a photo's metadata.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

__all__ = ["configure", "event"]

_QUIET = ("uvicorn", "httpx", "httpcore", "procrastinate", "psycopg", "asyncio", "multipart")


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


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the logs of this process to `stream`, standard error by default."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def event(logger: logging.Logger, name: str, **fields: object) -> None:
    """Log that something happened, with facts about it."""
    logger.info(name, extra={"fields": fields})
