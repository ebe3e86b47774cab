"""Clients that follow the documented rules meet every record once, whatever the server's habits are."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missive_async.simulator import Account, ServerLimits, Simulator, make_account
from missive_async.simulator.indexes import Index
from missive_async.simulator.records import Children, Conversation, Entry

HEADERS = {"Authorization": "Bearer missive_pat-simulated"}


def account_of(times: list[int]) -> Account:
    """An account with one conversation for each time, the first of which has one message for each time."""
    account = Account(1, 2_000)
    account.me = "me"
    account.users.put(Entry("me", 0, {"id": "me", "name": "Me", "email": "me@example.com", "avatar_url": None}))
    for number, at in enumerate(times):
        conversation = Conversation(f"c{number}", number, at, at, users={"me": set()}, children=Children())
        account.conversations.put(conversation)
    first = account.conversations.get("c0")
    assert first is not None
    for number, at in enumerate(times):
        message = Entry(f"m{number}", at, {"id": f"m{number}", "delivered_at": at, "attachments": [], "references": []})
        account.place(message, "messages", first)
    return account


async def read(app: Simulator, path: str, key: str, at: str, limit: int, *, patient: bool) -> list[str]:
    """Page as documented; a patient client does not take a page of one second for the last."""
    ids: list[str] = []
    params: dict[str, int | str] = {"limit": limit} | ({"all": "true"} if key == "conversations" else {})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=HEADERS) as client:
        while True:
            response = await client.get(f"http://simulated/v1{path}", params=params)
            rows = response.json()[key]
            ids += [row["id"] for row in rows if row["id"] not in ids]
            same = len({row[at] for row in rows}) == 1
            if len(rows) < limit or (same and not patient):
                return ids
            params["until"] = rows[-1][at] - (same and app.until == "inclusive")


SERVERS = pytest.mark.parametrize("until", ["inclusive", "exclusive"])
LISTS = pytest.mark.parametrize(
    ("path", "key", "at", "most"),
    [
        ("/conversations", "conversations", "last_activity_at", 50),
        ("/conversations/c0/messages", "messages", "delivered_at", 10),
    ],
)


@SERVERS
@LISTS
@given(times=st.lists(st.integers(1_000, 1_020), min_size=1, max_size=60), limit=st.integers(2, 10))
@settings(max_examples=25)
async def test_a_patient_client_meets_every_record_once(*, path, key, at, most, until, times, limit) -> None:
    app = Simulator(account_of(times), until=until, limits=ServerLimits.none())
    ids = await read(app, path, key, at, min(limit, most), patient=True)
    assert sorted(ids) == sorted(f"{key[0]}{number}" for number in range(len(times)))


@SERVERS
@LISTS
@given(times=st.sets(st.integers(1_000, 1_200), min_size=1, max_size=60), limit=st.integers(2, 10))
@settings(max_examples=25)
async def test_without_ties_the_documented_rule_is_enough(*, path, key, at, most, until, times, limit) -> None:
    app = Simulator(account_of(list(times)), until=until, limits=ServerLimits.none(), extend_ties=False)
    ids = await read(app, path, key, at, min(limit, most), patient=False)
    assert len(ids) == len(times)


async def test_a_page_grows_over_the_ties_of_its_last_second() -> None:
    app = Simulator(account_of([1_010, 1_005, 1_005, 1_005, 1_001]), limits=ServerLimits.none())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=HEADERS) as client:
        path = "http://simulated/v1/conversations?all=true&limit=2"
        assert len((await client.get(path)).json()["conversations"]) == 4
        app.extend_ties = False
        assert len((await client.get(path)).json()["conversations"]) == 2


@pytest.mark.parametrize(("until", "first"), [("inclusive", 1_005), ("exclusive", 1_001)])
async def test_until_is_inclusive_or_not_by_choice(until, first) -> None:
    app = Simulator(account_of([1_010, 1_005, 1_001]), until=until, limits=ServerLimits.none())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=HEADERS) as client:
        response = await client.get("http://simulated/v1/conversations?all=true&until=1005")
    assert response.json()["conversations"][0]["last_activity_at"] == first


async def test_tasks_are_inclusive_whatever_the_others_are(connect) -> None:
    missive = connect(Simulator(make_account(1), until="exclusive", limits=ServerLimits.none()))
    rows = (await missive.get("/tasks?limit=2")).json()["tasks"]
    until = rows[-1]["last_activity_at"]
    again = (await missive.get(f"/tasks?limit=2&until={until}")).json()["tasks"]
    assert again[0]["last_activity_at"] == until


@given(st.integers(0, 30), st.integers(1, 9))
@settings(max_examples=25)
async def test_offset_pages_hold_every_record_once(count, limit) -> None:
    account = Account(1, 0)
    for number in range(count):
        account.organizations.put(Entry(f"o{number}", number, {"id": f"o{number}", "name": ""}))
    app = Simulator(account, limits=ServerLimits.none())
    ids: list[str] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=HEADERS) as client:
        while True:
            path = f"http://simulated/v1/organizations?limit={limit}&offset={len(ids)}"
            rows = (await client.get(path)).json()["organizations"]
            ids += [row["id"] for row in rows]
            if len(rows) < limit:
                break
    assert ids == [f"o{number}" for number in range(count)]


@given(st.lists(st.tuples(st.integers(0, 8).map(str), st.none() | st.integers(0, 5)), max_size=60))
def test_an_index_is_what_sorting_would_give(changes) -> None:
    index, places = Index([]), {}
    for id, key in changes:
        index.put(id, key)
        places.pop(id, None)
        if key is not None:
            places[id] = key
    assert list(index) == [id for _, id in sorted((key, id) for id, key in places.items())]
    assert len(index) == len(places)
