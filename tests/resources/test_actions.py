"""What drafts, posts and messages may do to their conversation: the same rules for all three."""

import pytest

from fake_missive import FakeMissive
from missive_async import UNSET, InvalidRequest

ENOUGH = {
    "drafts": {},
    "posts": {"text": "Hi", "notification": {"title": "A", "body": "B"}},
    "messages": {"account": "a1"},
}
EVERYTHING = {
    "conversation": "c1",
    "references": ["<a@example.com>", "b"],
    "organization": "o1",
    "team": "t1",
    "force_team": True,
    "add_users": ["u1"],
    "add_assignees": ("u1", "u2"),
    "remove_assignees": ["u3"],
    "add_shared_labels": ["l1"],
    "remove_shared_labels": ["l2"],
    "add_to_inbox": False,
    "add_to_team_inbox": True,
    "close": True,
    "conversation_subject": "New",
    "conversation_color": "#2266ED",
}
everywhere = pytest.mark.parametrize("resource", ENOUGH)


async def create(resource, answer=201, **arguments):
    fake = FakeMissive(answer)
    async with fake.client() as missive:
        await getattr(missive, resource).create(**ENOUGH[resource], **arguments)
    return fake.sent[0].json[resource]


async def refused(resource, **arguments):
    fake = FakeMissive(201)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await getattr(missive, resource).create(**ENOUGH[resource], **arguments)
    assert fake.sent == []
    return caught.value.problems


@everywhere
async def test_all_actions_go_out_as_they_are_given(resource):
    sent = await create(resource, **EVERYTHING)
    assert sent == {**ENOUGH[resource], **EVERYTHING, "add_assignees": ["u1", "u2"]}


@everywhere
async def test_what_is_unset_is_not_sent_and_none_is_null(resource):
    sent = await create(resource, team=UNSET, conversation_subject=None)
    assert sent == {**ENOUGH[resource], "conversation_subject": None}


@everywhere
@pytest.mark.parametrize("name", ["add_users", "add_assignees", "remove_assignees", "add_shared_labels"])
async def test_whom_and_what_is_added_needs_an_organization(resource, name):
    assert await refused(resource, **{name: ["x1"]}) == (f"{resource}.{name} needs an organization",)


@everywhere
@pytest.mark.parametrize("name", ["add_users", "add_assignees", "remove_assignees", "add_shared_labels"])
async def test_adding_nobody_needs_nothing(resource, name):
    assert (await create(resource, **{name: []}))[name] == []


@everywhere
async def test_labels_are_removed_without_an_organization_for_sources_differ(resource):
    assert (await create(resource, remove_shared_labels=["l1"]))["remove_shared_labels"] == ["l1"]


@everywhere
async def test_a_team_inbox_needs_a_team(resource):
    assert await refused(resource, add_to_team_inbox=True) == (f"{resource}.add_to_team_inbox needs a team",)


@everywhere
async def test_a_team_inbox_that_is_not_wanted_needs_none(resource):
    assert (await create(resource, add_to_team_inbox=False))["add_to_team_inbox"] is False


@everywhere
@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("conversation", "", "an id must not be empty"),
        ("conversation", "a/b", "not an id: 'a/b'"),
        ("organization", 5, "an id is a str, not int"),
        ("remove_shared_labels", "l1", "a sequence of ids, not str"),
        ("remove_shared_labels", ["l1", ".."], "not an id: '..'"),
    ],
)
async def test_ids_are_ids(resource, name, value, problem):
    assert await refused(resource, **{name: value}) == (f"{resource}.{name}: {problem}",)


@everywhere
@pytest.mark.parametrize("name", ["force_team", "add_to_inbox", "add_to_team_inbox", "close"])
@pytest.mark.parametrize("value", [1, "true", []])
async def test_flags_are_true_or_false(resource, name, value):
    assert await refused(resource, **{name: value}) == (f"{resource}.{name} is True or False, not {value!r}",)


@everywhere
@pytest.mark.parametrize("color", ["red", "#12", "#12345g", "2266ED", "", 5])
async def test_colors_are_hex_codes_or_one_of_three_words(resource, color):
    (problem,) = await refused(resource, conversation_color=color)
    assert problem.startswith(f"{resource}.conversation_color is a hex code")


@everywhere
@pytest.mark.parametrize("references", ["<a@example.com>", [5], {"a": 1}])
async def test_references_are_texts(resource, references):
    (problem,) = await refused(resource, references=references)
    assert problem.startswith(f"{resource}.references")


@everywhere
async def test_an_argument_that_there_is_not_is_a_mistake_in_the_program(resource):
    async with FakeMissive(201).client() as missive:
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            await getattr(missive, resource).create(colour="#fff")


@everywhere
async def test_every_broken_rule_is_named_at_once(resource):
    problems = await refused(
        resource, add_users=["u1"], add_to_team_inbox=True, close="no", team="..", conversation_color="red"
    )
    assert [problem.split(".")[1].split()[0] for problem in problems] == [
        "team:",
        "close",
        "conversation_color",
        "add_users",
    ]


@everywhere
async def test_a_client_that_only_reads_sends_none_of_it(resource):
    fake = FakeMissive(201)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest, match="read-only"):
            await getattr(missive.with_options(read_only=True), resource).create(**ENOUGH[resource])
    assert fake.sent == []
