"""The connections: one kept for every exchange that there ever was at once, or a pool of the caller's."""

from collections.abc import Coroutine
from typing import Any

import httpx

from missive_async.errors import ClientClosed

_KEPT = 100
"""Idle connections that are kept at most, however many tokens share the pool."""

_KEEPALIVE = 30.0


class _NoCookies(httpx.Cookies):
    """Keeps none, so that a cookie set for one token never travels with another."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Ignore them; reading them is also a noticeable part of what a request costs."""


class _Client(httpx.AsyncClient):
    """A client without cookies."""

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """Always empty."""
        return self._none

    @cookies.setter
    def cookies(self, _: object) -> None:
        raise TypeError("this pool keeps no cookies")


class Pool:
    """Clients of the HTTP library, one to each exchange under way, the most recently used first.

    One client with many connections looks through all of them for every request, and gives one connection to several
    requests that start together, of which all but one then try again. Handing out whole clients costs a third less CPU,
    and a connection that was torn by a cancelled request is nobody else's.
    """

    foreign = False

    def __init__(self, *, secure: bool) -> None:
        self.secure = secure
        self._context = httpx.create_ssl_context(verify=secure)
        self._closed = False
        self._idle: list[httpx.AsyncClient] = []
        self._all: set[httpx.AsyncClient] = set()

    def take(self) -> httpx.AsyncClient:
        """A client for one exchange; raises `ClientClosed` when there will be no more."""
        if self._closed:
            raise ClientClosed("the client that the connections belong to was closed")
        if self._idle:
            return self._idle.pop()
        limits = httpx.Limits(keepalive_expiry=_KEEPALIVE)
        client = _Client(verify=self._context, timeout=None, limits=limits)
        self._all.add(client)
        return client

    def give(self, client: httpx.AsyncClient) -> Coroutine[Any, Any, None] | None:
        """Take a client back; when there are more than enough, the closing that is left to do."""
        if len(self._idle) < _KEPT and not self._closed:
            self._idle.append(client)
            return None
        self._all.discard(client)
        return client.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        self._closed = True
        self._idle.clear()
        while self._all:
            await self._all.pop().aclose()


class Single:
    """One client for everything: over a transport that was given, or a caller's own pool, which stays open.

    A caller's pool may be of another library with the same interface; it builds its own requests (`foreign`).
    """

    def __init__(self, client: Any, *, foreign: bool) -> None:
        self._client = client
        self.foreign = foreign

    @classmethod
    def over(cls, transport: Any) -> "Single":
        """A client of our own over this transport."""
        return cls(_Client(transport=transport, timeout=None), foreign=False)

    def take(self) -> Any:
        """The client."""
        return self._client

    def give(self, _: Any) -> None:
        """It stays where it is."""

    async def aclose(self) -> None:
        """Close it, unless it is the caller's."""
        if not self.foreign:
            await self._client.aclose()
