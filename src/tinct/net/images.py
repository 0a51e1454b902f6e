"""Ask a service that speaks the OpenAI images API. Its address is an operator's setting, and guarded all the same.

No redirect is followed. A picture comes with the answer, or from a URL of the very same host and port; a URL of another
is refused, for the service would else choose what this server reaches. Whatever a service says, time and size are
bounded, and none of its words reach a caller.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any, Final

from tinct.errors import (
    FetchError,
    GenerationRefusedError,
    GeneratorAnswerError,
    GeneratorAwayError,
    OversizeUrlError,
)
from tinct.models.generators.endpoint import Question
from tinct.net.deliver import Answer, Deliverer
from tinct.net.fetch import Fetcher
from tinct.settings import Settings, current

__all__ = ["Images", "ask_now"]

_REFUSED: Final = ("moderation_blocked", "content_policy_violation", "content_filter", "safety")
_AGAIN: Final = (429, 500, 502, 503, 504)
_TRIES: Final = 3
_WAIT_S: Final = 1.0  # before the second try, where the service names no time
_LONGEST_WAIT_S: Final = 30.0
_FORMAT: Final = "response_format"


class Images:
    """The service that the settings name: ``images_url``, ``images_key``, ``images_model``, ``images_answer_s``."""

    def __init__(self, settings: Settings) -> None:
        import httpx  # slow to load, and of no use before the first question

        assert settings.images_url is not None
        self._settings = settings
        self._base = httpx.URL(settings.images_url.rstrip("/"))
        # the operator's own choice: this host and port, for these calls alone, may be private
        port = self._base.port or {"http": 80, "https": 443}.get(self._base.scheme, 443)
        own = frozenset({f"{self._base.host}:{port}"})
        trusted = settings.model_copy(update={"allow_private_hosts": own})
        self._poster, self._fetcher = Deliverer(trusted), Fetcher(trusted)
        self._names_format = True

    async def ask(self, question: Question) -> bytes:
        """The encoded picture.

        Raises
        ------
        GenerationRefusedError
            The service does not make this picture.
        GeneratorAwayError
            It does not answer in time, or has too much to do; knows when to come back where it said so.
        GeneratorAnswerError
            It refuses the request for another reason, or answers with something else.
        """
        try:
            async with asyncio.timeout(self._settings.images_answer_s):
                return await self._asked(question)
        except TimeoutError:
            raise GeneratorAwayError(
                f"the images service did not answer within {self._settings.images_answer_s:g} seconds; try again later"
            ) from None

    async def _asked(self, question: Question) -> bytes:
        for tried in range(_TRIES + 1):
            answer = await self._posted(question)
            if answer.status == 200:
                return await self._picture(answer)
            said = _error(answer)
            if answer.status == 400 and self._names_format and _names(said, _FORMAT):
                self._names_format = False  # some models give base64 only, and refuse to be told so
                continue
            if answer.status in (400, 403) and any(word in str(said.get("code")) for word in _REFUSED):
                raise GenerationRefusedError(
                    "the images service refuses to make this picture; ask for something else"
                )
            wait = _wait(answer, tried)
            if answer.status not in _AGAIN:
                raise GeneratorAnswerError(
                    f"the images service refused the request with status {answer.status}; its operator finds the "
                    "reason in address, key, model and sizes"
                )
            if tried >= _TRIES - 1 or wait > _LONGEST_WAIT_S:
                raise GeneratorAwayError("the images service has too much to do; try again later", wait)
            await asyncio.sleep(wait)
        raise GeneratorAnswerError("the images service refused the request in every form")

    async def _posted(self, question: Question) -> Answer:
        asked = {
            "model": self._settings.images_model,
            "prompt": question.prompt,
            "n": "1",
            "size": question.size,
        }
        if self._names_format:
            asked[_FORMAT] = "b64_json"
        files = {"image": question.picture, "mask": question.mask}
        if question.picture is None:
            path, kind = "/images/generations", "application/json"
            body = json.dumps(asked | {"n": 1}).encode()
        else:
            path = "/images/edits"
            kind, body = _form(asked, {name: data for name, data in files.items() if data is not None})
        headers = {"Content-Type": kind, "Accept": "application/json"}
        if self._settings.images_key:
            headers["Authorization"] = f"Bearer {self._settings.images_key}"
        try:
            return await self._poster.post(
                f"{self._base}{path}",
                body,
                headers,
                total_s=self._settings.images_answer_s,
                read_bytes=2 * self._settings.max_photo_bytes,
                most_bytes=2 * self._settings.max_photo_bytes,
            )
        except (FetchError, OversizeUrlError):
            raise GeneratorAwayError("the images service cannot be reached; try again later") from None

    async def _picture(self, answer: Answer) -> bytes:
        import httpx

        try:
            if not answer.whole:
                raise ValueError
            first = json.loads(answer.body)["data"][0]
            text, url = first.get("b64_json"), first.get("url")
            if isinstance(text, str) and text:
                return base64.b64decode(text, validate=True)
            target = httpx.URL(url)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, binascii.Error):
            raise GeneratorAnswerError("the images service's answer is none of its kind") from None
        except httpx.InvalidURL:
            raise GeneratorAnswerError("the images service's answer names no URL that can be read") from None
        if (target.scheme, target.host, target.port) != (self._base.scheme, self._base.host, self._base.port):
            raise GeneratorAnswerError(
                "the images service's answer names a URL of another host, which is not fetched"
            )
        try:
            return await self._fetcher.read(
                str(target), max_bytes=self._settings.max_photo_bytes, redirects=0
            )
        except FetchError:
            raise GeneratorAnswerError(
                "the picture that the images service names cannot be fetched"
            ) from None


def ask_now(question: Question) -> bytes:
    """Ask the service that this process's settings name, and wait for it."""
    return asyncio.run(Images(current()).ask(question))


def _form(fields: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Content type and body of a form."""
    import httpx

    parts = {name: (f"{name}.png", data, "image/png") for name, data in files.items()}
    request = httpx.Request("POST", "http://localhost", data=fields, files=parts)
    return request.headers["Content-Type"], request.read()


def _error(answer: Answer) -> dict[str, Any]:
    """What an error's body says, as far as it says anything."""
    try:
        said = json.loads(answer.body)
        found = said.get("error", {}) if isinstance(said, dict) else {}
        return found if isinstance(found, dict) else {}
    except (ValueError, RecursionError):
        return {}


def _names(said: Mapping[str, Any], field: str) -> bool:
    return field in str(said.get("param")) or field in str(said.get("message"))


def _wait(answer: Answer, tried: int) -> float:
    """Seconds until the next try."""
    try:
        said = float(answer.headers.get("retry-after") or "")
    except ValueError:
        said = math.nan
    return max(0.0, said) if math.isfinite(said) else _WAIT_S * float(2**tried)
