import hashlib

import pytest

from missive_async.export.sinks import JsonLines


@pytest.fixture
def sink(tmp_path):
    sink = JsonLines(tmp_path)
    yield sink
    sink.close()


def test_records_are_lines_byte_for_byte(sink, tmp_path):
    sink.open("users", 0)
    sink.write("users", [b'{"a": 1}', '{"é":"\\u00e9"}'.encode()])
    assert sink.save() == {"users": 25}
    assert (tmp_path / "users.jsonl").read_bytes() == '{"a": 1}\n{"é":"\\u00e9"}\n'.encode()
    assert list(sink.rows("users")) == [b'{"a": 1}\n', '{"é":"\\u00e9"}\n'.encode()]


def test_what_came_after_the_last_save_is_cut_off(sink, tmp_path):
    sink.open("users", 0)
    sink.write("users", [b"1"])
    size = sink.save()["users"]
    sink.write("users", [b"2" * 1_000_000])
    sink.close()
    sink.open("users", size)
    sink.write("users", [b"3"])
    sink.save()
    assert (tmp_path / "users.jsonl").read_bytes() == b"1\n3\n"


def test_a_stream_without_records_is_an_empty_file(sink, tmp_path):
    sink.open("users", 0)
    sink.write("users", [])
    sink.save()
    assert (tmp_path / "users.jsonl").read_bytes() == b""
    assert list(sink.rows("users")) == []


def test_a_file_that_lost_something_is_not_gone_on_with(sink, tmp_path):
    (tmp_path / "users.jsonl").write_bytes(b"12")
    with pytest.raises(OSError, match=r"has 2 bytes, and had 10"):
        sink.open("users", 10)


def test_a_file_is_described_by_its_name_bytes_and_checksum(sink):
    sink.open("users", 0)
    sink.write("users", [b"{}"])
    sink.save()
    assert sink.describe("users") == {
        "file": "users.jsonl",
        "bytes": 3,
        "sha256": hashlib.sha256(b"{}\n").hexdigest(),
    }
