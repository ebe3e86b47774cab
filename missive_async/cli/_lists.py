"""The lists that commands can read: their filters, and what a table shows of them."""

import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError, InvalidRequest
from missive_async.pagination import Pager

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "organizations": ("id", "name"),
    "users": ("id", "name", "email"),
    "teams": ("id", "name", "organization"),
    "contact_books": ("id", "name", "description"),
    "contact_groups": ("id", "name", "kind"),
    "contacts": ("id", "first_name", "last_name", "modified_at"),
    "shared_labels": ("id", "name_with_parent_names", "color"),
    "responses": ("id", "title", "subject", "modified_at"),
    "conversations": ("id", "last_activity_at", "messages_count", "latest_message_subject"),
    "messages": ("id", "delivered_at", "from_field.name", "subject"),
    "comments": ("id", "created_at", "author.name", "body"),
    "drafts": ("id", "created_at", "author.name", "subject"),
    "posts": ("id", "created_at", "username", "notification.title"),
    "tasks": ("id", "state", "title", "due_at", "conversation"),
}
"""Every list, and the columns of its table."""

CONVERSATIONS_OWN = frozenset({"messages", "comments", "drafts", "posts"})
"""Lists that a conversation has; messages can also be found by their Message-ID."""


def pager(missive: AsyncMissive, resource: str, given: Sequence[str]) -> Pager[Any]:
    """A list, filtered by `name=value` texts; raises `ConfigurationError` for what it does not know."""
    if resource not in COLUMNS:
        raise ConfigurationError(f"no list {resource!r}: choose from {', '.join(COLUMNS)}")
    values = dict(map(pair, given))
    if resource in CONVERSATIONS_OWN and not (resource == "messages" and "email_message_id" in values):
        return _children(missive, resource, values)
    method = getattr(missive, resource).list
    known = {name: one for name, one in inspect.signature(method).parameters.items() if name != "prefetch"}
    _check(resource, values, known)
    missing = [name for name, one in known.items() if one.default is one.empty and name not in values]
    if missing:
        raise ConfigurationError(f"{resource} need {' and '.join(f'{name}=...' for name in missing)}")
    found: Pager[Any] = method(**{name: _typed(name, text, known[name]) for name, text in values.items()})
    return found


def pair(text: str) -> tuple[str, str]:
    """A name and a value; raises `ConfigurationError` for anything but `name=value`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigurationError(f"expected name=value, not {text!r}")
    return name, value


def _children(missive: AsyncMissive, resource: str, values: Mapping[str, str]) -> Pager[Any]:
    _check(resource, values, {"conversation": None})
    if "conversation" not in values:
        other = " or email_message_id=ID" if resource == "messages" else ""
        raise ConfigurationError(f"{resource} need conversation=ID{other}")
    found: Pager[Any] = getattr(missive.conversations, resource)(values["conversation"])
    return found


def _check(resource: str, values: Mapping[str, str], known: Mapping[str, Any]) -> None:
    unknown = sorted(values.keys() - known.keys())
    if unknown:
        choice = f": choose from {', '.join(known)}" if known else ""
        raise ConfigurationError(f"{resource} have no filter {', '.join(unknown)}{choice}")


def _typed(name: str, text: str, parameter: inspect.Parameter) -> Any:
    """A value as the library takes it: a flag, a time, or the text itself."""
    kind = str(parameter.annotation)
    if "bool" in kind:
        flags = {"true": True, "false": False, "1": True, "0": False}
        if text.lower() not in flags:
            raise InvalidRequest(f"{name} is true or false, not {text!r}")
        return flags[text.lower()]
    if "datetime" in kind:
        return _moment(name, text)
    return text


def _moment(name: str, text: str) -> Any:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{name} is Unix seconds or a time as 2026-01-31T09:00, not {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
