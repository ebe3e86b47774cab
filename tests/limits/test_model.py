import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async.errors import ConfigurationError
from missive_async.limits import Budget, Lane, Limiter, LocalLimiter, RateLimits, Window

windows = st.builds(Window, st.integers(1, 10**6), st.floats(1e-3, 1e7) | st.integers(1, 10**6))
limits = st.builds(RateLimits, concurrency=st.integers(1, 10**4), windows=st.lists(windows, max_size=4))


def test_the_default_is_what_missive_publishes():
    assert RateLimits.default() == RateLimits(concurrency=5, windows=(Window(300, 60), Window(900, 900)))


def test_the_text_of_the_default_is_that_of_the_environment_variable():
    assert str(RateLimits.default()) == "5,300/60,900/900"


@given(limits)
def test_text_and_limits_go_both_ways(limits):
    assert RateLimits.parse(str(limits)) == limits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 5 , 300/60 ,900/900\n", RateLimits.default()),
        ("1", RateLimits(concurrency=1, windows=())),
        ("2,10/0.5", RateLimits(concurrency=2, windows=(Window(10, 0.5),))),
    ],
)
def test_spaces_fractions_and_no_windows_are_read(text, expected):
    assert RateLimits.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "five",
        "5,",
        ",300/60",
        "5;300/60",
        "5,300",
        "5,300/",
        "5,/60",
        "5,300/60/2",
        "-5,300/60",
        "5,-300/60",
        "5,300/-60",
        "5,300/60s",
        "0,300/60",
        "5,0/60",
        "5,300/0",
        "5,300/0.0",
        "5.5,300/60",
        "5,300.5/60",
        "5,300/nan",
        "5,300/inf",
        "5,300/1e999",
        "5,300/" + "9" * 400,
        "9" * 5_000,
        "5," + "9" * 5_000 + "/60",
        "\u0665,300/60",
    ],
)
def test_any_other_text_is_a_configuration_error(text):
    with pytest.raises(ConfigurationError):
        RateLimits.parse(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-9,/. ]{0,20}", fullmatch=True))
def test_no_text_raises_anything_else(text):
    try:
        read = RateLimits.parse(text)
    except ConfigurationError:
        return
    assert RateLimits.parse(str(read)) == read


@pytest.mark.parametrize("requests", [0, -1, 1.5, "3", None, True, math.inf])
def test_requests_of_a_window_are_a_whole_number_above_zero(requests):
    with pytest.raises(ConfigurationError, match="requests"):
        Window(requests, 60)


@pytest.mark.parametrize("seconds", [0, -1, "3", None, True, math.inf, math.nan])
def test_seconds_of_a_window_are_a_number_above_zero(seconds):
    with pytest.raises(ConfigurationError, match="seconds"):
        Window(300, seconds)


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, "3", None, True])
def test_concurrency_is_a_whole_number_above_zero(concurrency):
    with pytest.raises(ConfigurationError, match="concurrency"):
        RateLimits(concurrency=concurrency)


@pytest.mark.parametrize("windows", [[(300, 60)], ["300/60"], [None], 5, None, Window(1, 1), "300/60"])
def test_windows_are_window_objects(windows):
    with pytest.raises(ConfigurationError, match="windows"):
        RateLimits(windows=windows)


@pytest.mark.parametrize(("requests", "reserve"), [(900, 12), (300, 4), (75, 1), (1, 0), (30, 0), (3_000, 40)])
def test_the_reserve_of_a_window_is_proportional(requests, reserve):
    assert Window(requests, 60).reserve == reserve


@pytest.mark.parametrize(("places", "reserved"), [(5, 1), (1, 0), (2, 0), (3, 1), (10, 2), (100, 20)])
def test_the_reserve_of_places_is_proportional_and_never_all(places, reserved):
    assert RateLimits(concurrency=places).reserved_places == reserved


def test_faster_limits_have_shorter_windows():
    assert RateLimits.default().faster(60) == RateLimits(windows=(Window(300, 1.0), Window(900, 15.0)))


def test_lanes_are_ordered_by_urgency():
    assert sorted([Lane.BULK, Lane.INTERACTIVE, Lane.REPORT]) == [Lane.INTERACTIVE, Lane.REPORT, Lane.BULK]


def test_the_local_limiter_keeps_to_the_protocols():
    limiter = LocalLimiter()
    assert isinstance(limiter, Limiter)
    assert isinstance(limiter.budget("a", RateLimits.default()), Budget)
