import asyncio
import gc
import json
from datetime import UTC, datetime

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from list_servers import BASE_URL, OffsetList, Row, UntilList, by_offset, by_until, reader
from missive_async import AsyncMissive, RateLimits
from missive_async.errors import ClientClosed, DecodeError, InvalidRequest, NotFound, ServerError
from missive_async.pagination import offset_pager, until_pager
from virtual import now, others, run_virtual, settle, virtual_time


def rows(count):
    return OffsetList([{"id": str(index)} for index in range(count)])


def moments(count):
    return UntilList([(str(index), 1_000 + index) for index in range(count)])


def answering(handler, **options):
    """A client whose server is a function of the request, async or not."""
    transport = httpx.MockTransport(handler)
    limits = RateLimits(concurrency=5, windows=())
    return AsyncMissive("made-up", base_url=BASE_URL, transport=transport, limits=limits, **options)


def body(content):
    """A client whose only answer has this body."""
    return answering(lambda _: httpx.Response(200, content=content))


async def gather_pages(pager, pages):
    """Add a list's pages to `pages` as they come."""
    async for page in pager.pages():
        pages.append(page)


# Ways to read


@virtual_time
async def test_items_come_as_models():
    async with reader(moments(3)) as client:
        found = [row async for row in by_until(client, 5)]
    assert found == [Row(id=str(index), at=datetime.fromtimestamp(1_000 + index, UTC)) for index in (2, 1, 0)]


@virtual_time
async def test_nothing_is_sent_before_something_is_asked_for():
    server = rows(3)
    async with reader(server) as client:
        for prefetch in (0, 2):
            pager = by_offset(client, prefetch=prefetch)
            aiter(pager)
            pager.raw()
            pager.lines()
            pager.resume(None)
        await settle()
    assert server.asked == []


@virtual_time
async def test_a_pager_can_be_read_again_from_its_start():
    async with reader(rows(450)) as client:
        pager = by_offset(client)
        assert await pager.collect() == await pager.collect()


@virtual_time
async def test_pages_know_their_items_and_their_cursor():
    async with reader(rows(450)) as client:
        pages = [page async for page in by_offset(client).pages()]
    assert [len(page) for page in pages] == [200, 200, 50]
    assert [page.cursor is None for page in pages] == [False, False, True]
    assert [row.id for page in pages for row in page] == [str(index) for index in range(450)]


@virtual_time
async def test_the_largest_page_and_the_filters_are_asked_for_every_time():
    asked = []

    def answer(request):
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"rows": [{"id": f"{len(asked)}-{index}"} for index in range(3)]})

    async with answering(answer) as client:
        pager = until_pager(
            client._pipeline, "/rows", "rows", Row, limit=50, times=("at",), params={"inbox": True, "team": None}
        )
        await pager.collect()
        await offset_pager(client._pipeline, "/rows", "rows", Row, params={"q": "a b"}).collect()
    assert asked == [{"inbox": "true", "limit": "50"}, {"q": "a b", "limit": "200", "offset": "0"}]


@virtual_time
async def test_the_first_record_costs_one_request():
    server = rows(450)
    async with reader(server) as client:
        first = await by_offset(client).first()
    assert (first, len(server.asked)) == (Row(id="0"), 1)


@virtual_time
async def test_there_is_no_first_record_of_an_empty_list():
    async with reader(rows(0)) as client:
        assert await by_offset(client).first() is None


@pytest.mark.parametrize(
    ("most", "requests"), [(0, 0), (1, 1), (200, 1), (201, 2), (400, 2), (450, 3), (9_999, 3), (None, 3)]
)
def test_collecting_asks_for_no_page_beyond_those_needed(most, requests):
    server = rows(450)

    async def main():
        async with reader(server) as client:
            return await by_offset(client).collect(most)

    found = run_virtual(main())
    assert [row.id for row in found] == [str(index) for index in range(450)][:most]
    assert len(server.asked) == requests


@pytest.mark.parametrize("most", [-1, 1.5, "3", True])
def test_a_number_of_items_that_is_none_is_refused(most):
    async def main():
        async with reader(rows(3)) as client:
            await by_offset(client).collect(most)

    with pytest.raises(InvalidRequest, match="max_items"):
        run_virtual(main())


@pytest.mark.parametrize("prefetch", [-1, 1.5, "3", True, None])
def test_a_number_of_pages_that_is_none_is_refused(prefetch):
    async def main():
        async with reader(rows(3)) as client:
            by_offset(client, prefetch=prefetch)

    with pytest.raises(InvalidRequest, match="prefetch"):
        run_virtual(main())


@virtual_time
async def test_the_repr_names_the_list_and_where_it_starts():
    async with reader(rows(450)) as client:
        pager = by_offset(client)
        assert repr(pager) == "<Pager /rows>"
        assert repr(pager.resume('{"offset":200}')) == '<Pager /rows from {"offset":200}>'


@virtual_time
async def test_resumed_as_mappings_or_lines_it_starts_at_the_same_place():
    async with reader(rows(450)) as client:
        pager = by_offset(client).resume('{"offset":448}')
        assert await pager.raw().collect() == [{"id": "448"}, {"id": "449"}]
        assert await pager.lines().collect() == [b'{"id":"448"}', b'{"id":"449"}']


# Exactly as received

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=5).filter(lambda key: key != "id"), json_values, max_size=4), max_size=5)
)
def test_raw_records_are_what_was_sent_unknown_fields_included(extras):
    sent = [{**extra, "id": str(index)} for index, extra in enumerate(extras)]

    async def main():
        async with body(json.dumps({"other": [1], "rows": sent})) as client:
            return await by_offset(client).raw().collect()

    assert run_virtual(main()) == sent


@given(st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=4), max_size=5), st.booleans(), st.data())
def test_lines_are_the_very_bytes_that_were_sent(extras, escaped, data):
    separators = data.draw(st.sampled_from([(",", ":"), (", ", ": "), (" , ", "\t:  ")]))
    texts = [
        json.dumps({**extra, "id": str(index)}, ensure_ascii=escaped, separators=separators).encode(
            "utf-8", "surrogatepass"
        )
        for index, extra in enumerate(extras)
    ]

    async def main():
        async with body(b'{ "rows" :[ ' + b" , ".join(texts) + b"]}\n") as client:
            return await by_offset(client).lines().collect()

    assert run_virtual(main()) == texts


@virtual_time
async def test_a_record_sent_over_several_lines_is_one_line_all_the_same():
    sent = {"id": "1", "text": "line\nbreak", "numbers": [1, 2.50, 1e3]}
    async with body(json.dumps({"rows": [sent]}, indent=2)) as client:
        found = await by_offset(client).lines().collect()
    assert [json.loads(line) for line in found] == [sent]
    assert [b"\n" in line or b"\r" in line for line in found] == [False]


@virtual_time
async def test_numbers_keep_their_spelling_in_lines():
    text = b'{"id":"1","n":[1.0,1e2,-0,12345678901234567890123,0.10]}'
    async with body(b'{"rows":[' + text + b"]}") as client:
        assert await by_offset(client).lines().collect() == [text]


@virtual_time
async def test_a_time_with_a_fraction_pages_by_its_whole_second():
    asked = []

    def answer(request):
        asked.append(request.url.params.get("until"))
        count = 2 if len(asked) < 3 else 0
        return httpx.Response(
            200, json={"rows": [{"id": f"{len(asked)}{i}", "at": 1_000.75 - len(asked)} for i in range(count)]}
        )

    for kind in ("raw", "lines"):
        asked.clear()
        async with answering(answer) as client:
            await getattr(by_until(client, 2), kind)().collect()
        assert asked[1] == "999"


# Answers that are not what they should be


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b"", "$"),
        (b"<html></html>", "$"),
        (b"null", "$"),
        (b"[]", "$"),
        (b"{}", "$"),
        (b'{"others":[]}', "$"),
        (b'{"rows":null}', "$.rows"),
        (b'{"rows":{}}', "$.rows"),
        (b'{"rows":"x"}', "$.rows"),
        (b'{"rows":[{"id":"1"},null]}', "$.rows[1]"),
        (b'{"rows":[{"id":"1"},7]}', "$.rows[1]"),
        (b'{"rows":[{"id":1}]}', "$.rows[0].id"),
        (b'{"rows":[{}]}', "$.rows[0]"),
        (b'{"rows":[{"id":null}]}', "$.rows[0].id"),
    ],
)
def test_a_page_of_another_shape_is_a_decode_error_that_says_where(content, path):
    async def main():
        async with body(content) as client:
            await by_offset(client).collect()

    with pytest.raises(DecodeError) as caught:
        run_virtual(main())
    assert (caught.value.paths, caught.value.body, str(caught.value.request)) == ((path,), content, "GET /rows")


@pytest.mark.parametrize("kind", ["raw", "lines"])
@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b'{"rows":{}}', "$.rows"),
        (b'{"rows":[{"id":"1"},7]}', "$.rows[1]"),
        (b'{"rows":[{"id":"1"},{"id":2}]}', "$.rows[1].id"),
        (b'{"rows":[{"id":"1"},{"name":"x"}]}', "$.rows[1]"),
    ],
)
def test_raw_pages_of_another_shape_are_decode_errors_too(kind, content, path):
    async def main():
        async with body(content) as client:
            await getattr(by_offset(client), kind)().collect()

    with pytest.raises(DecodeError) as caught:
        run_virtual(main())
    assert (caught.value.paths, caught.value.body, str(caught.value.request)) == ((path,), content, "GET /rows")


# Errors on the way


@attrs.define
class Failing:
    """A list of which one page fails, once."""

    server: OffsetList
    fails_at: int
    status: int = 404
    seen: int = 0

    def __call__(self, request):
        self.seen += 1
        if self.seen == self.fails_at:
            return httpx.Response(self.status)
        return httpx.Response(200, json={"rows": self.server.page({k: int(v) for k, v in request.url.params.items()})})


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_an_error_comes_after_the_pages_before_it_and_the_list_can_be_gone_on_with(prefetch):
    async def main():
        async with answering(Failing(rows(1_050), fails_at=4)) as client:
            pager = by_offset(client, prefetch=prefetch)
            pages = []
            with pytest.raises(NotFound):
                await gather_pages(pager, pages)
            assert [len(page) for page in pages] == [200] * 3
            found = [row for page in pages for row in page] + await pager.resume(pages[-1].cursor).collect()
            assert others() == []
            return [row.id for row in found]

    assert run_virtual(main()) == [str(index) for index in range(1_050)]


@virtual_time
async def test_a_page_that_fails_for_a_moment_is_asked_for_again():
    async with answering(Failing(rows(450), fails_at=2, status=503)) as client:
        assert len(await by_offset(client).collect()) == 450


@virtual_time
async def test_a_page_that_keeps_failing_is_an_error():
    async with answering(lambda _: httpx.Response(503)) as client:
        with pytest.raises(ServerError):
            await by_offset(client, prefetch=2).collect()
        assert others() == []


# Read ahead


def slow(server, seconds):
    async def answer(request):
        await asyncio.sleep(seconds)
        return httpx.Response(200, json={"rows": server.page({k: int(v) for k, v in request.url.params.items()})})

    return answer


@given(st.integers(0, 1_300), st.integers(1, 6))
def test_read_ahead_the_list_is_the_same(count, prefetch):
    async def main():
        async with reader(rows(count)) as client:
            assert await by_offset(client, prefetch=prefetch).collect() == await by_offset(client).collect()
            assert others() == []

    run_virtual(main())


@pytest.mark.parametrize("prefetch", [1, 2, 4])
def test_no_more_pages_are_read_ahead_than_told(prefetch):
    server = rows(3_000)

    async def main():
        async with reader(server) as client:
            pages = by_offset(client, prefetch=prefetch).pages()
            for given_out in range(1, 5):
                await anext(pages)
                await asyncio.sleep(60)
                assert len(server.asked) == given_out + prefetch
            await pages.aclose()

    run_virtual(main())


@virtual_time
async def test_reading_ahead_overlaps_with_what_the_caller_does():
    async with answering(slow(rows(1_000), 1.0)) as client:
        async for _ in by_offset(client, prefetch=2).pages():
            await asyncio.sleep(1.0)
        assert now() == 7.0


# Left early, closed, cancelled


@pytest.mark.parametrize("prefetch", [0, 3])
@pytest.mark.parametrize("after", [1, 150, 201])
def test_a_loop_that_is_left_early_leaves_nothing_behind(prefetch, after):
    async def main():
        async with answering(slow(rows(3_000), 1.0)) as client:
            count = 0
            async for _ in by_offset(client, prefetch=prefetch):
                count += 1
                if count == after:
                    break
            gc.collect()
            await asyncio.sleep(5)
            assert others() == []
            assert client.budget().places_free == 5

    run_virtual(main())


@virtual_time
async def test_a_generator_of_pages_closed_on_purpose_ends_the_reading_at_once():
    server = rows(3_000)
    async with answering(slow(server, 1.0)) as client:
        pages = by_offset(client, prefetch=3).pages()
        await anext(pages)
        await pages.aclose()
        await asyncio.sleep(10)
        assert (others(), len(server.asked) <= 2) == ([], True)


@virtual_time
async def test_the_client_closed_during_reading_ahead_tells_the_reader_so():
    client = answering(slow(rows(3_000), 1.0))
    pages = by_offset(client, prefetch=1).pages()
    await anext(pages)
    waiting = asyncio.create_task(anext(pages))
    await asyncio.sleep(0.5)
    await client.aclose()
    with pytest.raises(ClientClosed):
        await waiting
    await pages.aclose()
    assert others() == []


@virtual_time
async def test_pages_that_were_read_before_the_client_closed_are_still_given_out():
    client = answering(slow(rows(3_000), 1.0))
    pages = by_offset(client, prefetch=2).pages()
    first = await anext(pages)
    await asyncio.sleep(10)
    await client.aclose()
    second, third = await anext(pages), await anext(pages)
    assert [page.items[0].id for page in (first, second, third)] == ["0", "200", "400"]
    with pytest.raises(ClientClosed):
        await anext(pages)


@virtual_time
async def test_a_closed_client_reads_no_page():
    client = reader(rows(3))
    await client.aclose()
    for prefetch in (0, 2):
        with pytest.raises(ClientClosed):
            await by_offset(client, prefetch=prefetch).first()


@pytest.mark.parametrize("prefetch", [0, 2])
def test_a_reader_that_is_cancelled_leaves_nothing_behind(prefetch):
    async def main():
        async with answering(slow(rows(3_000), 1.0)) as client:
            task = asyncio.create_task(by_offset(client, prefetch=prefetch).collect())
            await asyncio.sleep(3.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(5)
            assert (others(), client.budget().places_free) == ([], 5)

    run_virtual(main())


@virtual_time
async def test_a_page_that_a_cancelled_reader_did_not_get_is_not_lost_to_the_next():
    async with answering(slow(rows(450), 1.0)) as client:
        pager = by_offset(client)
        pages = []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gather_pages(pager, pages), 1.5)
        found = [*pages[0], *await pager.resume(pages[0].cursor).collect()]
        assert [row.id for row in found] == [str(index) for index in range(450)]
