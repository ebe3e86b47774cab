"""Missive's own rules, checked before a request is spent: every broken one is named, then nothing is sent."""

import re
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote

from missive_async._codec import UNSET
from missive_async.errors import InvalidRequest

_LONGEST_ID = 200
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"})


class Problems:
    """Collects broken rules; leaving the `with` block raises `InvalidRequest` with all of them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.found:
            raise InvalidRequest(self.found)

    def add(self, problem: str) -> None:
        """Note one broken rule."""
        self.found.append(problem)

    def unless(self, kept: object, problem: str) -> None:
        """Note a rule that is not kept."""
        if not kept:
            self.found.append(problem)


def given(value: Any) -> bool:
    """Whether an argument was passed with something in it: not `UNSET`, not `None`, not empty."""
    if value is UNSET or value is None:
        return False
    return bool(value) if isinstance(value, str | list | tuple | dict) else True


def bad_id(value: object) -> str | None:
    """Why this cannot be an id, or `None`: an id must stay one segment of the path."""
    if not isinstance(value, str):
        return f"an id is a str, not {type(value).__name__}"
    if not value.strip():
        return "an id must not be empty"
    if value in {".", ".."} or re.search(r"[/\\,?#%\s\x00-\x1f\x7f]", value) or len(value) > _LONGEST_ID:
        return f"not an id: {value[:60]!r}"
    return None


def segment(id: str) -> str:
    """An id as one path segment; raises `InvalidRequest` for what would change the path."""
    problem = bad_id(id)
    if problem:
        raise InvalidRequest(problem)
    return quote(id, safe="")


def segments(ids: Sequence[str] | Iterable[str]) -> str:
    """Ids as one comma-separated path segment; raises `InvalidRequest` with every bad one."""
    if isinstance(ids, str):
        raise InvalidRequest(f"a sequence of ids, not one str: {ids[:60]!r}")
    ids = list(ids)
    with Problems() as problems:
        for problem in filter(None, map(bad_id, ids)):
            problems.add(problem)
        problems.unless(ids, "no ids were given")
    return ",".join(quote(id, safe="") for id in ids)


def api_path(method: str, path: Any) -> str:
    """A path below the base URL as callers write it; raises `InvalidRequest` for what would leave the API."""
    with Problems() as problems:
        problems.unless(method in _METHODS, f"not a method: {method[:20]!r}")
        problems.unless(
            isinstance(path, str) and _stays_below(path), f"not a path below the base URL: {str(path)[:100]!r}"
        )
    return "/" + str(path).lstrip("/")


def _stays_below(path: str) -> bool:
    """Whether a path means the same to everyone who reads it, decoded or not."""
    head = path.partition("?")[0]
    odd = re.search(r"[\s\x00-\x1f\x7f\\#\ud800-\udfff]", path) or re.search(r"%(2f|5c|[01]|7f)", head, re.IGNORECASE)
    parts = unquote(head).strip("/").split("/")
    return not odd and "://" not in head and not head.startswith("//") and not {"", ".", ".."}.intersection(parts)
