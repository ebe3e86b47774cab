"""Tasks: section 3.13 of the 2026 page."""

from datetime import datetime
from typing import Required, TypedDict, Unpack

import attrs

from missive_async import _codec
from missive_async.pagination import Pager, until_pager
from missive_async.resources._actions import Moment, Texts, check_moments, payload
from missive_async.resources._attributes import Attributes
from missive_async.resources._checks import check_id, check_one_of, check_order, check_texts, check_time
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, segment
from missive_async.resources._shared import Flag, TeamRef, Text, UserRef

_LIMIT = 50
_LONGEST_TITLE = 1_000
_LONGEST_DESCRIPTION = 10_000
_STATES = ("todo", "in_progress", "closed")
_TYPES = ("task", "conversation", "all")


@attrs.frozen(kw_only=True)
class Task:
    """A task, or with `type` `conversation` a whole conversation that is assigned or due.

    `assignees` are users when one task is asked for, ids in lists and after writes; so it is with `team`. `state` is
    `todo`, `in_progress` or `closed`.
    """

    id: str
    title: str | None = None
    description: str | None = None
    state: str | None = None
    type: str | None = None
    conversation: str | None = None
    assignees: tuple[str | UserRef, ...] | None = None
    team: str | TeamRef | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    last_activity_at: datetime | None = None


class TaskChanges(TypedDict, total=False):
    """The keyword arguments of `tasks.update`: what is left out stays, `None` empties.

    `title` has at most 1,000 characters, `description` 10,000; `state` is todo, in_progress or closed; `team` and
    `assignees` are ids.
    """

    title: Text
    description: Text
    state: Text
    team: Text
    assignees: Texts
    due_at: Moment


class NewTask(TypedDict, total=False):
    """The keyword arguments of `tasks.create`, as of `TaskChanges`, and where the task goes.

    A `subtask` needs a `conversation` (an id) or `references` to find one by; any other task needs a `team` or
    `assignees`. `team`, `assignees` and `add_users` (who get access to the conversation) need an `organization`.
    """

    title: Required[str]
    description: Text
    state: Text
    team: Text
    assignees: Texts
    due_at: Moment
    organization: Text
    subtask: Flag
    conversation: Text
    references: Texts
    conversation_subject: Text
    add_users: Texts
    add_to_inbox: Flag


class Tasks(Resource):
    """`missive.tasks`."""

    __slots__ = ()

    def list(
        self,
        *,
        organization: str | None = None,
        team: str | None = None,
        assignee: str | None = None,
        state: str | None = None,
        type: str | None = None,
        conversation: str | None = None,
        due_at_gteq: datetime | int | None = None,
        due_at_lteq: datetime | int | None = None,
        prefetch: int = 0,
    ) -> Pager[Task]:
        """The tasks that the token's owner sees, newest activity first.

        `state` is `todo`, `in_progress` or `closed`; `type` is `task`, `conversation` or `all`, which is what Missive
        takes when none is given; times are aware or Unix seconds, both ends included. Pages of 50, with `prefetch` of
        them read ahead; spends a request a page. Raises `InvalidRequest`. Reference: GET /tasks.
        """
        ids = {"organization": organization, "team": team, "assignee": assignee, "conversation": conversation}
        times = {"due_at_gteq": due_at_gteq, "due_at_lteq": due_at_lteq}
        with Problems() as problems:
            for name, id in ids.items():
                check_id(problems, name, id)
            for name, moment in times.items():
                check_time(problems, name, moment)
            check_one_of(problems, "state", state, _STATES)
            check_one_of(problems, "type", type, _TYPES)
            check_order(problems, times)
        return until_pager(
            self._pipeline,
            "/tasks",
            "tasks",
            Task,
            limit=_LIMIT,
            times=("last_activity_at",),
            params={**ids, "state": state, "type": type, **times},
            prefetch=prefetch,
        )

    async def get(self, id: str) -> Task:
        """A task, with its assignees and its team as records.

        Spends one request; raises `NotFound`. Reference: GET /tasks/:id.
        """
        return await self._pipeline.call("GET", f"/tasks/{segment(id)}", _codec.one("tasks", Task))

    async def create(self, **attributes: Unpack[NewTask]) -> Task | None:
        """Create a task; `NewTask` has the arguments.

        Gives the task, with the ids of its assignees and its team, or `None` when Missive's answer is empty. Spends one
        request. Raises `InvalidRequest` with every broken rule, `OutcomeUnknown` when it is not known whether the task
        was made. Reference: POST /tasks.
        """
        task = payload(NewTask, "tasks", attributes, _check_new)
        return await self._pipeline.call(
            "POST", "/tasks", _codec.optional(_codec.one("tasks", Task)), json={"tasks": task}
        )

    async def update(self, id: str, **changes: Unpack[TaskChanges]) -> Task | None:
        """Change a task; `TaskChanges` has the arguments.

        Gives and raises what `create` does, and `NotFound`. Spends one request. Reference: PATCH /tasks/:id.
        """
        path = f"/tasks/{segment(id)}"
        task = payload(TaskChanges, "tasks", changes, _check)
        return await self._pipeline.call(
            "PATCH", path, _codec.optional(_codec.one("tasks", Task)), json={"tasks": task}
        )


def _check(task: Attributes) -> None:
    task.texts("title", longest=_LONGEST_TITLE)
    task.texts("description", longest=_LONGEST_DESCRIPTION)
    task.one_of("state", _STATES)
    task.ids("team")
    task.id_lists("assignees")
    check_moments(task, "due_at")


def _check_new(task: Attributes) -> None:
    task.required("title")
    _check(task)
    task.ids("organization", "conversation")
    task.id_lists("add_users")
    task.flags("subtask", "add_to_inbox")
    task.texts("conversation_subject")
    check_texts(task.problems, task.place("references"), task.get("references"))
    for name in ("team", "assignees", "add_users"):
        kept = not task.given(name) or task.given("organization")
        task.problems.unless(kept, f"{task.place(name)} needs an organization")
    placed = task.given("conversation") or task.given("references")
    if task.get("subtask") is True:
        task.problems.unless(placed, f"{task.where}: a subtask needs a conversation or references")
    elif not placed:
        owned = task.given("team") or task.given("assignees")
        task.problems.unless(owned, f"{task.where}: a task that stands alone needs a team or assignees")
