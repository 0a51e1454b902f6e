"""How one kind of receiver is told: a recipe says what is sent, when it is sent again, and what counts as heard."""

from __future__ import annotations

import email.utils
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tinct.jobs.job import Job
from tinct.net.deliver import Answer

__all__ = ["LONGEST_WAIT_S", "Answer", "Delivery", "Recipe", "always_2xx", "retry_after"]

LONGEST_WAIT_S: Final = 24 * 3600.0
"""The longest that a receiver's Retry-After is obeyed, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One message to one receiver, the same at every try."""

    id: str
    """Never changes, whatever is tried or replayed; has no dot."""
    account: str
    job_id: str
    url: str
    context: Mapping[str, Any]
    """What the order said of this receiver."""
    created_at: datetime
    """When the job ended."""


def always_2xx(answer: Answer) -> bool:
    """The usual test of success."""
    return 200 <= answer.status < 300


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that differs between kinds of receivers."""

    body: Callable[[Job, Delivery], Awaitable[bytes | None]]
    """Writes the message, once; None: this end is not told, and the callback is dropped."""
    headers: Callable[[Delivery, bytes, datetime], Awaitable[Mapping[str, str]]]
    """Headers of one try, made from the exact bytes of the message and the time of the try."""
    waits_s: tuple[float, ...]
    """Seconds from one failed try to the next; there is one try more than waits."""
    jitter: float = 0.0
    """Share by which a wait may differ to either side, so that receivers are not met by all at once."""
    succeeded: Callable[[Answer], bool] = always_2xx
    """Whether an answer means that the message was heard."""
    stops: frozenset[int] = frozenset()
    """Statuses by which a receiver asks for no more, now or later."""
    busy: frozenset[int] = frozenset()
    """Statuses whose Retry-After is obeyed where it is longer than the wait."""
    total_s: float = 15.0
    """Seconds for one try."""
    example: Callable[[Delivery], Awaitable[bytes]] | None = None
    """Writes the message of a test, for recipes by which an account has one address for all its jobs."""
    most_bytes: int | None = None
    """The longest message, for receivers that take more than the settings' ``callback_bytes``."""
    read_bytes: int = 0
    """How much of an answer's body `succeeded` looks at."""

    def wait_s(self, tries: int, answer: Answer | None, now: datetime) -> float | None:
        """Seconds until the next try after `tries` that failed, the last with `answer`; None: it was the last."""
        if tries > len(self.waits_s):
            return None
        wait = self.waits_s[tries - 1] * random.uniform(1 - self.jitter, 1 + self.jitter)
        if answer is not None and answer.status in self.busy:
            wait = max(wait, min(retry_after(answer, now), LONGEST_WAIT_S))
        return wait


def retry_after(answer: Answer, now: datetime) -> float:
    """Seconds that an answer's Retry-After asks for (RFC 9110, 10.2.3); 0 where it says nothing that makes sense."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max((email.utils.parsedate_to_datetime(text) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
