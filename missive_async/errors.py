"""Every error that the package raises, and the reading of Missive's error answers.

MissiveError
├── ConfigurationError            no token, bad settings                (also ValueError)
├── InvalidRequest                refused locally; problems             (also ValueError)
├── BudgetExceeded                deadline cannot be met; retry_after
├── ClientClosed
├── TransportFailed               no response: connect, read, pool
│   └── TimedOut                                                        (also TimeoutError)
├── OutcomeUnknown                a write that may or may not have been applied; request
├── PartiallyApplied              a batch of which some parts were applied; done, failed
├── APIError                      status, message, code, body, headers, request
│   ├── BadRequest 400
│   │   └── Unprocessable 422
│   ├── Unauthorized 401 · Forbidden 403 · NotFound 404 · PayloadTooLarge 413
│   ├── RateLimited 429           retry_after, limit, remaining, reset
│   └── ServerError 5xx
├── DecodeError                   a 2xx body that is not what the reference says; paths, body
├── ReportFailed                  id, created_at
│   ├── ReportTimedOut
│   └── ReportExpired
└── WebhookError
    ├── InvalidSignature
    └── InvalidPayload
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

import attrs
import msgspec

_MESSAGE_LENGTH = 500
_PATH_LENGTH = 120
_DEEPEST, _MOST = 8, 100
"""Levels of an error body, and items of each, that are read for a message."""

_HEAD = 65_536
_TITLE = re.compile(rb"<title[^>]{0,200}>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)


@attrs.frozen(kw_only=True)
class RequestInfo:
    """What was asked of Missive, without the token: safe to log except for `json`, which `repr` leaves out."""

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    json: Any = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        """The request line, as `GET /contacts`; a path of many ids is cut."""
        path = self.path if len(self.path) <= _PATH_LENGTH else self.path[: _PATH_LENGTH - 1] + "…"
        return f"{self.method} {path}"


def _rebuild(kind: type["MissiveError"], args: tuple[Any, ...], state: dict[str, Any]) -> "MissiveError":
    error = kind.__new__(kind, *args)
    error.args = args  # which an OSError, as TimedOut is one, takes in its constructor only
    error.__dict__.update(state)
    return error


class MissiveError(Exception):
    """The root: everything that this package raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders whole, whatever their constructors ask for."""
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigurationError(MissiveError, ValueError):
    """A setting is missing or makes no sense; nothing was sent."""


class InvalidRequest(MissiveError, ValueError):
    """Missive's own rules refuse this, so it was not sent; `problems` names every broken rule."""

    def __init__(self, problems: Iterable[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


class BudgetExceeded(MissiveError):
    """The rate limits do not leave room before the deadline; nothing was sent.

    `retry_after` is in seconds: the wait after which the same call would have found room.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ClientClosed(MissiveError):
    """The client was closed before or during the call."""


class TransportFailed(MissiveError):
    """No answer came: no connection, a connection lost, an answer cut short. `__cause__` tells more."""

    def __init__(self, message: str, *, request: RequestInfo | None = None) -> None:
        super().__init__(message)
        self.request = request


class TimedOut(TransportFailed, TimeoutError):
    """No answer came in time."""


class OutcomeUnknown(MissiveError):
    """A write that Missive may or may not have applied, and that was therefore not sent again.

    `request` is what was sent and `__cause__` how its answer was lost. Look before you repeat it.
    """

    def __init__(self, message: str, *, request: RequestInfo) -> None:
        super().__init__(message)
        self.request = request


class PartiallyApplied(MissiveError):
    """A batch sent in several requests of which one failed; `__cause__` is that failure.

    `done` has the results of the parts that were applied, in order; `failed` the items that were not, as they were
    sent. When the cause is `OutcomeUnknown`, the items of its request may have been applied all the same.
    """

    def __init__(self, message: str, *, done: Sequence[Any], failed: Sequence[Any]) -> None:
        super().__init__(message)
        self.done: tuple[Any, ...] = tuple(done)
        self.failed: tuple[Any, ...] = tuple(failed)


class APIError(MissiveError):
    """Missive answered with an error status.

    `message` is the best text found in the answer, `code` its machine-readable name if it has one, `body` the decoded
    JSON (or the text when it is none, `None` when empty), `headers` have lower-case names.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        request: RequestInfo | None = None,
    ) -> None:
        asked = f" for {request}" if request else ""
        super().__init__(f"{status}{asked}: {message}")
        self.message = message
        self.status = status
        self.code = code
        self.body = body
        self.headers: dict[str, str] = dict(headers or {})
        self.request = request


class BadRequest(APIError):
    """400: Missive refuses the request as it is written."""


class Unprocessable(BadRequest):
    """422: refused like a 400; which of the two a rule answers is not documented, so both are `BadRequest`."""


class Unauthorized(APIError):
    """401: the token is missing, wrong or revoked."""


class Forbidden(APIError):
    """403: the plan or the role of the token's owner does not allow it."""


class NotFound(APIError):
    """404: no such thing, or none that the token's owner can see."""


class PayloadTooLarge(APIError):
    """413: the request is larger than Missive takes (10 MB of JSON)."""


class RateLimited(APIError):
    """429: somebody spent this token's budget; `retry_after` seconds, `reset` an aware time, when they were told."""

    retry_after: float | None = None
    limit: int | None = None
    remaining: int | None = None
    reset: datetime | None = None


class ServerError(APIError):
    """5xx: Missive failed."""


class DecodeError(MissiveError):
    """A successful answer whose body is not what the reference says.

    `paths` says where (`$.contacts[0].id`), `body` is the answer as received.
    """

    def __init__(
        self, message: str, *, paths: Sequence[str] = (), body: bytes = b"", request: RequestInfo | None = None
    ) -> None:
        super().__init__(message)
        self.paths: tuple[str, ...] = tuple(paths)
        self.body = body
        self.request = request


class ReportFailed(MissiveError):
    """An analytics report did not come; `id` and `created_at` (aware) name it."""

    def __init__(self, message: str, *, id: str, created_at: datetime) -> None:
        super().__init__(message)
        self.id = id
        self.created_at = created_at


class ReportTimedOut(ReportFailed):
    """The report was not ready within its `timeout`: unfinished, unknown, or of another account."""


class ReportExpired(ReportFailed):
    """The report was not polled for over 60 s, so that it may have been ready and dropped in between."""


class WebhookError(MissiveError):
    """A webhook delivery that must not be trusted or cannot be read."""


class InvalidSignature(WebhookError):
    """The delivery is not signed by any of the secrets."""


class InvalidPayload(WebhookError):
    """The delivery is signed but is not what Missive's webhooks look like; `paths` says where."""

    def __init__(self, message: str, *, paths: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.paths: tuple[str, ...] = tuple(paths)


_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    413: PayloadTooLarge,
    422: Unprocessable,
    429: RateLimited,
}


def error_for(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request: RequestInfo | None = None,
    *,
    now: float | None = None,
) -> APIError:
    """The error that an answer outside 2xx stands for; never fails, whatever the body is.

    `now` is the wall clock in Unix seconds, against which reset times are read. Reference: section 4 of the 2026 page.
    """
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else APIError)
    decoded = _decoded(body)
    message, code = _message(decoded, body)
    if 300 <= status < 400:
        message = "a redirect, which is not followed: check the base URL"
    error = kind(
        _one_line(message) or _reason(status),
        status=status,
        code=code,
        body=decoded,
        headers=headers,
        request=request,
    )
    if isinstance(error, RateLimited):
        _read_limits(error, headers, now)
    return error


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds that `Retry-After` asks to wait (given as a number or a date), `None` when it says nothing usable."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    date = http_date(value)
    base = http_date(headers.get("date", "")) or now
    return max(0.0, date - base) if date is not None and base is not None else None


def seconds_to_reset(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds until `X-RateLimit-Reset` (Unix seconds), by the server's own clock where it sent a `Date`."""
    value = headers.get("x-ratelimit-reset", "").strip()
    base = http_date(headers.get("date", "")) or now
    if base is None or not re.fullmatch(r"\d{1,12}(\.\d+)?", value):
        return None
    return max(0.0, float(value) - base)


def header_int(headers: Mapping[str, str], name: str) -> int | None:
    """A header's whole number, `None` when it is absent or is none."""
    value = headers.get(name, "").strip()
    return int(value) if re.fullmatch(r"-?\d{1,12}", value) else None


def _read_limits(error: RateLimited, headers: Mapping[str, str], now: float | None) -> None:
    error.retry_after = retry_after(headers, now)
    error.limit = header_int(headers, "x-ratelimit-limit")
    error.remaining = header_int(headers, "x-ratelimit-remaining")
    reset = header_int(headers, "x-ratelimit-reset")
    if reset is not None and 0 <= reset < 10**11:
        error.reset = datetime.fromtimestamp(reset, UTC)
    if error.retry_after is None:
        error.retry_after = seconds_to_reset(headers, now)


def http_date(value: str) -> float | None:
    """Unix seconds of an HTTP date, `None` when it is none."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except (ValueError, OverflowError):
        return None


def _decoded(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")


def _message(decoded: Any, body: bytes) -> tuple[str, str | None]:
    """The text and the code of an error body, in the order of trust of section 4.1 of the 2026 page."""
    if isinstance(decoded, str):
        return _from_text(decoded, body), None
    if not isinstance(decoded, dict):
        return _flat(decoded), None
    error = decoded.get("error")
    source = error if isinstance(error, dict) else decoded
    code = source.get("code", source.get("type"))
    code = str(code) if isinstance(code, str | int) else None
    candidates = [error.get("message"), error] if isinstance(error, dict) else [error]
    candidates += [decoded.get("errors"), decoded.get("message"), decoded.get("error_description"), decoded]
    return next(filter(None, map(_flat, candidates)), ""), code


def _from_text(text: str, body: bytes) -> str:
    title = _TITLE.search(body[:_HEAD])
    if title:
        return html.unescape(title.group(1).decode("utf-8", "replace"))
    return "" if text.lstrip().startswith("<") else text


def _flat(value: Any, deepest: int = _DEEPEST) -> str:
    """A message of any JSON shape as text: lists joined, mappings as `key: value`."""
    if value is None or isinstance(value, bool) or not deepest:
        return ""
    if isinstance(value, dict):
        items = [(key, _flat(item, deepest - 1)) for key, item in islice(value.items(), _MOST)]
        return ", ".join(f"{key}: {text}" for key, text in items if text)
    if isinstance(value, list):
        return ", ".join(filter(None, (_flat(item, deepest - 1) for item in value[:_MOST])))
    return str(value)


def _one_line(text: str) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in text.strip()[: 4 * _MESSAGE_LENGTH])
    line = " ".join(line.split())
    return line if len(line) <= _MESSAGE_LENGTH else line[: _MESSAGE_LENGTH - 1] + "…"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
