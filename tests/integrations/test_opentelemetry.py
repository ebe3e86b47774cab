import asyncio

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from missive_async import AsyncMissive, NotFound, RetryPolicy
from missive_async.integrations.opentelemetry import Telemetry, route

ID = "3fa4bcf5-e57e-47a4-9422-de2cce5f802e"


@pytest.fixture
def recorded():
    spans = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    reader = InMemoryMetricReader()
    metering = MeterProvider(metric_readers=[reader])
    yield tracing, metering, spans, reader
    tracing.shutdown()
    metering.shutdown()


def client(recorded, answers, **options):
    tracing, metering, *_ = recorded
    telemetry = Telemetry(tracer_provider=tracing, meter_provider=metering)
    transport = httpx.MockTransport(lambda _: next(answers))
    retry = RetryPolicy(first_delay=0.0)
    return AsyncMissive("secret", transport=transport, on_event=telemetry, retry=retry, **options), telemetry


def metrics(reader):
    data = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_routes_have_no_ids():
    assert route(f"/conversations/{ID}/messages?limit=10") == "/conversations/{id}/messages"
    assert route("/contacts") == "/contacts"


async def test_a_call_is_a_span_with_its_wait_and_its_attempts(recorded):
    answers = iter([httpx.Response(503), httpx.Response(200, json={"ok": 1})])
    missive, _ = client(recorded, answers)
    async with missive:
        await missive.request("GET", f"/tasks/{ID}")
    spans = recorded[2].get_finished_spans()
    assert [span.name for span in spans] == ["wait", "attempt", "wait", "attempt", "GET /tasks/{id}"]
    call = spans[-1]
    assert {span.parent.span_id for span in spans[:-1]} == {call.context.span_id}
    assert dict(call.attributes) == {
        "http.request.method": "GET",
        "url.template": "/tasks/{id}",
        "http.response.status_code": 200,
    }
    assert call.status.status_code == StatusCode.UNSET
    assert [span.attributes.get("http.response.status_code") for span in spans if span.name == "attempt"] == [503, 200]
    assert call.start_time <= spans[0].start_time
    assert call.end_time >= spans[3].end_time


async def test_a_call_is_a_child_of_the_span_around_it(recorded):
    missive, _ = client(recorded, iter([httpx.Response(200, json={})]))
    async with missive:
        with recorded[0].get_tracer("test").start_as_current_span("handler") as handler:
            await missive.request("GET", "/teams")
    call = next(span for span in recorded[2].get_finished_spans() if span.name == "GET /teams")
    assert call.parent.span_id == handler.get_span_context().span_id


async def test_a_failed_call_says_how_and_nothing_of_what_was_in_it(recorded):
    missive, _ = client(recorded, iter([httpx.Response(404, json={"error": {"message": "private words"}})]))
    async with missive:
        with pytest.raises(NotFound):
            await missive.request("GET", f"/contacts/{ID}")
    spans = recorded[2].get_finished_spans()
    assert spans[-1].attributes["error.type"] == "404"
    assert spans[-1].status.status_code == StatusCode.ERROR
    assert not any(word in span.to_json() for span in spans for word in ("private", ID, "secret"))


async def test_a_cancelled_call_leaves_no_span_open(recorded):
    started = asyncio.Event()

    async def never(_):
        started.set()
        await asyncio.Event().wait()

    telemetry = Telemetry(tracer_provider=recorded[0], meter_provider=recorded[1])
    async with AsyncMissive("secret", transport=httpx.MockTransport(never), on_event=telemetry) as missive:
        call = asyncio.create_task(missive.request("GET", "/users"))
        await started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [span.name for span in recorded[2].get_finished_spans()] == ["wait", "attempt", "GET /users"]
    assert recorded[2].get_finished_spans()[-1].attributes["error.type"] == "CancelledError"
    assert telemetry._open == {}


async def test_metrics_count_and_time_exchanges_waits_retries_and_refusals(recorded):
    refused = httpx.Response(429, headers={"retry-after": "0"})
    missive, telemetry = client(recorded, iter([refused, httpx.Response(200, json={})]))
    telemetry.observe(missive)
    async with missive:
        await missive.request("GET", "/teams")
        found = metrics(recorded[3])
    assert {
        point.attributes["http.response.status_code"]: point.count for point in found["http.client.request.duration"]
    } == {
        429: 1,
        200: 1,
    }
    assert sum(point.count for point in found["missive.client.wait.duration"]) == 2
    assert found["missive.client.retries"][0].value == 1
    assert found["missive.client.refusals"][0].value == 1
    assert {point.attributes["missive.window"] for point in found["missive.client.budget.tokens"]} == {
        "300/60",
        "900/900",
    }
    assert found["missive.client.budget.places"][0].value == 5
    assert len(found["missive.client.budget.waiting"]) == 3
