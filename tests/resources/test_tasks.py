from datetime import UTC, datetime

import pytest

from fake_missive import FakeMissive
from missive_async import InvalidRequest, NotFound, Pager
from missive_async.resources._shared import TeamRef, UserRef
from missive_async.resources.tasks import Task
from model_json import sample

TASK = {"tasks": {"id": "t1", "title": "Review"}}


async def refused(method, *args, **arguments):
    fake = FakeMissive(TASK)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await _ask(getattr(missive.tasks, method), args, arguments)
    assert fake.sent == []
    return caught.value.problems


async def _ask(method, args, arguments):
    asked = method(*args, **arguments)
    return asked if isinstance(asked, Pager) else await asked


class TestReading:
    async def test_lists_have_ids_of_assignees_and_teams(self):
        fake = FakeMissive(sample("docs26-tasks-list"))
        async with fake.client() as missive:
            first, second = await missive.tasks.list().collect()
        assert first.assignees == ("ff92cf05-1e38-56f3-9d44-d7548cb5a66c",)
        assert first.team == "d7223b43-3e7e-5d00-9451-7836d11242d3"
        assert (second.type, second.team, second.state) == ("conversation", None, "in_progress")
        assert fake.sent[0].target == "/tasks?limit=50"

    async def test_one_task_has_records_of_them(self):
        row = {"id": "t1", "assignees": [{"id": "u1", "name": "Sam"}], "team": {"id": "g1", "organization": "o1"}}
        async with FakeMissive({"tasks": row}).client() as missive:
            task = await missive.tasks.get("t1")
        assert task.assignees == (UserRef(id="u1", name="Sam"),)
        assert task.team == TeamRef(id="g1", organization="o1")

    async def test_filters_are_sent_by_their_names_and_times_as_unix_seconds(self):
        fake = FakeMissive({"tasks": []})
        async with fake.client() as missive:
            await missive.tasks.list(
                organization="o1",
                team="g1",
                assignee="u1",
                state="todo",
                type="all",
                conversation="c1",
                due_at_gteq=datetime(2026, 1, 1, tzinfo=UTC),
                due_at_lteq=1_767_225_601,
            ).collect()
        assert fake.sent[0].target == (
            "/tasks?organization=o1&team=g1&assignee=u1&conversation=c1&state=todo&type=all"
            "&due_at_gteq=1767225600&due_at_lteq=1767225601&limit=50"
        )

    @pytest.mark.parametrize(
        ("filters", "problem"),
        [
            ({"state": "done"}, "state is one of todo, in_progress, closed, not 'done'"),
            ({"type": "subtask"}, "type is one of task, conversation, all, not 'subtask'"),
            ({"team": "a/b"}, "team: not an id: 'a/b'"),
            ({"due_at_gteq": 2, "due_at_lteq": 1}, "due_at_gteq is after due_at_lteq"),
            ({"due_at_gteq": datetime(2026, 1, 1)}, "due_at_gteq is a naive datetime: give it a time zone"),  # noqa: DTZ001
            ({"due_at_lteq": -1}, "due_at_lteq is no Unix time in seconds: -1"),
            ({"prefetch": -1}, "prefetch must be a whole number of pages, zero or more, not -1"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused(self, filters, problem):
        assert problem in await refused("list", **filters)

    async def test_one_that_is_not_there_is_not_found(self):
        async with FakeMissive(404).client() as missive:
            with pytest.raises(NotFound):
                await missive.tasks.get("t1")


class TestCreating:
    async def test_a_task_goes_out_as_it_is_given_and_comes_back(self):
        answer = sample("docs26-tasks-create-response")
        fake = FakeMissive(answer)
        due = datetime.fromtimestamp(1_700_000_900, UTC)
        async with fake.client() as missive:
            task = await missive.tasks.create(title="Review", organization="o1", assignees=["u1"], due_at=due)
        assert task.due_at == due
        assert (fake.sent[0].method, fake.sent[0].target) == ("POST", "/tasks")
        sent = {"title": "Review", "organization": "o1", "assignees": ["u1"], "due_at": 1_700_000_900}
        assert fake.sent[0].json == {"tasks": sent}

    @pytest.mark.parametrize(
        "place", [{"conversation": "c1"}, {"references": ["<a@b>"]}, {"conversation": "c1", "subtask": True}]
    )
    async def test_a_task_in_a_conversation_needs_nobody(self, place):
        fake = FakeMissive(TASK)
        async with fake.client() as missive:
            await missive.tasks.create(title="x", **place)
        assert fake.sent[0].json == {"tasks": {"title": "x", **place}}

    async def test_an_empty_answer_is_a_success(self):
        async with FakeMissive(201).client() as missive:
            assert await missive.tasks.create(title="x", conversation="c1") is None

    @pytest.mark.parametrize(
        ("arguments", "problem"),
        [
            ({}, "tasks.title is required"),
            ({"title": ""}, "tasks.title is required"),
            ({"title": "x" * 1_001}, "tasks.title has 1,001 characters, more than 1,000"),
            ({"description": "x" * 10_001}, "tasks.description has 10,001 characters, more than 10,000"),
            ({"state": "done"}, "tasks.state is one of todo, in_progress, closed, not 'done'"),
            ({"team": "g1"}, "tasks.team needs an organization"),
            ({"assignees": ["u1"]}, "tasks.assignees needs an organization"),
            ({"add_users": ["u1"]}, "tasks.add_users needs an organization"),
            ({"title": "x"}, "tasks: a task that stands alone needs a team or assignees"),
            ({"title": "x", "subtask": True}, "tasks: a subtask needs a conversation or references"),
            ({"title": "x", "subtask": 1}, "tasks.subtask is True or False, not 1"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused(self, arguments, problem):
        assert problem in await refused("create", **arguments)


class TestUpdating:
    async def test_only_what_is_given_is_sent(self):
        fake = FakeMissive(TASK)
        async with fake.client() as missive:
            assert await missive.tasks.update("t1", state="closed", due_at=None) == Task(id="t1", title="Review")
        assert (fake.sent[0].method, fake.sent[0].target) == ("PATCH", "/tasks/t1")
        assert fake.sent[0].json == {"tasks": {"state": "closed", "due_at": None}}

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"title": "x" * 1_001}, "tasks.title has 1,001 characters, more than 1,000"),
            ({"state": "done"}, "tasks.state is one of todo, in_progress, closed, not 'done'"),
            ({"assignees": "u1"}, "tasks.assignees: a sequence of ids, not str"),
            ({"due_at": "tomorrow"}, "tasks.due_at is an aware datetime or whole Unix seconds, not str"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused(self, changes, problem):
        assert await refused("update", "t1", **changes) == (problem,)

    async def test_several_ids_are_refused(self):
        assert await refused("update", "t1,t2", state="closed") == ("not an id: 't1,t2'",)

    async def test_what_a_task_was_created_with_alone_cannot_be_changed(self):
        async with FakeMissive(TASK).client() as missive:
            with pytest.raises(TypeError, match="organization"):
                await missive.tasks.update("t1", organization="o1")
