import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_missive import FakeMissive
from missive_async import InvalidRequest, to_dict
from missive_async.resources.attachments import Attachment

LARGEST = 7_500_000


@given(st.binary(max_size=200))
def test_bytes_are_sent_as_base64(data):
    attachment = Attachment.from_bytes(data, "a.bin")
    assert base64.b64decode(attachment.base64_data) == data
    assert to_dict(attachment) == {"filename": "a.bin", "base64_data": attachment.base64_data}


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_any_bytes_will_do(data):
    assert Attachment.from_bytes(data, "a").base64_data == "YWJj"


def test_an_id_of_the_callers_own_can_be_given():
    assert to_dict(Attachment.from_bytes(b"abc", "a", id="inline-1"))["id"] == "inline-1"


@pytest.mark.parametrize(("data", "filename"), [("text", "a"), (None, "a"), (b"a", ""), (b"a", "  "), (b"a", None)])
def test_what_is_no_file_is_refused(data, filename):
    with pytest.raises(InvalidRequest):
        Attachment.from_bytes(data, filename)


def test_what_cannot_fit_into_a_request_is_refused():
    with pytest.raises(InvalidRequest, match=r"7\.5 MB"):
        Attachment.from_bytes(bytes(LARGEST + 1), "a")


def test_the_content_is_not_in_the_repr():
    assert "YWJj" not in repr(Attachment.from_bytes(b"abc", "a"))


async def test_a_path_is_read_with_its_name(tmp_path):
    path = tmp_path / "größe.txt"
    path.write_bytes(b"abc")
    assert await Attachment.from_path(path) == Attachment.from_bytes(b"abc", "größe.txt")
    assert await Attachment.from_path(str(path), filename="b.txt") == Attachment.from_bytes(b"abc", "b.txt")


async def test_an_empty_file_is_a_file(tmp_path):
    (tmp_path / "a").touch()
    assert (await Attachment.from_path(tmp_path / "a")).base64_data == ""


async def test_a_path_that_is_too_large_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(50 * LARGEST)
    with pytest.raises(InvalidRequest, match=r"7\.5 MB"):
        await Attachment.from_path(path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device")  # noqa: PTH110 - at import
async def test_a_device_without_an_end_is_refused():
    with pytest.raises(InvalidRequest, match=r"7\.5 MB"):
        await Attachment.from_path("/dev/zero")


async def test_a_path_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        await Attachment.from_path(tmp_path / "a")


async def test_an_empty_file_can_be_sent(tmp_path):
    (tmp_path / "a.txt").touch()
    fake = FakeMissive(201)
    async with fake.client() as missive:
        await missive.drafts.create(attachments=[await Attachment.from_path(tmp_path / "a.txt")])
    assert fake.sent[0].json["drafts"]["attachments"] == [{"filename": "a.txt", "base64_data": ""}]
