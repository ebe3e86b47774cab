import asyncio
import socket

import httpx
import pytest

from missive_async.simulator import Fault, Faults, ServerLimits, Simulator, make_account, serve

NOTE = {"title": "A title", "body": "A body"}


def simulator_with(*faults: Fault, **options) -> Simulator:
    return Simulator(make_account(1, size="tiny"), faults=Faults(faults), limits=ServerLimits.none(), **options)


def asking(simulator: Simulator, url: str, **options) -> httpx.Client:
    headers = {"Authorization": f"Bearer {simulator.token}"}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, **options)


@pytest.fixture
def over_the_wire(caplog):
    """Sends requests over a real socket and gives what came of each: a response or an error."""

    def ask(simulator: Simulator, *requests: tuple[str, str, object], **options) -> list[httpx.Response | Exception]:
        outcomes: list[httpx.Response | Exception] = []
        with serve(simulator) as url, asking(simulator, url, **options) as client:
            for method, path, json in requests:
                try:
                    outcomes.append(client.request(method, path, json=json))
                except httpx.HTTPError as error:
                    outcomes.append(error)
        assert simulator.stats.in_progress == simulator.meter.in_progress == 0
        assert [record for record in caplog.records if "httpx" not in record.name] == []
        return outcomes

    return ask


GET = ("GET", "/users", None)


def test_a_reset_loses_the_answer_and_does_nothing(over_the_wire) -> None:
    simulator = simulator_with(Fault("reset", nth=1))
    post = ("POST", "/posts", {"posts": {"text": "x", "notification": NOTE}})
    conversations = len(simulator.account.conversations)
    lost, kept = over_the_wire(simulator, post, post)
    assert isinstance(lost, httpx.ReadError)
    assert kept.status_code == 201
    assert len(simulator.account.conversations) == conversations + 1
    assert simulator.stats.by_status == {0: 1, 201: 1}


def test_a_reset_after_the_work_loses_the_answer_only(over_the_wire) -> None:
    simulator = simulator_with(Fault("reset_after", method="post"))
    conversations = len(simulator.account.conversations)
    (lost,) = over_the_wire(simulator, ("POST", "/posts", {"posts": {"text": "x", "notification": NOTE}}))
    assert isinstance(lost, httpx.ReadError)
    assert len(simulator.account.conversations) == conversations + 1


def test_a_cut_body_is_shorter_than_it_says(over_the_wire) -> None:
    lost, kept = over_the_wire(simulator_with(Fault("cut", times=1)), GET, GET)
    assert isinstance(lost, httpx.RemoteProtocolError)
    assert "without sending complete message body" in str(lost)
    assert kept.status_code == 200


def test_a_hanging_request_gets_no_answer(over_the_wire) -> None:
    ended, late = over_the_wire(
        simulator_with(Fault("hang", seconds=0.02, nth=1), Fault("hang")), GET, GET, timeout=0.5
    )
    assert isinstance(ended, httpx.RemoteProtocolError)
    assert isinstance(late, httpx.ReadTimeout)


def test_a_status_comes_with_any_body_and_headers(over_the_wire) -> None:
    fault = Fault("status", status=429, body="<h1>Slow down</h1>", headers={"Retry-After": "soon"})
    (response,) = over_the_wire(simulator_with(fault), GET)
    assert (response.status_code, response.text, response.headers["retry-after"]) == (429, fault.body, "soon")
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_a_status_is_empty_unless_told(over_the_wire) -> None:
    (response,) = over_the_wire(simulator_with(Fault("status")), GET)
    assert (response.status_code, response.content) == (503, b"")


def test_bodies_can_be_of_the_wrong_sort(over_the_wire) -> None:
    kinds = ("html", "bad_json", "empty", "wrong_type")
    faults = [Fault(kind, path=f"offset={number}") for number, kind in enumerate(kinds)]
    requests = [("GET", f"/users?offset={number}", None) for number in range(4)]
    # The path of a fault is without the query, so that none strikes.
    assert all(response.json()["users"] is not None for response in over_the_wire(simulator_with(*faults), *requests))
    html, bad, empty, wrong = over_the_wire(simulator_with(*(Fault(kind, nth=1) for kind in kinds)), *requests)
    assert html.headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError):
        bad.json()
    assert (empty.status_code, empty.content) == (200, b"")
    assert set(wrong.json()) == {"unexpected"}


def test_a_dripping_body_is_whole_in_the_end(over_the_wire) -> None:
    dripped, whole = over_the_wire(simulator_with(Fault("drip", nth=1, seconds=0.0, size=40)), GET, GET)
    assert dripped.content == whole.content


async def test_a_slow_answer_takes_longer(clock, connect) -> None:
    simulator = simulator_with(Fault("slow", seconds=30.0, nth=2), clock=clock, sleep=clock.sleep)
    missive = connect(simulator)
    await missive.get("/users")
    asked = asyncio.create_task(missive.get("/users"))
    await clock.go(29)
    assert not asked.done()
    await clock.go(1)
    assert (await asked).status_code == 200


async def test_latency_is_drawn_from_the_seed(clock, connect) -> None:
    waits = []
    for _ in range(2):
        simulator = Simulator(make_account(1, size="tiny"), seed=5, latency=(0.1, 0.9))
        waits.append([simulator.delay(None) for _ in range(5)])
    assert waits[0] == waits[1]
    assert len(set(waits[0])) == 5
    assert all(0.1 <= wait <= 0.9 for wait in waits[0])


async def test_without_a_socket_a_lost_connection_is_an_error(connect) -> None:
    missive = connect(simulator_with(Fault("reset", nth=1), Fault("cut", nth=1)))
    with pytest.raises(ConnectionResetError):
        await missive.get("/users")
    with pytest.raises(ValueError):
        (await missive.get("/users")).json()


def test_a_body_that_never_comes_ends_with_its_connection(eventually) -> None:
    simulator = simulator_with()
    with serve(simulator) as url:
        host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
        lines = ["POST /v1/posts HTTP/1.1", "Host: x", f"Authorization: Bearer {simulator.token}", "Content-Length: 9"]
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            eventually(lambda: simulator.stats.in_progress == 1)
        eventually(lambda: simulator.stats.in_progress == 0)
    assert simulator.stats.by_status == {0: 1}


def test_faults_strike_by_number_by_chance_and_by_pattern() -> None:
    faults = Faults([Fault("reset", method="POST", path="^/v1/posts$", nth=(1, 3))])
    struck = [faults.pick("POST", path) is not None for path in ["/v1/posts", "/v1/drafts", "/v1/posts", "/v1/posts"]]
    assert struck == [True, False, False, True]
    assert faults.struck == {0: 2}
    assert Faults([Fault("reset", method="POST")]).pick("GET", "/v1/users") is None
    chances = [Faults([Fault("slow", probability=0.3)], seed=seed) for seed in (1, 1, 2)]
    draws = [[fault.pick("GET", "/") is not None for _ in range(200)] for fault in chances]
    assert draws[0] == draws[1] != draws[2]
    assert 30 < sum(draws[0]) < 90
    few = Faults([Fault("slow", times=2), Fault("empty")])
    assert [fault.kind for _ in range(3) if (fault := few.pick("GET", "/"))] == ["slow", "slow", "empty"]


def test_a_fault_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        Fault("earthquake")
