"""The life of one request: judged, delayed, carried out, answered."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from missive_async.simulator import wire
from missive_async.simulator.calls import Answer, Call
from missive_async.simulator.faults import Fault
from missive_async.simulator.indexes import encode
from missive_async.simulator.limits import Meter
from missive_async.simulator.refusals import NO_SUCH_TOKEN, NOT_FOUND, Refusal, invalid
from missive_async.simulator.routes import Route, find
from missive_async.simulator.stats import Seen
from missive_async.simulator.wire import Message, Receive, Send

if TYPE_CHECKING:
    from missive_async.simulator.app import Simulator

BASE = "/v1"
MAX_URL = 8_000  # bytes; no limit is published, this one is usual
Found = tuple[Route, dict[str, str]] | None

_log = logging.getLogger(__name__)


class Exchange:
    """One request and its answer."""

    def __init__(self, simulator: "Simulator", scope: Message, receive: Receive, send: Send) -> None:
        self.simulator = simulator
        self.scope = scope
        self.receive = receive
        self.send = send
        self.arrived: float = simulator.clock()
        self.found: Found = find(scope["path"].removeprefix(BASE)) if scope["path"].startswith(BASE) else None
        simulator.stats.arrive()
        simulator.stats.by_route[scope["method"], self.found[0].template if self.found else "unknown"] += 1

    async def run(self) -> None:
        """Judge the request, then carry it out."""
        simulator = self.simulator
        meter = self._meter()
        if meter is None:
            return await self._finish(refusal(401, NO_SUCH_TOKEN))
        refused = meter.arrive(self.arrived)
        if refused is not None:
            simulator.stats.refusals[refused.rule] += 1
            answer = refusal(429, "Too many requests")
            answer.headers = refused.headers()
            return await self._finish(answer)
        fault = simulator.faults.pick(self.scope["method"], self.scope["path"])
        wait = simulator.delay(fault)
        if not wait and fault is None:
            return await self._work(meter, None, 0.0)
        # A client that leaves does not stop the server: the work goes on, and stays counted.
        task = asyncio.get_running_loop().create_task(self._work(meter, fault, wait))
        simulator.keep(task)
        return await asyncio.shield(task)

    def _meter(self) -> Meter | None:
        """Return the limits of the token that was sent, None when it is not known."""
        sent = next((value for name, value in self.scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = sent.decode("latin-1").partition(" ")
        return self.simulator.meters.get(token) if scheme == "Bearer" else None

    async def _finish(self, answer: Answer) -> None:
        try:
            self._note(answer.status)
            await wire.put(self.send, answer)
        finally:
            self.simulator.stats.leave()

    def _note(self, status: int) -> None:
        scope, simulator = self.scope, self.simulator
        query = scope["query_string"].decode()
        path = f"{scope['path']}?{query}" if query else scope["path"]
        simulator.stats.answered(Seen(self.arrived, scope["method"], path, status))

    async def _work(self, meter: Meter, fault: Fault | None, wait: float) -> None:
        try:
            if wait:
                await self.simulator.sleep(wait)
            await self._answer(meter, fault)
        except ConnectionAbortedError:
            self._note(0)  # the client left before its body was whole
        finally:
            meter.leave()
            self.simulator.stats.leave()

    async def _answer(self, meter: Meter, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "hang":
            self._note(0)
            return await wire.hang(self.receive, self.send, fault.seconds, self.simulator.sleep)
        if fault is not None and fault.kind == "reset":
            with suppress(Refusal):  # a body is taken in first, lest the client is cut off while it still writes
                await self._body()
            self._note(0)
            return await wire.drop(self.receive, self.send, reset=True)
        answer = wire.instead(fault) if fault else None
        if answer is None:
            answer = await self._carry_out()
        if self.simulator.rate_headers and (standing := meter.tightest(self.simulator.clock())):
            answer.headers = standing.headers() | answer.headers
        return await self._deliver(answer, fault)

    async def _carry_out(self) -> Answer:
        try:
            return self._endpoint(await self._body())
        except Refusal as refused:
            return refusal(refused.status, refused.message)
        except ConnectionAbortedError:
            raise
        except Exception:  # noqa: BLE001  # a fault of ours is logged and is an answer too
            _log.exception("the simulator failed at %s %s", self.scope["method"], self.scope["path"])
            return refusal(500, "Internal server error")

    async def _body(self) -> bytes:
        return await wire.read_body(self.receive) if self.scope["method"] in {"POST", "PATCH"} else b""

    def _endpoint(self, raw: bytes) -> Answer:
        if self.found is None:
            raise Refusal(404, NOT_FOUND)
        route, path = self.found
        method, query = self.scope["method"], self.scope["query_string"]
        if method not in route.endpoints:
            answer = refusal(405, "Method not allowed")
            answer.headers["allow"] = ", ".join(route.endpoints)
            return answer
        if len(self.scope["path"]) + len(query) > MAX_URL:
            raise Refusal(414, "URI too long")
        body = _decoded(self.scope, raw) if method in {"POST", "PATCH"} else None
        parameters = dict(parse_qsl(query.decode(), keep_blank_values=True))
        return route.endpoints[method](Call(self.simulator, self.simulator.account, path, parameters, body))

    async def _deliver(self, answer: Answer, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        self._note(0 if kind == "reset_after" else answer.status)
        if fault is None:
            return await wire.put(self.send, answer)
        if kind == "reset_after":
            return await wire.drop(self.receive, self.send, reset=True)
        if kind == "cut":
            return await wire.cut(self.receive, self.send, answer)
        if kind == "drip":
            return await wire.drip(self.send, answer, fault, self.simulator.sleep)
        return await wire.put(self.send, wire.spoilt(answer, fault))


def refusal(status: int, message: str) -> Answer:
    """Return an error body."""
    return Answer(status, encode({"error": {"message": message}}))


def _decoded(scope: Message, raw: bytes) -> Any:
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    if not types or types[0].partition(b";")[0].strip().lower() != b"application/json":
        raise invalid("'Content-Type' must be 'application/json'")
    try:
        return json.loads(raw)
    except ValueError:
        raise invalid("The request body is not valid JSON") from None
