"""What an export remembers between two runs: how far each stream is, and which records it has.

One SQLite file in the folder of the export. It is written after the records, all of one commit or nothing of it; so
whatever a killed run had written beyond the last commit can be told, cut off and read again. While a run has it open,
no other run can open it.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from missive_async.errors import ConfigurationError

NAME = ".checkpoint.db"
_VERSION = 1
_SCHEMA = """
BEGIN EXCLUSIVE;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS streams (
    name TEXT PRIMARY KEY, size INTEGER NOT NULL, records INTEGER NOT NULL,
    step INTEGER NOT NULL, cursor TEXT, since INTEGER, done INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, stream TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, UNIQUE (stream, id)
);
CREATE TABLE IF NOT EXISTS notes (number INTEGER PRIMARY KEY, note TEXT NOT NULL);
COMMIT;
"""


@attrs.frozen(kw_only=True)
class Position:
    """Where a stream goes on: the number of its list, and the cursor of the page in it.

    `since` is the time of the list's first record when it was begun; without a cursor it says that the list was read to
    its end, and that what has moved to its head meanwhile is to be read.
    """

    step: int = 0
    cursor: str | None = None
    since: int | None = None
    done: bool = False


@attrs.frozen(kw_only=True)
class Saved:
    """How far a stream is: `size` is the sink's measure."""

    size: int = 0
    records: int = 0
    position: Position = Position()


@attrs.frozen(kw_only=True)
class Note:
    """Something that could not be read, and what Missive said to that: `parent` says whose list or record it was."""

    stream: str
    parent: Mapping[str, str]
    status: int | None
    message: str


class Checkpoint:
    """The memory of one export; its methods are called from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = _connect(path)

    def facts(self) -> dict[str, Any]:
        """What was said of the export when it began."""
        rows = self._database.execute("SELECT name, value FROM facts")
        return {name: json.loads(value) for name, value in rows}

    def streams(self) -> dict[str, Saved]:
        """How far each stream is."""
        rows = self._database.execute("SELECT name, size, records, step, cursor, since, done FROM streams")
        return {
            name: Saved(
                size=size,
                records=records,
                position=Position(step=step, cursor=cursor, since=since, done=bool(done)),
            )
            for name, size, records, step, cursor, since, done in rows
        }

    def begin(self, facts: Mapping[str, Any], streams: Sequence[str]) -> None:
        """Forget everything, and start an export of these streams."""
        self.start()
        for table in ("facts", "streams", "records", "notes"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        self.put_facts(facts)
        for stream in streams:
            self.put_stream(stream, Saved())
        self.commit()

    def start(self) -> None:
        """What follows is kept by `commit`, all of it, or dropped by `rollback`."""
        self._database.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Keep what was put since `start`."""
        self._database.execute("COMMIT")

    def rollback(self) -> None:
        """Drop what was put since `start`."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def put_facts(self, facts: Mapping[str, Any]) -> None:
        """Remember facts by their names."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)

    def put_stream(self, stream: str, saved: Saved) -> None:
        """Remember how far a stream is."""
        at = saved.position
        row = (stream, saved.size, saved.records, at.step, at.cursor, at.since, at.done)
        self._database.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def put_record(self, stream: str, id: str, parent: str | None) -> bool:
        """Remember a record; `False` when the stream has it already."""
        row = (stream, id, parent)
        sql = "INSERT OR IGNORE INTO records (stream, id, parent) VALUES (?, ?, ?)"
        return self._database.execute(sql, row).rowcount == 1

    def put_note(self, note: Note) -> None:
        """Remember what could not be read."""
        self._database.execute("INSERT INTO notes (note) VALUES (?)", (json.dumps(attrs.asdict(note)),))

    def has(self, stream: str, id: str) -> bool:
        """Whether a stream has a record."""
        sql = "SELECT 1 FROM records WHERE stream = ? AND id = ?"
        return self._database.execute(sql, (stream, id)).fetchone() is not None

    def parents(self, stream: str) -> Iterator[tuple[str, str]]:
        """The id and the parent of each record of a stream that has one, in order."""
        sql = "SELECT id, parent FROM records WHERE stream = ? AND parent IS NOT NULL ORDER BY number"
        return iter(self._database.execute(sql, (stream,)))

    def notes(self) -> list[Note]:
        """What could not be read, in the order in which it was found."""
        rows = self._database.execute("SELECT note FROM notes ORDER BY number")
        return [Note(**json.loads(text)) for (text,) in rows]

    def close(self) -> None:
        """Let another run have it."""
        self._database.close()


def _connect(path: Path) -> sqlite3.Connection:
    database = None
    try:
        database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        _lock(database)
    except sqlite3.Error as error:
        if database is not None:
            database.close()
        if "locked" in str(error):
            raise ConfigurationError(f"another export is writing to {path.parent} at this moment") from error
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(f"{path} cannot be written: {error}") from error
        raise ConfigurationError(f"{path} is damaged ({error}): delete it, then restart (--restart)") from error
    version = _version(database)
    if version not in {0, _VERSION}:
        database.close()
        raise ConfigurationError(f"{path} was begun by another version of this library: go on with that one")
    if not version:
        database.execute(f"PRAGMA user_version = {_VERSION}")
    return database


def _version(database: sqlite3.Connection) -> int:
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    return found


def _lock(database: sqlite3.Connection) -> None:
    """Take the file for this process alone, until it is closed or the process ends, however it ends."""
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(_SCHEMA)
