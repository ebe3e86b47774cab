import json

import httpx
import pytest

from missive_async import AsyncMissive, RateLimits, RetryPolicy, Unauthorized
from missive_async.drift import REQUESTS, probe
from missive_async.drift.probe import STAGES
from missive_async.simulator import ServerLimits, Simulator, make_account, serve

ROWS = {
    "organizations": [{"id": "o1", "name": "Example"}],
    "contact_books": [{"id": "b1"}, {"id": "b2"}],
    "conversations": [{"id": "c1"}, {"id": "c2", "messages_count": 2, "drafts_count": 1, "users": [{"id": "u1"}]}],
    "contacts": [{"id": "p1"}],
    "messages": [{"id": "m1", "type": "email"}],
    "drafts": [{"id": "d1"}],
    "comments": [{"id": "k1"}],
    "posts": [{"id": "q1"}],
    "responses": [{"id": "r1"}],
    "tasks": [{"id": "t1"}],
    "users": [{"id": "u1"}],
    "teams": [{"id": "g1"}],
    "shared_labels": [{"id": "l1"}],
    "contact_groups": [{"id": "n1"}],
}


class Server:
    """Answers each list with its rows, and what a test wants in another way."""

    def __init__(self, **rows):
        self.rows = {**ROWS, **rows}
        self.answers = {}
        self.asked = []

    def __call__(self, request):
        path = request.url.path.removeprefix("/v1")
        self.asked.append((request.method, path, dict(request.url.params)))
        if path in self.answers:
            status, body = self.answers[path]
            return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body).encode())
        parts = path.strip("/").split("/")
        key = parts[2] if len(parts) == 3 else parts[0]
        return httpx.Response(200, json={key: self.rows[key]})

    @property
    def paths(self):
        return [path for _, path, _ in self.asked]

    async def probed(self, **options):
        limits = RateLimits(concurrency=5, windows=())
        async with AsyncMissive(
            "token", transport=httpx.MockTransport(self), limits=limits, retry=RetryPolicy(attempts=1), **options
        ) as missive:
            return await probe(missive)


async def lines(server):
    return [str(one) for one in (await server.probed()).differences]


async def test_answers_that_are_as_the_models_say_differ_in_nothing():
    assert await lines(Server()) == []


async def test_every_request_is_a_read_and_there_are_no_more_than_was_said():
    server = Server(comments=[], posts=[], contacts=[], conversations=[{"id": f"c{n}"} for n in range(50)])
    await server.probed()
    assert ({method for method, _, _ in server.asked}, len(server.asked) <= REQUESTS) == ({"GET"}, True)


async def test_each_list_is_asked_for_one_page_of_the_largest_size():
    server = Server()
    await server.probed()
    sizes = {path: params.get("limit") for _, path, params in server.asked}
    expected = {"/contacts": "200", "/conversations": "50", "/tasks": "50", "/conversations/c2/messages": "10"}
    assert {path: sizes[path] for path in expected} == expected
    assert len(server.paths) == len(set(server.paths)) + 1  # the two kinds of contact groups


@pytest.mark.parametrize("key", sorted(ROWS))
async def test_a_new_field_is_found_in_every_list(key):
    row = {**ROWS[key][-1], "novelty": {"secret": 1}}
    assert await lines(Server(**{key: [row]})) == [f"{key}[].novelty  field  object"]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/messages/m1", "messages"),
        ("/contacts/p1", "contacts"),
        ("/conversations/c1", "conversations"),
        ("/responses/r1", "responses"),
        ("/tasks/t1", "tasks"),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
async def test_a_new_field_is_found_in_every_single_record_be_it_an_object_or_an_array_of_one(path, key, alone):
    server = Server()
    row = {"id": "x", "novelty": 1}
    server.answers[path] = 200, {key: row if alone else [row]}
    assert await lines(server) == [f"{key}.novelty  field  int" if alone else f"{key}[].novelty  field  int"]


async def test_a_new_value_and_a_field_deep_inside_are_found():
    users = [{"id": "u1", "nickname": "Cas"}]
    server = Server(tasks=[{"id": "t1", "state": "waiting"}], conversations=[{"id": "c1", "users": users}])
    assert await lines(server) == ["conversations[].users[].nickname  field  str", "tasks[].state  value  waiting"]


async def test_what_stands_beside_the_records_is_found():
    server = Server()
    server.answers["/teams"] = 200, {"teams": [{"id": "g1"}], "next_cursor": "abc"}
    assert await lines(server) == ["next_cursor  field  str"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ([], "$  type  array"),
        ({}, "teams  missing  absent"),
        ({"teams": None}, "teams  type  null"),
        ({"teams": [3]}, "teams[]  type  int"),
        (None, "$  type  null"),
    ],
    ids=str,
)
async def test_an_answer_of_another_shape_is_a_difference(answer, line):
    server = Server()
    server.answers["/teams"] = 200, answer
    assert await lines(server) == [line]


async def test_children_are_read_of_the_conversation_that_has_some():
    server = Server()
    await server.probed()
    asked = {path for path in server.paths if path.startswith("/conversations/")}
    assert {"/conversations/c2/messages", "/conversations/c2/drafts"} <= asked


async def test_a_list_that_is_empty_is_looked_for_elsewhere_a_few_times():
    server = Server(conversations=[{"id": f"c{number}"} for number in range(9)])
    server.answers = {f"/conversations/c{number}/comments": (200, {"comments": []}) for number in (0, 1)}
    server.answers["/conversations/c2/comments"] = 200, {"comments": [{"id": "k1", "novelty": 1}]}
    assert await lines(server) == ["comments[].novelty  field  int"]


async def test_nothing_is_asked_of_records_that_are_not_there():
    server = Server(contact_books=[], conversations=[], tasks=[], responses=[])
    drift = await server.probed()
    assert drift.unread["GET /contacts"] == "there are no contact_books to ask with"
    assert len(server.asked) == len(STAGES[0])


@pytest.mark.parametrize("id", ["..", "a/b", "", None, 7])
async def test_an_id_that_would_change_the_path_is_not_asked_with(id):
    server = Server(tasks=[{"id": id}])
    drift = await server.probed()
    assert drift.unread == {"GET /tasks/:id": "there are no tasks to ask with"}


@pytest.mark.parametrize("status", [403, 404, 400, 500])
async def test_what_may_not_be_read_is_noted_and_the_rest_is_read(status):
    server = Server()
    server.answers["/responses"] = status, {"error": {"message": "no"}}
    drift = await server.probed()
    assert drift.unread == {
        "GET /responses": f"{status} for GET /responses: no",
        "GET /responses/:id": "there are no responses to ask with",
    }
    assert drift.records["GET /tasks"] == 1


async def test_what_is_no_json_is_noted():
    server = Server()
    server.answers["/teams"] = 200, b"<html>"
    assert list((await server.probed()).unread) == ["GET /teams"]


async def test_a_token_that_is_not_let_in_ends_the_probe():
    server = Server()
    server.answers["/users"] = 401, {"error": {"message": "revoked"}}
    with pytest.raises(Unauthorized):
        await server.probed()


async def test_what_the_simulator_adds_on_purpose_is_all_that_is_found():
    simulator = Simulator(make_account(1), limits=ServerLimits.none())
    with serve(simulator) as url:
        async with AsyncMissive(simulator.token, base_url=url) as missive:
            drift = await probe(missive)
    assert [str(one) for one in drift.differences] == [
        "contacts[].infos[].kind  value  matrix",
        "contacts[].preferred_language  field  str",
        "conversations[].pinned  field  bool",
        "users[].timezone  field  str",
    ]
    assert simulator.stats.requests <= REQUESTS
