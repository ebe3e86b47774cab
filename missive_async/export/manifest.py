"""What an export says of itself."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from missive_async.export.account import Account
from missive_async.export.checkpoint import Note
from missive_async.export.folder import FORMAT


@attrs.frozen(kw_only=True)
class Manifest:
    """`manifest.json`: what was exported, from where, at what cost, and what could not be read.

    `streams` has of each stream its records, file, bytes and SHA-256; `parents` the same of the file that says to what
    the records of some streams belong. Times are ISO 8601 in UTC, `seconds` is the time that was worked, over `runs`
    runs if it was gone on with. `requests` were spent on it, `refused` of them with a 429.
    """

    complete: bool
    account: Account
    base_url: str
    bodies: bool
    streams: Mapping[str, Mapping[str, Any]]
    parents: Mapping[str, Any] | None = None
    limits: str
    requests: int
    refused: int
    runs: int
    seconds: float
    started_at: str
    finished_at: str | None = None
    notes: tuple[Note, ...] = ()
    library: str

    @property
    def records(self) -> int:
        """The records of all streams."""
        return sum(int(stream["records"]) for stream in self.streams.values())

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> "Manifest":
        """A manifest from the fields of its file."""
        known = {name: fields[name] for name in attrs.fields_dict(cls) if name in fields}
        known["account"] = Account(**known["account"])
        known["notes"] = tuple(Note(**note) for note in known.get("notes", ()))
        return cls(**known)

    def to_json(self) -> str:
        """As it is written to the file."""
        fields = {"format": FORMAT, **attrs.asdict(self)}
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
