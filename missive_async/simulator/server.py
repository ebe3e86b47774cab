"""Serving an ASGI application on loopback, from a thread with an event loop of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, NamedTuple

App = Callable[[Any, Any, Any], Awaitable[None]]

# Outside the tree of loggers: faults on purpose are no news.
_QUIET = logging.Logger("missive_async.simulator")  # noqa: LOG001
_QUIET.addHandler(logging.NullHandler())
_ROUNDS = 10
"""Rounds of the loop after which whatever was under way when a server closed has come to its end."""

_KEEP_ALIVE = 75  # seconds; shorter ones close connections under clients that are about to use them


class Control(NamedTuple):
    """Where a server in another thread listens, and how to stop it."""

    port: int
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event

    def end(self) -> None:
        """Stop the server."""
        with suppress(RuntimeError):  # the loop has ended already
            self.loop.call_soon_threadsafe(self.stop.set)


@contextmanager
def serve(app: App, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve an application while the context lasts, and give its base URL, such as http://127.0.0.1:40123/v1.

    Port 0 takes a free one. When the context ends, connections are cut and requests in progress are cancelled.

    Raises:
        OSError: when the port is taken.
    """
    started: Future[Control] = Future()
    thread = Thread(target=_run, args=(app, (host, port), started), name="missive-simulator", daemon=True)
    thread.start()
    try:
        control = started.result()
        try:
            yield f"http://{f'[{host}]' if ':' in host else host}:{control.port}/v1"
        finally:
            control.end()
    finally:
        thread.join()


def _run(app: App, address: tuple[str, int], started: "Future[Control]") -> None:
    try:
        asyncio.run(_live(app, address, started))
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


async def _live(app: App, address: tuple[str, int], started: "Future[Control]") -> None:
    from uvicorn.config import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import ServerState

    class QuietProtocol(H11Protocol):
        """Uvicorn's protocol, which keeps what happens to itself."""

        def __init__(self) -> None:
            super().__init__(config=config, server_state=state, app_state={})
            self.logger = _QUIET
            self.access_log = False

    # Uvicorn's Server polls its own flags ten times a second and logs; the protocol is all that is needed of it.
    config = Config(
        app,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    state = ServerState()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(QuietProtocol, *address, backlog=512)
    started.set_result(Control(server.sockets[0].getsockname()[1], loop, stop))
    await stop.wait()
    for listener in server.sockets:  # asyncio fails on connections that it is just accepting when a server closes
        with suppress(NotImplementedError):
            loop.remove_reader(listener.fileno())
    for _ in range(_ROUNDS):  # and all must learn that they are gone, lest they try to answer
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
    server.close()
    await _cancel(*state.tasks)
    if (aclose := getattr(app, "aclose", None)) is not None:
        await aclose()


async def _cancel(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
