import asyncio
import errno
import socket

import httpx
import pytest

from file_server import CONTENT, FileServer
from missive_async import (
    APIError,
    AsyncMissive,
    ClientClosed,
    Forbidden,
    InvalidRequest,
    RetryPolicy,
    ServerError,
    TimedOut,
    TransportFailed,
)
from missive_async._pipeline.download import download

TOKEN = "missive_pat-made-up"
SIGNED = "?Expires=1&Signature=secret"


class Memory:
    """A sink that keeps what comes."""

    def __init__(self, on_write=None):
        self.starts = 0
        self.data = b""
        self.whole = False
        self._on_write = on_write

    async def start(self):
        self.starts += 1
        self.data = b""

    async def write(self, data):
        self.data += data
        if self._on_write is not None:
            self._on_write()

    async def finish(self):
        self.whole = True


@pytest.fixture
def server():
    with FileServer().listening() as server:
        yield server


@pytest.fixture
async def missive(server):
    async with AsyncMissive(TOKEN, base_url=server.url, retry=quick()) as missive:
        yield missive


def quick(attempts=3):
    return RetryPolicy(attempts=attempts, first_delay=0.001)


async def get(missive, url, sink=None):
    sink = sink or Memory()
    await download(missive._pipeline, url, sink)
    return sink


async def test_a_file_comes_whole(server, missive):
    sink = await get(missive, f"{server.url}/files/a{SIGNED}")
    assert (sink.data, sink.starts, sink.whole) == (CONTENT, 1, True)


async def test_neither_the_token_nor_cookies_go_along_even_to_missives_own_host(server, missive):
    await get(missive, f"{server.url}/files/a{SIGNED}")
    ((_, headers),) = server.asked
    assert headers.keys() == {"host", "accept", "accept-encoding", "user-agent"}
    assert TOKEN not in str(headers)


async def test_a_callers_pool_adds_nothing_of_its_own(server):
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Mine": "1"}
    async with (
        httpx.AsyncClient(headers=headers, cookies={"a": "b"}, params={"x": "y"}, auth=("u", "p")) as pool,
        AsyncMissive(TOKEN, base_url=server.url, http_client=pool) as missive,
    ):
        await get(missive, f"{server.url}/files/a{SIGNED}")
    ((_, sent),) = server.asked
    assert sent.keys() == {"host", "accept", "accept-encoding", "user-agent"}


async def test_a_download_spends_nothing_of_the_budget(server, missive):
    before = missive.budget()
    await get(missive, f"{server.url}/files/a")
    after = missive.budget()
    assert [window.free for window in after.windows] == [window.free for window in before.windows]


async def test_many_downloads_at_once_leave_room_for_the_api(server, missive):
    server.slow = True
    server.messages["m1"] = {"id": "m1"}
    downloads = [asyncio.create_task(get(missive, f"{server.url}/files/a")) for _ in range(60)]
    await asyncio.sleep(0.1)
    assert (await missive.with_options(timeout=5).messages.get("m1")).id == "m1"
    for task in downloads:
        task.cancel()
    await asyncio.gather(*downloads, return_exceptions=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "//example.com/a",
        "example.com/a",
        "https://",
        "https://user:word@example.com/a",
        "http://exa mple.com/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com/\r\nX: y",
        "http://[::1/",
        "data:text/plain,a",
        None,
        5,
    ],
)
async def test_what_is_no_web_address_is_refused(missive, url):
    with pytest.raises(InvalidRequest, match="not a web address"):
        await get(missive, url)


async def test_a_redirect_is_not_followed(server, missive):
    server.files["a"] = 302
    server.headers["location"] = f"{server.url}/files/b"
    with pytest.raises(APIError, match="a redirect, which is not followed"):
        await get(missive, f"{server.url}/files/a")
    assert server.paths() == ["/files/a"]


async def test_a_refusal_says_what_the_server_said_and_not_the_signature(server, missive):
    server.files["a"] = 403
    sink = Memory()
    with pytest.raises(Forbidden) as caught:
        await get(missive, f"{server.url}/files/a{SIGNED}", sink)
    assert "secret" not in f"{caught.value}{caught.value!r}{caught.value.request}"
    assert caught.value.request.path == f"{server.url}/files/a"
    assert sink.starts == 0


async def test_what_may_pass_is_asked_for_again(server, missive):
    server.files["a"] = [503, 429, CONTENT]
    assert (await get(missive, f"{server.url}/files/a")).data == CONTENT
    assert len(server.asked) == 3


async def test_what_does_not_pass_is_told_in_the_end(server, missive):
    server.files["a"] = 503
    with pytest.raises(ServerError):
        await get(missive, f"{server.url}/files/a")
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 410, 500])
async def test_what_asking_again_would_not_change_is_told_at_once(server, missive, status):
    server.files["a"] = status
    with pytest.raises(APIError):
        await get(missive, f"{server.url}/files/a")
    assert len(server.asked) == 1


async def test_a_body_that_is_cut_short_begins_again():
    texts = [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef"]

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(texts.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AsyncMissive(TOKEN, retry=quick()) as missive:
        sink = await get(missive, f"http://127.0.0.1:{port}/a")
    assert (sink.data, sink.starts) == (b"abcdef", 2)


async def test_a_server_that_is_not_there_is_told_with_the_address_and_without_the_signature():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        async with AsyncMissive(TOKEN, retry=quick()) as missive:
            with pytest.raises(TransportFailed) as caught:
                await get(missive, url + SIGNED)
    assert caught.value.request.path == url
    assert "secret" not in str(caught.value)


async def test_a_server_that_says_nothing_times_out(server, missive):
    server.slow = True
    with pytest.raises(TimedOut):
        await get(missive.with_options(timeout=0.05), f"{server.url}/files/a")


async def test_a_deadline_holds_for_all_of_it(server, missive):
    server.slow = True
    with pytest.raises(TimedOut, match="deadline"):
        await get(missive.with_options(deadline=0.05), f"{server.url}/files/a")


async def test_a_disk_that_is_full_is_not_the_networks_fault(server, missive):
    def full():
        raise OSError(errno.ENOSPC, "no space left")

    with pytest.raises(OSError, match="no space left"):
        await get(missive, f"{server.url}/files/a", Memory(full))
    assert len(server.asked) == 1


async def test_cancelled_downloads_leave_the_pool_and_the_tasks_as_they_were(server, missive):
    server.slow = True
    for delay in (0, 0.001, 0.005, 0.02):
        tasks = [asyncio.create_task(get(missive, f"{server.url}/files/a")) for _ in range(10)]
        await asyncio.sleep(delay)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*tasks, return_exceptions=True)
        )
    server.slow = False
    assert (await get(missive, f"{server.url}/files/a")).data == CONTENT
    await asyncio.sleep(0.05)
    assert missive._pipeline.core._tasks == set()


async def test_a_client_that_closes_ends_its_downloads(server):
    server.slow = True
    missive = AsyncMissive(TOKEN, base_url=server.url, retry=quick())
    task = asyncio.create_task(get(missive, f"{server.url}/files/a"))
    await asyncio.sleep(0.05)
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await task


async def test_a_client_that_is_closed_downloads_nothing(server):
    missive = AsyncMissive(TOKEN, base_url=server.url)
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await get(missive, f"{server.url}/files/a")
    assert server.asked == []


async def test_certificates_are_checked_though_missive_itself_is_on_plain_http(missive, monkeypatch):
    made = []

    class Checked(httpx.AsyncClient):
        def __init__(self, **options):
            made.append(options)
            super().__init__(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"x")), **options)

    monkeypatch.setattr("missive_async._pipeline.download.httpx.AsyncClient", Checked)
    assert (await get(missive, "https://files.example.com/a")).data == b"x"
    assert made == [{"timeout": None}]
