"""Refusals of accounts, of fetching and of jobs."""

from __future__ import annotations

from tinct.errors.base import ParameterError, TinctError

__all__ = [
    "AccountError",
    "CallbackMissingError",
    "CreditError",
    "CrossSiteError",
    "EffectRefusedError",
    "FetchError",
    "IdempotencyError",
    "JobDeletedError",
    "JobError",
    "JobMissingError",
    "JobTooLongError",
    "JobUnfinishedError",
    "KeyRefusedError",
    "LookMissingError",
    "NoWorkerError",
    "OversizeUrlError",
    "PromptHookError",
    "QueueFullError",
    "RateLimitError",
    "RefusedUrlError",
    "UnreachableUrlError",
    "UnsafePromptError",
]


class AccountError(TinctError):
    """The caller may not do this."""

    code = "account_refused"


class KeyRefusedError(AccountError):
    """A key or secret is unknown, revoked or expired."""

    code = "key_refused"


class CrossSiteError(AccountError):
    """A browser's request came without its session's CSRF token, so another site may have caused it."""

    code = "csrf_refused"

    def __init__(self) -> None:
        super().__init__(
            "the request has not the CSRF token of its session; send it as X-CSRF-Token, or reload the page"
        )


class CreditError(AccountError):
    """There are not enough credits.

    Parameters
    ----------
    needed, available : int
        Price of the order and what is left, in credits.
    """

    code = "credits_insufficient"

    def __init__(self, needed: int, available: int) -> None:
        self.needed, self.available = needed, available
        super().__init__(
            f"the order costs {needed} credit{'' if needed == 1 else 's'}, and {available} are left; "
            "add credits and try again"
        )


class RateLimitError(AccountError):
    """Too many requests.

    Parameters
    ----------
    retry_after_s : float
        Seconds until one more request would be accepted.
    """

    code = "rate_limited"

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many requests; try again in {retry_after_s:.1f} s")


class EffectRefusedError(AccountError):
    """The operator has not allowed this server to take orders of an effect.

    Parameters
    ----------
    effect, setting : str
        Names of the effect, and of the setting that would allow it.
    """

    code = "effect_not_allowed"

    def __init__(self, effect: str, setting: str) -> None:
        super().__init__(
            f"this server takes no orders of {effect!r}; its operator can allow them: TINCT_{setting.upper()}=true"
        )


class FetchError(TinctError):
    """A URL cannot be fetched."""

    code = "url_unusable"


class RefusedUrlError(FetchError):
    """The URL leads where nothing is fetched from."""

    code = "url_refused"


class UnreachableUrlError(FetchError):
    """There was no answer, another one than 200, or it took too long."""

    code = "url_unreachable"


class OversizeUrlError(FetchError):
    """The body at the URL is larger than allowed."""

    code = "url_too_large"


class JobError(TinctError):
    """A job cannot be accepted or found."""

    code = "job_refused"


class JobMissingError(JobError):
    """There is no such job for this caller."""

    code = "job_not_found"


class JobDeletedError(JobMissingError):
    """The job was deleted by its owner."""

    code = "job_deleted"


class IdempotencyError(JobError):
    """An idempotency key was used before with another order."""

    code = "idempotency_conflict"


class JobTooLongError(JobError):
    """The job would take longer than the operator allows.

    Parameters
    ----------
    estimated_s, most_s : float
        What it is thought to need with room to spare, and what a job may take, in seconds.
    """

    code = "job_too_long"

    def __init__(self, estimated_s: float, most_s: float) -> None:
        self.estimated_s, self.most_s = estimated_s, most_s
        super().__init__(
            f"the job may take {estimated_s:.0f} s on this server, which allows {most_s:.0f} s; "
            "send a smaller photo or ask for less"
        )


class LookMissingError(JobError):
    """There is no such look."""

    code = "look_not_found"


class CallbackMissingError(JobError):
    """There is no such callback."""

    code = "callback_not_found"


class JobUnfinishedError(JobError):
    """A caller who waited for the job's end waited in vain; it was cancelled.

    Parameters
    ----------
    waited_s : float
        How long, in seconds.
    """

    code = "job_unfinished"

    def __init__(self, waited_s: float) -> None:
        super().__init__(f"the job had not ended after {waited_s:g} s, and was cancelled; try again later")


class NoWorkerError(JobError):
    """No worker that is there can do what the job needs.

    Parameters
    ----------
    effect, capability : str
        Name of the effect, and what a worker would have to have for it.
    """

    code = "no_worker"

    def __init__(self, effect: str, capability: str) -> None:
        super().__init__(
            f"{effect!r} with these parameters needs a worker for {capability!r}, and none is there now; "
            f"the server's operator can start one: tinct worker --for {capability.partition('.')[0]}"
        )


class UnsafePromptError(ParameterError):
    """A prompt asks for what no picture is made of here.

    Parameters
    ----------
    why : str
        A sentence, or the part of one that tells what was found.
    """

    code = "prompt_unsafe"

    def __init__(self, why: str) -> None:
        TinctError.__init__(self, f"the prompt is refused: {why}; ask for something else")
        self.field = "prompt"


class PromptHookError(JobError):
    """The operator's own check of prompts does not answer, so that nothing passes."""

    code = "prompt_check_failed"

    def __init__(self) -> None:
        super().__init__(
            "prompts cannot be checked at the moment, and none passes unchecked; try again later"
        )


class QueueFullError(JobError):
    """As many jobs wait as are allowed.

    Parameters
    ----------
    waiting : int
        Jobs that wait now.
    retry_after_s : float
        Seconds after which trying again makes sense.
    """

    code = "queue_full"

    def __init__(self, waiting: int, retry_after_s: float) -> None:
        self.waiting, self.retry_after_s = waiting, retry_after_s
        super().__init__(
            f"{waiting} jobs wait already, the most that is allowed; try again in {retry_after_s:.0f} s"
        )
