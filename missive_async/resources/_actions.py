"""What drafts, posts and messages do to their conversation, and the rules of that. Section 3.8 of the 2026 page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from missive_async import _codec
from missive_async._codec import UNSET, UnsetType
from missive_async.errors import InvalidRequest
from missive_async.resources._attributes import Attributes
from missive_async.resources._checks import check_color, check_texts, check_time
from missive_async.resources._people import MessageAddress
from missive_async.resources._rules import Problems
from missive_async.resources._shared import Flag, Text
from missive_async.resources.attachments import Attachment

Texts = Sequence[str] | UnsetType | None
"""Texts or ids."""

Moment = datetime | int | UnsetType | None
"""An aware time, or Unix seconds."""

Address = MessageAddress | Mapping[str, Any] | UnsetType | None
"""Who sends a message."""

Addresses = Sequence[MessageAddress | Mapping[str, Any]] | UnsetType | None
"""Who gets it."""

Files = Sequence[Attachment | Mapping[str, Any]] | UnsetType | None
"""Files, as `await Attachment.from_path(path)` makes them."""

_NEED_ORGANIZATION = ("add_users", "add_assignees", "remove_assignees", "add_shared_labels")
_ID_LISTS = ("add_users", "add_assignees", "remove_assignees", "add_shared_labels", "remove_shared_labels")
_FLAGS = ("force_team", "add_to_inbox", "add_to_team_inbox", "close", "reopen")


class ConversationActions(TypedDict, total=False):
    """Which conversation something goes into, and what happens to that.

    `conversation` is its id. Without it, `references` (Message-IDs or `external_id`s, chevrons or not) look for one,
    and when there is none a new one is made, in `organization` and with `conversation_subject` and `conversation_color`
    (a hex code, good, warning or danger). Users, labels, `team` and `organization` are ids. Adding users, assignees or
    labels needs `organization`, and `add_to_team_inbox` needs `team`. `team` changes nothing in a conversation that has
    one, but for `force_team`. `close` and `add_to_inbox` are for everybody with access.
    """

    conversation: Text
    references: Texts
    organization: Text
    team: Text
    force_team: Flag
    add_users: Texts
    add_assignees: Texts
    remove_assignees: Texts
    add_shared_labels: Texts
    remove_shared_labels: Texts
    add_to_inbox: Flag
    add_to_team_inbox: Flag
    close: Flag
    conversation_subject: Text
    conversation_color: Text


def payload(kind: Any, where: str, arguments: Mapping[str, Any], check: Callable[[Attributes], None]) -> dict[str, Any]:
    """The keyword arguments of one object as it will be sent; raises `InvalidRequest` with every rule they break.

    `kind` is the `TypedDict` of the arguments: any other raises `TypeError`, as of any method.
    """
    for name in arguments.keys() - kind.__annotations__.keys():
        raise TypeError(f"{where}: unexpected keyword argument {name!r}")
    sent: dict[str, Any] = {}
    with Problems() as problems:
        for name, value in arguments.items():
            if value is not UNSET:
                sent[name] = _plain(problems, f"{where}.{name}", value)
        check(Attributes(problems, where, sent))
    return sent


def _plain(problems: Problems, place: str, value: Any) -> Any:
    """A value as JSON has it; itself, which is given all the same, where that cannot be."""
    try:
        return _codec.plain(value)
    except InvalidRequest as error:
        problems.found.extend(f"{place}: {problem}" for problem in error.problems)
        return value


def check_actions(sent: Attributes) -> None:
    """The rules of what is done to a conversation.

    That `remove_shared_labels` needs an organization has one source for and one against it: it is not checked.
    """
    sent.ids("conversation", "organization", "team")
    sent.id_lists(*_ID_LISTS)
    sent.flags(*_FLAGS)
    sent.texts("conversation_subject")
    check_texts(sent.problems, sent.place("references"), sent.get("references"))
    for name in ("color", "conversation_color"):
        check_color(sent.problems, sent.place(name), sent.get(name))
    for name in _NEED_ORGANIZATION:
        kept = not sent.given(name) or sent.given("organization")
        sent.problems.unless(kept, f"{sent.place(name)} needs an organization")
    kept = sent.get("add_to_team_inbox") is not True or sent.given("team")
    sent.problems.unless(kept, f"{sent.place('add_to_team_inbox')} needs a team")


def check_moments(sent: Attributes, *names: str) -> None:
    """Times, of which those without a zone have been noted before."""
    for name in names:
        if not isinstance(sent.get(name), datetime):
            check_time(sent.problems, sent.place(name), sent.get(name))


def check_files(sent: Attributes, most: int | None = None) -> None:
    """Attachments that are files, perhaps up to a number of them."""
    files = sent.nested_list("attachments")
    for file in filter(None, files):
        check_file(file)
    if most is not None and len(files) > most:
        sent.problems.add(f"{sent.place('attachments')} has {len(files)} files, more than {most}")


def check_file(file: Attributes) -> None:
    """A file, which may be empty."""
    has_data = file.get("base64_data") is not None
    file.problems.unless(has_data, f"{file.place('base64_data')} is required")
    file.required("filename")
    file.texts("base64_data", "filename", "id")


def check_people(sent: Attributes) -> None:
    """Senders and receivers."""
    everybody = [sent.nested("from_field")]
    for name in ("to_fields", "cc_fields", "bcc_fields"):
        everybody += sent.nested_list(name)
    for person in filter(None, everybody):
        person.texts("name", "address", "id", "username", "phone_number", "type")
