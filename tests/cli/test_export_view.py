import asyncio
import io
import re

import attrs
import pytest
from rich.console import Console

from missive_async import AsyncMissive
from missive_async.cli import _export_view
from missive_async.cli._export_view import view
from missive_async.export import Progress
from missive_async.limits import LocalLimiter, RateLimits
from virtual import run_virtual

BUDGET = LocalLimiter().budget("account", RateLimits.default()).snapshot()
EVENT = Progress(
    stream="messages",
    state="reading",
    done=1_200,
    total=3_000,
    lists_done=12,
    lists_total=90,
    notes=0,
    requests=140,
    refused=0,
    budget=BUDGET,
    elapsed=20.0,
    seconds_left=65.0,
)


def shown(monkeypatch, capsys, terminal, act):
    """What the view writes while `act` tells it things."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=100, color_system=None)
    monkeypatch.setattr(_export_view, "Console", lambda **_: console)

    async def run():
        async with AsyncMissive("token") as missive, view(missive, ["users", "messages"]) as tell:
            await act(tell)

    run_virtual(run())
    return screen.getvalue() if terminal else capsys.readouterr().err


async def sleep(seconds):

    await asyncio.sleep(seconds)


def test_a_line_tells_that_a_stream_is_done_and_only_once(monkeypatch, capsys):
    async def act(tell):
        tell(attrs.evolve(EVENT, state="reading"))
        tell(attrs.evolve(EVENT, state="done", done=3_000))
        tell(attrs.evolve(EVENT, state="done", done=3_000))

    assert re.fullmatch(r"\S+Z messages: 3,000, done\n", shown(monkeypatch, capsys, False, act))


def test_a_line_every_ten_seconds_tells_how_far_it_is(monkeypatch, capsys):
    async def act(tell):
        tell(EVENT)
        await sleep(25)

    lines = shown(monkeypatch, capsys, False, act).splitlines()
    assert len(lines) == 2
    assert lines[0].split(" ", 1)[1] == (
        "messages 1,200/3,000; 140 requests, 0 refused; 300 of 300 in 60 s, 900 of 900 in 15 min; about 55 s left"
    )


def test_a_table_tells_how_far_each_stream_is(monkeypatch, capsys):
    async def act(tell):
        tell(EVENT)
        await sleep(1)
        tell(attrs.evolve(EVENT, done=1_500, elapsed=25.0, notes=2))

    text = shown(monkeypatch, capsys, True, act)
    assert re.search(r"users +waiting", text)
    assert re.search(r"messages +12/90 .* 1,500/3,000 \(2 not readable\) +60\.0", text)
    assert "budget: 5 of 5 places, 300 of 300 in 60 s, 900 of 900 in 15 min" in text
    assert "140 requests, 0 refused, 25 s so far, about 65 s left" in text


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_is_shown_before_there_is_something_to_show(monkeypatch, capsys, terminal):
    async def act(_):
        await sleep(30)

    assert shown(monkeypatch, capsys, terminal, act) == ""
