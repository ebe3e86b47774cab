"""Spans and metrics of OpenTelemetry for every call: `AsyncMissive(on_event=Telemetry())`.

Names follow the semantic conventions for HTTP clients where they have one. Neither spans nor metrics carry ids, query
strings, bodies or tokens: `/contacts/3fa4…` is `/contacts/{id}`.
"""

import re
import time
from collections.abc import Iterable
from typing import Any

import attrs

from missive_async import events
from missive_async.client import AsyncMissive
from missive_async.errors import APIError, RequestInfo

try:
    from opentelemetry import metrics, trace
    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation
    from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, TracerProvider
except ImportError as _error:
    raise ImportError("OpenTelemetry is not installed: pip install 'missive-async[opentelemetry]'") from _error

_SCOPE = "missive_async"
_WORD = re.compile(r"[a-z_]+")
_FORGET_AFTER = 10_000


def route(path: str) -> str:
    """A path without its ids, as `/conversations/{id}/messages`."""
    parts = path.partition("?")[0].split("/")
    return "/".join(part if not part or _WORD.fullmatch(part) else "{id}" for part in parts)


@attrs.define
class _Open:
    """The spans of a call that is not over."""

    call: Span
    attempt: Span | None = None


class Telemetry:
    """An event listener that keeps spans and metrics; one can serve many clients.

    A call is a client span named `GET /contacts/{id}`, child of the span that is current, with a `wait` span for its
    wait for the budget and one `attempt` span for each exchange. Metrics: `http.client.request.duration` and
    `missive.client.wait.duration` (histograms, seconds), `missive.client.retries`, `missive.client.refusals` and
    `missive.client.reports` (counters). `observe` adds gauges of a client's budget.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer: Tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        self._meter: Meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._open: dict[int, _Open] = {}
        self._duration = self._meter.create_histogram(
            "http.client.request.duration", unit="s", description="Time of one exchange with Missive."
        )
        self._wait = self._meter.create_histogram(
            "missive.client.wait.duration", unit="s", description="Time that a call waited for the rate limits."
        )
        self._retries = self._meter.create_counter("missive.client.retries", description="Attempts after the first.")
        self._refusals = self._meter.create_counter("missive.client.refusals", description="429s.")
        self._reports = self._meter.create_counter(
            "missive.client.reports", description="Reports by what became of them."
        )

    def __call__(self, event: object) -> None:
        """Take in one event."""
        match event:
            case events.Waited():
                self._waited(event)
            case events.Sent():
                self._sent(event)
            case events.Answered():
                self._answered(event)
            case events.Refused():
                self._refusals.add(1, {"url.template": route(event.request.path)})
            case events.Retrying():
                self._end_attempt(event.request, event.error)
                self._retries.add(1, self._labels(event.request) | {"error.type": _type(event.error)})
            case events.Succeeded():
                self._end(event, None)
            case events.Failed():
                self._end(event, event.error)
            case events.ReportChanged():
                self._reports.add(1, {"missive.report.state": event.state})

    def observe(self, missive: AsyncMissive) -> None:
        """Gauges of a client's budget: tokens and places free, and calls waiting by lane."""

        def tokens(_: CallbackOptions) -> Iterable[Observation]:
            for window in missive.budget().windows:
                yield Observation(window.free, {"missive.window": f"{window.requests}/{window.seconds:g}"})

        def places(_: CallbackOptions) -> Iterable[Observation]:
            yield Observation(missive.budget().places_free)

        def waiting(_: CallbackOptions) -> Iterable[Observation]:
            for lane, count in missive.budget().waiting.items():
                yield Observation(count, {"missive.lane": lane.name.lower()})

        self._meter.create_observable_gauge("missive.client.budget.tokens", [tokens])
        self._meter.create_observable_gauge("missive.client.budget.places", [places])
        self._meter.create_observable_gauge("missive.client.budget.waiting", [waiting])

    def _call(self, event: events.Event) -> _Open:
        """The open spans of the event's call, begun with its first event."""
        known = self._open.get(id(event.request))
        if known is None:
            if len(self._open) >= _FORGET_AFTER:
                self._open.pop(next(iter(self._open))).call.end()
            request = event.request
            span = self._tracer.start_span(
                f"{request.method} {route(request.path)}",
                kind=SpanKind.CLIENT,
                attributes=self._labels(request),
                start_time=_ago(event.elapsed),
            )
            known = self._open[id(request)] = _Open(span)
        return known

    def _waited(self, event: events.Waited) -> None:
        call = self._call(event)
        labels = {"missive.lane": event.lane.lower()}
        self._wait.record(event.seconds, labels)
        context = trace.set_span_in_context(call.call)
        span = self._tracer.start_span("wait", context=context, attributes=labels, start_time=_ago(event.seconds))
        span.end()

    def _sent(self, event: events.Sent) -> None:
        call = self._call(event)
        context = trace.set_span_in_context(call.call)
        labels = {"http.request.resend_count": event.attempt - 1} if event.attempt > 1 else {}
        call.attempt = self._tracer.start_span("attempt", context=context, attributes=labels)

    def _answered(self, event: events.Answered) -> None:
        call = self._call(event)
        call.call.set_attribute("http.response.status_code", event.status)
        if call.attempt is not None:
            call.attempt.set_attribute("http.response.status_code", event.status)
            if event.status >= 400:
                call.attempt.set_status(Status(StatusCode.ERROR))
            call.attempt.end()
            call.attempt = None
        labels: dict[str, Any] = self._labels(event.request) | {"http.response.status_code": event.status}
        self._duration.record(event.seconds, labels)

    def _end_attempt(self, request: RequestInfo, error: BaseException | None) -> None:
        call = self._open.get(id(request))
        if call is not None and call.attempt is not None:
            if error is not None:
                _fail(call.attempt, error)
            call.attempt.end()
            call.attempt = None

    def _end(self, event: events.Event, error: BaseException | None) -> None:
        call = self._call(event)
        self._end_attempt(event.request, error)
        if error is not None:
            _fail(call.call, error)
        call.call.end()
        del self._open[id(event.request)]

    @staticmethod
    def _labels(request: RequestInfo) -> dict[str, str]:
        return {"http.request.method": request.method, "url.template": route(request.path)}


def _type(error: BaseException) -> str:
    return str(error.status) if isinstance(error, APIError) else type(error).__name__


def _fail(span: Span, error: BaseException) -> None:
    """Mark a span as failed; not with the message, in which there may be what users wrote."""
    span.set_attribute("error.type", _type(error))
    span.set_status(Status(StatusCode.ERROR))


def _ago(seconds: float) -> int:
    """Nanoseconds of the wall clock so many seconds ago."""
    return time.time_ns() - int(seconds * 1e9)
