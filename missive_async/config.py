"""Settings of a client: given, or from the environment, and checked before anything is sent."""

import hashlib
import math
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from missive_async._retry import RetryPolicy
from missive_async.errors import ConfigurationError
from missive_async.limits import RateLimits

DEFAULT_BASE_URL = "https://public.missiveapp.com/v1"
DEFAULT_TIMEOUT = 30.0


def _a_token(_: object, __: object, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("the API token is empty")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ConfigurationError("the API token has spaces or characters that no token has: was it copied whole?")


def _a_base_url(_: object, __: object, value: str) -> None:
    try:
        parts = urlsplit(value)
        host = (parts.hostname or "").encode("idna")
        usable = parts.scheme in {"http", "https"} and bool(host) and (parts.port is None or parts.port > 0)
    except (ValueError, AttributeError, TypeError):
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ConfigurationError(f"the base URL must be like {DEFAULT_BASE_URL}, not {value!r}")
    if parts.query or parts.fragment or parts.username is not None or parts.password is not None:
        raise ConfigurationError("the base URL must have no user, password, query or fragment")


def _without_slash(url: object) -> str:
    return str(url).rstrip("/")


def seconds(name: str, value: float | None) -> None:
    """Refuse what is no length of time; `None` means without end."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ConfigurationError(f"{name} must be seconds above zero, not {value!r}")


def _seconds(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is None and attribute.default is not None:
        raise ConfigurationError(f"{attribute.name} must be seconds above zero, not None")
    seconds(attribute.name, value)


def _limits(_: object, __: object, value: Any) -> None:
    if not isinstance(value, RateLimits):
        raise ConfigurationError(f"limits must be RateLimits, not {value!r}")


def _policy(_: object, __: object, value: Any) -> None:
    if not callable(value):
        raise ConfigurationError(f"retry must be a RetryPolicy or a function like one, not {value!r}")


@attrs.frozen(kw_only=True)
class Config:
    """What a client is told: raises `ConfigurationError` for what makes no sense.

    `timeout` is for one exchange, `deadline` for a whole call with its waiting and retries, both in seconds.
    """

    token: str = attrs.field(validator=_a_token, repr=False)
    base_url: str = attrs.field(default=DEFAULT_BASE_URL, converter=_without_slash, validator=_a_base_url)
    limits: RateLimits = attrs.field(factory=RateLimits.default, validator=_limits)
    timeout: float = attrs.field(default=DEFAULT_TIMEOUT, validator=_seconds)
    deadline: float | None = attrs.field(default=None, validator=_seconds)
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=_policy)

    @classmethod
    def from_environment(
        cls,
        *,
        token: str | None = None,
        base_url: str | None = None,
        limits: RateLimits | None = None,
        environment: Mapping[str, str] | None = None,
        **others: object,
    ) -> "Config":
        """Settings as given, and from `MISSIVE_API_TOKEN`, `MISSIVE_BASE_URL` and `MISSIVE_LIMITS` where not."""
        env = os.environ if environment is None else environment
        token = token if token is not None else env.get("MISSIVE_API_TOKEN")
        if token is None:
            raise ConfigurationError("no API token: pass one or set MISSIVE_API_TOKEN (Missive: Settings > API)")
        if limits is None:
            limits = RateLimits.parse(env["MISSIVE_LIMITS"]) if env.get("MISSIVE_LIMITS") else RateLimits.default()
        given = {name: value for name, value in others.items() if value is not None}
        url = base_url or env.get("MISSIVE_BASE_URL") or DEFAULT_BASE_URL
        return cls(token=token, base_url=url, limits=limits, **given)  # type: ignore[arg-type]

    @property
    def account(self) -> str:
        """A name for the token's account that does not give the token away."""
        return hashlib.sha256(f"{self.base_url}\n{self.token}".encode()).hexdigest()[:32]
