import asyncio
from contextlib import contextmanager

import httpx
import pytest

from missive_async import AsyncMissive, Lane
from missive_async.cli import app, limits
from missive_async.cli._failures import Interrupted
from virtual import run_virtual


@pytest.fixture
def answers(monkeypatch):
    """The command, against a server that gives these answers one after another, in time of its own."""
    given = []

    @contextmanager
    def source(*_, **__):
        yield AsyncMissive("token", transport=httpx.MockTransport(lambda _: given.pop(0)))

    monkeypatch.setattr(limits, "source", source)
    monkeypatch.setattr(limits, "run", lambda work, **_: run_virtual(work))
    return given


def fine():
    return httpx.Response(200, json={"organizations": []})


def test_limits_and_what_is_free_of_them_are_shown(answers, capsys):
    answers.append(fine())
    assert app.run(["limits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "server      answers"
    assert lines[1] == "places      5 of 5 free"
    assert lines[2].startswith("windows     299 of 300 free in 60 s, next back in 60 s")
    assert lines[3].strip().startswith("899 of 900 free in 15 min")
    assert [line.split()[-3:] for line in lines[4:7]] == [[lane.name.lower(), "at", "once"] for lane in Lane]


def test_a_budget_that_somebody_else_spent_is_seen(answers, capsys):
    answers += [httpx.Response(429, headers={"retry-after": "312"})]
    assert app.run(["limits"]) == 0
    shown = capsys.readouterr().out
    assert "server      spent: no room for 312 s" in shown
    assert "paused for 5:12 min" in shown
    assert "interactive in 5:12 min" in shown


def test_a_bad_token_is_an_error(answers, capsys):
    answers += [httpx.Response(401, json={"error": {"message": "Authentication token is invalid"}})]
    assert app.run(["limits"]) == 1
    assert capsys.readouterr().err == "error: Authentication token is invalid (401): check MISSIVE_API_TOKEN\n"


def test_watching_asks_again_and_again_and_shows_in_between(answers, monkeypatch, capsys):
    class EnoughError(Exception):
        pass

    def enough(_):
        raise EnoughError

    @contextmanager
    def source(*_, **__):
        served = iter([fine(), fine()])

        def serve(request):
            answer = next(served, None)
            return answer if answer is not None else enough(request)

        yield AsyncMissive("token", transport=httpx.MockTransport(serve))

    monkeypatch.setattr(limits, "source", source)
    with pytest.raises(EnoughError):
        app.run(["limits", "--watch", "--every", "20"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert all("server answers" in line for line in lines)
    assert "299 of 300" in lines[0]
    assert "298 of 300" in lines[-1]


def test_ctrl_c_ends_the_watching_in_good_order(answers, monkeypatch, capsys):
    answers += [fine()]

    async def stopped_soon(work):
        watching = asyncio.ensure_future(work)
        await asyncio.sleep(7)
        watching.cancel()
        await asyncio.wait([watching])

    def interrupted(work, *, interrupted):
        run_virtual(stopped_soon(work))
        raise Interrupted(2, interrupted)

    monkeypatch.setattr(limits, "run", interrupted)
    assert app.run(["limits", "--watch"]) == 130
    written = capsys.readouterr()
    assert len(written.out.splitlines()) == 2
    assert written.err == "stopped watching\n"


@pytest.mark.parametrize(
    "arguments", [["--every", "0"], ["--speed", "-1", "--simulate"], ["--speed", "nan", "--simulate"], ["--speed", "2"]]
)
def test_bad_input_is_one_line_and_exit_code_2(capsys, arguments):
    assert app.run(["limits", *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: --")


def test_simulated_limits_are_shown_over_a_real_socket(capsys):
    assert app.run(["limits", "--simulate"]) == 0
    assert "server      answers" in capsys.readouterr().out
