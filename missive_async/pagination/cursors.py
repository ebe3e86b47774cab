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
        self.done = False

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

    done = False

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
        self._below = False
        self._cut = True
        self._edge: dict[str, int] = {}
        self.done = False
        if cursor is not None:
            self._restore(cursor)

    def ask(self) -> dict[str, int]:
        """`until`, but for the first page."""
        asked = self._asked()
        return {} if asked is None else {"until": asked}

    def take(self, marks: Sequence[Mark]) -> list[int] | None:
        """All but the records of the page border that have been given out."""
        if self._loses_ties(marks):
            self._ties.exclusive = True
            return None
        fresh = []
        seen = set(self._edge)
        for index, (id, _) in enumerate(marks):
            if id not in seen:
                fresh.append(index)
                seen.add(id)
        self._advance(marks, any_fresh=bool(fresh))
        return fresh

    def cursor(self) -> str | None:
        """The time to go on from, and the records at that time that have been given out."""
        if self.done:
            return None
        state = {"until": self._until, "below": self._below, "cut": self._cut, "seen": self._edge}
        return json.dumps(state, separators=(",", ":"))

    def _asked(self) -> int | None:
        if self._until is None:
            return None
        wider = self._until + 1 if self._ties.exclusive else self._until
        return wider - 1 if self._below else wider

    def _loses_ties(self, marks: Sequence[Mark]) -> bool:
        """Whether records at `until` are missing from the answer, and some that we never saw may be with them."""
        if self._until is None or self._below or self._ties.exclusive or not self._cut:
            return False
        full_of_ties = len(marks) >= self._limit and all(time == self._until for _, time in marks)
        present = {id for id, _ in marks}
        return not full_of_ties and any(time == self._until and id not in present for id, time in self._edge.items())

    def _advance(self, marks: Sequence[Mark], *, any_fresh: bool) -> None:
        times = [time for _, time in marks if time is not None]
        if len(marks) < self._limit or not times:
            self.done = True
            return
        oldest = min(times)
        asked = self._asked()
        if asked is not None and not any_fresh and max(times) > asked:
            self._ignored()
            return
        self._cut = len(marks) == self._limit
        if self._until is not None and oldest >= self._until:
            self._below = True
        else:
            self._until, self._below = oldest, False
            self._edge = {id: time for id, time in self._edge.items() if time <= oldest + 1}
        edge = {id: time for id, time in marks if time is not None and time <= oldest + 1}
        self._edge.update(edge)

    def _ignored(self) -> None:
        if not self._lenient:
            raise DecodeError("page after page has the same records: 'until' is ignored @ $", paths=["$"])
        self.done = True

    def _restore(self, cursor: str) -> None:
        state = _parse(cursor, {"until", "below", "cut", "seen"})
        self._until = _whole(state, "until", cursor)
        self._below, self._cut = bool(state["below"]), bool(state["cut"])
        seen = state["seen"]
        if not isinstance(seen, dict) or not all(isinstance(time, int) for time in seen.values()):
            raise _not_a_cursor(cursor)
        self._edge = seen


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
