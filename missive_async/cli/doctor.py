"""`missive-async doctor`: whether token, organizations and limits are as they should be, and the models up to date."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, client
from missive_async.cli._failures import clean, line
from missive_async.cli._output import Output
from missive_async.cli._running import run
from missive_async.cli._words import span
from missive_async.client import AsyncMissive
from missive_async.drift import REQUESTS, Drift, probe
from missive_async.errors import BudgetExceeded, MissiveError
from missive_async.limits import BudgetSnapshot
from missive_async.pagination import Pager

_LISTS: tuple[tuple[str, Callable[[AsyncMissive], Pager[Any]]], ...] = (
    ("organizations", lambda missive: missive.organizations.list()),
    ("teams", lambda missive: missive.teams.list()),
    ("shared labels", lambda missive: missive.shared_labels.list()),
    ("contact books", lambda missive: missive.contact_books.list()),
    ("responses", lambda missive: missive.responses.list()),
)
"""As many as may be asked for at once, so that all places are tried."""

_PATIENCE = 30.0
"""Seconds that a check may take; a budget that others have spent can be empty for 15 minutes."""

_WORDS: Mapping[str, str] = {
    "field": "new field,",
    "value": "new value,",
    "type": "another type,",
    "missing": "missing,",
}
_MARKS = {True: "✓", False: "✗", None: "-"}


@attrs.frozen
class Check:
    """Something looked at: whether it is as it should be (`None` when that cannot be told), and what was found."""

    name: str
    ok: bool | None
    found: str

    def line(self) -> str:
        """As a person reads it."""
        return f"{_MARKS[self.ok]} {self.name}: {clean(self.found)}\n"

    def row(self) -> dict[str, Any]:
        """As a program does."""
        return {"check": self.name, "ok": self.ok, "found": clean(self.found)}


def doctor(
    *,
    drift: Annotated[
        bool,
        Parameter(
            negative=(),
            help=f"Read a page of everything too, and name what the models do not know: at most {REQUESTS} requests.",
        ),
    ] = False,
    output: Output | None = None,
    base_url: BaseUrl = None,
) -> int:
    """Check the token, its organizations and the rate limits by a few reads; exit 0 if all is well, 1 if not.

    With --drift also say which fields and values Missive sends that this
    version does not know, without any of the account's data; any is exit 1.
    Prints a line for each check, unless a form is chosen.

    Example: missive-async doctor

    Example: missive-async doctor --drift --json
    """
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is asked
    return run(_examine(client(base_url), form, drift=drift))


async def _examine(missive: AsyncMissive, output: Output, *, drift: bool) -> int:
    well = True

    async def checks() -> AsyncIterator[Check]:
        nonlocal well
        async for check in _checks(missive, drift=drift):
            well = well and check.ok is not False
            yield check

    async with missive:
        if output.asked_for:
            await output.write(check.row() async for check in checks())
        else:
            async for check in checks():
                sys.stdout.write(check.line())
                sys.stdout.flush()
    return 0 if well else 1


async def _checks(missive: AsyncMissive, *, drift: bool) -> AsyncIterator[Check]:
    prompt = missive.with_options(deadline=_PATIENCE)
    owner = await _token(prompt)
    yield owner
    if not owner.ok:
        return
    for check in await asyncio.gather(*(_list(prompt, name, pager) for name, pager in _LISTS)):
        yield check
    yield _limits(missive.budget())
    if drift:
        sys.stderr.write(f"reading a page of everything: at most {REQUESTS} requests\n")
        for check in _drifted(await probe(missive)):
            yield check


async def _token(missive: AsyncMissive) -> Check:
    """The token's owner stands in the list of users, which every token may read."""
    try:
        user = await missive.users.me()
    except BudgetExceeded as error:
        return Check("limits", False, f"spent, perhaps by another program with the same token: {error}")
    except MissiveError as error:
        return Check("token", False, line(error).removeprefix("error: "))
    return Check("token", True, f"{user.name or 'somebody without a name'}, {user.email or user.id}")


async def _list(missive: AsyncMissive, name: str, pager: Callable[[AsyncMissive], Pager[Any]]) -> Check:
    pages = pager(missive).pages()
    try:
        page = await anext(pages)
    except MissiveError as error:
        return Check(name, False, line(error).removeprefix("error: "))
    finally:
        await pages.aclose()
    more = "" if page.cursor is None else " and more"
    names = f" ({', '.join(str(item.name) for item in page.items)})" if name == "organizations" and page.items else ""
    return Check(name, True, f"{len(page.items)}{more}{names}")


def _limits(budget: BudgetSnapshot) -> Check:
    """A 429 says that the limits are lower than they are set here, or that somebody else spends them."""
    windows = ", ".join(f"{each.free} of {each.requests} in {span(each.seconds)}" for each in budget.windows)
    found = f"{budget.places} at once, {windows} left after {budget.spent} requests"
    if budget.refused:
        why = "another program may be using the same token, or MISSIVE_LIMITS be too high"
        return Check("limits", False, f"{budget.refused} of {budget.spent} requests refused (429): {why}")
    others = max((each.requests - each.free - budget.spent for each in budget.windows), default=0)
    shared = f"; another program has spent {others} with the same token" if others > 0 else ""
    return Check("limits", True, f"{found}, none refused{shared}")


def _drifted(found: Drift) -> Iterator[Check]:
    for request, why in found.unread.items():
        yield Check("drift", None, f"{request}: not read, {why}")
    for each in found.differences:
        yield Check("drift", False, f"{each.path}: {_WORDS[each.what]} {each.example}")
    records = sum(found.records.values())
    news = f"{len(found.differences)} in {records:,} records are news to this version"
    yield Check("drift", not found.differences, news if found.differences else f"none in {records:,} records")
