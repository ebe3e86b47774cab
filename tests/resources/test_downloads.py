import asyncio

import pytest

from file_server import CONTENT, FileServer
from missive_async import AsyncMissive, Forbidden, InvalidRequest, NotFound, RetryPolicy, TransportFailed
from missive_async.resources.attachments import Attachment

NAUGHTY = ["../../x", "..\\..\\x", "C:\\x", "/etc/x", "", ".", "..", "a\x00b", "x" * 500, None]


@pytest.fixture
def server():
    with FileServer().listening() as server:
        yield server


@pytest.fixture
async def missive(server):
    async with AsyncMissive("made-up-token", base_url=server.url, retry=RetryPolicy(first_delay=0.001)) as missive:
        yield missive


@pytest.fixture
def folder(tmp_path):
    """A folder with nothing beside it, so that whatever leads out of it is seen."""
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    return folder


def everything_in(folder):
    top = folder.parent.parent
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if not path.is_dir())


def attachment(server, name="a", **fields):
    return Attachment(**{"id": "a1", "filename": "chart.png", "url": f"{server.url}/files/{name}?Signature=x"} | fields)


async def test_an_attachment_is_saved_under_its_name(server, missive, folder):
    path = await missive.messages.download(attachment(server, size=len(CONTENT)), folder)
    assert path == folder / "chart.png"
    assert path.read_bytes() == CONTENT
    assert everything_in(folder) == ["in/here/chart.png"]


async def test_an_attachment_is_saved_where_it_is_wanted(server, missive, folder):
    path = await missive.messages.download(attachment(server, filename="../x"), str(folder / "mine.bin"))
    assert path == folder / "mine.bin"
    assert everything_in(folder) == ["in/here/mine.bin"]


@pytest.mark.parametrize("filename", NAUGHTY)
async def test_no_name_leads_out_of_the_folder(server, missive, folder, filename):
    path = await missive.messages.download(attachment(server, filename=filename), folder)
    assert path.parent == folder
    assert everything_in(folder) == [f"in/here/{path.name}"]


async def test_two_attachments_of_one_name_are_both_kept(server, missive, folder):
    both = [missive.messages.download(attachment(server), folder) for _ in range(2)]
    assert {path.name for path in await asyncio.gather(*both)} == {"chart.png", "chart (2).png"}


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_an_expired_address_is_renewed_once_by_asking_for_the_message(server, missive, folder, status):
    server.files["old"] = status
    fresh = {"id": "a1", "url": f"{server.url}/files/a"}
    server.messages["m1"] = {"id": "m1", "attachments": [{"id": "a0", "url": "http://127.0.0.1:1/"}, fresh]}
    path = await missive.messages.download(attachment(server, "old"), folder, message="m1")
    assert (path.name, path.read_bytes()) == ("chart.png", CONTENT)
    assert server.paths() == ["/files/old", "/messages/m1", "/files/a"]


async def test_an_attachment_without_an_address_is_asked_for_first(server, missive, folder):
    server.messages["m1"] = {"id": "m1", "attachments": [{"filename": "b.txt", "url": f"{server.url}/files/a"}]}
    path = await missive.messages.download(Attachment(filename="b.txt"), folder, message="m1")
    assert path == folder / "b.txt"


async def test_an_address_that_stays_expired_is_told(server, missive, folder):
    server.files["old"] = 403
    server.messages["m1"] = {"id": "m1", "attachments": [{"id": "a1", "url": f"{server.url}/files/old"}]}
    with pytest.raises(Forbidden):
        await missive.messages.download(attachment(server, "old"), folder, message="m1")
    assert server.paths() == ["/files/old", "/messages/m1", "/files/old"]
    assert everything_in(folder) == []


@pytest.mark.parametrize("attachments", [None, [], [{"id": "other", "url": "http://127.0.0.1:1/"}], [{"id": "a1"}]])
async def test_an_attachment_that_the_message_has_no_more_is_told_by_the_refusal(server, missive, folder, attachments):
    server.files["old"] = 404
    server.messages["m1"] = {"id": "m1", "attachments": attachments}
    with pytest.raises(NotFound):
        await missive.messages.download(attachment(server, "old"), folder, message="m1")


async def test_an_expired_address_is_told_when_the_message_is_not_known(server, missive, folder):
    server.files["old"] = 403
    with pytest.raises(Forbidden):
        await missive.messages.download(attachment(server, "old"), folder)
    assert server.paths() == ["/files/old"]


async def test_what_is_no_refusal_of_the_address_renews_nothing(server, missive, folder):
    server.files["old"] = 400
    with pytest.raises(Exception, match="400"):
        await missive.messages.download(attachment(server, "old"), folder, message="m1")
    assert server.paths() == ["/files/old"]


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
async def test_a_file_that_has_not_its_size_is_not_kept(server, folder, size):
    async with AsyncMissive("made-up-token", base_url=server.url, retry=RetryPolicy.never()) as missive:
        with pytest.raises(TransportFailed, match="bytes"):
            await missive.messages.download(attachment(server, size=size), folder)
    assert everything_in(folder) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/x", "javascript:alert(1)"])
async def test_an_address_that_is_not_of_the_web_is_refused(missive, folder, url):
    with pytest.raises(InvalidRequest, match="not a web address"):
        await missive.messages.download(Attachment(url=url), folder)
    assert everything_in(folder) == []


async def test_an_attachment_without_an_address_or_a_message_is_refused(missive, folder):
    with pytest.raises(InvalidRequest, match="no url"):
        await missive.messages.download(Attachment(filename="x"), folder)


@pytest.mark.parametrize("delay", [0, 0.002, 0.01, 0.05, 0.1])
async def test_a_cancelled_download_leaves_nothing_behind(server, missive, folder, delay):
    server.slow = True
    task = asyncio.create_task(missive.messages.download(attachment(server), folder))
    await asyncio.sleep(delay)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert everything_in(folder) == []


async def test_a_folder_that_cannot_be_written_to_says_so(server, missive, folder):
    with pytest.raises(OSError, match="nowhere"):
        await missive.messages.download(attachment(server), folder / "nowhere" / "x")
