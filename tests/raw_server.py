"""A server of bytes on loopback, that does whatever a test wants to a request."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self


async def until(reached: Callable[[], object]) -> None:
    """Wait for something that happens soon, in another task."""
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.001)


class Exchange:
    """One request as it arrived, and the way to answer it."""

    def __init__(self, number: int, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.method = head.split(b" ", 1)[0].decode()
        self.target = head.split(b" ", 2)[1].decode()
        self.headers = dict(line.decode().lower().split(": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        self.authorization = next(
            (line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"authorization: ")),
            b"",
        )
        self.body = body
        self.writer = writer

    def answer(self, status: int = 200, body: bytes = b"{}", *, length: int | None = None, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", "content-type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines.append(f"content-length: {len(body) if length is None else length}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    def abort(self) -> None:
        self.writer.transport.abort()


class RawServer:
    """Keeps what arrived, and how many requests it worked on at once, whether or not the client still waited."""

    def __init__(self, act: Callable[[Exchange], Awaitable[None] | None]) -> None:
        self._act = act
        self.requests: list[Exchange] = []
        self.working = 0
        self.most = 0
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    await self._one(reader, writer)
        finally:
            self.connections -= 1
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        exchange = Exchange(len(self.requests) + 1, head, b"", writer)
        exchange.body = await reader.readexactly(int(exchange.headers.get("content-length", "0")))
        self.requests.append(exchange)
        self.working += 1
        self.most = max(self.most, self.working)
        try:
            acting = self._act(exchange)
            if acting is not None:
                await acting
        finally:
            self.working -= 1
        await writer.drain()
