import attrs
import pytest

from missive_async.config import DEFAULT_BASE_URL, DEFAULT_TIMEOUT, Config, seconds
from missive_async.errors import ConfigurationError
from missive_async.limits import RateLimits


def from_environment(**environment):
    return Config.from_environment(environment={f"MISSIVE_{name}": value for name, value in environment.items()})


def test_what_is_not_told_is_as_missive_has_it():
    config = Config(token="t")
    assert (config.base_url, config.timeout, config.deadline) == (DEFAULT_BASE_URL, DEFAULT_TIMEOUT, None)
    assert config.limits == RateLimits.default()


def test_settings_come_from_the_environment():
    config = from_environment(API_TOKEN="t", BASE_URL="http://127.0.0.1:8/v1", LIMITS="2,10/1")
    assert (config.token, config.base_url, str(config.limits)) == ("t", "http://127.0.0.1:8/v1", "2,10/1")


def test_arguments_go_before_the_environment():
    config = Config.from_environment(
        token="mine",
        base_url="http://127.0.0.1:9",
        limits=RateLimits.parse("3"),
        timeout=2.0,
        environment={"MISSIVE_API_TOKEN": "t", "MISSIVE_BASE_URL": "nonsense", "MISSIVE_LIMITS": "nonsense"},
    )
    assert (config.token, config.base_url, str(config.limits)) == ("mine", "http://127.0.0.1:9", "3")
    assert config.timeout == 2.0


def test_empty_variables_are_as_good_as_none():
    assert from_environment(API_TOKEN="t", BASE_URL="", LIMITS="") == from_environment(API_TOKEN="t")


@pytest.mark.parametrize("environment", [{}, {"API_TOKEN": ""}, {"API_TOKEN": "  "}])
def test_without_a_token_there_are_no_settings(environment):
    with pytest.raises(ConfigurationError, match="token"):
        from_environment(**environment)


@pytest.mark.parametrize("token", ["a b", "a\n", " a", "a\x00", "caf\u00e9", "\u2028", "a\tb", "\ud800"])
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token):
    with pytest.raises(ConfigurationError) as caught:
        Config(token=token)
    assert repr(token)[1:-1] not in str(caught.value)


@pytest.mark.parametrize("token", [None, 5, b"bytes", ["t"]])
def test_a_token_is_a_text(token):
    with pytest.raises(ConfigurationError):
        Config(token=token)


def test_the_token_is_in_no_repr():
    assert "made-up-token" not in repr(Config(token="made-up-token"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.com/v1/", "https://example.com/v1"),
        ("https://example.com/v1///", "https://example.com/v1"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("HTTPS://Example.COM/v1", "HTTPS://Example.COM/v1"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(given, kept):
    assert Config(token="t", base_url=given).base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "v1",
        "//example.com",
        "example.com",
        "ftp://example.com",
        "file:///etc",
        "https://",
        "https:///v1",
        "https://:443",
        "https://example.com:0",
        "https://example.com:99999",
        "https://example.com:x",
        "https://[::1",
        "https://user@example.com",
        "https://user:secret@example.com",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://exa mple.com",
        "https://example.com\n",
        "https://example.com/\x00",
        "https://a..b",
        None,
        7,
        b"https://example.com",
    ],
)
def test_what_is_no_base_url_is_refused(url):
    with pytest.raises(ConfigurationError, match="base URL") as caught:
        Config(token="t", base_url=url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["timeout", "deadline"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "3", True, [3]])
def test_lengths_of_time_are_seconds_above_zero(name, value):
    with pytest.raises(ConfigurationError, match=name):
        Config(token="t", **{name: value})


def test_no_deadline_means_without_end_but_an_exchange_ends():
    assert Config(token="t", deadline=None).deadline is None
    with pytest.raises(ConfigurationError, match="timeout"):
        Config(token="t", timeout=None)


@pytest.mark.parametrize("value", [0.001, 1, 86_400.0])
def test_any_other_length_of_time_is_fine(value):
    assert seconds("deadline", value) is None
    assert Config(token="t", timeout=value).timeout == value


@pytest.mark.parametrize("limits", ["5,300/60", 5, (5, 300)])
def test_limits_are_rate_limits(limits):
    with pytest.raises(ConfigurationError, match="limits"):
        Config(token="t", limits=limits)


@pytest.mark.parametrize("retry", [5, "never"])
def test_a_retry_policy_can_be_called(retry):
    with pytest.raises(ConfigurationError, match="retry"):
        Config(token="t", retry=retry)


def test_bad_limits_in_the_environment_are_refused():
    with pytest.raises(ConfigurationError, match="limits"):
        from_environment(API_TOKEN="t", LIMITS="many")


def test_an_account_is_named_by_token_and_server_without_giving_the_token_away():
    config = Config(token="made-up-token")
    assert config.account == Config(token="made-up-token", timeout=1.0).account
    assert config.account != Config(token="another-token").account
    assert config.account != attrs.evolve(config, base_url="http://127.0.0.1:8").account
    assert "made-up" not in config.account
