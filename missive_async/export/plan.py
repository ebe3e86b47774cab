"""What to ask for: the streams of an account, the lists in which each comes, and what its rows say of others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs
import msgspec

from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError
from missive_async.pagination import Pager

STREAMS = (
    "organizations",
    "teams",
    "users",
    "contact_books",
    "contact_groups",
    "contacts",
    "shared_labels",
    "responses",
    "conversations",
    "messages",
    "comments",
    "drafts",
    "posts",
    "tasks",
)
"""Everything that an account has, one file each."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    "contact_groups": ("contact_books",),
    "contacts": ("contact_books",),
    "conversations": ("teams", "shared_labels"),
    "messages": ("conversations",),
    "comments": ("conversations",),
    "drafts": ("conversations",),
    "posts": ("conversations",),
}
"""The streams whose rows say which lists another stream has."""

WIDTH: Mapping[str, int] = {"conversations": 4, "contacts": 3, "contact_groups": 2, "messages": 6, "drafts": 2}
"""How many lists of a stream are read side by side; the budget decides how many requests that makes."""

OTHER_WIDTH = 3

MOVING = frozenset({"conversations", "tasks"})
"""Streams in the order of last activity: what happens while they are read moves a record to the head of its list."""

_MAILBOXES = ("all", "drafts", "trashed", "junked")
_GROUP_KINDS = ("group", "organization")

Rows = Callable[[str], Iterator[bytes]]
"""The records of a stream that has been read, as lines of JSON."""


@attrs.frozen(kw_only=True)
class Plan:
    """What an export is asked for: `streams` in their own order, those that others need included."""

    streams: tuple[str, ...] = STREAMS
    bodies: bool = True

    @classmethod
    def of(cls, streams: Iterable[str] | None = None, *, bodies: bool = True) -> "Plan":
        """A plan for these streams, or all of them; raises `ConfigurationError` for a name that is none."""
        if isinstance(streams, str):
            streams = (streams,)
        wanted = set(STREAMS if streams is None else streams) or set(STREAMS)
        unknown = sorted(map(str, wanted - set(STREAMS)))
        if unknown:
            raise ConfigurationError(f"no stream {', '.join(map(repr, unknown))}: choose from {', '.join(STREAMS)}")
        for stream in reversed(STREAMS):  # what a stream needs stands before it
            if stream in wanted:
                wanted.update(NEEDS.get(stream, ()))
        return cls(streams=tuple(stream for stream in STREAMS if stream in wanted), bodies=bool(bodies))

    def linked(self, stream: str) -> bool:
        """Whether the records of a stream do not say themselves to what they belong."""
        return stream in {"contact_groups", "comments", "drafts", "posts"} or (stream == "messages" and not self.bodies)


@attrs.frozen(kw_only=True)
class Step:
    """One list of a stream: `number` is its place in the order of them all, `parent` says whose list it is.

    `records` is how many it has according to its parent, `None` when the parent does not say.
    """

    number: int
    parent: Mapping[str, str]
    records: int | None = None
    open: Callable[[AsyncMissive], Pager[Any]]


class ConversationRow(msgspec.Struct):
    """What a conversation's row says of its children; guests' rows say nothing."""

    id: str
    messages_count: Any = None
    drafts_count: Any = None
    send_later_messages_count: Any = None

    @property
    def messages(self) -> int | None:
        """How many messages it has, `None` when it does not say."""
        return _count(self.messages_count)

    @property
    def drafts(self) -> int | None:
        """How many drafts it has, those to be sent later included, `None` when it does not say."""
        drafts, later = _count(self.drafts_count), _count(self.send_later_messages_count)
        return None if drafts is None or later is None else drafts + later


class _Named(msgspec.Struct):
    id: str
    last_activity_at: Any = None


def steps(stream: str, rows: Rows, start: int = 0) -> Iterator[Step]:
    """The lists of a stream from number `start` on; those that are empty by their conversation's count left out."""
    lists = _LISTS.get(stream)
    made = _whole(stream) if lists is None else lists(rows)
    return (step for step in made if step.number >= start)


def id_of(line: bytes) -> str:
    """The id of a record."""
    return _named(line).id


def activity(line: bytes) -> int | None:
    """When something happened to a record last, `None` when it does not say."""
    at = _named(line).last_activity_at
    return int(at) if isinstance(at, int | float) and not isinstance(at, bool) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _whole(stream: str) -> Iterator[Step]:
    yield Step(number=0, parent={}, open=lambda missive: getattr(missive, stream).list())


def _contacts(rows: Rows) -> Iterator[Step]:
    for number, line in enumerate(rows("contact_books")):
        book = id_of(line)
        yield Step(number=number, parent={"contact_book": book}, open=_opener("contacts", contact_book=book))


def _groups(rows: Rows) -> Iterator[Step]:
    books = map(id_of, rows("contact_books"))
    for number, (book, kind) in enumerate((book, kind) for book in books for kind in _GROUP_KINDS):
        parent = {"contact_book": book, "kind": kind}
        yield Step(number=number, parent=parent, open=_opener("contact_groups", **parent))


def _conversations(rows: Rows) -> Iterator[Step]:
    filters: list[dict[str, Any]] = [{mailbox: True} for mailbox in _MAILBOXES]
    filters += [{"team_all": id_of(line)} for line in rows("teams")]
    filters += [{"shared_label": id_of(line)} for line in rows("shared_labels")]
    for number, chosen in enumerate(filters):
        parent = {name: "" if value is True else str(value) for name, value in chosen.items()}
        yield Step(number=number, parent=parent, open=_opener("conversations", **chosen))


def _opener(resource: str, **filters: Any) -> Callable[[AsyncMissive], Pager[Any]]:
    return lambda missive: getattr(missive, resource).list(**filters)


def _children(stream: str) -> Callable[[Rows], Iterator[Step]]:
    def lists(rows: Rows) -> Iterator[Step]:
        for number, line in enumerate(rows("conversations")):
            row = conversation(line)
            records = {"messages": row.messages, "drafts": row.drafts}.get(stream)
            if records != 0:
                parent = {"conversation": row.id}
                yield Step(number=number, parent=parent, records=records, open=_child_opener(stream, row.id))

    return lists


def _child_opener(stream: str, id: str) -> Callable[[AsyncMissive], Pager[Any]]:
    return lambda missive: getattr(missive.conversations, stream)(id)


_named = msgspec.json.Decoder(_Named).decode
conversation: Callable[[bytes], ConversationRow] = msgspec.json.Decoder(ConversationRow).decode

_LISTS: Mapping[str, Callable[[Rows], Iterator[Step]]] = {
    "contacts": _contacts,
    "contact_groups": _groups,
    "conversations": _conversations,
    **{stream: _children(stream) for stream in ("messages", "comments", "drafts", "posts")},
}


@attrs.frozen(kw_only=True)
class Extent:
    """How much a stream is: its lists, how many of them were read before, and its records as far as its parents say.

    `unsaid` counts the lists of which no parent says how many records they have.
    """

    lists: int
    before: int
    records: int
    unsaid: int


def extent(stream: str, rows: Rows, start: int = 0) -> Extent:
    """The extent of a stream whose parents have been read, and that has been read up to list `start`."""
    lists = before = records = unsaid = 0
    for step in steps(stream, rows):
        lists += 1
        before += step.number < start
        unsaid += step.records is None
        records += step.records or 0
    return Extent(lists=lists, before=before, records=records, unsaid=unsaid)
