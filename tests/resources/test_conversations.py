from datetime import UTC, datetime

import pytest

from fake_missive import FakeMissive, echo
from missive_async import DecodeError, InvalidRequest, NotFound, RetryPolicy
from missive_async.resources.conversations import Conversation, ConversationChanges
from model_json import sample

FLAGS = ("inbox", "all", "assigned", "closed", "snoozed", "flagged", "trashed", "junked", "drafts")
PLACES = ("shared_label", "team_inbox", "team_closed", "team_all")
EMPTY = {"conversations": []}


async def ask(fake, **filters):
    async with fake.client() as missive:
        return await missive.conversations.list(**filters).collect()


async def refused(**filters):
    async with FakeMissive(EMPTY).client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            missive.conversations.list(**filters)
    return caught.value.problems


class TestListing:
    async def test_conversations_come_as_they_are_documented_and_guests_see_ids_alone(self):
        guests = {"id": "c9", "last_activity_at": 1_700_000_000}
        fake = FakeMissive({"conversations": [*sample("docs26-conversations-list")["conversations"], guests]})
        whole, part = await ask(fake, inbox=True)
        assert whole.organization.name == "Example Org"
        assert whole.users[0].flagged is True
        assert whole.authors[0].address == "casey@example.net"
        assert part == Conversation(id="c9", last_activity_at=datetime.fromtimestamp(1_700_000_000, UTC))

    async def test_the_largest_page_is_asked_for(self):
        fake = FakeMissive(EMPTY)
        await ask(fake, inbox=True)
        assert [sent.target for sent in fake.sent] == ["/conversations?inbox=true&limit=50"]

    @pytest.mark.parametrize("flag", FLAGS)
    async def test_each_mailbox_is_asked_for_by_its_name(self, flag):
        fake = FakeMissive(EMPTY)
        await ask(fake, **{flag: True}, organization="o1")
        assert fake.sent[0].target == f"/conversations?{flag}=true&organization=o1&limit=50"

    @pytest.mark.parametrize("place", PLACES)
    async def test_each_label_and_team_is_asked_for_by_its_id(self, place):
        fake = FakeMissive(EMPTY)
        await ask(fake, **{place: "p1"})
        assert fake.sent[0].target == f"/conversations?{place}=p1&limit=50"

    async def test_a_flag_that_is_false_is_not_sent(self):
        fake = FakeMissive(EMPTY)
        await ask(fake, inbox=False, team_all="t1")
        assert fake.sent[0].target == "/conversations?team_all=t1&limit=50"

    @pytest.mark.parametrize("narrower", [{"email": "a+b@example.com"}, {"domain": "example.com"}])
    async def test_a_mailbox_is_narrowed_by_whom_it_concerns(self, narrower):
        fake = FakeMissive(EMPTY)
        await ask(fake, all=True, **narrower)
        ((name, value),) = narrower.items()
        sent = value.replace("+", "%2B").replace("@", "%40")
        assert fake.sent[0].target == f"/conversations?all=true&{name}={sent}&limit=50"

    @pytest.mark.parametrize(
        "filters",
        [{}, {"organization": "o1"}, {"email": "a@example.com"}, {"domain": "example.com"}, {"inbox": False}],
    )
    async def test_a_list_without_any_mailbox_is_refused(self, filters):
        assert [text.partition(" needs ")[0] for text in await refused(**filters)] == ["a conversation list"]

    @pytest.mark.parametrize(
        ("filters", "problem"),
        [
            ({"email": "a@example.com", "domain": "example.com"}, "email and domain exclude one another"),
            ({"domain": "x.org", "contact_organization": "g1"}, "domain and contact_organization exclude one another"),
            ({"domain": "@example.com"}, "domain has no @"),
            ({"all": "true"}, "all is True or False, not 'true'"),
            ({"team_all": "a/b"}, "team_all: not an id: 'a/b'"),
            ({"organization": ""}, "organization: an id must not be empty"),
            ({"contact_organization": ".."}, "contact_organization: not an id: '..'"),
            ({"email": " "}, "email is a text, not ' '"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused(self, filters, problem):
        assert problem in await refused(**{"inbox": True, **filters})

    async def test_every_broken_rule_is_named(self):
        problems = await refused(email="a@example.com", domain="@x", shared_label="..")
        assert len(problems) == 3


class TestOne:
    @pytest.mark.parametrize("wrap", [lambda row: [row], lambda row: row])
    async def test_a_conversation_is_read_from_an_array_of_one_and_from_an_object(self, wrap):
        fake = FakeMissive({"conversations": wrap({"id": "c1", "subject": "Hello"})})
        async with fake.client() as missive:
            assert await missive.conversations.get("c1") == Conversation(id="c1", subject="Hello")
        assert fake.sent[0].target == "/conversations/c1"

    async def test_a_conversation_that_was_merged_has_its_new_id(self):
        async with FakeMissive({"conversations": [{"id": "new"}]}).client() as missive:
            assert (await missive.conversations.get("old")).id == "new"

    async def test_one_that_is_not_there_is_not_found(self):
        async with FakeMissive(404).client() as missive:
            with pytest.raises(NotFound):
                await missive.conversations.get("c1")

    @pytest.mark.parametrize("answer", [{"conversations": []}, {"conversations": [{"id": "a"}, {"id": "b"}]}, {}, []])
    async def test_an_answer_that_is_not_one_conversation_cannot_be_read(self, answer):
        async with FakeMissive(answer).client() as missive:
            with pytest.raises(DecodeError):
                await missive.conversations.get("c1")

    @pytest.mark.parametrize("id", ["", "..", "a/b", "a,b", "a?b", "a b", None, 7])
    async def test_an_id_that_would_change_the_path_is_refused(self, id):
        fake = FakeMissive(EMPTY)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest):
                await missive.conversations.get(id)
        assert fake.sent == []


class TestWhatIsInside:
    @pytest.mark.parametrize("key", ["messages", "comments", "drafts", "posts"])
    async def test_lists_are_asked_for_by_tens(self, key):
        fake = FakeMissive({key: []})
        async with fake.client() as missive:
            assert await getattr(missive.conversations, key)("c1").collect() == []
        assert [sent.target for sent in fake.sent] == [f"/conversations/c1/{key}?limit=10"]

    @pytest.mark.parametrize("key", ["messages", "comments", "drafts", "posts"])
    async def test_an_id_that_would_change_the_path_is_refused(self, key):
        async with FakeMissive({key: []}).client() as missive:
            with pytest.raises(InvalidRequest):
                getattr(missive.conversations, key)("../c1")

    async def test_messages_are_paged_by_their_delivery(self):
        rows = [{"id": f"m{n}", "delivered_at": 2000 - n, "created_at": 1} for n in range(10)]
        fake = FakeMissive({"messages": rows}, {"messages": rows[-1:]})
        async with fake.client() as missive:
            assert [message.id for message in await missive.conversations.messages("c1").collect()] == [
                row["id"] for row in rows
            ]
        assert fake.sent[1].target == "/conversations/c1/messages?limit=10&until=1991"

    async def test_drafts_that_are_undelivered_are_paged_by_their_creation(self):
        rows = [{"id": f"d{n}", "delivered_at": None, "created_at": 2000 - n} for n in range(10)]
        fake = FakeMissive({"drafts": rows}, {"drafts": rows[-1:]})
        async with fake.client() as missive:
            assert len(await missive.conversations.drafts("c1").collect()) == 10
        assert fake.sent[1].target == "/conversations/c1/drafts?limit=10&until=1991"

    async def test_drafts_end_where_the_server_does_not_heed_until(self):
        rows = [{"id": f"d{n}", "delivered_at": None, "created_at": 2000 - n} for n in range(10)]
        async with FakeMissive({"drafts": rows}).client() as missive:
            assert len(await missive.conversations.drafts("c1").collect()) == 10


class TestUpdating:
    async def test_changes_go_out_together_under_their_ids_and_come_back_in_order(self):
        fake = FakeMissive(lambda sent: {"conversations": echo(sent)["conversations"][::-1]})
        changes = ConversationChanges(id="c1", subject="New", color=None), {"id": "c2", "close": True}
        async with fake.client() as missive:
            updated = await missive.conversations.update(*changes)
        assert [conversation.id for conversation in updated] == ["c1", "c2"]
        sent = fake.sent[0]
        assert (sent.method, sent.target) == ("PATCH", "/conversations/c1,c2")
        assert sent.json == {
            "conversations": [{"id": "c1", "subject": "New", "color": None}, {"id": "c2", "close": True}]
        }

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"subject": "x"}, "conversations[0].id is required"),
            ({"id": "c1", "add_users": ["u"]}, "conversations[0].add_users needs an organization"),
            ({"id": "c1", "add_assignees": ["u"]}, "conversations[0].add_assignees needs an organization"),
            ({"id": "c1", "remove_assignees": ["u"]}, "conversations[0].remove_assignees needs an organization"),
            ({"id": "c1", "add_shared_labels": ["l"]}, "conversations[0].add_shared_labels needs an organization"),
            ({"id": "c1", "add_to_team_inbox": True}, "conversations[0].add_to_team_inbox needs a team"),
            ({"id": "c1", "close": 1}, "conversations[0].close is True or False, not 1"),
            ({"id": "c1", "subject": 5}, "conversations[0].subject is a str, not int"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused(self, change, problem):
        fake = FakeMissive(EMPTY)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest) as caught:
                await missive.conversations.update(change)
        assert (caught.value.problems, fake.sent) == ((problem,), [])

    @pytest.mark.parametrize("color", ["#fff", "#2266ED", "good", "warning", "danger", None])
    async def test_documented_colors_pass(self, color):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            await missive.conversations.update({"id": "c1", "color": color})
        assert fake.sent[0].json["conversations"][0]["color"] == color

    async def test_labels_are_removed_without_an_organization_for_sources_differ(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            await missive.conversations.update({"id": "c1", "remove_shared_labels": ["l1"]})
        assert len(fake.sent) == 1

    async def test_a_conversation_as_it_was_read_is_no_change(self):
        async with FakeMissive(EMPTY).client() as missive:
            with pytest.raises(InvalidRequest, match="as it was read"):
                await missive.conversations.update(Conversation(id="c1"))

    async def test_no_changes_spend_no_request(self):
        fake = FakeMissive(EMPTY)
        async with fake.client() as missive:
            assert await missive.conversations.update() == ()
        assert fake.sent == []


class TestMerging:
    async def test_the_body_has_no_envelope_and_the_answer_may_have_either_id(self):
        fake = FakeMissive(sample("docs26-conversations-merge"))
        async with fake.client() as missive:
            merged = await missive.conversations.merge("c1", target="c2", subject="New subject")
        assert merged.subject == "New subject"
        assert merged.team is None
        sent = fake.sent[0]
        assert (sent.method, sent.target) == ("POST", "/conversations/c1/merge")
        assert sent.json == {"target": "c2", "subject": "New subject"}

    async def test_a_subject_that_is_not_given_is_not_sent(self):
        fake = FakeMissive(sample("docs26-conversations-merge"))
        async with fake.client() as missive:
            await missive.conversations.merge("c1", target="c2")
        assert fake.sent[0].json == {"target": "c2"}

    async def test_an_empty_answer_is_a_success(self):
        async with FakeMissive(201).client() as missive:
            assert await missive.conversations.merge("c1", target="c2") is None

    @pytest.mark.parametrize(
        ("id", "target", "problem"),
        [
            ("c1", "c1", "a conversation cannot be merged with itself"),
            ("c1", "", "target: an id must not be empty"),
            ("c1", None, "target is required"),
            ("c1", "a/b", "target: not an id: 'a/b'"),
        ],
    )
    async def test_what_cannot_be_merged_is_refused(self, id, target, problem):
        fake = FakeMissive(EMPTY)
        async with fake.client(retry=RetryPolicy.never()) as missive:
            with pytest.raises(InvalidRequest) as caught:
                await missive.conversations.merge(id, target=target)
        assert problem in caught.value.problems
        assert fake.sent == []
