import attrs
import pytest

from missive_async.export.checkpoint import Position, Saved
from missive_async.export.plan import Extent, Plan
from missive_async.export.progress import Tracker, seconds_for
from missive_async.limits import LocalLimiter, RateLimits, WindowSnapshot


def budget(*windows, spent=0, paused=0.0):
    shown = tuple(
        WindowSnapshot(requests=requests, seconds=seconds, free=free, next_free_in=back)
        for requests, seconds, free, back in windows
    )
    fresh = LocalLimiter().budget("account", RateLimits.default()).snapshot()
    return attrs.evolve(fresh, windows=shown, spent=spent, paused_for=paused)


FULL = ((300, 60.0, 300, None), (900, 900.0, 900, None))


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [(0, 0), (300, 0), (301, 60), (600, 60), (900, 120), (901, 900), (1_201, 960), (1_800, 1_020), (9_000, 8_220)],
)
def test_the_time_left_is_what_the_windows_make_of_it(requests, seconds):
    assert seconds_for(requests, budget(*FULL)) == pytest.approx(seconds)


def test_what_was_spent_is_waited_for():
    assert seconds_for(1, budget((300, 60.0, 0, 12.5), (900, 900.0, 600, 852.5))) == pytest.approx(12.5)
    assert seconds_for(700, budget((300, 60.0, 0, 12.5), (900, 900.0, 600, 852.5))) == pytest.approx(852.5)


def test_each_request_takes_its_time_where_nothing_holds_it_up():
    assert seconds_for(100, budget(*FULL), pace=0.1) == pytest.approx(10)
    assert seconds_for(100, budget(), pace=0.1) == pytest.approx(10)


def test_a_pause_comes_first():
    assert seconds_for(10, budget(*FULL, paused=700.0)) == pytest.approx(700)


def test_far_is_estimated_by_what_is_near():
    assert seconds_for(900_000, budget(*FULL)) == pytest.approx(900_000, rel=0.02)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def tracker(events, streams=("conversations", "messages"), bodies=True):
    spent = [0]
    made = Tracker(Plan.of(streams, bodies=bodies), lambda: budget(*FULL, spent=spent[0]), Clock(), events.append)
    return made, spent


def test_nothing_is_said_of_the_time_left_while_it_is_not_known_how_much_there_is():
    events = []
    told, _ = tracker(events)
    told.started("teams", Extent(lists=1, before=0, records=0, unsaid=1))
    assert (events[-1].seconds_left, events[-1].total, events[-1].lists_total) == (None, None, 1)


def test_the_requests_left_follow_from_the_counts_of_the_conversations():
    events = []
    told, _ = tracker(events)
    done = Position(done=True)
    told.resumed({stream: Saved(position=done) for stream in ("teams", "shared_labels", "conversations")})
    told.started("messages", Extent(lists=20, before=0, records=1_000, unsaid=0))
    assert told.requests_left() == 20 + 100 + 10
    assert events[-1].total == 1_000
    told.written({"messages": Saved(records=500, position=Position(step=10))})
    for _ in range(10):
        told.page("messages", last=True)
    assert told.requests_left() == 10 + 50 + 5
    told.written({"messages": Saved(records=1_000, position=done)})
    assert (told.requests_left(), events[-1].state, events[-1].done) == (0, "done", 1_000)


def test_lists_that_do_not_say_how_long_they_are_count_as_those_before_them():
    told, _ = tracker([], ["comments"])
    done = Position(done=True)
    told.resumed({stream: Saved(position=done) for stream in ("teams", "shared_labels", "conversations")})
    told.started("comments", Extent(lists=10, before=0, records=0, unsaid=10))
    for last in (False, True, False, True):
        told.page("comments", last=last)
    assert told.requests_left() == 8 * 2


def test_only_what_this_run_spends_is_counted():
    events = []
    told, spent = tracker(events)
    spent[0] = 7
    told.written({"teams": Saved(records=1)})
    assert (events[-1].requests, told.requests) == (7, 7)
