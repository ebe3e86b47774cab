import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missive_async.simulator import ServerLimits, Simulator, make_account
from missive_async.simulator.routes import ROUTES

TOKEN_TEXT = "Authentication token is invalid or has been revoked"


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["message"]


def test_the_operations_are_those_of_the_reference() -> None:
    # Of 43 operations, two are GET /messages/:ids, with one id and with several.
    assert sum(len(endpoints) for endpoints in ROUTES.values()) == 42


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "missive_pat-simulated", "Basic bWU="])
async def test_a_request_without_the_token_is_refused(simulator: Simulator, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator), headers=headers) as client:
        response = await client.get("http://simulated/v1/users")
    assert refusal(response) == (401, TOKEN_TEXT)


async def test_another_token_revokes_the_one_before(simulator: Simulator, missive: httpx.AsyncClient) -> None:
    simulator.token = "missive_pat-another"
    assert refusal(await missive.get("/users")) == (401, TOKEN_TEXT)
    missive.headers["Authorization"] = f"Bearer {simulator.token}"
    assert (await missive.get("/users")).status_code == 200


@pytest.mark.parametrize("path", ["/nothing", "/contacts/a/b", "", "/conversations/", "/drafts/a/b/c"])
async def test_an_unknown_route_is_not_found(missive: httpx.AsyncClient, path: str) -> None:
    assert refusal(await missive.get(path)) == (404, "Not found")


async def test_a_path_outside_of_the_base_is_not_found(missive: httpx.AsyncClient) -> None:
    assert refusal(await missive.get("http://simulated/users")) == (404, "Not found")


async def test_a_wrong_method_is_told_which_are_right(missive: httpx.AsyncClient) -> None:
    response = await missive.delete("/contacts/some-id")
    assert refusal(response) == (405, "Method not allowed")
    assert response.headers["allow"] == "GET, PATCH"


async def test_an_answer_says_what_it_is(missive: httpx.AsyncClient) -> None:
    response = await missive.get("/organizations")
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize(
    ("content", "type", "message"),
    [
        (b"{}", None, "'Content-Type' must be 'application/json'"),
        (b"{}", "text/plain", "'Content-Type' must be 'application/json'"),
        (b"{", "application/json", "The request body is not valid JSON"),
        (b"\xff", "application/json", "The request body is not valid JSON"),
        (b"{}", "application/json; charset=utf-8", "param is missing or the value is empty: posts"),
        (b"[]", "application/json", "param is missing or the value is empty: posts"),
        (b'{"posts":[1]}', "application/json", "'posts' must be an object"),
    ],
)
async def test_a_body_must_be_json_and_say_so(
    missive: httpx.AsyncClient, content: bytes, type: str | None, message: str
) -> None:
    headers = {} if type is None else {"Content-Type": type}
    assert refusal(await missive.post("/posts", content=content, headers=headers)) == (400, message)


async def test_a_body_over_ten_megabytes_is_refused(missive: httpx.AsyncClient) -> None:
    body = '{"drafts":{"body":"' + "x" * 10 * 1024 * 1024 + '"}}'
    response = await missive.post("/drafts", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 413


async def test_a_very_long_url_is_refused(missive: httpx.AsyncClient) -> None:
    response = await missive.get("/messages/" + ",".join("x" * 36 for _ in range(300)))
    assert response.status_code == 414


async def test_the_statistics_count_what_arrived(simulator: Simulator, missive: httpx.AsyncClient) -> None:
    await missive.get("/users")
    await missive.get("/tasks", params={"limit": 1})
    await missive.get("/contacts/none")
    await missive.get("/none")
    stats = simulator.stats
    assert stats.requests == 4
    assert stats.by_status == {200: 1, 400: 1, 404: 2}
    assert stats.by_route == {
        ("GET", "/users"): 1,
        ("GET", "/tasks"): 1,
        ("GET", "/contacts/{id}"): 1,
        ("GET", "unknown"): 1,
    }
    assert [(seen.method, seen.path, seen.status) for seen in stats.log][1] == ("GET", "/v1/tasks?limit=1", 400)
    assert (stats.in_progress, stats.max_concurrency) == (0, 1)
    stats.reset()
    assert (stats.requests, len(stats.log)) == (0, 0)


async def test_a_fault_of_its_own_is_an_answer_and_is_logged(
    simulator: Simulator, missive: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.account.users = None
    response = await missive.get("/users")
    assert response.status_code == 500
    assert "the simulator failed at GET /v1/users" in caplog.text


async def test_lifespan_is_answered(simulator: Simulator) -> None:
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    said: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(asked)}

    async def send(message: dict[str, str]) -> None:
        said.append(message["type"])

    await simulator({"type": "lifespan"}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


_MODEL = make_account(1, size="tiny")
_IDS = {
    "contacts": next(_MODEL.contacts.of_book(next(iter(_MODEL.books)).id))["id"],
    "conversations": next(iter(_MODEL.conversations)).id,
    "responses": next(iter(_MODEL.responses)).id,
    "shared_labels": next(iter(_MODEL.labels)).id,
    "teams": next(iter(_MODEL.teams)).id,
    "tasks": next(iter(_MODEL.tasks)).id,
    "organizations": next(iter(_MODEL.organizations)).id,
    "contact_books": next(iter(_MODEL.books)).id,
    "users": _MODEL.me,
    "accounts": list(_MODEL.channels)[3].id,
}
_ORGANIZATION = {"organization": _IDS["organizations"]}
_USUAL = {
    "contacts": {"contact_book": _IDS["contact_books"]},
    "shared_labels": {"name": "Late", **_ORGANIZATION},
    "teams": {"name": "Night shift", **_ORGANIZATION},
    "responses": {"title": "Thanks", **_ORGANIZATION},
    "posts": {"text": "Hi", "notification": {"title": "", "body": ""}},
    "tasks": {"title": "Call", "assignees": [_IDS["users"]], **_ORGANIZATION},
    "messages": {"account": _IDS["accounts"], "from_field": {"name": "Ada"}},
    "hooks": {"type": "new_comment", "url": "http://127.0.0.1:9/"},
    "reports": {"start": 1, "end": 2, **_ORGANIZATION},
    "conversations": {"target": next(reversed(_MODEL.conversations.records))},
}
_SCALARS = (
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "#fff", "work", "email", *_IDS.values()])
)
_JSON = _SCALARS | st.lists(_SCALARS, max_size=2)
_WORDS = """
    contact_book infos memberships first_name starred kind label value group name organization team user title body
    add_users add_assignees add_shared_labels add_to_team_inbox close color subject conversation references account
    from_field to_fields attachments base64_data filename notification text markdown send send_at auto_followup state
    assignees due_at subtask type url author mention start end teams users account_types parent visibility
    share_with_users active_members shared_labels external_id external_source target business_hours reopen
    delivered_at"""
_NAMES = st.sampled_from(_WORDS.split())
_INNER = st.dictionaries(_NAMES, _JSON, max_size=4)
_OBJECT = st.dictionaries(_NAMES, _JSON | _INNER | st.lists(_INNER, max_size=2), max_size=8)
_WRITES = [
    (method, template, template.split("/")[1])
    for template, endpoints in ROUTES.items()
    for method in endpoints
    if method in {"POST", "PATCH"}
]


@pytest.mark.parametrize(("method", "template", "envelope"), _WRITES)
@given(
    data=_OBJECT | st.dictionaries(_NAMES, _JSON | _INNER | st.lists(_INNER, max_size=2), max_size=1),
    form=st.sampled_from(["bare", "object", "array"]),
)
@settings(max_examples=20)
async def test_no_body_makes_it_fail(
    method: str, template: str, envelope: str, *, data: dict[str, object], form: str
) -> None:
    simulator = Simulator(make_account(1, size="tiny"), limits=ServerLimits.none())
    id = _IDS.get(envelope, "")
    path = f"http://simulated/v1{template.replace('{id}', id)}"
    name = "reports" if envelope == "analytics" else envelope
    body = {**({"id": id} if "{id}" in template else {}), **(_USUAL.get(name, {}) if method == "POST" else {}), **data}
    headers = {"Authorization": f"Bearer {simulator.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator), headers=headers) as client:
        response = await client.request(
            method, path, json={"bare": body, "object": {name: body}, "array": {name: [body]}}[form]
        )
        await simulator.hooks.drain()
        assert response.status_code < 500
        # Whatever was written can be read.
        for list_path in ("/conversations?all=true", "/tasks", "/shared_labels", "/teams", "/responses"):
            assert (await client.get(f"http://simulated/v1{list_path}")).status_code == 200
