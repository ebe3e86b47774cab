"""The records of an export and its checkpoint, kept in step. Blocking: to be called in one thread, not on the loop."""

import contextlib
import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from missive_async.errors import ConfigurationError
from missive_async.export import checkpoint
from missive_async.export.account import Account
from missive_async.export.checkpoint import Checkpoint, Note, Position, Saved
from missive_async.export.folder import MANIFEST, PARENTS, Folder, replace
from missive_async.export.plan import Extent, Plan, extent, id_of
from missive_async.export.sinks import JsonLines, Sink

_COLUMNS = ("conversation", "contact_book", "kind")


@attrs.frozen(kw_only=True)
class Piece:
    """Records of one stream, and where the stream stands once they are written."""

    stream: str
    lines: Sequence[bytes] = ()
    position: Position | None = None
    parent: Mapping[str, str] = attrs.field(factory=dict)
    notes: Sequence[Note] = ()


class Store:
    """A folder that an export is written to, taken for one run."""

    def __init__(self, folder: Folder, plan: Plan) -> None:
        self.plan = plan
        self.folder = folder
        self.saved: dict[str, Saved] = {}
        self.facts: dict[str, Any] = {}
        self.broken: bool = False
        self._sink: Sink = JsonLines(folder.path)
        self._checkpoint = Checkpoint(folder.path / checkpoint.NAME)

    @classmethod
    def open(cls, path: Path, plan: Plan, *, restart: bool) -> "Store":
        """Take a folder; raises `ConfigurationError` when it cannot have this export, having touched nothing."""
        folder = Folder.examine(path, restart=restart)
        try:
            store = cls(folder, plan)
        except OSError:
            folder.leave()
            raise
        store.facts = store._checkpoint.facts()
        try:
            store.folder = folder.again(restart=restart)
        except BaseException:
            store.close()
            raise
        return store

    def admit(self, account: Account, facts: Mapping[str, Any], *, restart: bool) -> None:
        """Go on with the export in the folder, or begin one.

        Raises `ConfigurationError` when the folder holds another account's, or one of other streams.
        """
        self._check_account(account)
        chosen = {"streams": list(self.plan.streams), "bodies": self.plan.bodies}
        if restart or not self.facts:
            self.folder.clear()
            self._checkpoint.begin({**facts, **chosen, "account": attrs.asdict(account)}, self.plan.streams)
            self.facts = self._checkpoint.facts()
        elif {name: self.facts.get(name) for name in chosen} != chosen:
            begun = " ".join([*self.facts.get("streams", ()), *(() if self.facts.get("bodies") else ("--no-bodies",))])
            raise ConfigurationError(
                f"{self.folder.path} holds an unfinished export of other streams ({begun}): "
                "go on with those, or restart (--restart)"
            )
        self.saved = self._checkpoint.streams()
        for stream, saved in self.saved.items():
            self._sink.open(stream, saved.size)

    def _check_account(self, account: Account) -> None:
        found = self.facts.get("account")
        other = Account(**found) if found else self.folder.account
        if other is not None and not other.is_same(account):
            raise ConfigurationError(
                f"{self.folder.path} holds another account's export ({other}), not {account}: choose another folder"
            )

    def commit(self, pieces: Sequence[Piece], facts: Mapping[str, Any]) -> dict[str, Saved]:
        """Write records that the export does not have yet, then remember that it has; gives what changed.

        Raises `OSError` when that fails; the export can then go on only in another run.
        """
        if self.broken:
            raise OSError("an earlier write failed")
        self.broken = True
        self._checkpoint.start()
        try:
            changed = self._put(pieces)
            self._checkpoint.put_facts(facts)
            self._checkpoint.commit()
        except sqlite3.Error as error:
            raise OSError(f"{self._checkpoint.path} cannot be written: {error}") from error
        finally:
            with contextlib.suppress(sqlite3.Error):
                self._checkpoint.rollback()
        self.saved.update(changed)
        self.broken = False
        return changed

    def _put(self, pieces: Sequence[Piece]) -> dict[str, Saved]:
        changed: dict[str, Saved] = {}
        for piece in pieces:
            before = changed.get(piece.stream) or self.saved[piece.stream]
            parent = json.dumps(dict(piece.parent)) if self.plan.linked(piece.stream) else None
            fresh = [line for line in piece.lines if self._checkpoint.put_record(piece.stream, id_of(line), parent)]
            self._sink.write(piece.stream, fresh)
            for note in piece.notes:
                self._checkpoint.put_note(note)
            position = piece.position or before.position
            changed[piece.stream] = attrs.evolve(before, records=before.records + len(fresh), position=position)
        sizes = self._sink.save()
        changed = {stream: attrs.evolve(saved, size=sizes[stream]) for stream, saved in changed.items()}
        for stream, saved in changed.items():
            self._checkpoint.put_stream(stream, saved)
        return changed

    def lacking(self, stream: str, ids: Sequence[str]) -> list[str]:
        """Those of the records that the export does not have yet."""
        return [id for id in ids if not self._checkpoint.has(stream, id)]

    def rows(self, stream: str) -> Iterator[bytes]:
        """The records of a stream that has been read."""
        return self._sink.rows(stream)

    def extent(self, stream: str, start: int) -> Extent:
        """How much a stream is, by its parents, and how much of it lies before list `start`."""
        return extent(stream, self.rows, start)

    def notes(self) -> tuple[Note, ...]:
        """What could not be read."""
        return tuple(self._checkpoint.notes())

    def describe(self, *, complete: bool) -> dict[str, dict[str, Any]]:
        """What the manifest says of each stream; the checksums only when they are final."""
        return {
            stream: {"records": self.saved[stream].records, **(self._sink.describe(stream) if complete else {})}
            for stream in self.plan.streams
        }

    def write_parents(self) -> dict[str, Any] | None:
        """Write down to what the records belong that do not say so themselves, and describe that file."""
        linked = [stream for stream in self.plan.streams if self.plan.linked(stream)]
        if not linked:
            return None
        size, digest = replace(self.folder.path / PARENTS, self._parents(linked))
        return {"file": PARENTS, "bytes": size, "sha256": digest}

    def _parents(self, streams: Sequence[str]) -> Iterator[str]:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("stream", "id", *_COLUMNS))
        for stream in streams:
            for id, parent in self._checkpoint.parents(stream):
                known = json.loads(parent)
                writer.writerow((stream, id, *(known.get(column, "") for column in _COLUMNS)))
                yield text.getvalue()
                text.seek(0)
                text.truncate()
        yield text.getvalue()

    def write_manifest(self, text: str) -> None:
        """Write `manifest.json`, whole or not at all."""
        replace(self.folder.path / MANIFEST, [text])

    def close(self, *, finished: bool = False) -> None:
        """Let the folder go; `finished` means that there is nothing to go on with."""
        with contextlib.suppress(OSError):
            self._sink.close()
        if finished:
            self.folder.forget()
        self._checkpoint.close()
        if not self.facts:
            self.folder.leave()
