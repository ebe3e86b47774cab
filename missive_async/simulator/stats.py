"""What the simulator saw."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple


class Seen(NamedTuple):
    """A request in the log: when its head arrived, and what was answered; 0 means that the connection was dropped."""

    time: float
    method: str
    path: str
    status: int


@dataclass(slots=True)
class Stats:
    """Counts of all requests, refused ones included.

    Attributes:
        by_status: Answers by status; 0 counts dropped connections.
        by_route: Requests by method and route template, such as ("GET", "/conversations/{id}"), or "unknown".
        refusals: 429s by limit: "concurrency", "300/60", "900/900".
        in_progress: Requests whose head has arrived and whose answer is not sent.
        max_concurrency: The most that were in progress at once, those counted that were refused for it.
        log: The last 100,000 requests, in the order of their answers.
    """

    requests: int = 0
    by_status: Counter[int] = field(default_factory=Counter)
    by_route: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    in_progress: int = 0
    max_concurrency: int = 0
    log: deque[Seen] = field(default_factory=lambda: deque(maxlen=100_000), repr=False)

    @property
    def refused_429(self) -> int:
        """How many requests a limit refused."""
        return self.refusals.total()

    def arrive(self) -> None:
        """Count a request in."""
        self.requests += 1
        self.in_progress += 1
        self.max_concurrency = max(self.max_concurrency, self.in_progress)

    def leave(self) -> None:
        """Count a request out."""
        self.in_progress -= 1

    def answered(self, seen: Seen) -> None:
        """Note an answer."""
        self.by_status[seen.status] += 1
        self.log.append(seen)

    def reset(self) -> None:
        """Start counting anew; requests in progress stay counted."""
        self.requests = 0
        self.max_concurrency = self.in_progress
        for counts in (self.by_status, self.by_route, self.refusals):
            counts.clear()
        self.log.clear()
