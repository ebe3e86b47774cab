import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import ConfigurationError, RetryPolicy
from missive_async._retry import Failure

STEADY = RetryPolicy(jitter=lambda: 1.0)


def test_delays_double_up_to_the_longest():
    policy = RetryPolicy(attempts=8, first_delay=1, longest_delay=10, jitter=lambda: 1.0)
    delays = [policy(attempt, Failure.LOST, write=False) for attempt in range(1, 9)]
    assert delays == [1, 2, 4, 8, 10, 10, 10, None]


@given(st.floats(0, 1))
def test_jitter_takes_no_more_than_half_of_a_delay_away(noise):
    delay = RetryPolicy(first_delay=4, jitter=lambda: noise)(1, Failure.LOST, write=False)
    assert 2 <= delay <= 4


@pytest.mark.parametrize("failure", [Failure.LOST, Failure.UNAVAILABLE])
def test_a_write_that_may_have_been_processed_is_not_repeated(failure):
    assert STEADY(1, failure, write=True) is None
    assert STEADY(1, failure, write=False) == 0.5


def test_a_write_that_never_left_or_was_refused_is_repeated():
    assert STEADY(1, Failure.NEVER_LEFT, write=True) == 0.5
    assert STEADY(1, Failure.REFUSED, write=True) == 0.0


def test_final_answers_are_final():
    assert STEADY(1, Failure.FINAL, write=False) is None


def test_refusals_have_a_count_of_their_own():
    policy = RetryPolicy(attempts=1, refusals=3)
    assert [policy(number, Failure.REFUSED, write=False) for number in (1, 3, 4)] == [0.0, 0.0, None]


def test_the_server_may_ask_for_a_longer_delay():
    assert STEADY(1, Failure.UNAVAILABLE, write=False, asked=7.0) == 7.0
    assert STEADY(1, Failure.UNAVAILABLE, write=False, asked=0.1) == 0.5


def test_a_server_that_asks_for_more_than_a_quarter_of_an_hour_is_given_up():
    assert STEADY(1, Failure.UNAVAILABLE, write=False, asked=901.0) is None


def test_never_is_never():
    assert [RetryPolicy.never()(1, failure, write=False) for failure in Failure] == [None] * 5


@pytest.mark.parametrize("field", ["attempts", "refusals", "first_delay", "longest_delay"])
@pytest.mark.parametrize("value", [-1, "x", None, float("nan"), True])
def test_settings_that_make_no_sense_are_refused(field, value):
    with pytest.raises(ConfigurationError, match=field):
        RetryPolicy(**{field: value})


@given(
    st.integers(1, 10_000),
    st.sampled_from(Failure),
    st.booleans(),
    st.none() | st.floats(0, 1e6),
    st.builds(
        RetryPolicy,
        attempts=st.integers(0, 10_000) | st.just(float("inf")),
        refusals=st.integers(0, 10_000),
        first_delay=st.floats(0, 100),
        longest_delay=st.floats(0, 1_000),
    ),
)
def test_an_answer_is_a_wait_within_bounds_or_none(attempt, failure, write, asked, policy):
    delay = policy(attempt, failure, write=write, asked=asked)
    assert delay is None or 0 <= delay <= max(policy.longest_delay, asked or 0.0)
    if write and failure in {Failure.LOST, Failure.UNAVAILABLE, Failure.FINAL}:
        assert delay is None


def test_the_noise_is_in_no_repr():
    assert "jitter" not in repr(RetryPolicy())
