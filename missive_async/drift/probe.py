"""The probe: one page of everything that can be read, each compared with its model."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from missive_async.client import AsyncMissive
from missive_async.drift.compare import Difference, differences, merged
from missive_async.errors import APIError, DecodeError, Unauthorized
from missive_async.resources._rules import bad_id
from missive_async.resources.comments import Comment
from missive_async.resources.contact_books import ContactBook
from missive_async.resources.contact_groups import ContactGroup
from missive_async.resources.contacts import Contact
from missive_async.resources.conversations import Conversation
from missive_async.resources.drafts import Draft
from missive_async.resources.messages import Message
from missive_async.resources.organizations import Organization
from missive_async.resources.posts import Post
from missive_async.resources.responses import Response
from missive_async.resources.shared_labels import SharedLabel
from missive_async.resources.tasks import Task
from missive_async.resources.teams import Team
from missive_async.resources.users import User

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""What has been read so far, by what it was read for."""


@attrs.frozen(kw_only=True)
class Look:
    """A request for the records under `key`, which are of `model`.

    `{}` in `path`, and the parameter `by`, are the id of a record of `of`: first of those that `fit`. As long as the
    answer is empty, other records are taken, up to `tries` in all.
    """

    path: str
    key: str
    model: type[Any]
    params: Mapping[str, Any] = attrs.field(factory=dict)
    of: str | None = None
    by: str | None = None
    fits: Callable[[Mapping[str, Any]], bool] = lambda _: True
    tries: int = 1

    @property
    def name(self) -> str:
        """The request as the reference has it, the id left out."""
        return f"GET {self.path.format(':id')}"

    def asked(self, rows: Rows) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Path and parameters of each try; none when nothing has been read that has an id to put there."""
        if self.of is None:
            yield self.path, self.params
            return
        usable = [row for row in rows.get(self.of, ()) if bad_id(row.get("id")) is None]
        for row in sorted(usable, key=self.fits, reverse=True)[: self.tries]:
            params = self.params if self.by is None else {**self.params, self.by: row["id"]}
            yield self.path.format(row["id"]), params


def _has(count: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda row: bool(row.get(count))


_LARGEST: Mapping[str, Any] = {"limit": 200}
_CHILDREN: Mapping[str, Any] = {"limit": 10}

STAGES: tuple[tuple[Look, ...], ...] = (
    (
        Look(path="/organizations", key="organizations", model=Organization, params=_LARGEST),
        Look(path="/users", key="users", model=User, params=_LARGEST),
        Look(path="/teams", key="teams", model=Team, params=_LARGEST),
        Look(path="/shared_labels", key="shared_labels", model=SharedLabel, params=_LARGEST),
        Look(path="/contact_books", key="contact_books", model=ContactBook, params=_LARGEST),
        Look(path="/responses", key="responses", model=Response, params=_LARGEST),
        Look(path="/tasks", key="tasks", model=Task, params={"limit": 50}),
        Look(path="/conversations", key="conversations", model=Conversation, params={"limit": 50, "all": True}),
    ),
    (
        Look(
            path="/contacts",
            key="contacts",
            model=Contact,
            params=_LARGEST,
            of="contact_books",
            by="contact_book",
            tries=2,
        ),
        *(
            Look(
                path="/contact_groups",
                key="contact_groups",
                model=ContactGroup,
                params={**_LARGEST, "kind": kind},
                of="contact_books",
                by="contact_book",
            )
            for kind in ("group", "organization")
        ),
        *(
            Look(
                path=f"/conversations/{{}}/{key}",
                key=key,
                model=model,
                params=_CHILDREN,
                of="conversations",
                fits=_has(count),
                tries=tries,
            )
            for key, model, count, tries in (
                ("messages", Message, "messages_count", 1),
                ("drafts", Draft, "drafts_count", 1),
                # Conversations do not count these; a task makes a comment likely.
                ("comments", Comment, "tasks_count", 3),
                ("posts", Post, "subject", 4),
            )
        ),
        Look(path="/conversations/{}", key="conversations", model=Conversation, of="conversations"),
        Look(path="/responses/{}", key="responses", model=Response, of="responses"),
        Look(path="/tasks/{}", key="tasks", model=Task, of="tasks"),
    ),
    (
        Look(path="/messages/{}", key="messages", model=Message, of="messages"),
        Look(path="/contacts/{}", key="contacts", model=Contact, of="contacts"),
    ),
)
"""All requests; those of a stage need only what an earlier one has read."""

REQUESTS = sum(look.tries for stage in STAGES for look in stage)
"""How many requests a probe spends at most."""


@attrs.frozen(kw_only=True)
class Drift:
    """What a probe found.

    `differences` between answers and models; `records`, how many each request gave; `unread`, why others gave none:
    no record to ask with, or the error that was answered.
    """

    differences: tuple[Difference, ...]
    records: Mapping[str, int]
    unread: Mapping[str, str]


async def probe(missive: AsyncMissive) -> Drift:
    """Read a page of everything that can be read and compare it with the models.

    Spends at most `REQUESTS` requests, all of them reads. What the token's owner may not read is noted and left out;
    any other failure, and a token that is not let in, is raised.
    """
    reader = missive.with_options(read_only=True)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    found: list[Difference] = []
    records: dict[str, int] = {}
    unread: dict[str, str] = {}
    for stage in STAGES:
        # The rows of a stage are for the next one: what is read at the same time must not depend on who is first.
        for look, answers in await _read(reader, stage, rows):
            if isinstance(answers, str):
                unread.setdefault(look.name, answers)
                continue
            found.extend(itertools.chain.from_iterable(_differences(look, answer) for answer in answers))
            taken = list(itertools.chain.from_iterable(_rows(look, answer) for answer in answers))
            rows.setdefault(look.key, []).extend(taken)
            records[look.name] = records.get(look.name, 0) + len(taken)
    return Drift(differences=merged(found), records=records, unread=unread)


async def _read(missive: AsyncMissive, stage: Sequence[Look], rows: Rows) -> list[tuple[Look, Sequence[Any] | str]]:
    """The answers of each look, or the reason why it has none."""
    found = await asyncio.gather(*(_answers(missive, look, rows) for look in stage), return_exceptions=True)
    read = []
    for look, answers in zip(stage, found, strict=True):
        if isinstance(answers, BaseException):
            raise answers
        read.append((look, answers))
    return read


async def _answers(missive: AsyncMissive, look: Look, rows: Rows) -> Sequence[Any] | str:
    answers = []
    try:
        for path, params in look.asked(rows):
            answers.append(await missive.request("GET", path, params=params))
            if _rows(look, answers[-1]):
                break
    except Unauthorized:
        raise
    except (APIError, DecodeError) as error:
        return str(error)
    return answers or f"there are no {look.of} to ask with"


def _differences(look: Look, answer: object) -> tuple[Difference, ...]:
    """Of the envelope too: what stands beside the records may be news, as a cursor would be."""
    records = answer.get(look.key) if isinstance(answer, Mapping) else None
    kind: Any = look.model if isinstance(records, Mapping) else tuple[look.model, ...]  # type: ignore[name-defined]
    return differences(_envelope(look.key, kind), answer)


@functools.cache
def _envelope(key: str, kind: Any) -> Any:
    return attrs.make_class("Envelope", {key: attrs.field(type=kind)}, kw_only=True)


def _rows(look: Look, answer: Any) -> list[Mapping[str, Any]]:
    found = answer.get(look.key) if isinstance(answer, Mapping) else None
    return [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, Mapping)]
