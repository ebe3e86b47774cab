import pytest

from missive_async.limits import Window
from missive_async.limits._bucket import Bucket
from missive_async.limits._forecast import forecast


def a_bucket(requests, seconds, *, due=(), in_flight=0):
    bucket = Bucket(Window(requests, seconds))
    bucket.free = requests - len(due) - in_flight
    bucket.due.extend(due)
    return bucket


def at(position, *buckets, held=0, places=(5, 5), exchange=1.0, start=100.0):
    return forecast(position, start, buckets=[(bucket, held) for bucket in buckets], places=places, exchange=exchange)


def test_with_a_place_and_a_token_it_is_now():
    assert at(1, a_bucket(3, 10.0)) == 100.0


def test_a_call_waits_for_the_token_that_comes_back_for_it():
    bucket = a_bucket(3, 10.0, due=[104.0, 106.0, 109.0])
    assert [at(n, bucket) for n in (1, 2, 3)] == [104.0, 106.0, 109.0]


def test_free_tokens_go_to_those_ahead():
    assert at(3, a_bucket(3, 10.0, due=[104.0])) == 104.0


def test_a_token_in_flight_comes_back_an_exchange_and_a_window_later():
    assert at(1, a_bucket(1, 10.0, in_flight=1)) == 111.0


def test_a_token_of_one_ahead_comes_back_after_its_turn():
    bucket = a_bucket(2, 10.0, due=[104.0, 106.0])
    assert [at(n, bucket) for n in (3, 4, 5)] == [115.0, 117.0, 126.0]


def test_the_slowest_of_several_windows_counts():
    assert at(1, a_bucket(3, 10.0, due=[101.0] * 3), a_bucket(9, 90.0, due=[150.0] * 9)) == 150.0


def test_tokens_that_must_be_left_alone_are_no_use():
    assert at(1, a_bucket(3, 10.0, due=[104.0, 106.0]), held=1) == 104.0


def test_places_come_free_an_exchange_after_the_other():
    assert [at(n, places=(2, 5)) for n in (1, 2, 3, 7, 8)] == [100.0, 100.0, 101.0, 101.0, 102.0]


def test_places_below_what_must_be_left_count_as_none():
    assert at(1, places=(-1, 5)) == 101.0


@pytest.mark.parametrize("position", [1, 1_000, 100_000])
def test_any_position_can_be_asked_for(position):
    assert at(position, a_bucket(1, 1.0), places=(1, 1), exchange=0.0) == 100.0 + position - 1
