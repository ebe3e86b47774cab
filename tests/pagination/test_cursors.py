import asyncio
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from list_servers import OffsetList, UntilList, by_offset, by_until, reader
from missive_async.errors import DecodeError, InvalidRequest
from missive_async.pagination.cursors import OffsetWalk, Ties, UntilWalk
from virtual import run_virtual, virtual_time


async def ids(pager):
    return [row["id"] async for row in pager.raw()]


def read(server, limit):
    """All ids of a list by until."""

    async def main():
        async with reader(server) as client:
            return await ids(by_until(client, limit))

    return run_virtual(main())


def moments(times):
    return [(f"r{index}", time) for index, time in enumerate(times)]


# By until

spread = st.lists(st.integers(1_000, 1_040), max_size=45)
crowded = st.lists(st.integers(1_000, 1_004), max_size=45)
fractions = st.lists(st.integers(8_000, 8_060).map(lambda eighth: eighth / 8), max_size=45)
limits = st.integers(2, 7)
times = spread | crowded | fractions


@given(times, limits, st.booleans(), st.booleans())
def test_every_record_that_can_be_had_is_given_once_and_in_order(times, limit, inclusive, extending):
    server = UntilList(moments(times), inclusive=inclusive, extending=extending)
    assert read(server, limit) == server.reachable(limit)


@given(spread, limits, st.booleans(), st.booleans())
def test_that_is_every_record_where_no_run_of_ties_is_as_long_as_a_page(times, limit, inclusive, extending):
    times = [time for index, time in enumerate(sorted(times)) if times.count(time) < limit]
    server = UntilList(moments(times), inclusive=inclusive, extending=extending)
    assert sorted(read(server, limit)) == sorted(id for id, _ in server.moments)


@given(crowded, limits, st.booleans())
def test_and_every_record_where_pages_go_on_to_the_end_of_a_run(times, limit, inclusive):
    server = UntilList(moments(times), inclusive=inclusive, extending=True)
    assert read(server, limit) == [id for id, _ in server.moments]


@given(times, limits, st.booleans(), st.booleans(), st.data())
def test_resumed_at_any_page_by_another_client_the_rest_is_given_exactly(times, limit, inclusive, extending, data):
    server = UntilList(moments(times), inclusive=inclusive, extending=extending)

    async def main():
        async with reader(server) as client:
            pages = [page async for page in by_until(client, limit).raw().pages()]
        broken_off = data.draw(st.integers(0, len(pages) - 1))
        cursor = pages[broken_off].cursor
        if cursor is None:
            assert broken_off == len(pages) - 1
            return
        async with reader(server) as client:
            rest = await ids(by_until(client, limit).resume(cursor))
        assert rest == [row["id"] for page in pages[broken_off + 1 :] for row in page]

    run_virtual(main())


@given(times, limits, st.booleans(), st.booleans(), st.integers(1, 4))
def test_read_ahead_it_is_the_same(times, limit, inclusive, extending, prefetch):
    server = UntilList(moments(times), inclusive=inclusive, extending=extending)

    async def main():
        async with reader(server) as client:
            return await ids(by_until(client, limit)), await ids(by_until(client, limit, prefetch=prefetch))

    plain, ahead = run_virtual(main())
    assert ahead == plain


@given(st.sets(st.integers(1_000, 1_200), max_size=60), limits)
def test_an_ordinary_list_costs_the_fewest_requests_and_each_asks_for_the_oldest_time_so_far(times, limit):
    server = UntilList(moments(times))
    read(server, limit)
    count = len(times)
    assert len(server.asked) == (1 if count < limit else 2 + (count - limit) // (limit - 1))
    newest_first = sorted(times, reverse=True)
    borders = [newest_first[limit - 1 + page * (limit - 1)] for page in range(len(server.asked) - 1)]
    assert server.untils == [None, *borders]


@given(st.sets(st.integers(1_000, 1_200), max_size=60), limits)
def test_that_the_list_leaves_until_out_costs_one_request_to_find_out(times, limit):
    server = UntilList(moments(times), inclusive=False)
    read(server, limit)
    assert len(server.asked) <= (1 if len(times) < limit else 3 + (len(times) - limit) // (limit - 1))


def test_what_one_list_taught_is_known_to_the_next():
    server = UntilList(moments(range(1_000, 1_020)), inclusive=False)

    async def main():
        async with reader(server) as client:
            first = await ids(by_until(client, 5))
            spent = len(server.asked)
            second = await ids(by_until(client, 5))
            return first == second, spent - (len(server.asked) - spent)

    assert run_virtual(main()) == (True, 1)


@given(crowded, limits)
def test_a_list_taken_for_the_other_kind_by_mistake_is_read_all_the_same(times, limit):
    """A record that moves away between two pages looks like one that was left out."""
    server = UntilList(moments(times))

    async def main():
        async with reader(server) as client:
            client._pipeline.core.ties["rows"] = Ties(exclusive=True)
            return await ids(by_until(client, limit))

    assert run_virtual(main()) == server.reachable(limit)


@given(st.lists(st.integers(1_000, 1_030), min_size=1, max_size=40), limits, st.booleans(), st.data())
def test_records_that_move_to_the_top_meanwhile_are_the_only_ones_that_may_be_missing_or_seen_twice(
    times, limit, inclusive, data
):
    server = UntilList(moments(times), inclusive=inclusive, extending=True)
    moved = set()

    async def main():
        seen = []
        async with reader(server) as client:
            async for page in by_until(client, limit).raw().pages():
                seen += [row["id"] for row in page]
                if data.draw(st.booleans()):
                    id, _ = data.draw(st.sampled_from(server.moments))
                    moved.add(id)
                    rest = [moment for moment in server.moments if moment[0] != id]
                    server.moments = [(id, 2_000 + len(moved)), *rest]
        return seen

    seen = run_virtual(main())
    steady = [f"r{index}" for index in range(len(times)) if f"r{index}" not in moved]
    assert sorted(id for id in seen if id not in moved) == sorted(steady)


def test_what_one_list_finds_out_loses_nothing_to_another_that_waits_for_its_answer():
    """Both asked in the same way; the answer of the second comes when the first has learnt better."""
    server = UntilList(moments([9, 8, 7, 7, 6, 5]), inclusive=False)
    ties = Ties()
    walks = [UntilWalk(3, None, ties) for _ in range(2)]
    given = [[], []]
    while not all(walk.done for walk in walks):
        asks = [None if walk.done else {"limit": 3, **walk.ask()} for walk in walks]
        for walk, ask, ids in zip(walks, asks, given, strict=True):
            if ask is not None:
                rows = server.page(ask)
                fresh = walk.take([(row["id"], row["at"]) for row in rows])
                ids += [rows[index]["id"] for index in fresh or ()]
    assert given == [[f"r{index}" for index in range(6)]] * 2


def test_a_run_of_ties_longer_than_a_page_does_not_end_a_strict_list():
    server = UntilList(moments([1_010, *[1_005] * 20, 1_004, 1_003]))
    assert read(server, 5) == ["r0", *(f"r{index}" for index in range(1, 6)), "r21", "r22"]


def test_a_list_that_does_not_heed_until_is_an_error_and_not_an_endless_loop():
    server = UntilList(moments(range(1_000, 1_020)), heed_until=False)
    with pytest.raises(DecodeError, match="'until' is ignored") as caught:
        read(server, 5)
    assert (caught.value.paths, len(server.asked) <= 3) == (("$",), True)


def test_a_lenient_list_that_does_not_heed_until_ends_with_what_it_gave():
    server = UntilList(moments(range(1_000, 1_020)), heed_until=False)

    async def main():
        async with reader(server) as client:
            return await ids(by_until(client, 5, lenient=True))

    assert run_virtual(main()) == [f"r{index}" for index in range(19, 14, -1)]
    assert len(server.asked) == 2


def test_a_short_list_that_does_not_heed_until_is_no_error():
    server = UntilList(moments(range(4)), heed_until=False)
    assert len(read(server, 5)) == 4


@given(st.lists(st.none() | st.integers(1_000, 1_010), max_size=30), limits)
def test_records_without_a_time_end_nothing_and_come_once(times, limit):
    """They stand first, on the page without until."""
    server = UntilList(moments(times))
    seen = read(server, limit)
    first_page = [id for id, _ in server.select(limit, None)]
    timeless = times.count(None)
    assert len(seen) == len(set(seen))
    assert set(first_page) <= set(seen)
    if timeless < limit:
        assert set(server.reachable(limit)) == set(seen)


def test_records_without_a_time_on_every_page_come_once():
    class Stubborn(UntilList):
        def select(self, limit, until):
            return [("timeless", None), *super().select(limit - 1, until)]

    server = Stubborn(moments(range(1_000, 1_009)))
    seen = read(server, 4)
    assert sorted(seen) == sorted(["timeless", *(f"r{index}" for index in range(9))])


def test_a_page_of_records_without_times_is_the_last():
    server = UntilList(moments([None] * 10))
    assert (len(read(server, 5)), len(server.asked)) == (5, 1)


@virtual_time
async def test_another_field_stands_in_for_a_time_that_is_missing():
    class Drafts(UntilList):
        def page(self, params):
            return [{"id": row["id"], "at": None, "also_at": row["at"]} for row in super().page(params)]

    server = Drafts(moments(range(1_000, 1_020)))
    async with reader(server) as client:
        pager = by_until(client, 5, times=("at", "also_at"))
        assert [row.id async for row in pager] == [id for id, _ in server.moments]
        assert await ids(pager) == [id for id, _ in server.moments]


# By offset


@given(st.integers(0, 1_100))
def test_by_offset_every_record_is_given_once_with_the_fewest_requests(count):
    server = OffsetList([{"id": str(index)} for index in range(count)])

    async def main():
        async with reader(server) as client:
            return await ids(by_offset(client))

    assert run_virtual(main()) == [str(index) for index in range(count)]
    assert server.asked == [{"limit": 200, "offset": 200 * page} for page in range(count // 200 + 1)]


@given(st.integers(150, 700), st.data())
def test_records_added_meanwhile_make_none_come_twice(count, data):
    def add(server):
        for _ in range(data.draw(st.integers(0, 30))):
            server.rows.insert(0, {"id": f"new{len(server.rows)}"})

    server = OffsetList([{"id": str(index)} for index in range(count)], between=add)

    async def main():
        async with reader(server) as client:
            return await ids(by_offset(client))

    seen = run_virtual(main())
    assert len(seen) == len(set(seen))
    assert set(map(str, range(count))) <= set(seen)


@given(st.integers(0, 900), st.data())
def test_resumed_by_offset_the_rest_is_given(count, data):
    server = OffsetList([{"id": str(index)} for index in range(count)])

    async def main():
        async with reader(server) as client:
            pages = [page async for page in by_offset(client).raw().pages()]
            for index, page in enumerate(pages):
                if page.cursor is None:
                    assert index == len(pages) - 1
                else:
                    rest = await ids(by_offset(client).resume(page.cursor))
                    assert rest == [row["id"] for later in pages[index + 1 :] for row in later]

    run_virtual(main())


def test_a_list_that_does_not_heed_offset_is_an_error_and_not_an_endless_loop():
    server = OffsetList([{"id": str(index)} for index in range(300)], heed_offset=False)

    async def main():
        async with reader(server) as client:
            return await ids(by_offset(client))

    with pytest.raises(DecodeError, match="'offset' is ignored"):
        run_virtual(main())
    assert len(server.asked) <= 3


def test_a_short_list_that_does_not_heed_offset_is_no_error():
    server = OffsetList([{"id": "1"}], heed_offset=False)

    async def main():
        async with reader(server) as client:
            return await ids(by_offset(client))

    assert run_virtual(main()) == ["1"]


def test_an_offset_walk_remembers_a_bounded_number_of_records():
    walk = OffsetWalk(200, None)
    for page in range(100):
        walk.take([(f"{page}-{index}", None) for index in range(200)])
    assert len(walk._recent) <= 2_000


# Cursors


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "null",
        "7",
        "[]",
        "{}",
        '{"offset": -1}',
        '{"offset": 1.5}',
        '{"offset": true}',
        '{"offset": "1"}',
        '{"offset": null}',
        '{"offset": 1, "more": 2}',
        "{",
        "[" * 10_000,
        "\ud800",
    ],
)
def test_text_that_is_no_cursor_of_an_offset_list_is_refused(cursor):
    with pytest.raises(InvalidRequest, match="not a cursor"):
        OffsetWalk(200, cursor)


def a_cursor(**changes):
    walk = UntilWalk(2, None, Ties())
    walk.take([("a", 5), ("b", 4)])
    return json.dumps({**json.loads(walk.cursor()), **changes})


def test_a_cursor_goes_both_ways():
    assert UntilWalk(2, a_cursor(), Ties()).cursor() == UntilWalk(2, a_cursor(), Ties()).cursor()
    assert UntilWalk(2, a_cursor(), Ties()).ask() == {"until": 4}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "null",
        "{}",
        '{"until": 3}',
        '{"offset": 3}',
        a_cursor(until=-1),
        a_cursor(until=None),
        a_cursor(until=1.5),
        a_cursor(until=True),
        a_cursor(seen=[]),
        a_cursor(seen={"a": "b"}),
        a_cursor(seen={"a": None}),
        a_cursor(seen={"a": True}),
        a_cursor(below="yes"),
        a_cursor(below=True),
        a_cursor(exclusive=None),
        a_cursor(cut=1),
        a_cursor(more=1),
    ],
)
def test_text_that_is_no_cursor_of_an_until_list_is_refused(cursor):
    with pytest.raises(InvalidRequest, match="not a cursor"):
        UntilWalk(2, cursor, Ties())


@given(st.text(max_size=40) | st.recursive(st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_raises_anything_else(text):
    for make in (lambda: OffsetWalk(200, text), lambda: UntilWalk(5, text, Ties())):
        with contextlib.suppress(InvalidRequest):
            make()


@virtual_time
async def test_a_bad_cursor_is_refused_before_anything_is_sent():
    server = OffsetList([])
    async with reader(server) as client:
        with pytest.raises(InvalidRequest):
            by_offset(client).resume("{}")
        assert await by_offset(client).resume(None).collect() == []
    await asyncio.sleep(0)
    assert len(server.asked) == 1
