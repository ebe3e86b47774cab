"""Analytics reports: section "Analytics endpoints" of the reference, and sections 3.1 and 6 of the 2026 page."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from missive_async._codec import UNSET, UnsetType, one, unix
from missive_async._pipeline import Pipeline
from missive_async.errors import InvalidRequest, NotFound, RequestInfo
from missive_async.limits import Lane
from missive_async.reports import FinishedReport, ReportFuture, Timing, run, watch
from missive_async.resources._checks import absent, check_id, check_ids, check_text, check_time
from missive_async.resources._report import Report, read_report
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, segment

_PATH = "/analytics/reports"
_REQUIRED = ("organization", "start", "end")
_ID_LISTS = ("teams", "users", "shared_labels", "accounts")
_ACCOUNT_TYPES = ("custom", "email", "instagram", "live_chat", "messenger", "sms", "whatsapp")

Names = Collection[str] | UnsetType
"""Ids or words of which the order does not matter."""


@attrs.frozen(kw_only=True)
class ReportRequest:
    """What a report is asked for with, as `missive.analytics.create_report` takes it; a mapping does as well."""

    organization: str
    start: datetime | int
    end: datetime | int
    time_zone: str | UnsetType = UNSET
    teams: Names = UNSET
    users: Names = UNSET
    shared_labels: Names = UNSET
    accounts: Names = UNSET
    account_types: Names = UNSET


R = TypeVar("R", bound=ReportRequest | Mapping[str, Any])


@attrs.frozen(kw_only=True)
class _Created:
    id: str


class Analytics(Resource):
    """`missive.analytics`: reports are made in the background, by Missive and by us.

    All of it stands in `Lane.REPORT`, behind interactive calls and before bulk work. The lane of a view made by
    `with_options` goes for what is awaited here (`create_report`, `get_report`), polls keep theirs.
    """

    __slots__ = ()

    async def create_report(
        self,
        *,
        organization: str,
        start: datetime | int,
        end: datetime | int,
        time_zone: str | UnsetType = UNSET,
        teams: Names = UNSET,
        users: Names = UNSET,
        shared_labels: Names = UNSET,
        accounts: Names = UNSET,
        account_types: Names = UNSET,
        first_poll: float = 5.0,
        poll_every: float = 5.0,
        timeout: float = 300.0,
    ) -> ReportFuture[Report]:
        """Ask for a report, and give a future of it that polls by itself.

        One that is wanted at once takes two awaits: `report = await (await missive.analytics.create_report(...))`.

        `start` and `end` are aware datetimes or Unix seconds, `time_zone` a name of the tz database, such as
        America/Montreal. `teams`, `users`, `shared_labels` (of an organization) and `accounts` are ids, `account_types`
        some of custom, email, instagram, live_chat, messenger, sms and whatsapp. What is left out, or empty, filters
        nothing; the filters need a Business plan.

        The first poll comes `first_poll` seconds after Missive's answer, the others every `poll_every` seconds, further
        apart only when the budget is nearly spent. `timeout` seconds after the answer the future ends in
        `ReportTimedOut` or `ReportExpired`. Missive drops a result 60 s after it is ready.

        Spends one request, and one for each poll. Raises `InvalidRequest` with every broken rule, `Forbidden` where the
        plan has no analytics, `OutcomeUnknown` when the answer is lost (a report that nobody fetches does no harm).
        Reference: POST /analytics/reports.
        """
        values = {
            "organization": organization,
            "start": start,
            "end": end,
            "time_zone": time_zone,
            "teams": teams,
            "users": users,
            "shared_labels": shared_labels,
            "accounts": accounts,
            "account_types": account_types,
        }
        timing = Timing(first_poll=first_poll, poll_every=poll_every, timeout=timeout)
        return await self._create(_payload(values, timing), timing, None)

    async def get_report(self, id: str) -> Report:
        """A report that is ready.

        Spends one request. Raises `NotFound` for one that is not ready, has expired (60 s after it was ready) or does
        not exist: Missive does not tell which. Reference: GET /analytics/reports/:id.
        """
        report = await _ask(self._pipeline, id)
        if report is None:
            asked = RequestInfo(method="GET", path=f"{_PATH}/{id}")
            raise NotFound("an empty answer: the report is not ready", status=404, request=asked)
        return report

    def watch_report(
        self,
        id: str,
        created_at: datetime | int | None = None,
        *,
        first_poll: float = 5.0,
        poll_every: float = 5.0,
        timeout: float = 300.0,
    ) -> ReportFuture[Report]:
        """A future of a report that was created elsewhere: in another process, or before a restart.

        `created_at`, an aware datetime or Unix seconds, is where `first_poll` and `timeout` count from; for a report
        older than `first_poll`, and one of unknown age, the first poll comes at once. An unknown age counts from now.

        Spends one request for each poll. Raises `InvalidRequest` with every broken rule, and the future ends as one of
        `create_report` does: an id that does not exist cannot be told from a report that is not ready.
        """
        timing = Timing(first_poll=first_poll, poll_every=poll_every, timeout=timeout)
        with Problems() as problems:
            _check_timing(problems, timing)
            check_id(problems, "id", id)
            check_time(problems, "created_at", created_at)
        moment = datetime.fromtimestamp(created_at, UTC) if isinstance(created_at, int) else created_at
        return watch(self._pipeline, id, lambda pipeline: _ask(pipeline, id), timing, created_at=moment)

    def run_reports(
        self,
        requests: Iterable[R] | AsyncIterable[R],
        *,
        first_poll: float = 5.0,
        poll_every: float = 5.0,
        timeout: float = 300.0,
    ) -> AsyncGenerator[FinishedReport[R, Report], None]:
        """Reports by the hundred, each given as it finishes.

        `requests` are `ReportRequest`s or mappings with the arguments of `create_report`; an iterable is read only as
        fast as reports can be opened. Of those, no more are open at a time than the budget has tokens to poll before
        they expire, whatever becomes of it meanwhile; when many are, they are polled further apart than `poll_every`.
        A report that fails, or a request that breaks a rule, gives a `FinishedReport` with its `error` and ends no
        other.

        Closing the generator early cancels what is open: use `contextlib.aclosing`. Spends one request for each report
        and one for each poll, so mostly two. Raises `InvalidRequest` for seconds that make no sense, `ClientClosed`
        when the client is closed before all reports were asked for, and what reading `requests` raises, after all
        that was open is given.
        """
        timing = Timing(first_poll=first_poll, poll_every=poll_every, timeout=timeout)
        with Problems() as problems:
            _check_timing(problems, timing)

        async def create(request: R, pace: Callable[[], float]) -> ReportFuture[Report]:
            return await self._create(_payload(_values(request), timing), timing, pace)

        return run(self._pipeline.core, requests, create, timing)

    async def _create(
        self, payload: dict[str, Any], timing: Timing, pace: Callable[[], float] | None
    ) -> ReportFuture[Report]:
        pipeline = self._pipeline
        created = await pipeline.call(
            "POST", _PATH, one("reports", _Created), json={"reports": payload}, lane=Lane.REPORT
        )
        return watch(pipeline, created.id, _asking(created.id), timing, created=True, pace=pace)


def _asking(id: str) -> Callable[[Pipeline], Awaitable[Report | None]]:
    return lambda pipeline: _ask(pipeline, id)


async def _ask(pipeline: Pipeline, id: str) -> Report | None:
    """One poll; `None` for a successful answer without a report."""
    path = f"{_PATH}/{segment(id)}"
    return await pipeline.call("GET", path, lambda body: read_report(id, body), lane=Lane.REPORT)


def _values(request: object) -> Mapping[str, Any]:
    if isinstance(request, ReportRequest):
        return {field.name: getattr(request, field.name) for field in attrs.fields(ReportRequest)}
    if isinstance(request, Mapping):
        return request
    raise InvalidRequest(f"a request is a ReportRequest or a mapping, not {type(request).__name__}")


def _payload(values: Mapping[str, Any], timing: Timing) -> dict[str, Any]:
    """What is sent; raises `InvalidRequest` with every rule that is broken."""
    with Problems() as problems:
        _check_timing(problems, timing)
        for name in _REQUIRED:
            problems.unless(not absent(values.get(name)), f"{name} is required")
        known = {field.name for field in attrs.fields(ReportRequest)}
        for name in values.keys() - known:
            problems.add(f"a report is not asked for with {str(name)[:60]!r}")
        check_id(problems, "organization", values.get("organization"))
        _check_period(problems, values.get("start"), values.get("end"))
        _check_time_zone(problems, values.get("time_zone"))
        for name in _ID_LISTS:
            check_ids(problems, name, _listed(values.get(name)))
        _check_account_types(problems, values.get("account_types"))
    return {name: _sent(value) for name, value in values.items() if not absent(value) and _listed(value) != []}


def _sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return unix(value)
    return value if isinstance(value, str | int) else list(value)


def _listed(value: object) -> object:
    """Sets and other collections are as good as lists here."""
    return list(value) if isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping) else value


def _check_timing(problems: Problems, timing: Timing) -> None:
    for problem in timing.problems():
        problems.add(problem)


def _check_period(problems: Problems, start: object, end: object) -> None:
    before = len(problems.found)
    check_time(problems, "start", start)
    check_time(problems, "end", end)
    if len(problems.found) == before and not absent(start) and not absent(end):
        problems.unless(_seconds(start) < _seconds(end), "start is not before end")


def _seconds(moment: Any) -> int:
    return unix(moment) if isinstance(moment, datetime) else int(moment)


def _check_time_zone(problems: Problems, name: object) -> None:
    """A name of the tz database, as far as this machine has one."""
    check_text(problems, "time_zone", name)
    if isinstance(name, str) and not _is_zone(name) and _is_zone("UTC"):
        problems.add(f"time_zone is a name of the tz database, such as America/Montreal, not {name[:60]!r}")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # of what is no name, of a path, of a directory
        return False
    return True


def _check_account_types(problems: Problems, types: Any) -> None:
    if absent(types):
        return
    if isinstance(types, str | bytes) or not isinstance(types, Collection):
        problems.add(f"account_types: a sequence of words, not {type(types).__name__}")
        return
    for type_ in types:
        problems.unless(
            isinstance(type_, str) and type_ in _ACCOUNT_TYPES,
            f"account_types are among {', '.join(_ACCOUNT_TYPES)}, not {type_!r}",
        )
