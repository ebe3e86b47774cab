"""Data on standard output: JSON as people read it, CSV as spreadsheets do."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


def as_json(value: Any) -> str:
    """Indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A heading and a line for each row; `None` is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
