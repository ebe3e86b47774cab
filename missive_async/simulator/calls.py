"""A request as the endpoints see it, and the answer that they give."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from missive_async.simulator.indexes import Index, encode
from missive_async.simulator.records import JSON
from missive_async.simulator.refusals import invalid, missing
from missive_async.simulator.state import Account

if TYPE_CHECKING:
    from missive_async.simulator.app import Simulator

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(slots=True)
class Answer:
    """What goes back: without a body there is no content type either."""

    status: int = 200
    body: bytes = b""
    type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in."""

    simulator: "Simulator"
    account: Account
    path: dict[str, str]
    query: dict[str, str]
    body: Any = None

    @property
    def now(self) -> int:
        """The time in Unix seconds."""
        return int(self.simulator.clock())

    def flag(self, name: str) -> bool:
        """Say whether a parameter is `true`."""
        return self.query.get(name) == "true"

    def number(self, name: str, default: int | None = None, *, least: int | None = None) -> int | None:
        """Return a parameter that must be an integer."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.removeprefix("-").isdecimal() or len(text) > 18:
            raise invalid(f"'{name}' must be an integer")
        value = int(text)
        if least is not None and value < least:
            raise invalid(f"min '{name}' value is {least}")
        return value

    def limit(self, default: int, most: int, least: int = 1) -> int:
        """Return the page size."""
        value = self.number("limit", default, least=least) or default
        if value > most:
            raise invalid(f"max 'limit' value is {most}")
        return value

    def required(self, name: str) -> str:
        """Return a parameter that must be there."""
        value = self.query.get(name)
        if not value:
            raise invalid(f"'{name}' is required")
        return value

    def ids(self) -> list[str]:
        """Return the ids of the path, each once."""
        return [id for id in dict.fromkeys(self.path["id"].split(",")) if id]

    def offset_page(self, index: Index) -> list[str]:
        """Return the ids of a page of an offset list."""
        limit = self.limit(50, 200)
        return index.slice(self.number("offset", 0, least=0) or 0, limit)

    def until_page(self, index: Index, limit: int, until_kind: str | None = None) -> list[str]:
        """Return the ids of a page of a list that is read from newest to oldest."""
        until = self.number("until")
        inclusive = (until_kind or self.simulator.until) == "inclusive"
        bound = () if until is None else (-until if inclusive else 1 - until,)
        return index.since(bound, limit, extend=self.simulator.extend_ties)


T = TypeVar("T")


def found(record: T | None) -> T:
    """Return a record, or refuse when it is None."""
    if record is None:
        raise missing()
    return record


def rows(envelope: str, encoded: Iterable[bytes]) -> Answer:
    """Return a list of rows that are encoded already."""
    return Answer(200, b'{"' + envelope.encode() + b'":[' + b",".join(encoded) + b"]}")


def answer(envelope: str, data: JSON | list[JSON], status: int = 200) -> Answer:
    """Return one record or several under a key."""
    return Answer(status, encode({envelope: data}))
