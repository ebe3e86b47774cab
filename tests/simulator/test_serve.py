import asyncio
import logging
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account, serve
from missive_async.simulator.__main__ import main


@pytest.fixture
def simulator():
    return Simulator(make_account(1, size="tiny"))


def headers(simulator: Simulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {simulator.token}"}


def test_the_base_url_is_of_a_free_port_on_loopback(simulator) -> None:
    with serve(simulator) as first, serve(simulator) as second:
        assert first != second
        for url in (first, second):
            assert url.startswith("http://127.0.0.1:")
            assert url.endswith("/v1")
            assert httpx.get(f"{url}/users", headers=headers(simulator)).status_code == 200


def test_nothing_is_left_when_it_ends(simulator) -> None:
    before = threading.active_count()
    with serve(simulator) as url:
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/users")


def test_a_taken_port_is_an_error_of_the_caller(simulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = serve(simulator, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"), server:
            pass


def test_an_error_in_the_context_ends_the_server(simulator) -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), serve(simulator):
        raise ZeroDivisionError
    assert threading.active_count() == before


def test_requests_in_progress_are_cut_when_it_ends(caplog, eventually) -> None:
    simulator = Simulator(make_account(1, size="tiny"), latency=60.0)
    caplog.set_level(logging.DEBUG)
    with ThreadPoolExecutor() as pool, serve(simulator) as url:
        asked = pool.submit(httpx.get, f"{url}/users", headers=headers(simulator), timeout=5)
        eventually(lambda: simulator.stats.in_progress)
    assert isinstance(asked.exception(), httpx.HTTPError)
    assert simulator.stats.in_progress == 0
    assert {record.name.partition(".")[0] for record in caplog.records} <= {"httpx", "httpcore", "asyncio"}


async def test_a_client_of_many_connections_meets_the_limit_of_five() -> None:
    simulator = Simulator(make_account(1, size="tiny"), latency=0.05)
    with serve(simulator) as url:
        async with httpx.AsyncClient(base_url=url, headers=headers(simulator)) as client:
            responses = await asyncio.gather(*(client.get("/users") for _ in range(8)))
    statuses = sorted(response.status_code for response in responses)
    assert (statuses.count(200), statuses.count(429)) == (5, 3)
    assert simulator.stats.max_concurrency > 5


async def test_a_client_that_left_still_holds_its_place(eventually) -> None:
    simulator = Simulator(make_account(1, size="tiny"), latency=1.0)
    with serve(simulator) as url:
        async with httpx.AsyncClient(
            base_url=url, headers=headers(simulator), timeout=httpx.Timeout(5, read=0.2)
        ) as client:
            outcomes = await asyncio.gather(*(client.get("/users") for _ in range(5)), return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {httpx.ReadTimeout}
            assert simulator.meter.in_progress == 5
            assert (await client.get("/users", timeout=5)).status_code == 429
            eventually(lambda: simulator.meter.in_progress == 0)
            assert (await client.get("/users", timeout=5)).status_code == 200


def test_a_refused_body_does_not_break_the_connection() -> None:
    simulator = Simulator(make_account(1, size="tiny"), limits=ServerLimits(windows=((1, 60.0),)))
    with serve(simulator) as url, httpx.Client(base_url=url, headers=headers(simulator)) as client:
        big = {"drafts": {"body": "x" * 3_000_000}}
        assert [client.post("/drafts", json=big).status_code for _ in range(3)] == [201, 429, 429]


def test_any_application_is_served() -> None:
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with serve(app, host="::1") as url:
        assert url.startswith("http://[::1]:")
        assert httpx.get(f"{url}/anything").status_code == 204


class Told(threading.Event):
    """Knows when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)


def test_the_command_says_how_to_reach_it(capsys) -> None:
    ended = threading.Event()
    ended.set()
    assert main(["--port", "0", "--size", "tiny", "--no-limits", "--token", "t"], until=ended) == 0
    said = capsys.readouterr().out
    assert "export MISSIVE_BASE_URL=http://127.0.0.1:" in said
    assert "MISSIVE_API_TOKEN=t" in said
    assert "0 requests, 0 of them answered 429" in said


def test_the_command_serves_what_it_is_told(capsys) -> None:
    ended = Told()
    arguments = ["--port", "0", "--size", "tiny", "--latency", "0", "0.001", "--fail", "1", "--windows", "fixed"]
    thread = threading.Thread(target=main, args=(arguments,), kwargs={"until": ended})
    thread.start()
    assert ended.reached.wait(10)
    said = capsys.readouterr().out
    url, token = said.partition("MISSIVE_BASE_URL=")[2].split()[:2]
    answer = httpx.get(f"{url}/users", headers={"Authorization": f"Bearer {token.partition('=')[2]}"})
    ended.set()
    thread.join()
    assert answer.status_code == 503


def test_the_command_says_when_the_port_is_taken(capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1]), "--size", "tiny"]) == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_cleanly_when_interrupted(number) -> None:
    command = [sys.executable, "-m", "missive_async.simulator", "--port", "0", "--size", "tiny"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert said.startswith("Missive is simulated at http://127.0.0.1:")
    assert rest.endswith("0 requests, 0 of them answered 429\n")
    assert (process.returncode, errors) == (0, "")


def test_the_command_refuses_nonsense(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--speed", "0"])
