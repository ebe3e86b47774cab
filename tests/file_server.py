"""A server of files on loopback, which remembers who asked for what, and a Missive that gives out its addresses."""

import asyncio
import contextlib
import json
from typing import Any

from missive_async.simulator import serve

CONTENT = bytes(range(256)) * 4_000


class FileServer:
    """An ASGI application: `GET /v1/files/<name>` answers as `files` says, `GET /v1/messages/<id>` with `messages`.

    A file is bytes, a status, or a list of them, one for each time that it is asked for, the last one for ever.
    """

    def __init__(self) -> None:
        self.files: dict[str, Any] = {"a": CONTENT}
        self.messages: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.slow = False
        self.url = ""

    @contextlib.contextmanager
    def listening(self) -> Any:
        """Serve while the context lasts."""
        with serve(self) as self.url:
            yield self

    def paths(self) -> list[str]:
        """What was asked for."""
        return [path for path, _ in self.asked]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix("/v1")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.asked.append((path, headers))
        if path.startswith("/messages/"):
            message = {"messages": self.messages[path.rpartition("/")[2]]}
            await self._answer(send, 200, json.dumps(message).encode())
            return
        answers = self.files[path.rpartition("/")[2]]
        if isinstance(answers, list):
            answers = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answers, int):
            await self._answer(send, answers, b"<Error><Message>Access denied</Message></Error>")
        else:
            await self._answer(send, 200, answers, slow=self.slow)

    async def _answer(self, send: Any, status: int, body: bytes, *, slow: bool = False) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        middle = len(body) // 2
        await send({"type": "http.response.body", "body": body[:middle], "more_body": True})
        if slow:
            await asyncio.sleep(30)
        await send({"type": "http.response.body", "body": body[middle:]})
