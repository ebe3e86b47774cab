import json

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_missive import BASE_URL, FakeMissive
from missive_async import (
    AsyncMissive,
    DecodeError,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    RateLimits,
    RetryPolicy,
    ServerError,
    TimedOut,
    Window,
)
from missive_async.resources.messages import CreatedMessage
from model_json import sample
from virtual import run_virtual

NO_LIMITS = RateLimits(concurrency=5, windows=(Window(1_000_000, 60),))


class Mailbox:
    """A server of messages: `known` by id, of which it answers at most `cap` at once, and refuses as it is told."""

    def __init__(self, known, *, cap=10_000, status=404, omits=False, renamed=None, poison=(), alone_in_array=False):
        self.known = set(known)
        self.cap = cap
        self.status = status
        self.omits = omits
        self.renamed = renamed or {}
        self.poison = set(poison)
        self.alone_in_array = alone_in_array
        self.asked = []

    def client(self, **options):
        return AsyncMissive(
            "made-up-token",
            base_url=BASE_URL,
            transport=httpx.MockTransport(self._answer),
            limits=NO_LIMITS,
            retry=RetryPolicy.never(),
            **options,
        )

    def _answer(self, request):
        ids = request.url.path.rsplit("/", 1)[-1].split(",")
        self.asked.append(ids)
        if self.poison & set(ids):
            return httpx.Response(500)
        unknown = [id for id in ids if id not in self.known]
        if unknown and not self.omits:
            return httpx.Response(self.status, json={"error": {"message": "Invalid resource ID(s)"}})
        rows = [self._row(id) for id in reversed(ids) if id in self.known][: self.cap]
        alone = len(ids) == 1 and not self.alone_in_array
        if alone and not rows:
            return httpx.Response(404)
        return httpx.Response(200, json={"messages": rows[0] if alone else rows})

    def _row(self, id):
        return {"id": self.renamed.get(id, id), "subject": f"of {id}", "body": "<p>ü</p>"}


class TestOne:
    async def test_a_message_has_its_body_and_its_conversation(self):
        row = {"id": "m1", "body": "<div>Hi</div>", "conversation": {"id": "c1", "subject": None}}
        async with FakeMissive({"messages": row}).client() as missive:
            message = await missive.messages.get("m1")
        assert (message.body, message.conversation.id) == ("<div>Hi</div>", "c1")

    async def test_a_message_in_an_array_of_one_is_read_as_well(self):
        async with FakeMissive({"messages": [{"id": "m1"}]}).client() as missive:
            assert (await missive.messages.get("m1")).id == "m1"

    async def test_an_sms_has_neither_a_subject_nor_mail_headers(self):
        row = sample("pdw-webhook-incoming_twilio_message")["message"]
        async with FakeMissive({"messages": row}).client() as missive:
            message = await missive.messages.get(row["id"])
        assert (message.type, message.subject, message.email_message_id) == ("sms", None, None)
        assert message.from_field.id == "+15550100001"

    async def test_a_type_that_nobody_has_seen_passes(self):
        async with FakeMissive({"messages": {"id": "m1", "type": "carrier_pigeon"}}).client() as missive:
            assert (await missive.messages.get("m1")).type == "carrier_pigeon"


class TestListing:
    async def test_one_request_has_all_messages_of_a_message_id(self):
        fake = FakeMissive({"messages": [{"id": f"m{n}"} for n in range(10)]})
        async with fake.client() as missive:
            found = await missive.messages.list(email_message_id="<a+b@example.com>").collect()
        assert [message.id for message in found] == [f"m{n}" for n in range(10)]
        assert [sent.target for sent in fake.sent] == ["/messages?email_message_id=%3Ca%2Bb%40example.com%3E"]

    async def test_the_only_page_has_no_cursor(self):
        async with FakeMissive({"messages": [{"id": "m1"}]}).client() as missive:
            pages = [page async for page in missive.messages.list(email_message_id="<a@b>").pages()]
        assert [(len(page), page.cursor) for page in pages] == [(1, None)]

    async def test_raw_records_and_the_first_one_are_had_like_those_of_any_list(self):
        async with FakeMissive({"messages": [{"id": "m1", "new": 1}]}).client() as missive:
            pager = missive.messages.list(email_message_id="<a@b>")
            assert await pager.raw().collect() == [{"id": "m1", "new": 1}]
            assert (await pager.first()).id == "m1"

    @pytest.mark.parametrize("value", ["", None, 5])
    async def test_a_message_id_is_required(self, value):
        async with FakeMissive({"messages": []}).client() as missive:
            with pytest.raises(InvalidRequest):
                missive.messages.list(email_message_id=value)


class TestMany:
    @given(st.lists(st.sampled_from([f"m{n}" for n in range(12)]), max_size=30), st.integers(1, 7), st.integers(1, 20))
    def test_messages_come_in_the_order_asked_for_however_they_are_batched_and_answered(self, ids, batch, cap):
        async def check():
            mailbox = Mailbox(ids, cap=cap)
            async with mailbox.client() as missive:
                found = await missive.messages.get_many(ids, batch=batch)
            assert [message.subject for message in found] == [f"of {id}" for id in ids]
            assert all(len(asked) == len(set(asked)) <= batch for asked in mailbox.asked)

        run_virtual(check())

    @given(
        st.lists(st.integers(0, 30), max_size=40),
        st.sets(st.integers(0, 30)),
        st.integers(1, 9),
        st.booleans(),
        st.sampled_from([400, 404]),
    )
    def test_what_is_not_there_is_left_out_or_named_and_nothing_else_is(self, numbers, gone, batch, omits, status):
        ids = [f"m{number}" for number in numbers]
        there = [f"m{number}" for number in numbers if number not in gone]

        async def check():
            mailbox = Mailbox(there, omits=omits, status=status)
            async with mailbox.client() as missive:
                found = await missive.messages.get_many(ids, batch=batch, missing="skip")
                assert [message.id for message in found] == there
                if set(ids) - set(there):
                    with pytest.raises(NotFound) as caught:
                        await missive.messages.get_many(ids, batch=batch)
                    named = caught.value.message.split(": ")[1].split(", ")
                    assert sorted(named) == sorted(set(ids) - set(there))

        run_virtual(check())

    @given(st.sets(st.integers(0, 9)), st.integers(1, 12))
    def test_a_message_that_has_another_id_by_now_is_found_under_the_one_asked_for(self, renamed, batch):
        ids = [f"m{n}" for n in range(10)]
        names = {f"m{n}": f"new{n}" for n in renamed}

        async def check():
            mailbox = Mailbox(ids, renamed=names)
            async with mailbox.client() as missive:
                found = await missive.messages.get_many(ids, batch=batch)
            assert [message.id for message in found] == [names.get(id, id) for id in ids]

        run_virtual(check())

    async def test_fifty_are_asked_for_at_a_time(self):
        ids = [f"m{n}" for n in range(120)]
        mailbox = Mailbox(ids)
        async with mailbox.client() as missive:
            await missive.messages.get_many(ids)
        assert sorted(map(len, mailbox.asked)) == [20, 50, 50]

    async def test_long_ids_make_smaller_batches(self):
        ids = [f"{n:0150d}" for n in range(60)]
        mailbox = Mailbox(ids)
        async with mailbox.client() as missive:
            found = await missive.messages.get_many(ids)
        assert [message.id for message in found] == ids
        assert max(len(",".join(asked)) for asked in mailbox.asked) <= 4_000

    async def test_one_missing_message_of_fifty_costs_a_dozen_requests_at_most(self):
        ids = [f"m{n}" for n in range(50)]
        mailbox = Mailbox(set(ids) - {"m31"})
        async with mailbox.client() as missive:
            assert len(await missive.messages.get_many(ids, missing="skip")) == 49
        assert len(mailbox.asked) <= 13

    async def test_one_that_is_left_out_costs_one_more_request(self):
        ids = [f"m{n}" for n in range(50)]
        mailbox = Mailbox(set(ids) - {"m31"}, omits=True)
        async with mailbox.client() as missive:
            await missive.messages.get_many(ids, missing="skip")
        assert [len(asked) for asked in mailbox.asked] == [50, 1]

    async def test_no_ids_spend_no_request(self):
        mailbox = Mailbox([])
        async with mailbox.client() as missive:
            assert await missive.messages.get_many([]) == ()
        assert mailbox.asked == []

    async def test_a_message_on_which_the_server_fails_is_told_by_that_failure(self):
        ids = [f"m{n}" for n in range(8)]
        mailbox = Mailbox(ids, poison={"m5"})
        async with mailbox.client() as missive:
            with pytest.raises(ServerError) as caught:
                await missive.messages.get_many(ids, missing="skip")
        assert caught.value.request.path == "/messages/m5"

    async def test_a_batch_that_times_out_is_asked_for_in_halves(self):
        def slow(sent):
            ids = sent.target.rsplit("/", 1)[-1].split(",")
            return httpx.ReadTimeout("slow") if len(ids) > 2 else {"messages": [{"id": id} for id in ids]}

        fake = FakeMissive(slow)
        async with fake.client(retry=RetryPolicy.never()) as missive:
            found = await missive.messages.get_many([f"m{n}" for n in range(8)])
        assert [message.id for message in found] == [f"m{n}" for n in range(8)]

    async def test_one_message_that_times_out_is_told(self):
        fake = FakeMissive(httpx.ReadTimeout("slow"))
        async with fake.client(retry=RetryPolicy.never()) as missive:
            with pytest.raises(TimedOut):
                await missive.messages.get_many(["m1", "m2"])

    @pytest.mark.parametrize("status", [401, 403, 503])
    async def test_what_a_smaller_batch_would_not_change_is_raised_at_once(self, status):
        fake = FakeMissive(status)
        async with fake.client(retry=RetryPolicy.never()) as missive:
            with pytest.raises(Exception, match=str(status)):
                await missive.messages.get_many(["m1", "m2", "m3"])
        assert len(fake.sent) == 1

    async def test_a_400_of_another_reason_is_not_taken_for_a_missing_message(self):
        fake = FakeMissive(lambda _: 400)
        async with fake.client() as missive:
            with pytest.raises(Exception, match="400"):
                await missive.messages.get_many(["m1", "m2"], missing="skip")

    async def test_an_empty_body_is_not_taken_for_missing_messages(self):
        async with FakeMissive(200).client(retry=RetryPolicy.never()) as missive:
            with pytest.raises(DecodeError):
                await missive.messages.get_many(["m1", "m2"], missing="skip")

    async def test_a_server_that_answers_with_strangers_does_not_keep_us_for_ever(self):
        fake = FakeMissive({"messages": [{"id": "x"}, {"id": "y"}]})
        async with fake.client() as missive:
            assert await missive.messages.get_many(["m1", "m2", "m3"], missing="skip") == ()
        assert len(fake.sent) == 4

    @pytest.mark.parametrize(
        "arguments",
        [
            {"ids": "m1"},
            {"ids": None},
            {"ids": ["a/b"]},
            {"ids": ["a,b"]},
            {"ids": [""]},
            {"ids": [None]},
            {"ids": ["m1"], "batch": 0},
            {"ids": ["m1"], "batch": True},
            {"ids": ["m1"], "missing": "ignore"},
        ],
    )
    async def test_what_makes_no_sense_is_refused(self, arguments):
        fake = FakeMissive({"messages": []})
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest):
                await missive.messages.get_many(**arguments)
        assert fake.sent == []


class TestLines:
    @pytest.mark.parametrize("ids", [["m1"], ["m1", "m2", "m1"]])
    @pytest.mark.parametrize("in_array", [True, False])
    async def test_lines_are_what_came_byte_for_byte(self, ids, in_array):
        mailbox = Mailbox(ids, alone_in_array=in_array)
        async with mailbox.client() as missive:
            lines = await missive.messages.get_many_lines(ids)
        expected = {id: json.dumps(mailbox._row(id), ensure_ascii=False, separators=(",", ":")) for id in ids}
        assert {id: line.decode() for id, line in lines.items()} == expected
        assert list(lines) == list(dict.fromkeys(ids))

    async def test_a_record_that_is_written_over_several_lines_becomes_one(self):
        text = b'{"messages": [\n {"id": "m1",\n  "n": 1.50}]}'

        async with AsyncMissive(
            "made-up-token",
            base_url=BASE_URL,
            transport=httpx.MockTransport(lambda _: httpx.Response(200, content=text)),
        ) as missive:
            lines = await missive.messages.get_many_lines(["m1"])
        assert b"\n" not in lines["m1"]
        assert msgspec.json.decode(lines["m1"]) == {"id": "m1", "n": 1.5}

    async def test_what_is_missing_is_named(self):
        async with Mailbox(["m1"]).client() as missive:
            with pytest.raises(NotFound, match="m2"):
                await missive.messages.get_many_lines(["m1", "m2"])
            assert list(await missive.messages.get_many_lines(["m1", "m2"], missing="skip")) == ["m1"]


class TestCreating:
    async def test_an_incoming_message_goes_out_as_it_is_given(self):
        fake = FakeMissive({"messages": {"id": "m1", "conversation": "c1"}})
        async with fake.client() as missive:
            created = await missive.messages.create(
                account="a1",
                from_field={"id": "1", "username": "@x", "name": "X"},
                body="Hi",
                delivered_at=1_700_000_000,
            )
        assert created == CreatedMessage(id="m1", conversation="c1")
        assert (fake.sent[0].method, fake.sent[0].target) == ("POST", "/messages")
        assert fake.sent[0].json == {
            "messages": {
                "account": "a1",
                "from_field": {"id": "1", "username": "@x", "name": "X"},
                "body": "Hi",
                "delivered_at": 1_700_000_000,
            }
        }

    async def test_an_empty_answer_is_a_success(self):
        async with FakeMissive(201).client() as missive:
            assert await missive.messages.create(account="a1", body="Hi") is None

    async def test_an_account_is_required(self):
        fake = FakeMissive(201)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest) as caught:
                await missive.messages.create(body="Hi")
        assert (caught.value.problems, fake.sent) == (("messages.account is required",), [])

    async def test_a_lost_answer_is_not_followed_by_a_second_message(self):
        fake = FakeMissive(httpx.ReadError("gone"))
        async with fake.client() as missive:
            with pytest.raises(OutcomeUnknown):
                await missive.messages.create(account="a1", body="Hi")
        assert len(fake.sent) == 1
