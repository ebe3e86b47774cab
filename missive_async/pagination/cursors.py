"""How to walk a list: what to ask for next, which records are new, when it has ended. No I/O here."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

import attrs

from missive_async.errors import DecodeError, InvalidRequest

Mark = tuple[str, int | None]
"""A record's id, and the Unix time that its list is ordered by."""

_REMEMBERED = 2_000
"""Ids that an offset walk remembers: ten of the largest pages, so that memory does not grow with the list."""


_TIMELESS = -1
"""The time of a record that has none, among those given out."""


class Walk(Protocol):
    """One way through a list."""

    done: bool

    def ask(self) -> dict[str, int]:
        """The parameters of the next request."""

    def take(self, marks: Sequence[Mark]) -> list[int] | None:
        """Which of an answer's records are new; `None` when it has to be asked for again in another way first."""

    def cursor(self) -> str | None:
        """Where the next page starts, `None` after the last."""


class OffsetWalk:
    """By `offset`: ends at the first page shorter than the limit.

    When records are added while the list is read, later ones shift onto the next page; those are not given out twice.
    """

    def __init__(self, limit: int, cursor: str | None) -> None:
        self._limit = limit
        self._offset = _whole(_parse(cursor, {"offset"}), "offset", cursor) if cursor is not None else 0
        self._recent: dict[str, None] = {}
        self._stale = 0
        self.done: bool = False

    def ask(self) -> dict[str, int]:
        """The offset."""
        return {"offset": self._offset}

    def take(self, marks: Sequence[Mark]) -> list[int] | None:
        """All that the last pages did not have."""
        recent = self._recent
        fresh = []
        for index, (id, _) in enumerate(marks):
            if id not in recent:
                fresh.append(index)
                recent[id] = None
        for id in list(recent)[: max(0, len(recent) - _REMEMBERED)]:
            del recent[id]
        self._offset += len(marks)
        self.done = len(marks) < self._limit
        self._stale = 0 if fresh else self._stale + 1
        if self._stale > 1 and not self.done:
            raise DecodeError("page after page has the same records: 'offset' is ignored @ $", paths=["$"])
        return fresh

    def cursor(self) -> str | None:
        """The offset of the next page."""
        return None if self.done else json.dumps({"offset": self._offset}, separators=(",", ":"))


class OnceWalk:
    """One page and no more."""

    done: bool = False

    def __init__(self, cursor: str | None) -> None:
        if cursor is not None:
            raise _not_a_cursor(cursor)

    def ask(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def take(self, marks: Sequence[Mark]) -> list[int] | None:
        """All of it."""
        self.done = True
        return list(range(len(marks)))

    def cursor(self) -> str | None:
        """Nowhere."""
        return None


@attrs.define
class Ties:
    """What is known of how a list treats records whose time equals `until`: leaves them out, or not."""

    exclusive: bool = False


class UntilWalk:
    """By `until`, the time of the oldest record so far: ends at the first page shorter than the limit.

    Whether `until` itself is included is documented for tasks only. We ask as documented; when the answer lacks records
    at `until` that it would have if it included them, we ask for one second more from then on, and the records seen
    again are dropped. A run of equal times that fills a whole page is stepped over once it has been read.
    """

    def __init__(self, limit: int, cursor: str | None, ties: Ties, *, lenient: bool = False) -> None:
        self._limit = limit
        self._ties = ties
        self._lenient = lenient
        self._until: int | None = None
        self._below = 0
        self._wider = False
        self._cut = True
        self._edge: dict[str, int] = {}
        self._last: set[str] = set()
        self.done: bool = False
        if cursor is not None:
            self._restore(cursor)

    def ask(self) -> dict[str, int]:
        """`until`, but for the first page."""
        if self._until is None:
            return {}
        self._wider = self._ties.exclusive  # which another list may find out while this one waits for its answer
        return {"until": self._asked(self._until)}

    def take(self, marks: Sequence[Mark]) -> list[int] | None:
        """All but the records of the page border that have been given out."""
        if self._loses_ties(marks):
            self._ties.exclusive = True
            return None
        fresh = []
        seen = self._last.union(self._edge)
        for index, (id, _) in enumerate(marks):
            if id not in seen:
                fresh.append(index)
                seen.add(id)
        self._last = {id for id, _ in marks}
        self._advance(marks, any_fresh=bool(fresh))
        return fresh

    def cursor(self) -> str | None:
        """The time to go on from, and the records at that time that have been given out."""
        if self.done:
            return None
        state = {
            "until": self._until,
            "below": self._below,
            "cut": self._cut,
            "exclusive": self._ties.exclusive,
            "seen": self._edge,
        }
        return json.dumps(state, separators=(",", ":"))

    def _asked(self, until: int) -> int:
        return until + self._wider - self._below

    def _loses_ties(self, marks: Sequence[Mark]) -> bool:
        """Whether records at `until` are missing from the answer, and some that we never saw may be with them."""
        if self._until is None or self._below or self._wider or not self._cut:
            return False
        present = {id for id, _ in marks}
        return any(time == self._until and id not in present for id, time in self._edge.items())

    def _advance(self, marks: Sequence[Mark], *, any_fresh: bool) -> None:
        times = [time for _, time in marks if time is not None]
        if len(marks) < self._limit or not times:
            self.done = True
            return
        oldest = min(times)
        if self._until is not None and not any_fresh and max(times) > self._asked(self._until):
            self._ignored()
            return
        # a page beyond the limit goes on to the end of a run of ties
        self._cut = len(marks) == self._limit or any(time != oldest for _, time in marks[self._limit - 1 :])
        if self._until is not None and oldest >= self._until:
            self._below += 1
        else:
            self._until, self._below = oldest, 0
            self._edge = {id: time for id, time in self._edge.items() if time <= oldest + 1}
        edge = {id: _TIMELESS if time is None else time for id, time in marks if time is None or time <= oldest + 1}
        self._edge.update(edge)

    def _ignored(self) -> None:
        if not self._lenient:
            raise DecodeError("page after page has the same records: 'until' is ignored @ $", paths=["$"])
        self.done = True

    def _restore(self, cursor: str) -> None:
        state = _parse(cursor, {"until", "below", "cut", "exclusive", "seen"})
        self._until = _whole(state, "until", cursor)
        self._below = _whole(state, "below", cursor)
        cut, exclusive, seen = state["cut"], state["exclusive"], state["seen"]
        sound = isinstance(cut, bool) and isinstance(exclusive, bool) and isinstance(seen, dict)
        if not sound or not all(type(time) is int for time in seen.values()):
            raise _not_a_cursor(cursor)
        self._cut, self._edge = cut, seen
        self._ties.exclusive = self._ties.exclusive or exclusive


def _not_a_cursor(cursor: object) -> InvalidRequest:
    return InvalidRequest(f"not a cursor of this list: {str(cursor)[:80]!r}")


def _parse(cursor: str, keys: set[str]) -> dict[str, Any]:
    try:
        state = json.loads(cursor)
    except (ValueError, TypeError, RecursionError):
        raise _not_a_cursor(cursor) from None
    if not isinstance(state, dict) or state.keys() != keys:
        raise _not_a_cursor(cursor)
    return state


def _whole(state: dict[str, Any], name: str, cursor: str) -> int:
    value = state[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _not_a_cursor(cursor)
    return value
