import asyncio
import hmac
import json
import threading
from typing import NamedTuple

import httpx
import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account, serve
from missive_async.simulator.webhooks import MAX_FAILURES, RETRIES, on_loopback

MAIL = {
    "id",
    "subject",
    "preview",
    "type",
    "delivered_at",
    "updated_at",
    "created_at",
    "email_message_id",
    "in_reply_to",
    "references",
    "from_field",
    "to_fields",
    "cc_fields",
    "bcc_fields",
    "reply_to_fields",
}


class Post(NamedTuple):
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """An endpoint for webhooks, which answers with `status`."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.status = 200

    async def __call__(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.posts.append(Post(headers, body))
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    @property
    def events(self) -> list[Post]:
        return [post for post in self.posts if post.body != b"{}"]


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def hook_url(receiver):
    with serve(receiver) as url:
        yield url.replace("/v1", "/hook?x=1")


@pytest.fixture
def simulator(clock):
    account = make_account(1, size="tiny")
    return Simulator(account, limits=ServerLimits.none(), clock=clock, sleep=clock.sleep, hook_secret="secret")


@pytest.fixture
def hook(missive, hook_url):
    async def hook(type, status=201, **filters):
        response = await missive.post("/hooks", json={"hooks": {"type": type, "url": hook_url, **filters}})
        assert response.status_code == status, response.text
        return response.json()["hooks"]["id"] if status == 201 else response.json()["error"]["message"]

    return hook


async def test_a_new_hook_is_validated_at_once(hook, receiver, simulator) -> None:
    id = await hook("incoming_email")
    await simulator.hooks.drain()
    assert [post.body for post in receiver.posts] == [b"{}"]
    assert simulator.hooks.deliveries[0].accepted
    assert simulator.hooks.rules[id].type == "incoming_email"


async def test_a_mail_is_delivered_signed_over_the_raw_body(hook, receiver, simulator) -> None:
    id = await hook("incoming_email")
    message = simulator.events.receive_email("Coordinates", "<p>Hi, I found <b>something</b></p>")
    await simulator.hooks.drain()
    (post,) = receiver.events
    digest = hmac.new(b"secret", post.body, "sha256").hexdigest()
    assert post.headers["x-hook-signature"] == f"sha256={digest}"
    assert post.headers["content-type"] == "application/json"
    payload = post.json
    assert post.body == json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    assert list(payload) == ["rule", "conversation", "message"]
    assert payload["rule"] == {"id": id, "description": "Hook", "type": "incoming_email"}
    assert set(payload["message"]) == MAIL
    assert payload["message"]["preview"] == "Hi, I found something"
    assert payload["conversation"]["id"] == message.owner
    assert "last_activity_at" not in payload["conversation"]
    assert payload["conversation"]["messages_count"] == 1


async def test_a_text_message_is_delivered_in_its_own_shape(hook, receiver, simulator) -> None:
    await hook("incoming_sms_message")
    simulator.events.receive_sms("aaa", sender="+15550100001")
    await simulator.hooks.drain()
    message = receiver.events[0].json["message"]
    assert set(message) == {
        "id",
        "preview",
        "type",
        "delivered_at",
        "updated_at",
        "created_at",
        "references",
        "from_field",
        "to_fields",
        "external_id",
        "account_author",
        "account_recipients",
        "attachments",
        "author",
    }
    assert receiver.events[0].json["conversation"]["authors"] == [
        {"name": "+15550100001", "phone_number": "+15550100001"}
    ]


async def test_a_comment_is_delivered(hook, receiver, simulator) -> None:
    await hook("new_comment")
    home = next(iter(simulator.account.conversations)).id
    simulator.events.add_comment(home, "helu")
    await simulator.hooks.drain()
    payload = receiver.events[0].json
    assert list(payload) == ["rule", "conversation", "comment"]
    keys = {"id", "body", "mentions", "created_at", "meta", "attachment", "task", "author"}
    assert set(payload["comment"]) == keys
    assert payload["conversation"]["id"] == home


async def test_rules_made_in_the_app_hear_of_changes(missive, hook_url, receiver, simulator) -> None:
    account = simulator.account
    home = next(
        found for found in account.conversations if not found.closed and found.organization and not found.labels
    )
    types = (
        "label_change",
        "team_change",
        "conversation_closed",
        "conversation_reopened",
        "conversation_assignee_change",
    )
    for type in types:
        simulator.hooks.add(type, hook_url)
    label, organization = next(iter(account.labels)).id, home.organization
    steps = [
        {"add_shared_labels": [label], "organization": organization},
        {"team": next(team.id for team in account.teams if team.id != home.team), "force_team": True},
        {"add_assignees": [list(account.users)[2].id], "organization": organization},
        {"close": True},
        {"reopen": True},
    ]
    seen = []
    for step in steps:
        body = {"conversations": [{"id": home.id, **step}]}
        assert (await missive.patch(f"/conversations/{home.id}", json=body)).status_code == 200
        await simulator.hooks.drain()
        payload = receiver.events[-1].json
        seen.append(payload["rule"]["type"])
        assert "latest_message" in payload
    assert seen == [types[0], types[1], types[4], types[2], types[3]]
    assert len(receiver.events) == 5


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        ({"content_contains": "order"}, True),
        ({"content_contains": "invoice"}, False),
        ({"content_starts_with": "The"}, True),
        ({"content_ends_with": "order"}, False),
        ({"from_eq": "CASEY@example.net"}, True),
        ({"from_eq": "other@example.net"}, False),
        ({"subject_contains": "Late"}, True),
        ({"subject_contains": "Early"}, False),
    ],
)
async def test_filters_of_mails(hook, receiver, simulator, filters, heard) -> None:
    await hook("incoming_email", **filters)
    simulator.events.receive_email("Late again", "The order is late")
    await simulator.hooks.drain()
    assert bool(receiver.events) is heard


async def test_filters_of_comments(hook, receiver, simulator) -> None:
    users = list(simulator.account.users.records)
    await hook("new_comment", author=users[1])
    await hook("new_comment", mention=users[2])
    await hook("new_comment", is_task=True)
    home = next(iter(simulator.account.conversations)).id
    simulator.events.add_comment(home, "plain")
    simulator.events.add_comment(home, "of another", author=users[1])
    simulator.events.add_comment(home, "@x", mentions=[{"id": users[2], "index": 0, "length": 2}])
    simulator.events.add_comment(home, "do it", task={"state": "todo"})
    await simulator.hooks.drain()
    assert sorted(post.json["comment"]["body"] for post in receiver.events) == ["@x", "do it", "of another"]


async def test_a_hook_of_an_organization_hears_of_that_one(hook, receiver, simulator) -> None:
    account = simulator.account
    first, second = list(account.organizations.records)
    await hook("new_comment", organization=first)
    for organization in (first, second):
        home = next(found for found in account.conversations if found.organization == organization)
        simulator.events.add_comment(home.id, organization)
    await simulator.hooks.drain()
    assert [post.json["comment"]["body"] for post in receiver.events] == [first]


async def test_a_deleted_hook_is_silent(hook, missive, receiver, simulator) -> None:
    id = await hook("new_comment")
    assert (await missive.delete(f"/hooks/{id}")).status_code == 200
    assert (await missive.delete(f"/hooks/{id}")).status_code == 404
    simulator.events.add_comment(next(iter(simulator.account.conversations)).id)
    await simulator.hooks.drain()
    assert receiver.events == []


async def attempts_done(delivery, count):
    while len(delivery.attempts) < count:  # noqa: ASYNC110  # it changes by what comes over a socket
        await asyncio.sleep(0.001)


async def test_a_refused_delivery_is_tried_six_times_in_eight_minutes(hook, receiver, simulator, clock) -> None:
    await hook("new_comment")
    await simulator.hooks.drain()
    receiver.status = 500
    simulator.events.add_comment(next(iter(simulator.account.conversations)).id)
    delivery = simulator.hooks.deliveries[-1]
    start = clock.now
    for number in range(1, 7):
        await attempts_done(delivery, number)
        if number < 6:
            await clock.go(RETRIES[number - 1])
    await simulator.hooks.drain()
    assert delivery.attempts == [500] * 6
    assert not delivery.accepted
    assert clock.now - start == 480


async def test_a_delivery_that_succeeds_is_not_tried_again(hook, receiver, simulator, clock) -> None:
    await hook("new_comment")
    await simulator.hooks.drain()
    receiver.status = 503
    simulator.events.add_comment(next(iter(simulator.account.conversations)).id)
    delivery = simulator.hooks.deliveries[-1]
    await attempts_done(delivery, 1)
    receiver.status = 204
    await clock.go(RETRIES[0])
    await simulator.hooks.drain()
    assert delivery.attempts == [503, 204]
    assert len({post.body for post in receiver.events}) == 1


async def test_a_rule_that_fails_too_often_is_switched_off(hook, receiver, simulator) -> None:
    id = await hook("new_comment")
    await simulator.hooks.drain()
    rule = simulator.hooks.rules[id]
    for _ in range(MAX_FAILURES):
        rule.tried(accepted=False)
    assert rule.enabled
    rule.tried(accepted=False)
    assert not rule.enabled
    simulator.events.add_comment(next(iter(simulator.account.conversations)).id)
    await simulator.hooks.drain()
    assert receiver.events == []


async def test_nobody_listening_is_a_failure(simulator, missive) -> None:
    body = {"hooks": {"type": "new_comment", "url": "http://127.0.0.1:9/"}}
    assert (await missive.post("/hooks", json=body)).status_code == 201
    await simulator.hooks.drain()
    assert simulator.hooks.deliveries[0].attempts == [0]


async def test_an_answer_that_takes_too_long_is_a_failure(connect) -> None:
    simulator = Simulator(make_account(1, size="tiny"), time_scale=1_000.0)
    missive = connect(simulator)

    async def wait_for_the_end(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait_for_the_end, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        body = {"hooks": {"type": "new_comment", "url": f"http://127.0.0.1:{port}/"}}
        await missive.post("/hooks", json=body)
        await simulator.hooks.drain()
    assert simulator.hooks.deliveries[0].attempts == [0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"url": "http://127.0.0.1:9/"}, "'type' is required"),
        ({"type": "new_comment"}, "'url' is required"),
        (
            {"type": "new_comment", "url": "https://hooks.example.com/"},
            "'url' is invalid: the simulator posts to http:// loopback addresses only",
        ),
        (
            {"type": "incoming_email", "url": "http://localhost/", "mention": "x"},
            "'mention' cannot be used with the type 'incoming_email'",
        ),
        (
            {"type": "new_comment", "url": "http://localhost/", "from_eq": "x"},
            "'from_eq' cannot be used with the type 'new_comment'",
        ),
    ],
)
async def test_a_wrong_hook_is_refused(missive, body, message) -> None:
    response = await missive.post("/hooks", json={"hooks": body})
    assert (response.status_code, response.json()["error"]["message"]) == (400, message)


async def test_a_hook_of_an_unknown_type_is_refused(missive) -> None:
    body = {"hooks": {"type": "label_change", "url": "http://localhost/"}}
    assert (await missive.post("/hooks", json=body)).status_code == 400


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:80/", True),
        ("http://localhost/", True),
        ("https://localhost/", False),
        ("http://10.0.0.1/", False),
        ("http://localhost.example.com/", False),
        ("http://[oops/", False),
        ("", False),
    ],
)
def test_only_loopback_is_posted_to(url, local) -> None:
    assert on_loopback(url) is local


def test_rules_of_the_app_obey_the_same_bounds(simulator) -> None:
    with pytest.raises(ValueError, match="loopback"):
        simulator.hooks.add("label_change", "http://192.0.2.1/")


async def test_events_from_another_thread_are_delivered_by_the_server(receiver, hook_url) -> None:
    simulator = Simulator(make_account(1, size="tiny"))
    simulator.hooks.add("incoming_email", hook_url)  # nothing runs yet: it waits for the first request
    headers = {"Authorization": f"Bearer {simulator.token}"}
    with serve(simulator) as url:
        async with httpx.AsyncClient() as client:
            await client.get(f"{url}/users", headers=headers)
        simulator.events.receive_email()
        thread = threading.Thread(target=simulator.events.receive_email)
        thread.start()
        thread.join()
        with pytest.raises(KeyError):
            simulator.events.add_comment("none")
        await simulator.hooks.drain()
    assert [post.body == b"{}" for post in receiver.posts] == [True, False, False]
    assert "x-hook-signature" not in receiver.posts[0].headers


async def test_what_is_not_delivered_is_given_up_when_the_simulator_closes(hook, receiver, simulator) -> None:
    await hook("new_comment")
    await simulator.hooks.drain()
    receiver.status = 500
    simulator.events.add_comment(next(iter(simulator.account.conversations)).id)
    await attempts_done(simulator.hooks.deliveries[-1], 1)
    await simulator.aclose()
    assert simulator.hooks.deliveries[-1].attempts == [500]
