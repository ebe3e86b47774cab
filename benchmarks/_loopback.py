"""A loopback server in a process of its own that answers GET requests as cheaply as can be."""

import asyncio
import contextlib
import multiprocessing
import socket
from collections.abc import Callable, Iterator

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    b"content-length: %d\r\n\r\n"
)


class _Answering(asyncio.Protocol):
    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.transport.write(self.answer(head))


def _serve(listener: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Answering(answer), sock=listener)
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())


@contextlib.contextmanager
def _running(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener, answer), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
        listener.close()


def answering(body: bytes) -> contextlib.AbstractContextManager[str]:
    """The base URL of a server that answers every request with this JSON."""
    whole = _HEAD % len(body) + body
    return _running(lambda _: whole)


def serving(page: Callable[[str], bytes]) -> contextlib.AbstractContextManager[str]:
    """The base URL of a server that answers with the JSON that `page` makes for a target, as `/contacts?offset=0`."""

    def answer(head: bytes) -> bytes:
        body = page(head.split(b" ", 2)[1].decode())
        return _HEAD % len(body) + body

    return _running(answer)
