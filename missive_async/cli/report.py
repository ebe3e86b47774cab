"""`missive-async report`: what Missive's analytics say of a time, on a terminal, as data or as a page."""

import sys
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import attrs
from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, source
from missive_async.cli._failures import line
from missive_async.cli._output import Output, write_lines
from missive_async.cli._report_page import page
from missive_async.cli._report_table import show
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import InvalidRequest
from missive_async.resources._report import Report
from missive_async.resources.analytics import ReportRequest

_EXPLAINED = "an id or a name"


@attrs.frozen
class _Named:
    id: str
    name: str


@attrs.frozen(kw_only=True)
class _Question:
    organization: str | None
    start: datetime
    end: datetime
    time_zone: str | None
    teams: tuple[str, ...]
    by: str | None


def report(
    *,
    from_: Annotated[str, Parameter(name="--from", help="The first day, or a time: 2026-01-01, 2026-01-01T09:00.")],
    to: Annotated[str, Parameter(help="The day or time before which it ends.")],
    organization: Annotated[
        str | None, Parameter(help=f"Which organization, {_EXPLAINED}; may be left out where there is but one.")
    ] = None,
    team: Annotated[
        tuple[str, ...], Parameter(negative=(), show_default=False, help=f"Only these teams, each {_EXPLAINED}.")
    ] = (),
    by: Annotated[Literal["team", "user"] | None, Parameter(help="A report for each team, or for each user.")] = None,
    time_zone: Annotated[str | None, Parameter(help="A name such as America/Montreal; UTC if not given.")] = None,
    html: Annotated[Path | None, Parameter(help="Also as one self-contained page with charts, to this file.")] = None,
    simulate: Annotated[bool, Parameter(negative=(), help="Of a made-up account, simulated on this machine.")] = False,
    base_url: BaseUrl = None,
    output: Output | None = None,
) -> int:
    """Ask for an analytics report, wait for it, and show it beside the period before.

    Reports take Missive a few seconds each. As JSON they are as received, as JSON lines or CSV there is a line for each
    metric and each bucket. Spends two or three requests for each, and a page for each list of names.

    Example: missive-async report --organization "Example Org" --from 2026-01-01 --to 2026-02-01

    Example: missive-async report --from 2026-01-01 --to 2026-02-01 --by team --html report.html

    Example: missive-async report --from 2026-01-01 --to 2026-02-01 --csv --simulate
    """
    output = output or Output()
    _ = output.form  # two of them are refused before anything is asked
    question = _question(organization, (from_, to), time_zone, team, by)
    if html is not None and not html.parent.is_dir():
        raise InvalidRequest(f"--html: there is no folder {html.parent}")
    with source(base_url, simulate=simulate) as missive:
        found, failed = run(_ask(missive, question))
    if html is not None and found:
        html.write_text(page(found), encoding="utf-8")
        sys.stderr.write(f"written to {html}\n")
    _print(found, output, single=by is None)
    return 1 if failed else 0


def _question(
    organization: str | None, times: tuple[str, str], zone: str | None, teams: Sequence[str], by: str | None
) -> _Question:
    try:
        tz = ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise InvalidRequest(f"--time-zone: no such time zone: {zone}") from None
    start, end = (_moment(name, text, tz) for name, text in zip(("--from", "--to"), times, strict=True))
    if start >= end:
        raise InvalidRequest("--from must be before --to")
    return _Question(organization=organization, start=start, end=end, time_zone=zone, teams=tuple(teams), by=by)


def _moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{option}: a day like 2026-01-31 or a time like 2026-01-31T09:00, not {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


async def _ask(missive: AsyncMissive, question: _Question) -> tuple[list[tuple[str, Report]], int]:
    """The reports by name, in the order of names, and how many failed."""
    async with missive:
        wanted = await _requests(missive, question)
        sys.stderr.write(f"asking Missive for {len(wanted)} report{'s'[: len(wanted) - 1]}, a few seconds each\n")
        found: dict[str, Report] = {}
        failed = 0
        async with aclosing(missive.analytics.run_reports([request for _, request in wanted])) as finished:
            async for one in finished:
                name = next(name for name, request in wanted if request is one.request)
                if one.error is not None:
                    failed += 1
                    sys.stderr.write(f"{name + ': ' if name else ''}{line(one.error)}\n")
                else:
                    found[name] = one.result()
                if len(wanted) > 1:
                    sys.stderr.write(f"report {len(found) + failed} of {len(wanted)}: {name}\n")
    return [(name, found[name]) for name, _ in wanted if name in found], failed


async def _requests(missive: AsyncMissive, question: _Question) -> list[tuple[str, ReportRequest]]:
    """What to ask for, by the name that it is shown under."""
    organizations = [_named(one) for one in await missive.organizations.list().collect()]
    organization = _pick("organization", question.organization, organizations)
    teams: list[_Named] = []
    if question.teams or question.by == "team":
        all_teams = [_named(one) for one in await missive.teams.list(organization=organization.id).collect()]
        teams = [_pick("team", name, all_teams) for name in question.teams] or all_teams
    request = ReportRequest(
        organization=organization.id,
        start=question.start,
        end=question.end,
        teams=[team.id for team in teams] if question.by != "team" else (),
        **({"time_zone": question.time_zone} if question.time_zone else {}),
    )
    if question.by is None:
        return [("", request)]
    if question.by == "team":
        return _unlike([(team.name, attrs.evolve(request, teams=[team.id])) for team in teams])
    users = [_named(one) for one in await missive.users.list(organization=organization.id).collect()]
    return _unlike([(user.name, attrs.evolve(request, users=[user.id])) for user in users])


def _named(record: Any) -> _Named:
    return _Named(record.id, record.name or record.id)


def _pick(what: str, wanted: str | None, known: Sequence[_Named]) -> _Named:
    matching = [one for one in known if wanted is None or wanted in {one.id, one.name}]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(sorted(one.name for one in known)) or "none"
    if wanted is None:
        raise InvalidRequest(f"which {what}? there are: {names}")
    raise InvalidRequest(f"{'no' if not matching else 'more than one'} {what} is called {wanted!r}; there are: {names}")


def _unlike(wanted: list[tuple[str, ReportRequest]]) -> list[tuple[str, ReportRequest]]:
    """Names that occur twice get numbers."""
    seen: dict[str, int] = {}
    named = []
    for name, request in wanted:
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name} ({seen[name]})", request))
    return named


def _print(found: Sequence[tuple[str, Report]], output: Output, *, single: bool) -> None:
    """In words and bars, unless a form was chosen: then as received (JSON), or a line for each figure."""
    if not found:
        return
    if not output.asked_for or output.form == "table":
        show(found, full=single)
    elif output.form == "json":
        output.write_one(found[0][1].raw if single else {name: report.raw for name, report in found})
    else:
        rows = [({} if single else {"name": name}) | row for name, report in found for row in report.rows()]
        write_lines(rows, output)
