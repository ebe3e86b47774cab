import asyncio
from math import floor

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missive_async.simulator import ServerLimits, Simulator, make_account
from missive_async.simulator.limits import Meter

START = 1_770_000_000.0
LIMITS = st.builds(
    ServerLimits,
    concurrency=st.none(),
    windows=st.lists(st.tuples(st.integers(1, 8), st.sampled_from([2.0, 5.0, 7.5, 30.0])), min_size=1, max_size=2).map(
        tuple
    ),
    kind=st.sampled_from(["sliding", "fixed"]),
    count_refused=st.booleans(),
    phase=st.floats(0, 10),
)


@given(LIMITS, st.lists(st.floats(0, 4), min_size=1, max_size=120))
@settings(max_examples=150, deadline=None)
def test_no_window_admits_more_than_its_limit(limits: ServerLimits, gaps: list[float]) -> None:
    meter, now, admitted = Meter(limits), START, []
    for gap in gaps:
        now += gap
        if meter.arrive(now) is None:
            admitted.append(now)
    for most, seconds in limits.windows:
        for first in admitted:
            if limits.kind == "sliding":
                inside = [at for at in admitted if first <= at < first + seconds]
            else:
                turn = floor((first - limits.phase) / seconds)
                inside = [at for at in admitted if floor((at - limits.phase) / seconds) == turn]
            assert len(inside) <= most


@given(LIMITS, st.lists(st.floats(0, 1), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_who_waits_as_long_as_told_is_admitted(limits: ServerLimits, gaps: list[float]) -> None:
    meter, now = Meter(limits), START
    for gap in gaps:
        now += gap
        refused = meter.arrive(now)
        if refused is not None:
            waited = now + refused.seconds + 1e-6
            assert refused.seconds > 0
            assert int(refused.headers()["retry-after"]) >= refused.seconds
            assert meter.arrive(waited) is None
            now = waited


@pytest.fixture
def limited(clock):
    return Simulator(make_account(1, size="tiny"), clock=clock, sleep=clock.sleep)


async def test_the_301st_request_of_a_minute_is_refused(limited, connect, clock) -> None:
    missive = connect(limited)
    for _ in range(300):
        assert (await missive.get("/users")).status_code == 200
        clock.now += 0.125
    response = await missive.get("/users")
    assert response.status_code == 429
    assert response.json() == {"error": {"message": "Too many requests"}}
    assert {name: value for name, value in response.headers.items() if "rate" in name or "retry" in name} == {
        "retry-after": "23",
        "x-ratelimit-limit": "300",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(START) + 60),
    }
    clock.now += 22.5
    assert (await missive.get("/users")).status_code == 200
    assert limited.stats.refusals == {"300/60": 1}
    assert limited.stats.refused_429 == 1


async def test_the_901st_request_of_a_quarter_of_an_hour_is_refused(limited, connect, clock) -> None:
    missive = connect(limited)
    for _ in range(900):
        assert (await missive.get("/users")).status_code == 200
        clock.now += 0.5
    response = await missive.get("/users")
    assert response.headers["x-ratelimit-limit"] == "900"
    assert response.headers["retry-after"] == "450"


async def test_a_sixth_request_at_once_is_refused(clock, connect) -> None:
    simulator = Simulator(make_account(1, size="tiny"), clock=clock, sleep=clock.sleep, latency=1.0)
    missive = connect(simulator)
    asked = [asyncio.create_task(missive.get("/users")) for _ in range(6)]
    await clock.go(0)
    assert simulator.stats.in_progress == 5
    await clock.go(1)
    responses = await asyncio.gather(*asked)
    assert sorted(response.status_code for response in responses) == [200] * 5 + [429]
    refused = next(response for response in responses if response.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-ratelimit-limit"] == "5"
    assert simulator.stats.max_concurrency == 6
    assert simulator.stats.refusals == {"concurrency": 1}
    assert simulator.stats.in_progress == 0


async def test_who_leaves_frees_no_place_before_the_work_is_done(clock, connect) -> None:
    simulator = Simulator(make_account(1, size="tiny"), clock=clock, sleep=clock.sleep, latency=1.0)
    missive = connect(simulator)
    asked = [asyncio.create_task(missive.get("/users")) for _ in range(5)]
    await clock.go(0.5)
    for task in asked:
        task.cancel()
    await clock.go(0)
    assert simulator.stats.in_progress == 5
    assert (await missive.get("/users")).status_code == 429
    await clock.go(0.5)
    assert simulator.stats.in_progress == 0


async def test_a_request_that_is_not_let_in_spends_nothing_unless_it_should(clock, connect) -> None:
    for counted, expected in ((False, 200), (True, 429)):
        limits = ServerLimits(windows=((2, 10.0),), count_refused=counted)
        simulator = Simulator(make_account(1, size="tiny"), limits=limits, clock=clock)
        missive = connect(simulator)
        for _ in range(3):
            await missive.get("/users")
            clock.now += 4
        assert (await missive.get("/users")).status_code == expected


async def test_fixed_windows_begin_anew_at_their_phase(clock, connect) -> None:
    limits = ServerLimits(windows=((2, 60.0),), kind="fixed", phase=15.0)
    simulator = Simulator(make_account(1, size="tiny"), limits=limits, clock=clock)
    missive = connect(simulator)
    boundary = (floor((clock.now - 15) / 60) + 1) * 60 + 15
    clock.now = boundary - 1.5
    statuses = [(await missive.get("/users")).status_code for _ in range(2)]
    response = await missive.get("/users")
    assert (statuses, response.status_code) == ([200, 200], 429)
    assert response.headers["x-ratelimit-reset"] == str(boundary)
    assert response.headers["retry-after"] == "2"
    clock.now = boundary
    assert (await missive.get("/users")).status_code == 200


async def test_a_faster_time_shortens_the_windows(clock, connect) -> None:
    simulator = Simulator(make_account(1, size="tiny"), clock=clock, time_scale=60.0)
    missive = connect(simulator)
    for _ in range(300):
        await missive.get("/users")
    assert (await missive.get("/users")).status_code == 429
    clock.now += 1
    assert (await missive.get("/users")).status_code == 200


async def test_a_bad_token_spends_nothing(limited) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited)) as client:
        for _ in range(320):
            assert (await client.get("http://simulated/v1/users")).status_code == 401
    assert limited.stats.refused_429 == 0


async def test_each_token_has_limits_of_its_own(clock) -> None:
    limits = ServerLimits(windows=((1, 60.0),))
    simulator = Simulator(make_account(1, size="tiny"), more_tokens=["other"], limits=limits, clock=clock)
    statuses = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator)) as client:
        for token in (simulator.token, simulator.token, "other", "other", "third"):
            headers = {"Authorization": f"Bearer {token}"}
            statuses.append((await client.get("http://simulated/v1/users", headers=headers)).status_code)
    assert statuses == [200, 429, 200, 429, 401]


async def test_rate_headers_stand_on_every_answer_when_wanted(clock, connect) -> None:
    account = make_account(1, size="tiny")
    plain = await connect(Simulator(account, clock=clock)).get("/users")
    assert "x-ratelimit-limit" not in plain.headers
    told = await connect(Simulator(account, clock=clock, rate_headers=True)).get("/users")
    assert (told.headers["x-ratelimit-limit"], told.headers["x-ratelimit-remaining"]) == ("300", "299")
