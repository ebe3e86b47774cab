"""Whose export it is: the organizations of the token's owner, and the owner."""

from collections.abc import Iterable
from contextlib import aclosing
from typing import Any

import attrs
import msgspec

from missive_async.client import AsyncMissive
from missive_async.errors import Forbidden, NotFound
from missive_async.pagination import Page


def _in_order(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))


@attrs.frozen(kw_only=True)
class Account:
    """Who may see what is exported: `organizations` are ids, `user` is the id of the token's owner if it is known."""

    organizations: tuple[str, ...] = attrs.field(converter=_in_order)
    user: str | None = None

    def is_same(self, other: "Account") -> bool:
        """Whether both are one account, as far as can be told."""
        users = {user for user in (self.user, other.user) if user is not None}
        return self.organizations == other.organizations and len(users) < 2

    def __str__(self) -> str:
        """Short enough for an error message."""
        return f"user {self.user or 'unknown'} of {len(self.organizations)} organizations"


@attrs.frozen
class Identity:
    """The account of a token, and the pages that told: they need not be asked for again."""

    account: Account
    pages: dict[str, Page[bytes]]


class _Row(msgspec.Struct):
    id: str
    me: Any = None


_row = msgspec.json.Decoder(_Row).decode


async def identify(missive: AsyncMissive) -> Identity:
    """The account that the client's token belongs to; spends two requests, one of each list."""
    organizations = await _first(missive.organizations)
    users = await _first(missive.users, optional=True)
    pages = {"organizations": organizations, "users": users}
    found = {name: page for name, page in pages.items() if page is not None}
    me = next((row.id for row in _rows(users) if row.me is True), None)
    return Identity(Account(organizations=[row.id for row in _rows(organizations)], user=me), found)


def _rows(page: Page[bytes] | None) -> Iterable[_Row]:
    return map(_row, page.items if page is not None else ())


async def _first(resource: Any, *, optional: bool = False) -> Page[bytes] | None:
    try:
        async with aclosing(resource.list().lines().pages()) as pages:
            page: Page[bytes] = await anext(pages)
            return page
    except (Forbidden, NotFound):
        if not optional:
            raise
        return None
