"""What single values must be like: each check notes what is wrong with a value, and nothing when there is none."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from missive_async._codec import UNSET, unix
from missive_async.resources._rules import Problems, bad_id

_COLORS = frozenset({"good", "warning", "danger"})
_HEX = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_LATEST = 253_402_300_799  # the end of the year 9999, after which no datetime goes


def absent(value: object) -> bool:
    """Whether there is nothing to check: not given, or null."""
    return value is UNSET or value is None


def check_id(problems: Problems, name: str, value: object) -> None:
    """An id."""
    if not absent(value) and (problem := bad_id(value)):
        problems.add(f"{name}: {problem}")


def check_ids(problems: Problems, name: str, value: object) -> None:
    """A sequence of ids."""
    if absent(value):
        return
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        problems.add(f"{name}: a sequence of ids, not {type(value).__name__}")
        return
    for problem in filter(None, map(bad_id, value)):
        problems.add(f"{name}: {problem}")


def check_flag(problems: Problems, name: str, value: object) -> None:
    """True or false."""
    problems.unless(absent(value) or isinstance(value, bool), f"{name} is True or False, not {value!r}")


def check_text(problems: Problems, name: str, value: object, longest: int | None = None) -> None:
    """Text, perhaps of a limited length."""
    if absent(value):
        return
    if not isinstance(value, str):
        problems.add(f"{name} is a str, not {type(value).__name__}")
    elif longest is not None and len(value) > longest:
        problems.add(f"{name} has {len(value):,} characters, more than {longest:,}")


def check_texts(problems: Problems, name: str, value: object) -> None:
    """A sequence of texts."""
    if absent(value):
        return
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        problems.add(f"{name}: a sequence of str, not {type(value).__name__}")
    elif not all(isinstance(item, str) for item in value):
        problems.add(f"{name} has something in it that is no str")


def check_time(problems: Problems, name: str, value: object) -> None:
    """An aware time, or Unix seconds."""
    if absent(value):
        return
    if isinstance(value, datetime):
        problems.unless(value.tzinfo, f"{name} is a naive datetime: give it a time zone")
    elif isinstance(value, bool) or not isinstance(value, int):
        problems.add(f"{name} is an aware datetime or whole Unix seconds, not {type(value).__name__}")
    else:
        problems.unless(0 <= value <= _LATEST, f"{name} is no Unix time in seconds: {value!r}")


def check_order(problems: Problems, times: Mapping[str, Any]) -> None:
    """Two times of which the first is not after the second."""
    seconds = [_seconds(value) for value in times.values()]
    first, second = seconds
    if first is not None and second is not None:
        problems.unless(first <= second, f"{' is after '.join(times)}")


def _seconds(value: object) -> int | None:
    if isinstance(value, datetime):
        return unix(value) if value.tzinfo else None
    return value if isinstance(value, int) else None


def check_one_of(problems: Problems, name: str, value: object, allowed: Collection[str]) -> None:
    """One of the values that the reference names."""
    if not absent(value):
        problems.unless(
            isinstance(value, str) and value in allowed, f"{name} is one of {', '.join(allowed)}, not {value!r}"
        )


def check_color(problems: Problems, name: str, value: object) -> None:
    """A hex colour code, or one of three words."""
    if not absent(value):
        usable = isinstance(value, str) and (value in _COLORS or _HEX.fullmatch(value))
        problems.unless(usable, f"{name} is a hex code like #2266ED, good, warning or danger, not {value!r}")
