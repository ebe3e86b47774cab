"""Putting answers on the wire, whole or broken."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from missive_async.simulator.calls import HTML_TYPE, Answer
from missive_async.simulator.faults import Fault
from missive_async.simulator.refusals import Refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Sleep = Callable[[float], Awaitable[Any]]

MAX_BODY = 10 * 1024 * 1024
_PAGE = b"<html><head><title>One moment</title></head><body><h1>We will be right back</h1></body></html>"
_LONG = 60.0


async def read_body(receive: Receive) -> bytes:
    """Return the body of a request; one that is too large is read to its end, so that the answer can be read too."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        if not message.get("more_body", False):
            break
    if size > MAX_BODY:
        raise Refusal(413, "Payload too large: the limit is 10 MB")
    return b"".join(parts)


async def put(send: Send, answer: Answer, *, length: int | None = None) -> None:
    """Send a whole answer; `length` states another Content-Length than the true one and leaves the body open."""
    headers = [(b"content-length", str(len(answer.body) if length is None else length).encode())]
    if answer.body:
        headers.append((b"content-type", answer.type.encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": length is not None})


async def drop(receive: Receive, send: Send, *, reset: bool) -> None:
    """End the connection: at once with a reset, or after what was written is sent.

    Without a socket, as under httpx.ASGITransport, it raises ConnectionResetError, which is what the client sees.
    """
    # ASGI has no event for it; uvicorn's send is a method of an object that knows the transport.
    transport: asyncio.Transport | None = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the simulator dropped the connection")
    if reset:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


async def gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang(receive: Receive, send: Send, seconds: float | None, sleep: Sleep) -> None:
    """Give no answer until the time is over or the client has gone, then end the connection."""
    waits = [asyncio.ensure_future(gone(receive)), asyncio.ensure_future(_slept(sleep, seconds or _LONG))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if not waits[0].done():
        await drop(receive, send, reset=False)


async def _slept(sleep: Sleep, seconds: float) -> None:
    await sleep(seconds)


def instead(fault: Fault) -> Answer | None:
    """Return the answer that a fault gives in place of carrying the request out."""
    if fault.kind not in {"status", "html"}:
        return None
    html = fault.kind == "html"
    body = fault.body if fault.body is not None else (_PAGE if html else b"")
    raw = body.encode() if isinstance(body, str) else body
    headers = {name.lower(): value for name, value in fault.headers.items()}
    type = headers.pop("content-type", HTML_TYPE if html or raw.startswith(b"<") else "application/json")
    return Answer(200 if html else fault.status, raw, type, headers)


def spoilt(answer: Answer, fault: Fault) -> Answer:
    """Return an answer with its body spoilt as a fault has it."""
    if fault.kind == "empty":
        return Answer(answer.status, b"", answer.type, answer.headers)
    if fault.kind == "bad_json":
        return Answer(answer.status, answer.body[: len(answer.body) // 2] + b"\xff}", answer.type, answer.headers)
    if fault.kind == "wrong_type":
        return Answer(answer.status, b'{"unexpected":[1,null,"x"]}', answer.type, answer.headers)
    return answer


async def drip(send: Send, answer: Answer, fault: Fault, sleep: Sleep) -> None:
    """Send the body in small pieces."""
    body = answer.body
    await put(send, Answer(answer.status, body[: fault.size], answer.type, answer.headers), length=len(body))
    for start in range(fault.size, len(body), fault.size):
        await sleep(0.01 if fault.seconds is None else fault.seconds)
        await send({"type": "http.response.body", "body": body[start : start + fault.size], "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def cut(receive: Receive, send: Send, answer: Answer) -> None:
    """Send half of the body and end the connection."""
    body = answer.body or b"{}"
    await put(send, Answer(answer.status, body[: len(body) // 2], answer.type, answer.headers), length=len(body))
    if getattr(getattr(send, "__self__", None), "transport", None) is None:
        await send({"type": "http.response.body", "body": b"", "more_body": False})  # the best that is left
    else:
        await drop(receive, send, reset=False)
