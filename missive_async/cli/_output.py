"""How commands print records: one vocabulary for them all, `--json`, `--jsonl`, `--csv` and `--table`."""

import csv
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import attrs
import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from missive_async.cli._failures import clean
from missive_async.errors import ConfigurationError

Form = Literal["json", "jsonl", "csv", "table"]
Row = Mapping[str, Any]

_WIDEST = 60
_NARROWEST = 5


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Output:
    """How records are printed: as a table on a terminal, as JSON lines elsewhere, if nothing else is chosen."""

    json: Annotated[bool, Parameter(negative=(), help="One JSON array, indented.")] = False
    jsonl: Annotated[bool, Parameter(negative=(), help="One JSON object a line; the default where nobody looks.")] = (
        False
    )
    csv: Annotated[bool, Parameter(negative=(), help="Comma-separated values under a heading.")] = False
    table: Annotated[bool, Parameter(negative=(), help="A table to look at; the default on a terminal.")] = False
    columns: Annotated[
        str | None, Parameter(help="Only these attributes, as id,name; a.b is attribute b of attribute a.")
    ] = None

    @property
    def form(self) -> Form:
        """The one that was chosen; raises `ConfigurationError` when several were."""
        forms: tuple[Form, ...] = ("json", "jsonl", "csv", "table")
        chosen = [form for form in forms if getattr(self, form)]
        if len(chosen) > 1:
            raise ConfigurationError(f"choose one of {', '.join(f'--{form}' for form in chosen)}")
        return chosen[0] if chosen else "table" if sys.stdout.isatty() else "jsonl"

    @property
    def asked_for(self) -> bool:
        """Whether records are wanted at all, by commands that say what they found in words unless they are."""
        return self.json or self.jsonl or self.csv or self.table or self.columns is not None

    @property
    def chosen(self) -> tuple[str, ...]:
        """The attributes that were asked for, none for all."""
        return tuple(filter(None, (name.strip() for name in (self.columns or "").split(","))))

    async def write(self, rows: AsyncIterator[Row], columns: Sequence[str] = ()) -> None:
        """Print records; `columns` are those of a table when none were chosen."""
        form, chosen = self.form, self.chosen
        if form == "jsonl":
            async for row in rows:
                _put(msgspec.json.encode(_picked(row, chosen)) + b"\n")
        elif form == "json":
            await _write_json(rows, chosen)
        elif form == "csv":
            write_csv([row async for row in rows], chosen)
        else:
            write_table([row async for row in rows], chosen or columns)

    def write_one(self, row: Row) -> None:
        """Print one record; in a table each attribute has a line."""
        form, chosen = self.form, self.chosen
        picked = _picked(row, chosen)
        if form == "table":
            write_fields(picked)
        elif form == "csv":
            write_csv([row], chosen)
        else:
            text = msgspec.json.encode(picked)
            _put((text if form == "jsonl" else msgspec.json.format(text, indent=2)) + b"\n")


def write_lines(rows: Sequence[Row], output: Output) -> None:
    """Print records that are all there, as CSV or JSON lines."""
    if output.form == "csv":
        write_csv(rows, output.chosen)
    else:
        for row in rows:
            output.write_one(row)


def write_csv(rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    """Print CSV; without columns all attributes that any record has, in the order in which they turn up."""
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if names:
        writer.writerow(names)
    writer.writerows([_cell(_at(row, name)) for name in names] for row in rows)


def write_table(rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    """Print a table, and how many records it has; without columns the attributes of the first record."""
    names = list(columns or (rows[0] if rows else ()))
    table = Table(box=None, pad_edge=False, header_style="bold")
    cells = [[_shown(name, _at(row, name)) for name in names] for row in rows]
    for place, name in enumerate(names):
        # Ids are there to be copied, and half a date is none: what is to give way is text.
        whole = name.rpartition(".")[2] == "id" or name.endswith("_at")
        least = max((len(line[place]) for line in cells), default=0) if whole else min(len(name), _NARROWEST)
        table.add_column(name, overflow="ellipsis", no_wrap=True, min_width=least, max_width=max(_WIDEST, least))
    for line in cells:
        table.add_row(*map(Text, line))
    console = Console()
    if rows:
        console.print(table)
    sys.stderr.write(f"{len(rows):,} record{'' if len(rows) == 1 else 's'}\n")


def write_fields(row: Row) -> None:
    """Print a record, one attribute a line."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in row.items():
        table.add_row(name, Text(_shown(name, value)))
    Console().print(table)


async def _write_json(rows: AsyncIterator[Row], columns: Sequence[str]) -> None:
    opened = False
    async for row in rows:
        text = msgspec.json.format(msgspec.json.encode(_picked(row, columns)), indent=2)
        _put((b",\n" if opened else b"[\n") + text)
        opened = True
    _put(b"\n]\n" if opened else b"[]\n")


def _put(text: bytes) -> None:
    sys.stdout.write(text.decode())


def _picked(row: Row, columns: Iterable[str]) -> Row:
    names = tuple(columns)
    return {name: _at(row, name) for name in names} if names else row


def _at(row: Row, path: str) -> Any:
    """An attribute, or one inside others; `None` when there is none."""
    if path in row:
        return row[path]
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _cell(value: Any) -> str:
    """A value in CSV: text as it is, nothing for null, JSON for what is nested."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _shown(name: str, value: Any) -> str:
    """A value as a person reads it, without anything that a terminal would obey."""
    if name.endswith("_at") and isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**11:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%MZ")
    if isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value):
        return clean(", ".join(str(item["name"]) for item in value))
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return clean(value["name"])
    return clean(_cell(value))
