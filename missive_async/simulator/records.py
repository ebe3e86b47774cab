"""What an account is made of: plain entries, and conversations with their children."""

from dataclasses import dataclass, field
from typing import Any

from missive_async.simulator.indexes import Shelf, encode

JSON = dict[str, Any]


@dataclass(slots=True, eq=False)
class Entry:
    """A record: its JSON, its place in lists and the id of what it belongs to."""

    id: str
    at: int
    data: JSON
    owner: str = ""
    body: str | None = None
    send_at: int | None = None
    encoded: bytes | None = None

    def row(self) -> bytes:
        """Return the JSON of a list row, encoded once."""
        if self.encoded is None:
            self.encoded = encode(self.data)
        return self.encoded

    def change(self, **values: Any) -> None:
        """Set attributes of the JSON."""
        self.data.update(values)
        self.encoded = None


@dataclass(slots=True)
class Children:
    """What a conversation holds."""

    messages: Shelf[Entry] = field(default_factory=Shelf)
    comments: Shelf[Entry] = field(default_factory=Shelf)
    posts: Shelf[Entry] = field(default_factory=Shelf)
    drafts: Shelf[Entry] = field(default_factory=Shelf)


@dataclass(slots=True)
class Counts:
    """How much a conversation holds, known before its children are made."""

    messages: int = 0
    drafts: int = 0
    send_later: int = 0
    attachments: int = 0
    tasks: int = 0
    completed_tasks: int = 0


@dataclass(slots=True, eq=False)
class Conversation:
    """A conversation; `users` maps each user to the flags that are true for them."""

    id: str
    number: int
    created_at: int
    last_activity_at: int
    subject: str | None = None
    latest_message_subject: str | None = None
    organization: str | None = None
    team: str | None = None
    color: str | None = None
    labels: list[str] = field(default_factory=list)
    users: dict[str, set[str]] = field(default_factory=dict)
    in_team_inbox: bool = False
    closed_at: int | None = None
    guest: bool = False
    authors: list[JSON] = field(default_factory=list)
    external_authors: list[JSON] = field(default_factory=list)
    addresses: frozenset[str] = frozenset()
    counts: Counts = field(default_factory=Counts)
    extra: JSON = field(default_factory=dict)
    children: Children | None = None
    encoded: bytes | None = None

    @property
    def closed(self) -> bool:
        """Whether everybody closed it."""
        return self.closed_at is not None

    @property
    def assignees(self) -> list[str]:
        """The users to whom it is assigned."""
        return [user for user, flags in self.users.items() if "assigned" in flags]
