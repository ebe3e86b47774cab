"""When to ask: what is refused, and how far apart polls may come."""

import pytest

from missive_async.reports import Timing


def test_the_documented_timing_is_in_order():
    assert list(Timing().problems()) == []


@pytest.mark.parametrize(
    ("seconds", "problem"),
    [
        ({"first_poll": -1}, "first_poll must be above zero, not -1"),
        ({"poll_every": 0}, "poll_every must be above zero, not 0"),
        ({"timeout": 0.0}, "timeout must be above zero, not 0.0"),
        ({"poll_every": 60}, "poll_every must be under 60 s, for which a finished report is there, not 60"),
        ({"first_poll": 61}, "first_poll must be under 60 s, for which a finished report is there, not 61"),
        ({"timeout": float("inf")}, "timeout is a number of seconds, not inf"),
        ({"timeout": float("nan")}, "timeout is a number of seconds, not nan"),
        ({"first_poll": True}, "first_poll is a number of seconds, not True"),
        ({"timeout": None}, "timeout is a number of seconds, not None"),
        ({"poll_every": "5"}, "poll_every is a number of seconds, not '5'"),
    ],
)
def test_seconds_that_make_no_sense_are_told(seconds, problem):
    assert list(Timing(**seconds).problems()) == [problem]


def test_all_problems_are_told():
    assert len(list(Timing(first_poll=-1, poll_every=0, timeout=-5).problems())) == 3


def test_a_first_poll_at_once_is_in_order():
    assert list(Timing(first_poll=0).problems()) == []


@pytest.mark.parametrize(
    ("every", "shared", "safe"), [(5.0, 25.0, 45.0), (0.1, 0.5, 0.9), (20.0, 25.0, 45.0), (50.0, 50.0, 50.0)]
)
def test_the_longest_intervals_go_by_the_one_that_was_asked_for_and_the_life_of_a_result(every, shared, safe):
    timing = Timing(poll_every=every)
    assert (timing.shared, timing.safe) == (pytest.approx(shared), pytest.approx(safe))
