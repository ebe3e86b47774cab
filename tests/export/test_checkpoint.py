import sqlite3

import pytest

from missive_async.errors import ConfigurationError
from missive_async.export.checkpoint import Checkpoint, Note, Position, Saved


@pytest.fixture
def checkpoint(tmp_path):
    made = Checkpoint(tmp_path / "checkpoint.db")
    yield made
    made.close()


def again(checkpoint):
    checkpoint.close()
    return Checkpoint(checkpoint.path)


def test_it_knows_nothing_at_first(checkpoint):
    assert (checkpoint.facts(), checkpoint.streams(), checkpoint.notes()) == ({}, {}, [])


def test_what_was_committed_is_known_again(checkpoint):
    saved = Saved(size=7, records=2, position=Position(step=3, cursor='{"offset":5}', since=9))
    checkpoint.begin({"streams": ["users"]}, ["users"])
    checkpoint.start()
    checkpoint.put_stream("users", saved)
    assert checkpoint.put_record("users", "1", '{"a":"b"}')
    assert checkpoint.put_record("users", "2", None)
    checkpoint.put_note(Note(stream="users", parent={"a": "b"}, status=404, message="gone"))
    checkpoint.commit()
    found = again(checkpoint)
    assert found.facts() == {"streams": ["users"]}
    assert found.streams() == {"users": saved}
    assert [found.has("users", id) for id in "123"] == [True, True, False]
    assert list(found.parents("users")) == [("1", '{"a":"b"}')]
    assert found.notes() == [Note(stream="users", parent={"a": "b"}, status=404, message="gone")]
    found.close()


def test_what_was_not_committed_is_forgotten(checkpoint):
    checkpoint.begin({}, ["users"])
    checkpoint.start()
    checkpoint.put_record("users", "1", None)
    checkpoint.put_facts({"x": 1})
    found = again(checkpoint)
    assert (found.has("users", "1"), found.facts()) == (False, {})
    found.close()


def test_a_record_is_new_once(checkpoint):
    checkpoint.begin({}, ["users", "teams"])
    checkpoint.start()
    told = [checkpoint.put_record(stream, "1", None) for stream in ("users", "users", "teams")]
    checkpoint.rollback()
    assert told == [True, False, True]


def test_to_begin_is_to_forget(checkpoint):
    checkpoint.begin({"x": 1}, ["users"])
    checkpoint.start()
    checkpoint.put_record("users", "1", None)
    checkpoint.commit()
    checkpoint.begin({"y": 2}, ["teams"])
    assert (checkpoint.facts(), set(checkpoint.streams()), checkpoint.has("users", "1")) == ({"y": 2}, {"teams"}, False)


def test_only_one_can_have_it(checkpoint):
    with pytest.raises(ConfigurationError, match="another export is writing"):
        Checkpoint(checkpoint.path)
    again(checkpoint).close()


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.db"
    path.write_bytes(b"something else " * 100)
    with pytest.raises(ConfigurationError, match="damaged"):
        Checkpoint(path)


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="cannot be written"):
        Checkpoint(tmp_path / "nowhere" / "checkpoint.db")


def test_another_versions_checkpoint_is_refused(checkpoint):
    checkpoint.close()
    database = sqlite3.connect(checkpoint.path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(ConfigurationError, match="another version"):
        Checkpoint(checkpoint.path)
