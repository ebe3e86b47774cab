"""What a report is asked for with, and a journey against the simulator."""

import asyncio
import zoneinfo
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from fake_missive import FakeMissive
from fake_reports import ASK, ORGANIZATION
from missive_async import (
    AsyncMissive,
    BadRequest,
    DecodeError,
    Forbidden,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    RateLimits,
    ReportFuture,
)
from missive_async.models import ReportRequest
from missive_async.simulator import Fault, Faults, ServerLimits, Simulator, make_account, serve

FILTERS = {
    "teams": ["0e24f298-965d-4475-9220-b32636a1e2c3"],
    "users": ["1ce8117e-ae42-4304-b953-c81656da4bd1", "74f91030-39b8-4627-9835-9cfbce9d67c1"],
    "account_types": ["email", "sms"],
    "shared_labels": ["bca0bb8f-8b2f-45f8-a59a-333de84f0184"],
    "accounts": ["0c9b0a8b-3f0b-4a64-8c05-7bd1a3c7a5c1"],
}


async def sent(**arguments):
    """What is sent for a report."""
    missive_ = FakeMissive({"reports": {"id": "r1"}})
    async with missive_.client() as missive:
        (await missive.analytics.create_report(**arguments)).cancel()
    (request,) = missive_.sent
    assert (request.method, request.target) == ("POST", "/analytics/reports")
    return request.json["reports"]


async def problems(**arguments):
    """The rules that are broken."""
    missive_ = FakeMissive({"reports": {"id": "r1"}})
    async with missive_.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await missive.analytics.create_report(**arguments)
    assert missive_.sent == []
    return caught.value.problems


async def test_the_least_that_is_needed_is_all_that_is_sent():
    assert await sent(**ASK) == ASK


async def test_filters_are_sent_as_they_are():
    asked = ASK | FILTERS | {"time_zone": "America/Montreal"}
    assert await sent(**asked) == asked


async def test_aware_times_are_sent_as_unix_seconds():
    start = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5)))
    end = datetime(2026, 2, 1, 0, 0, 0, 999_999, tzinfo=UTC)
    reports = await sent(organization=ORGANIZATION, start=start, end=end)
    assert (reports["start"], reports["end"]) == (1_767_243_600, 1_769_904_000)


async def test_filters_may_be_any_collection_and_empty_ones_filter_nothing():
    given = {
        "teams": {"t1"},
        "users": ("u1",),
        "account_types": frozenset({"sms"}),
        "shared_labels": [],
        "accounts": None,
    }
    assert await sent(**ASK, **given) == ASK | {"teams": ["t1"], "users": ["u1"], "account_types": ["sms"]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"organization": ""}, "organization: an id must not be empty"),
        ({"organization": "a/b"}, "organization: not an id: 'a/b'"),
        ({"organization": None}, "organization is required"),
        ({"start": None}, "start is required"),
        ({"end": None}, "end is required"),
        ({"start": datetime(2023, 1, 1)}, "start is a naive datetime: give it a time zone"),  # noqa: DTZ001
        ({"start": date(2023, 1, 1)}, "start is an aware datetime or whole Unix seconds, not date"),
        ({"end": "2023-01-01"}, "end is an aware datetime or whole Unix seconds, not str"),
        ({"end": True}, "end is an aware datetime or whole Unix seconds, not bool"),
        ({"end": 1_692_371_867_000}, "end is no Unix time in seconds: 1692371867000"),
        ({"end": ASK["start"]}, "start is not before end"),
        ({"end": datetime(2001, 1, 1, tzinfo=UTC)}, "start is not before end"),
        (
            {"time_zone": "Mars/Olympus"},
            "time_zone is a name of the tz database, such as America/Montreal, not 'Mars/Olympus'",
        ),
        ({"time_zone": "../UTC"}, "time_zone is a name of the tz database, such as America/Montreal, not '../UTC'"),
        ({"time_zone": "America"}, "time_zone is a name of the tz database, such as America/Montreal, not 'America'"),
        ({"time_zone": "a\0b"}, "time_zone is a name of the tz database, such as America/Montreal, not 'a\\x00b'"),
        ({"time_zone": 5}, "time_zone is a str, not int"),
        ({"teams": "t1"}, "teams: a sequence of ids, not str"),
        ({"users": 5}, "users: a sequence of ids, not int"),
        ({"shared_labels": ["", "l1"]}, "shared_labels: an id must not be empty"),
        ({"accounts": [None]}, "accounts: an id is a str, not NoneType"),
        ({"account_types": "email"}, "account_types: a sequence of words, not str"),
        (
            {"account_types": ["email", "fax"]},
            "account_types are among custom, email, instagram, live_chat, messenger, sms, whatsapp, not 'fax'",
        ),
        ({"timeout": 0}, "timeout must be above zero, not 0"),
    ],
)
async def test_what_the_reference_rules_out_is_refused_before_a_request_is_spent(changes, problem):
    assert await problems(**(ASK | changes)) == (problem,)


async def test_every_broken_rule_is_named():
    broken = await problems(
        organization="", start=2, end=1, time_zone="x", teams=["/"], account_types=["fax"], poll_every=0
    )
    assert len(broken) == 6


async def test_without_a_tz_database_no_time_zone_is_refused(monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    monkeypatch.setattr("missive_async.resources.analytics.ZoneInfo", _no_zones)
    assert (await sent(**ASK, time_zone="Mars/Olympus"))["time_zone"] == "Mars/Olympus"


def _no_zones(name):
    raise zoneinfo.ZoneInfoNotFoundError(name)


async def test_a_mapping_of_a_run_with_an_attribute_that_does_not_exist_is_refused():
    async with FakeMissive({}).client() as missive:
        finished = [each async for each in missive.analytics.run_reports([ASK | {"team": "t1"}, {}])]
        assert [each.error.problems for each in finished] == [
            ("a report is not asked for with 'team'",),
            ("organization is required", "start is required", "end is required"),
        ]


async def test_a_request_of_a_run_is_sent_as_create_report_would():
    missive_ = FakeMissive(400)
    async with missive_.client() as missive:
        request = ReportRequest(**ASK, **FILTERS, time_zone="UTC")
        (finished,) = [each async for each in missive.analytics.run_reports([request])]
        assert isinstance(finished.error, BadRequest)
    assert missive_.sent[0].json == {"reports": ASK | FILTERS | {"time_zone": "UTC"}}


async def test_a_read_only_view_creates_no_report():
    async with FakeMissive({}).client() as missive:
        with pytest.raises(InvalidRequest, match="read-only"):
            await missive.with_options(read_only=True).analytics.create_report(**ASK)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (403, Forbidden),
        (503, OutcomeUnknown),
        (201, DecodeError),
        ({"reports": {}}, DecodeError),
        ({"id": "r1"}, DecodeError),
    ],
)
async def test_a_post_that_gives_no_id_gives_no_report_and_is_not_sent_again(answer, kind):
    missive_ = FakeMissive(answer)
    async with missive_.client() as missive:
        with pytest.raises(kind):
            await missive.analytics.create_report(**ASK)
    assert len(missive_.sent) == 1


async def test_the_id_may_come_in_an_array_of_one():
    async with FakeMissive({"reports": [{"id": "r1"}]}).client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert isinstance(report, ReportFuture)
        assert report.id == "r1"
        report.cancel()


@pytest.mark.parametrize("id", ["", "..", "a/b", "a?b"])
async def test_ids_that_would_change_the_path_are_refused(id):
    missive_ = FakeMissive({})
    async with missive_.client() as missive:
        with pytest.raises(InvalidRequest):
            await missive.analytics.get_report(id)
        with pytest.raises(InvalidRequest):
            missive.analytics.watch_report(id)
    assert missive_.sent == []


async def test_a_naive_time_of_creation_is_refused_with_every_other_problem():
    async with FakeMissive({}).client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            missive.analytics.watch_report("/", datetime(2026, 1, 1), timeout=-1)  # noqa: DTZ001
    assert len(caught.value.problems) == 3


@pytest.fixture(scope="module")
def account():
    return make_account(3)


async def test_reports_of_the_simulator_come_whatever_goes_wrong_on_the_way(account):
    faults = Faults(
        [
            Fault("status", "GET", "/analytics", nth=1),
            Fault("reset", "GET", "/analytics", nth=2),
            Fault("html", "GET", "/analytics", nth=3),
            Fault("cut", "GET", "/analytics", nth=4),
            Fault("wrong_type", "GET", "/analytics", nth=5),
        ]
    )
    simulator = Simulator(account, limits=ServerLimits(), faults=faults, time_scale=50.0)
    organization = next(iter(account.organizations)).id
    ask = {"organization": organization, "start": account.now - 30 * 86_400, "end": account.now}
    polls = {"first_poll": 0.1, "poll_every": 0.1, "timeout": 10.0}
    limits = RateLimits.default().faster(50.0)
    with serve(simulator) as url:
        async with AsyncMissive(simulator.token, base_url=url, limits=limits) as missive:
            report = await (await missive.analytics.create_report(**ask, **polls))
            assert report.selected_period.tallies["first_reply_time_counts"][0].d == "1m"
            assert {change.name for change in report.compare()} == set(report.selected_period.metrics)
            run = missive.analytics.run_reports([ask | {"users": [user.id]} for user in account.users] * 2, **polls)
            finished = [each async for each in run]
            assert [each.error for each in finished if each.error] == []
            assert sum(each.result().metric("reply_count") for each in finished) > 0
            assert simulator.stats.refused_429 == 0
            await asyncio.sleep(1.5)  # a result of the simulator's lives 60 s, at 50 times the speed
            with pytest.raises(NotFound):
                await missive.analytics.get_report(report.id)
