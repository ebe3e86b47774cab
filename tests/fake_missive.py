"""A Missive of a few answers made up by a test, for single exchanges."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from missive_async import AsyncMissive, RateLimits, Window

BASE_URL = "https://missive.example.com/v1"
_NO_LIMITS = RateLimits(concurrency=5, windows=(Window(1_000_000, 60),))


class Sent(NamedTuple):
    """A request as it arrived: `target` is the path with its query, `json` the decoded body."""

    method: str
    target: str
    json: Any
    size: int


class FakeMissive:
    """Gives one answer after the other, the last one for ever, and remembers what it was asked.

    An answer is JSON (as 200), `None` (204, empty), a number (an empty answer of that status), an exception to be
    raised, a response, or a function that makes one of those of what was sent.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Sent] = []

    def client(self, **options: Any) -> AsyncMissive:
        """A client that talks to it."""
        transport = httpx.MockTransport(self._answer)
        return AsyncMissive("made-up-token", base_url=BASE_URL, transport=transport, limits=_NO_LIMITS, **options)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        content = request.content
        target = str(request.url).removeprefix(BASE_URL)
        self.sent.append(Sent(request.method, target, json.loads(content) if content else None, len(content)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        while isinstance(answer, Callable):
            answer = answer(self.sent[-1])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        if answer is None or isinstance(answer, int):
            return httpx.Response(answer or 204)
        return httpx.Response(200, json=answer)


def echo(sent: Sent) -> Any:
    """An answer that gives back what was sent, with an id where there was none."""
    ((key, items),) = sent.json.items()
    return {key: [{"id": f"new{place}"} | item for place, item in enumerate(items)]}
