import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account

METRICS = [
    "inbound_count",
    "outbound_count",
    "first_inbound_count",
    "first_reply_count",
    "reply_count",
    "first_reply_time_avg",
    "reply_time_avg",
    "handle_time_avg",
]
BUCKETS = "1m 2m 3m 4m 5m 10m 15m 30m 45m 1h 2h 3h 4h 6h 8h 10h 12h 24h 48h 72h 72h_plus"
PERIOD = {"start": 1_755_000_000, "end": 1_761_000_000}


@pytest.fixture
def start(clock, connect):
    def start(**options):
        account = make_account(1)
        simulator = Simulator(account, limits=ServerLimits.none(), clock=clock, **options)
        missive = connect(simulator)

        async def create(status=201, **ask):
            body = {"organization": next(iter(account.organizations)).id, **PERIOD, **ask}
            response = await missive.post("/analytics/reports", json={"reports": body})
            assert response.status_code == status, response.text
            return response.json()["reports"]["id"] if status == 201 else response.json()["error"]["message"]

        async def get(id):
            response = await missive.get(f"/analytics/reports/{id}")
            return response.status_code, response.content and response.json()["reports"]

        return account, create, get

    return start


async def test_a_report_is_there_for_a_minute_once_it_is_ready(start, clock) -> None:
    _, create, get = start(report_delay=4.0)
    id = await create()
    statuses = []
    for step in (3.9, 0.1, 59.9, 0.1):
        clock.now += step
        statuses.append((await get(id))[0])
    assert statuses == [404, 200, 200, 404]
    assert (await get(id)) == (404, b"")
    assert (await get("none")) == (404, b"")


async def test_a_report_has_the_known_tree(start, clock) -> None:
    _, create, get = start(report_delay=0.0)
    report = (await get(await create(time_zone="America/Montreal")))[1]
    assert list(report) == ["start", "end", "time_zone", "selected_period", "previous_period"]
    assert (report["start"], report["end"], report["time_zone"]) == (*PERIOD.values(), "America/Montreal")
    for period in ("selected_period", "previous_period"):
        totals = report[period]["global"]["totals"]
        assert list(totals["metrics"]) == METRICS
        assert all(list(value) == ["v"] for value in totals["metrics"].values())
        counts = totals["tallies"]["first_reply_time_counts"]
        assert [count["d"] for count in counts] == BUCKETS.split()
        assert sum(count["v"] for count in counts) == totals["metrics"]["first_reply_count"]["v"]


async def test_the_numbers_are_those_of_the_account(start, clock) -> None:
    account, create, get = start(report_delay=0.0)
    metrics = (await get(await create()))[1]["selected_period"]["global"]["totals"]["metrics"]
    organization = next(iter(account.organizations)).id
    messages = [
        message
        for conversation in account.conversations
        if conversation.organization == organization
        for message in account.children(conversation).messages
        if PERIOD["start"] <= message.at < PERIOD["end"]
    ]
    inbound = sum(message.data["author"] is None for message in messages)
    assert (metrics["inbound_count"]["v"], metrics["outbound_count"]["v"]) == (inbound, len(messages) - inbound)
    assert metrics["reply_count"]["v"] > 0
    assert metrics["reply_time_avg"]["v"] > 0


async def test_filters_divide_the_numbers(start, clock) -> None:
    account, create, get = start(report_delay=0.0)

    async def inbound(**ask):
        report = (await get(await create(**ask)))[1]
        return report["selected_period"]["global"]["totals"]["metrics"]["inbound_count"]["v"]

    whole = await inbound()
    assert await inbound(account_types=["email"]) + await inbound(account_types=["sms", "custom"]) <= whole
    assert 0 < await inbound(teams=[next(iter(account.teams)).id]) < whole
    assert 0 < await inbound(shared_labels=[next(iter(account.labels)).id]) < whole
    assert await inbound(accounts=[list(account.channels)[2].id]) == await inbound(account_types=["sms"])

    async def outbound(**ask):
        report = (await get(await create(**ask)))[1]
        return report["selected_period"]["global"]["totals"]["metrics"]["outbound_count"]["v"]

    assert await outbound() == sum([await outbound(users=[user.id]) for user in account.users])


async def test_the_same_question_has_the_same_answer(start, clock) -> None:
    answers = []
    for _ in range(2):
        _, create, get = start(report_delay=0.0)
        answers.append((await get(await create()))[1])
    assert answers[0] == answers[1]


async def test_delays_are_mostly_short_and_sometimes_long(start, clock) -> None:
    simulator = Simulator(make_account(1, size="tiny"), clock=clock, seed=3)
    waits = [simulator.reports.create(str(number), {}).ready - clock.now for number in range(300)]
    assert sum(2 <= wait <= 3 for wait in waits) > 200
    assert any(wait >= 30 for wait in waits)
    again = Simulator(make_account(1, size="tiny"), clock=clock, seed=3)
    assert again.reports.create("0", {}).ready - clock.now == waits[0]


async def test_a_faster_time_makes_reports_come_and_go_faster(start, clock) -> None:
    _, create, get = start(report_delay=(4.0, 4.0), time_scale=10.0)
    id = await create()
    statuses = []
    for step in (0.3, 0.2, 5.8, 0.2):
        clock.now += step
        statuses.append((await get(id))[0])
    assert statuses == [404, 200, 200, 404]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        ({"organization": "none"}, "organization with id none does not exist"),
        ({"organization": None}, "'organization' is required"),
        ({"end": PERIOD["start"]}, "'end' must be after 'start'"),
        ({"start": "yesterday"}, "'start' must be an integer"),
        ({"teams": ["none"]}, "team with id none does not exist"),
        ({"users": "none"}, "'users' must be an array of strings"),
    ],
)
async def test_a_wrong_question_is_refused(start, ask, message) -> None:
    _, create, _ = start()
    assert await create(400, **ask) == message
