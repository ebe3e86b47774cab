import asyncio
import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missive_async import TransportFailed
from missive_async.resources._files import FileSink, safe_name

NAUGHTY = (
    "../../x",
    "..\\..\\x",
    "C:\\x",
    "C:x",
    "/etc/passwd",
    "",
    ".",
    "..",
    "...",
    " ",
    "a\x00b",
    "a\nb",
    "con",
    "NUL.txt",
    "\u202egnp.exe",
    "\ud800",
    "x" * 400 + ".pdf",
    "ü" * 300,
    "x." + "y" * 400,
    ".bashrc",
    "a/",
    "a/..",
    "file://x",
    "~",
    "-rf",
    "trailing. . .",
    None,
)


def names():
    return st.sampled_from(NAUGHTY) | st.text(max_size=300) | st.text(alphabet="./\\: ~x", max_size=12)


class TestNames:
    @given(names())
    def test_a_name_is_one_part_of_a_path_that_every_file_system_takes(self, filename):
        name = safe_name(filename)
        assert Path(name).name == name
        assert name not in {"", ".", ".."}
        assert not set('/\\:*?"<>|\x00\n') & set(name)
        assert len(name.encode()) <= 200
        assert name == name.rstrip(". ")

    @given(names())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_name_stays_in_its_folder(self, tmp_path, filename):
        path = tmp_path / safe_name(filename)
        assert path.resolve().parent == tmp_path.resolve()
        path.touch(exist_ok=True)

    @pytest.mark.parametrize(
        ("filename", "expected"),
        [
            ("report.pdf", "report.pdf"),
            ("größe 1 (2).tar.gz", "größe 1 (2).tar.gz"),
            (".gitignore", ".gitignore"),
            ("../../x", "x"),
            ("C:\\folder\\x.txt", "x.txt"),
            ("C:x.txt", "C_x.txt"),
            ("a/..", "attachment"),
            ("con.txt", "_con.txt"),
            ("x.txt. . ", "x.txt"),
            ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
            (None, "attachment"),
        ],
    )
    def test_names_are_kept_as_far_as_they_are_safe(self, filename, expected):
        assert safe_name(filename) == expected


async def save(path, filename, *pieces, size=None):
    sink = FileSink(path, filename, size)
    try:
        await sink.start()
        for piece in pieces:
            await sink.write(piece)
        await sink.finish()
    finally:
        sink.abandon()
    return sink.path


class TestWriting:
    async def test_in_a_folder_a_file_has_its_own_name(self, tmp_path):
        assert await save(tmp_path, "a.txt", b"ab", b"c") == tmp_path / "a.txt"
        assert (tmp_path / "a.txt").read_bytes() == b"abc"

    async def test_a_name_that_is_taken_gets_a_number(self, tmp_path):
        (tmp_path / "a.txt").mkdir()
        paths = [await save(tmp_path, "a.txt", text) for text in (b"1", b"2")]
        assert paths == [tmp_path / "a (2).txt", tmp_path / "a (3).txt"]
        assert [path.read_bytes() for path in paths] == [b"1", b"2"]

    async def test_files_of_one_name_that_come_at_once_are_all_kept(self, tmp_path):
        texts = [bytes([number]) for number in range(20)]
        paths = await asyncio.gather(*(save(tmp_path, "a", text) for text in texts))
        assert sorted(path.read_bytes() for path in paths) == texts

    async def test_any_other_path_is_the_files_own_and_is_replaced(self, tmp_path):
        path = tmp_path / "mine.bin"
        path.write_bytes(b"old")
        assert await save(str(path), "a.txt", b"new") == path
        assert path.read_bytes() == b"new"

    async def test_a_link_is_replaced_and_not_followed(self, tmp_path):
        (tmp_path / "outside").write_bytes(b"old")
        folder = tmp_path / "folder"
        folder.mkdir()
        (folder / "a").symlink_to(tmp_path / "outside")
        await save(folder / "a", "x", b"new")
        await save(folder, "a", b"newer")
        assert (tmp_path / "outside").read_bytes() == b"old"

    @pytest.mark.parametrize("where", ["nowhere/", "nowhere/a.txt"])
    async def test_a_folder_that_is_not_there_is_not_made(self, tmp_path, where):
        with pytest.raises(FileNotFoundError):
            await save(f"{tmp_path}/{where}", "a.txt", b"x")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("pieces", [(b"abc",), (b"abc", b"de"), ()])
    async def test_what_has_not_its_size_leaves_nothing(self, tmp_path, pieces):
        with pytest.raises(TransportFailed, match="should have 4 bytes"):
            await save(tmp_path, "a", *pieces, size=4)
        assert list(tmp_path.iterdir()) == []

    async def test_what_begins_again_has_nothing_of_what_was_before(self, tmp_path):
        sink = FileSink(tmp_path, "a", 2)
        await sink.start()
        await sink.write(b"xx")
        await sink.start()
        await sink.write(b"ab")
        await sink.finish()
        sink.abandon()
        assert sink.path.read_bytes() == b"ab"

    async def test_nothing_is_seen_under_the_name_before_it_is_whole(self, tmp_path):
        sink = FileSink(tmp_path / "a", None, None)
        await sink.start()
        await sink.write(b"x")
        assert not (tmp_path / "a").exists()
        sink.abandon()
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(os.name == "nt", reason="no such permissions")
    async def test_a_file_has_the_usual_permissions(self, tmp_path):
        (tmp_path / "usual").touch()
        path = await save(tmp_path, "a", b"x")
        assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode

    async def test_a_thread_that_is_late_leaves_nothing_behind(self, tmp_path):
        sink = FileSink(tmp_path, "a", None)
        sink._lock.acquire()
        task = asyncio.create_task(sink.start())
        await asyncio.sleep(0.01)
        task.cancel()
        threading.Timer(0.01, sink._lock.release).start()
        with pytest.raises(asyncio.CancelledError):
            await task
        sink.abandon()
        await asyncio.sleep(0.05)
        assert list(tmp_path.iterdir()) == []

    @given(st.lists(st.binary(max_size=20), max_size=5))
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_is_written_is_what_came(self, tmp_path, pieces):
        whole = b"".join(pieces)
        path = asyncio.run(save(tmp_path / "a", None, *pieces, size=len(whole)))
        assert path.read_bytes() == whole
