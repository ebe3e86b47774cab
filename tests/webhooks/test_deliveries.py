"""Deliveries as a server sends them: over a socket, signed, tried again."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest

from missive_async import InvalidSignature
from missive_async.simulator import ServerLimits, Simulator, make_account, serve
from missive_async.webhooks import receive

SECRET = "hook-secret"


class Receiver:
    """A service that takes deliveries: the least that HTTP needs."""

    def __init__(self, secrets):
        self.secrets = secrets
        self.events = []
        self.refused = 0
        self.busy = 0

    @asynccontextmanager
    async def listen(self):
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers["content-length"]))
        status = self._status(body, headers.get("x-hook-signature"))
        writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    def _status(self, body, signature):
        try:
            event = receive(body, signature, self.secrets)
        except InvalidSignature:
            self.refused += 1
            return 401
        self.events.append(event)
        if self.busy:
            self.busy -= 1
            return 503
        return 200


@asynccontextmanager
async def hooked(secrets, **options):
    """A simulator, a client of it, and a receiver of its deliveries."""
    simulator = Simulator(make_account(1), limits=ServerLimits.none(), hook_secret=SECRET, time_scale=1_000, **options)
    receiver = Receiver(secrets)
    headers = {"Authorization": f"Bearer {simulator.token}"}
    with serve(simulator) as url:
        async with receiver.listen() as hook, httpx.AsyncClient(base_url=url, headers=headers) as http:

            async def add(type):
                answer = await http.post("/hooks", json={"hooks": {"type": type, "url": hook}})
                return answer.json()["hooks"]["id"]

            yield simulator, receiver, add


async def test_mails_texts_and_comments_arrive_as_what_they_are():
    async with hooked(SECRET) as (simulator, receiver, add):
        rules = [await add(type) for type in ("incoming_email", "incoming_sms_message", "new_comment")]
        mail = simulator.events.receive_email("A question")
        text = simulator.events.receive_sms("On my way")
        home = next(iter(simulator.account.conversations)).id
        comment = simulator.events.add_comment(home, "Have a look")
        await simulator.hooks.drain()
    seen = {event.rule.id: event for event in receiver.events if event.kind == "rule"}
    assert [seen[rule].rule.type for rule in rules] == ["incoming_email", "incoming_sms_message", "new_comment"]
    assert [event.message and event.message.id for event in map(seen.get, rules)] == [mail.id, text.id, None]
    assert (seen[rules[2]].comment.id, seen[rules[2]].conversation.id) == (comment.id, home)


async def test_saving_a_rule_is_a_delivery_that_is_accepted():
    async with hooked(SECRET) as (simulator, receiver, add):
        await add("incoming_email")
        await simulator.hooks.drain()
    assert ([event.kind for event in receiver.events], simulator.hooks.deliveries[0].accepted) == (["validation"], True)


async def test_a_delivery_that_is_tried_again_has_the_key_it_had():
    async with hooked(["older-secret", SECRET]) as (simulator, receiver, add):
        await add("incoming_email")
        await simulator.hooks.drain()
        receiver.busy = 3
        simulator.events.receive_email()
        simulator.events.receive_email()
        await simulator.hooks.drain()
    keys = [event.key for event in receiver.events if event.kind == "rule"]
    assert (len(keys), len(set(keys))) == (5, 2)


@pytest.mark.parametrize("secrets", ["another-secret", ["another-secret", "yet-another"]])
async def test_without_the_right_secret_no_delivery_gets_in(secrets):
    async with hooked(secrets) as (simulator, receiver, add):
        await add("incoming_email")
        simulator.events.receive_email()
        await simulator.hooks.drain()
    assert (receiver.events, receiver.refused >= 2) == ([], True)
