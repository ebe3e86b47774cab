import asyncio
from datetime import UTC, datetime
from random import Random

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_missive import BASE_URL, FakeMissive, echo
from missive_async import (
    UNSET,
    BudgetExceeded,
    DecodeError,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PartiallyApplied,
    RetryPolicy,
    Unprocessable,
)
from missive_async.resources._batch import (
    as_payload,
    below,
    checked,
    delete_in_parts,
    shallow,
    split_ids,
    write_in_parts,
)


@attrs.frozen(kw_only=True)
class Thing:
    id: str
    name: str | None = None


@attrs.frozen(kw_only=True)
class Change:
    id: str
    name: str | None = UNSET
    at: datetime | None = UNSET


ITEMS = [{"id": f"thing-{number}", "name": "n" * number} for number in range(5)]


async def write(fake, items, *, method="PATCH", **limits):
    async with fake.client(retry=RetryPolicy.never()) as missive:
        path = below("/things") if method == "PATCH" else lambda _: "/things"
        return await write_in_parts(missive._pipeline, method, path, "things", items, Thing, **limits)


def one_a_request(items=ITEMS):
    """A limit that lets every item but the smallest travel alone."""
    return max(len(str(item)) for item in items) + 20


class TestWriting:
    async def test_what_fits_goes_into_one_request(self):
        fake = FakeMissive(echo)
        assert await write(fake, ITEMS) == tuple(Thing(**item) for item in ITEMS)
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
            ("PATCH", "/things/thing-0,thing-1,thing-2,thing-3,thing-4", {"things": ITEMS})
        ]

    async def test_nothing_to_write_spends_no_request(self):
        fake = FakeMissive(echo)
        assert (await write(fake, []), fake.sent) == ((), [])

    @given(
        names=st.lists(st.text(max_size=30), min_size=1, max_size=30),
        max_body=st.integers(250, 600),
        max_url=st.integers(60, 200),
        seed=st.integers(),
        method=st.sampled_from(["PATCH", "POST"]),
    )
    def test_every_part_keeps_the_limits_and_the_order_is_that_given(self, names, max_body, max_url, seed, method):
        items = [{"id": f"thing-{number}", "name": name} for number, name in enumerate(names)]

        def answer(sent):
            rows = echo(sent)
            if method == "PATCH":
                Random(seed).shuffle(rows["things"])
            return rows

        fake = FakeMissive(answer)
        made = asyncio.run(write(fake, items, method=method, max_body=max_body, max_url=max_url))
        assert made == tuple(Thing(**item) for item in items)
        assert [item for sent in fake.sent for item in sent.json["things"]] == items
        assert all(sent.size <= max_body for sent in fake.sent)
        assert all(len(BASE_URL + sent.target) <= max_url for sent in fake.sent)

    @given(st.lists(st.integers(1, 60), min_size=1, max_size=25), st.integers(100, 160))
    def test_no_part_could_have_taken_the_first_item_of_the_next(self, lengths, max_body):
        items = [{"name": "n" * length} for length in lengths]
        fake = FakeMissive(echo)
        asyncio.run(write(fake, items, method="POST", max_body=max_body))
        for part, following in zip(fake.sent, fake.sent[1:], strict=False):
            first = len('{"name":""}') + len(following.json["things"][0]["name"])
            assert part.size + 1 + first > max_body

    async def test_an_item_that_fits_into_no_request_is_named_before_anything_is_sent(self):
        fake = FakeMissive(echo)
        items = [{"id": "a"}, {"id": "b", "name": "n" * 300}, {"id": "c"}, {"id": "d", "name": "n" * 300}]
        with pytest.raises(InvalidRequest) as caught:
            await write(fake, items, max_body=200)
        assert [problem.partition(" ")[0] for problem in caught.value.problems] == ["things[1]", "things[3]"]
        assert fake.sent == []

    async def test_what_json_cannot_say_is_named_before_anything_is_sent(self):
        fake = FakeMissive(echo)
        with pytest.raises(InvalidRequest, match=r"things\[1\]: not JSON"):
            await write(fake, [{"id": "a"}, {"id": "b", "name": object()}])
        assert fake.sent == []

    @pytest.mark.parametrize("answer", [201, 204, None])
    async def test_an_empty_answer_gives_nothing_for_its_part(self, answer):
        assert await write(FakeMissive(answer), ITEMS) == ()

    async def test_a_single_object_is_read_as_an_array_of_one(self):
        assert await write(FakeMissive({"things": {"id": "thing-0"}}), ITEMS[:1]) == (Thing(id="thing-0"),)

    async def test_a_record_that_comes_back_under_another_id_keeps_its_place(self):
        rows = [{"id": "thing-2"}, {"id": "merged"}, {"id": "thing-0"}]
        made = await write(FakeMissive({"things": rows}), ITEMS[:3])
        assert [thing.id for thing in made] == ["thing-0", "merged", "thing-2"]

    async def test_records_that_nobody_asked_for_come_last(self):
        rows = [{"id": "other"}, {"id": "thing-1"}, {"id": "thing-0"}]
        made = await write(FakeMissive({"things": rows}), ITEMS[:2])
        assert [thing.id for thing in made] == ["thing-0", "thing-1", "other"]

    async def test_records_that_did_not_come_back_leave_no_gap(self):
        made = await write(FakeMissive({"things": [{"id": "thing-3"}, {"id": "thing-1"}]}), ITEMS)
        assert [thing.id for thing in made] == ["thing-1", "thing-3"]


class TestFailing:
    async def test_the_first_request_fails_as_any_other(self):
        fake = FakeMissive(422)
        with pytest.raises(Unprocessable):
            await write(fake, ITEMS, max_body=one_a_request())
        assert len(fake.sent) == 1

    @pytest.mark.parametrize(
        ("failure", "cause"),
        [(422, Unprocessable), (503, OutcomeUnknown), (httpx.ReadError("gone"), OutcomeUnknown)],
    )
    async def test_a_later_failure_says_what_was_applied_and_what_was_not(self, failure, cause):
        fake = FakeMissive(echo, echo, failure)
        with pytest.raises(PartiallyApplied) as caught:
            await write(fake, ITEMS, max_body=one_a_request())
        error = caught.value
        applied = sum(len(sent.json["things"]) for sent in fake.sent[:2])
        assert isinstance(error.__cause__, cause)
        assert error.done == tuple(Thing(**item) for item in ITEMS[:applied])
        assert error.failed == tuple(ITEMS[applied:])
        assert str(error).startswith(f"{applied} of 5 were applied")
        assert len(fake.sent) == 3

    async def test_no_budget_for_a_later_part_is_a_later_failure(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            budget = missive._pipeline.core.budget
            acquire = budget.acquire

            async def once(*args, **kwargs):
                if fake.sent:
                    raise BudgetExceeded("too late", retry_after=9.0)
                return await acquire(*args, **kwargs)

            budget.acquire = once
            with pytest.raises(PartiallyApplied) as caught:
                await write_in_parts(
                    missive._pipeline, "PATCH", below("/things"), "things", ITEMS, Thing, max_body=one_a_request()
                )
        assert isinstance(caught.value.__cause__, BudgetExceeded)

    async def test_an_answer_that_cannot_be_read_was_applied_and_is_not_to_be_sent_again(self):
        fake = FakeMissive(echo, {"things": "what?"}, echo)
        with pytest.raises(PartiallyApplied) as caught:
            await write(fake, ITEMS, max_body=one_a_request())
        sent = sum(len(sent.json["things"]) for sent in fake.sent)
        assert isinstance(caught.value.__cause__, DecodeError)
        assert caught.value.failed == tuple(ITEMS[sent:])

    async def test_a_first_answer_that_cannot_be_read_leaves_the_rest_to_be_sent(self):
        fake = FakeMissive({"things": "what?"})
        with pytest.raises(PartiallyApplied) as caught:
            await write(fake, ITEMS, max_body=one_a_request())
        applied = len(fake.sent[0].json["things"])
        assert (caught.value.done, caught.value.failed) == ((), tuple(ITEMS[applied:]))

    async def test_the_only_answer_that_cannot_be_read_is_no_more_than_that(self):
        with pytest.raises(DecodeError):
            await write(FakeMissive({"things": "what?"}), ITEMS)

    async def test_a_read_only_client_sends_nothing(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            pipeline = missive.with_options(read_only=True)._pipeline
            with pytest.raises(InvalidRequest):
                await write_in_parts(pipeline, "PATCH", below("/things"), "things", ITEMS, Thing)
        assert fake.sent == []


class TestDeleting:
    @given(st.lists(st.text("abc", min_size=1, max_size=9), max_size=40), st.integers(70, 120))
    def test_every_id_is_deleted_once_in_urls_that_are_short_enough(self, ids, max_url):
        fake = FakeMissive(None)

        async def delete():
            async with fake.client() as missive:
                await delete_in_parts(missive._pipeline, "/things", ids, max_url=max_url)

        asyncio.run(delete())
        deleted = [id for sent in fake.sent for id in sent.target.removeprefix("/things/").split(",")]
        assert deleted == list(dict.fromkeys(ids))
        assert all(len(BASE_URL + sent.target) <= max_url for sent in fake.sent)
        assert all((sent.method, sent.json) == ("DELETE", None) for sent in fake.sent)

    async def test_a_later_failure_names_the_ids(self):
        fake = FakeMissive(200, 404)
        async with fake.client() as missive:
            with pytest.raises(PartiallyApplied) as caught:
                await delete_in_parts(missive._pipeline, "/things", ["a", "b", "c"], max_url=len(BASE_URL) + 9)
        assert (caught.value.done, caught.value.failed) == (("a",), ("b", "c"))
        assert isinstance(caught.value.__cause__, NotFound)

    async def test_what_is_no_id_is_refused_before_anything_is_deleted(self):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest):
                await delete_in_parts(missive._pipeline, "/things", ["a", "../b", "c"])
        assert fake.sent == []

    async def test_ids_are_split_in_their_order(self):
        async with FakeMissive(None).client() as missive:
            parts = split_ids(missive._pipeline, "/things", ["a", "b", "c"], max_url=len(BASE_URL) + 11)
            assert (parts, split_ids(missive._pipeline, "/things", [])) == ([["a", "b"], ["c"]], [])


class TestPayloads:
    def test_a_model_and_a_mapping_of_the_same_values_are_the_same(self):
        at = datetime(2026, 1, 2, tzinfo=UTC)
        expected = {"id": "a", "name": None, "at": 1767312000}
        assert as_payload(Change(id="a", name=None, at=at), "things[0]") == expected
        assert as_payload({"id": "a", "name": None, "at": at}, "things[0]") == expected

    def test_what_is_unset_is_left_out_at_any_depth(self):
        inner = {"a": UNSET, "b": [Change(id="c")]}
        assert as_payload({"x": inner, "y": UNSET}, "things[0]") == {"x": {"b": [{"id": "c"}]}}

    @pytest.mark.parametrize("item", [None, 7, "id", ["a"], Change, object()])
    def test_anything_else_is_refused_with_its_place(self, item):
        with pytest.raises(InvalidRequest, match=r"^things\[3\]: a model or a mapping"):
            as_payload(item, "things[3]")

    @pytest.mark.parametrize("item", [Change(id="a", at=datetime(2026, 1, 2)), {"x": [datetime(2026, 1, 2)]}])  # noqa: DTZ001
    def test_a_time_without_a_zone_is_refused_with_its_place(self, item):
        with pytest.raises(InvalidRequest, match=r"^things\[3\]: a time without a zone"):
            as_payload(item, "things[3]")

    def test_unset_among_values_is_refused(self):
        with pytest.raises(InvalidRequest, match="UNSET"):
            as_payload({"names": ["a", UNSET]}, "things[0]")

    def test_what_contains_itself_is_refused(self):
        item = {}
        item["self"] = item
        with pytest.raises(InvalidRequest, match="nested too deep"):
            as_payload(item, "things[0]")

    def test_a_record_that_was_read_has_no_nulls_and_nothing_read_only(self):
        assert shallow(Thing(id="a"), Thing, ()) == {"id": "a"}
        assert shallow(Thing(id="a", name="n"), Thing, ("name",)) == {"id": "a"}

    def test_nulls_that_were_given_stay(self):
        assert shallow(Change(id="a", name=None), Thing, ()) == {"id": "a", "name": None}

    def test_all_problems_of_all_items_come_at_once(self):
        def check(thing, position):
            thing.required("name")

        items = [{"id": "a"}, 7, {"name": "n"}, {"id": "a", "name": "n"}, {"id": "x/y", "name": "n"}]
        with pytest.raises(InvalidRequest) as caught:
            checked("things", items, check, with_ids=True)
        assert caught.value.problems == (
            "things[0].name is required",
            "things[1]: a model or a mapping, not int",
            "things[2].id is required",
            "things[3].id is also things[0].id: 'a'",
            "things[4].id: not an id: 'x/y'",
        )
