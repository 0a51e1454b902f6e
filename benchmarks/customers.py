"""Clients that behave as good clients do: they ask again when nobody answers, with the same idempotency key."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

__all__ = ["Customers"]

_AGAIN_S = 0.2


class Customers:
    """Several threads that submit and ask.

    Parameters
    ----------
    urls : sequence of str
        Servers, each of which will do.
    key : str
        Of an account.
    patience_s : float
        How long one call is repeated.
    """

    def __init__(self, urls: Sequence[str], key: str, *, threads: int = 6, patience_s: float = 120.0) -> None:
        self._urls, self._patience_s = urls, patience_s
        self._pool = ThreadPoolExecutor(threads)
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(headers=headers, timeout=40, trust_env=False)
        self._lock = threading.Lock()
        self.replies: Counter[str] = Counter()
        """Statuses, and ``none`` for connections that broke or were refused."""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Until somebody answers with less than a 5xx."""
        until, number = time.monotonic() + self._patience_s, 0
        while True:
            url = self._urls[number % len(self._urls)]
            number += 1
            try:
                reply = self._http.request(method, url + path, **options)
                self._count(str(reply.status_code))
                if reply.status_code < 500:
                    return reply
            except httpx.TransportError as error:
                refused = isinstance(error, httpx.ConnectError)
                self._count("refused" if refused else "broken")
            if time.monotonic() > until:
                raise SystemExit(f"nobody answers {method} {path}: {dict(self.replies)}")
            if number % len(self._urls) == 0:
                time.sleep(_AGAIN_S)

    def _count(self, what: str) -> None:
        with self._lock:
            self.replies[what] += 1

    def submit(self, count: int, order: Callable[[int], dict[str, Any]], *, first: int = 0) -> list[str]:
        """The ids of so many jobs, in order of their numbers, which begin with `first`."""

        def one(number: int) -> str:
            headers = {"Idempotency-Key": f"order-{first + number}"}
            reply = self.ask("POST", "/v1/jobs", json=order(number), headers=headers)
            assert reply.status_code in (200, 202), reply.text
            return str(reply.json()["id"])

        return list(self._pool.map(one, range(count)))

    def ended(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Every job, when it has ended."""

        def one(job_id: str) -> dict[str, Any]:
            until = time.monotonic() + 20 * self._patience_s
            while True:
                reply = self.ask("GET", f"/v1/jobs/{job_id}?wait=10")
                assert reply.status_code == 200, reply.text
                if reply.json()["finished_at"]:
                    return dict(reply.json())
                if time.monotonic() > until:
                    raise SystemExit(f"a job does not end: {reply.text}")

        return list(self._pool.map(one, ids))
