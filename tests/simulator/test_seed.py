import gc
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async.simulator import ServerLimits, Simulator, make_account
from missive_async.simulator.ids import Ids, Kind
from missive_async.simulator.indexes import encode
from missive_async.simulator.views import conversation


def everything(seed: int) -> bytes:
    account = make_account(seed, size="tiny")
    children = [account.children(found) for found in account.conversations]
    return encode(
        [
            [conversation(account, found) for found in account.conversations],
            [[entry.data for entry in child.messages] for child in children],
            [[entry.data for entry in child.comments] for child in children],
            [list(account.contacts.of_book(book.id)) for book in account.books],
            [entry.data for shelf in (account.tasks, account.labels, account.responses) for entry in shelf],
        ]
    )


def test_the_same_seed_makes_the_same_account() -> None:
    assert everything(7) == everything(7)
    assert everything(7) != everything(8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counts_are_truthful(seed) -> None:
    account = make_account(seed)
    for found in account.conversations:
        children, counts = account.children(found), found.counts
        assert len(children.messages) == counts.messages
        assert len(children.drafts) == counts.drafts
        assert sum(len(message.data["attachments"]) for message in children.messages) == counts.attachments
        assert sum(draft.send_at is not None for draft in children.drafts) == counts.send_later
        tasks = [task.data for task in account.tasks if task.data["conversation"] == found.id]
        assert len(tasks) == counts.tasks
        assert sum(task["state"] == "closed" for task in tasks) == counts.completed_tasks
        times = [entry.at for shelf in (children.messages, children.comments, children.posts) for entry in shelf]
        assert (max(times), min(times)) == (found.last_activity_at, found.created_at)
        newest = max(children.messages, key=lambda message: message.at, default=None)
        if newest is not None and newest.data["type"] == "email":
            assert newest.data["subject"] == found.latest_message_subject


def test_replies_refer_to_what_they_answer() -> None:
    account = make_account(1)
    replies = 0
    for found in account.conversations:
        messages = sorted(account.children(found).messages, key=lambda message: message.at)
        known = {message.data.get("email_message_id") for message in messages}
        for message in messages:
            if message.data["type"] == "email":
                assert set(message.data["references"]) <= known
                replies += bool(message.data["in_reply_to"])
    assert replies > 100


def test_there_is_something_of_everything() -> None:
    account = make_account(1)
    conversations = list(account.conversations)
    times = [found.last_activity_at for found in conversations]
    assert times == sorted(times, reverse=True)
    assert times[49] == times[51]  # a tie over the border of a page
    runs = []
    for found in conversations:
        at = [message.at for message in account.children(found).messages]
        runs.append(max((at.count(second) for second in at), default=0))
    assert max(runs) > 10  # a tie longer than a page
    assert any(found.guest for found in conversations)
    assert any(found.organization is None for found in conversations)
    assert any(found.counts.messages == 0 for found in conversations)
    assert account.merged
    assert 480 <= sum(not row["deleted"] for book in account.books for row in account.contacts.of_book(book.id)) <= 500
    infos = [
        info for book in account.books for row in account.contacts.of_book(book.id) for info in row.get("infos", ())
    ]
    assert {"email", "phone_number", "custom", "physical_address", "matrix"} == {info["kind"] for info in infos}
    emails = [info["value"] for info in infos if info["kind"] == "email"]
    assert all(email.endswith((".com", ".net")) and "example." in email for email in emails)


class Export:
    """A client that reads a whole account, with the largest pages that there are."""

    def __init__(self, missive: httpx.AsyncClient) -> None:
        self.missive = missive

    async def pages(self, path, key, at=None, limit=200, **params):
        rows, more = {}, {}
        while True:
            page = (await self.missive.get(path, params={"limit": limit, **params, **more})).json()[key]
            rows |= {row["id"]: row for row in page}
            if len(page) < limit:
                return list(rows.values())
            same = len({row[at] for row in page}) == 1 if at else False
            more = {"until": page[-1][at] - same} if at else {"offset": len(rows)}

    async def settings(self) -> None:
        for name in ("organizations", "users", "teams", "shared_labels", "responses"):
            await self.pages(f"/{name}", name)
        for book in await self.pages("/contact_books", "contact_books"):
            await self.pages("/contacts", "contacts", contact_book=book["id"])
            for kind in ("group", "organization"):
                await self.pages("/contact_groups", "contact_groups", contact_book=book["id"], kind=kind)
        await self.pages("/tasks", "tasks", "last_activity_at", 50)

    async def children(self, row) -> list[str]:
        path = f"/conversations/{row['id']}"
        messages = await self.pages(f"{path}/messages", "messages", "delivered_at", 10)
        assert len(messages) == row.get("messages_count", len(messages))
        await self.pages(f"{path}/comments", "comments", "created_at", 10)
        await self.pages(f"{path}/posts", "posts", "created_at", 10)
        if row.get("drafts_count"):
            await self.pages(f"{path}/drafts", "drafts", "created_at", 10)
        return [message["id"] for message in messages]


async def test_an_export_of_the_small_account_takes_about_350_requests(connect) -> None:
    simulator = Simulator(make_account(1), limits=ServerLimits.none())
    export = Export(connect(simulator))
    await export.settings()
    ids, conversations = [], []
    for mailbox in ("all", "trashed", "junked"):
        filters = {mailbox: "true"}
        conversations += await export.pages("/conversations", "conversations", "last_activity_at", 50, **filters)
    for row in conversations:
        ids += await export.children(row)
    for start in range(0, len(ids), 50):
        await export.missive.get("/messages/" + ",".join(ids[start : start + 50]))
    assert len(conversations) == len(simulator.account.conversations)
    assert simulator.stats.by_status == {200: simulator.stats.requests}
    assert 330 <= simulator.stats.requests <= 380


async def test_a_large_account_is_made_and_paged_quickly(connect) -> None:
    start = time.process_time()
    simulator = Simulator(make_account(1, size="large"), limits=ServerLimits.none())
    book = next(iter(simulator.account.books)).id
    missive = connect(simulator)
    first = await missive.get("/contacts", params={"contact_book": book, "limit": 200})
    assert time.process_time() - start < 10  # some 1.5 s; the rest is for slow machines
    assert len(first.json()["contacts"]) == 200
    assert len(simulator.account.contacts) == 200_000
    gc.collect()


def test_counts_can_be_chosen() -> None:
    account = make_account(1, size="tiny", conversations=5, contacts=7, messages_per_conversation=4)
    assert [found.counts.messages for found in account.conversations] == [4] * 5
    assert len(account.contacts) == 7
    assert repr(account) == "<Account seed=1 conversations=5 contacts=7>"
    assert len(make_account(1, size="tiny", conversations=0, contacts=0, teams=0).conversations) == 0


def test_a_size_or_count_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="size must be one of tiny, small, large"):
        make_account(1, size="huge")
    with pytest.raises(ValueError, match="unknown counts: mails"):
        make_account(1, mails=3)
    for counts in ({"tasks": -1}, {"users": 0}):
        with pytest.raises(ValueError, match="counts must not be negative"):
            make_account(1, **counts)


@given(st.integers(0, 2**16), st.sampled_from(Kind), st.integers(0, 2**39), st.integers(0, 2**23))
def test_an_id_says_which_record_it_names(seed, kind, number, child) -> None:
    id = Ids(seed).make(kind, number, child)
    assert httpx.URL(f"http://x/{id}").path == f"/{id}"
    assert [len(part) for part in id.split("-")] == [8, 4, 4, 4, 12]
    assert Ids(seed).read(id) == (kind, number, child)


@given(st.text() | st.uuids().map(str))
def test_another_string_names_no_record(text) -> None:
    assert Ids(1).read(text) is None
