"""The result of an analytics report: section 6 of the 2026 page. The official reference shows none.

Read so that nothing is lost and nothing is guessed: what the section names must be what it says, anything else is kept
in `raw`, and in `metrics` and `tallies` too where it looks like one.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import attrs

from missive_async._codec import decode_json, json_kind
from missive_async.errors import DecodeError

T = TypeVar("T")

METRICS = (
    "inbound_count",
    "outbound_count",
    "first_inbound_count",
    "first_reply_count",
    "reply_count",
    "first_reply_time_avg",
    "reply_time_avg",
    "handle_time_avg",
)
"""The metrics that are known; those that end in `_avg` are in seconds."""

TALLIES = ("first_reply_time_counts",)
"""The tallies that are known."""


@attrs.frozen
class ReportBucket:
    """How many (`v`) fell into a bucket (`d`): up to `1m`, `2m`, ... `72h`, or `72h_plus`."""

    d: str
    v: float


@attrs.frozen(kw_only=True)
class ReportPeriod:
    """The totals of one period.

    `metrics` by name, of which averages (`reply_time_avg`) are in seconds; `tallies` by name, buckets in the order
    received; `raw` is the period as received, with all that stands beside the totals.
    """

    metrics: Mapping[str, float] = attrs.field(factory=dict)
    tallies: Mapping[str, tuple[ReportBucket, ...]] = attrs.field(factory=dict)
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def metric(self, name: str, default: float = 0) -> float:
        """A metric, `default` when Missive left it out, as it may when there is nothing to count."""
        return self.metrics.get(name, default)


@attrs.frozen(kw_only=True)
class MetricChange:
    """A metric in both periods; `change` is `delta` as a part of `previous`, so 0.25 for a quarter more.

    What cannot be told is `None`: a part of nothing, and whatever hangs on an average that Missive left out. A count
    that it left out is 0.
    """

    name: str
    selected: float | None
    previous: float | None
    delta: float | None
    change: float | None


@attrs.frozen(kw_only=True)
class Report:
    """An analytics report: the selected period and the one before it, of the same length.

    `raw` is the answer as received. Times are aware.
    """

    id: str
    start: datetime | None = None
    end: datetime | None = None
    time_zone: str | None = None
    selected_period: ReportPeriod
    previous_period: ReportPeriod | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def metric(self, name: str, default: float = 0) -> float:
        """A metric of the selected period, `default` when Missive left it out."""
        return self.selected_period.metric(name, default)

    def rows(self) -> list[dict[str, Any]]:
        """The report as a table: a line for each metric and each bucket, ready for a data frame or a CSV file.

        Columns: `period` ("selected" or "previous"), `kind` ("metric" or "tally"), `name`, `bucket` (`None` for a
        metric) and `value`.
        """
        periods = {"selected": self.selected_period, "previous": self.previous_period}
        return [row for name, period in periods.items() if period is not None for row in _rows(name, period)]

    def compare(self) -> tuple[MetricChange, ...]:
        """Each metric in both periods, in the order received."""
        previous: Mapping[str, float] = self.previous_period.metrics if self.previous_period else {}
        names = dict.fromkeys([*self.selected_period.metrics, *previous])
        return tuple(
            _change(name, _value(self.selected_period, name), _value(self.previous_period, name)) for name in names
        )


def read_report(id: str, body: bytes) -> Report | None:
    """A report, wrapped in `reports` or bare; `None` for an answer without one.

    Raises `DecodeError` when it is not what section 6 of the 2026 page says.
    """
    if not body.strip() or body.strip() == b"null":
        return None
    received = decode_json(body, Any)
    try:
        return _report(id, received)
    except DecodeError as error:
        error.body = body
        raise


def _report(id: str, received: Any) -> Report:
    found, path = _object(received, "$"), "$"
    if "reports" in found and "selected_period" not in found:
        found, path = found["reports"], "$.reports"
        if isinstance(found, list) and len(found) == 1:
            found, path = found[0], "$.reports[0]"
        found = _object(found, path)
    periods = {name: _maybe(_period, found.get(name), f"{path}.{name}") for name in _PERIODS}
    if periods["selected_period"] is None:
        raise _fault("a selected_period", None, path)
    return Report(
        id=id,
        start=_maybe(_moment, found.get("start"), f"{path}.start"),
        end=_maybe(_moment, found.get("end"), f"{path}.end"),
        time_zone=_maybe(_text, found.get("time_zone"), f"{path}.time_zone"),
        selected_period=periods["selected_period"],
        previous_period=periods["previous_period"],
        raw=received,
    )


_PERIODS = ("selected_period", "previous_period")


def _period(value: Any, path: str) -> ReportPeriod:
    totals, way = _object(value, path), path
    for name in ("global", "totals"):
        way = f"{way}.{name}"
        totals = _object(totals.get(name) or {}, way)
    return ReportPeriod(
        metrics=_entries(totals, "metrics", way, known=METRICS, read=_metric),
        tallies=_entries(totals, "tallies", way, known=TALLIES, read=_tally),
        raw=value,
    )


def _entries(
    totals: Mapping[str, Any], key: str, path: str, *, known: tuple[str, ...], read: Callable[[Any, str], T | None]
) -> dict[str, T]:
    """The entries that can be read; only a known one must be."""
    found: dict[str, T] = {}
    for name, value in _object(totals.get(key) or {}, f"{path}.{key}").items():
        try:
            entry = read(value, f"{path}.{key}.{name}")
        except DecodeError:
            if name in known:
                raise
            continue
        if entry is not None:
            found[name] = entry
    return found


def _metric(value: Any, path: str) -> float | None:
    if isinstance(value, Mapping):
        return _maybe(_number, value.get("v"), f"{path}.v")
    return _maybe(_number, value, path)


def _tally(value: Any, path: str) -> tuple[ReportBucket, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise _fault("an array", value, path)
    return tuple(_bucket(item, f"{path}[{index}]") for index, item in enumerate(value))


def _bucket(value: Any, path: str) -> ReportBucket:
    found = _object(value, path)
    return ReportBucket(_text(found.get("d"), f"{path}.d"), _maybe(_number, found.get("v"), f"{path}.v") or 0)


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _fault("an object", value, path)
    return value


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault("a number", value, path)
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _fault("a text", value, path)
    return value


def _moment(value: Any, path: str) -> datetime:
    try:
        return datetime.fromtimestamp(_number(value, path), UTC)
    except (OverflowError, OSError, ValueError):
        raise _fault("a Unix time in seconds", value, path) from None


def _maybe(read: Callable[[Any, str], T], value: Any, path: str) -> T | None:
    return None if value is None else read(value, path)


def _fault(wanted: str, value: Any, path: str) -> DecodeError:
    return DecodeError(f"expected {wanted}, got {json_kind(value)} @ {path}", paths=[path])


def _rows(name: str, period: ReportPeriod) -> list[dict[str, Any]]:
    def row(kind: str, entry: str, bucket: str | None, value: float) -> dict[str, Any]:
        return {"period": name, "kind": kind, "name": entry, "bucket": bucket, "value": value}

    metrics = [row("metric", entry, None, value) for entry, value in period.metrics.items()]
    tallies = [
        row("tally", entry, bucket.d, bucket.v) for entry, buckets in period.tallies.items() for bucket in buckets
    ]
    return metrics + tallies


def _value(period: ReportPeriod | None, name: str) -> float | None:
    if period is None:
        return None
    return period.metrics.get(name, 0 if name.endswith("_count") else None)


def _change(name: str, selected: float | None, previous: float | None) -> MetricChange:
    delta = None if selected is None or previous is None else selected - previous
    change = delta / previous if delta is not None and previous else None
    return MetricChange(name=name, selected=selected, previous=previous, delta=delta, change=change)
