"""Faults by choice: what a network and a busy server do to requests."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal, get_args

FaultKind = Literal[
    "status", "html", "reset", "reset_after", "cut", "slow", "hang", "bad_json", "empty", "drip", "wrong_type"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One sort of fault, and which requests it strikes.

    Attributes:
        kind: What happens:
            "status": answers `status` with `body` and `headers`, and the request is not carried out.
            "html": answers 200 with an HTML page, and the request is not carried out.
            "reset": the connection is reset before the request is carried out.
            "reset_after": the request is carried out, then the connection is reset.
            "cut": the body ends halfway, shorter than its Content-Length.
            "slow": the answer comes `seconds` later.
            "hang": no answer comes; after `seconds`, or when the client has gone, the connection ends.
            "bad_json": the body is not JSON.
            "empty": the status is right and there is no body.
            "drip": the body comes in pieces of `size` bytes, `seconds` apart.
            "wrong_type": the body is valid JSON of another shape.
        method: The method that it strikes, None for any.
        path: A regular expression searched in the path (which starts with /v1), None for any.
        probability: The share of those requests that it strikes.
        nth: Strikes only the requests of these numbers, counted from 1 among those that match.
        times: How often it strikes at most.
        status: The status of the answer for "status"; for the others the status stays what it would have been.
        body: The body for "status", and in place of the page for "html".
        headers: Headers of the answer for "status" and "html".
        seconds: How long to wait for "slow", "hang" and "drip".
        size: The bytes in a piece of "drip".
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    probability: float = 1.0
    nth: int | Collection[int] | None = None
    times: int | None = None
    status: int = 503
    body: bytes | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    size: int = 64

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}, not {self.kind!r}")

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is one that it may strike."""
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path is None or re.search(self.path, path) is not None

    def numbered(self, number: int) -> bool:
        """Say whether it strikes the request of a number."""
        if self.nth is None:
            return True
        return number == self.nth if isinstance(self.nth, int) else number in self.nth


class Faults:
    """The faults of a server, drawn from a seed; of several that match, the first in the list strikes.

    Attributes:
        struck: How often each fault has struck, by its place in the list.
    """

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 1) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.struck: Counter[int] = Counter()
        self._seen: Counter[int] = Counter()
        self._rng = Random(seed)

    def pick(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes a request."""
        for place, fault in enumerate(self.faults):
            if not fault.matches(method, path):
                continue
            self._seen[place] += 1
            if not fault.numbered(self._seen[place]) or not self._left(place, fault):
                continue
            if fault.probability >= 1 or self._rng.random() < fault.probability:
                self.struck[place] += 1
                return fault
        return None

    def _left(self, place: int, fault: Fault) -> bool:
        return fault.times is None or self.struck[place] < fault.times
