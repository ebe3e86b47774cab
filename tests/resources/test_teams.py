import attrs
import pytest

from fake_missive import FakeMissive, echo
from missive_async import InvalidRequest, to_dict
from missive_async.resources.teams import BusinessDay, BusinessHours, NewTeam, Team, TeamChanges
from model_json import sample

(CREATED,) = sample("docs26-teams-create")["teams"]
(LISTED,) = sample("docs26-teams-list")["teams"]


async def problems_of(verb, *teams):
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await getattr(missive.teams, verb)(*teams)
    assert fake.sent == []
    return list(caught.value.problems)


async def test_rows_of_a_list_are_read_whole():
    fake = FakeMissive({"teams": [LISTED]})
    async with fake.client() as missive:
        (team,) = await missive.teams.list(organization="o1").collect()
    assert to_dict(team) == LISTED
    assert [sent.target for sent in fake.sent] == ["/teams?organization=o1&limit=200&offset=0"]


async def test_an_organization_that_is_no_id_is_refused():
    async with FakeMissive(None).client() as missive:
        with pytest.raises(InvalidRequest):
            missive.teams.list(organization="")


async def test_a_created_team_comes_back_whole():
    fake = FakeMissive(sample("docs26-teams-create"))
    async with fake.client() as missive:
        (team,) = await missive.teams.create(NewTeam(name="Support", organization="o1"))
    assert to_dict(team) == CREATED
    assert team.business_hours.t[0] == BusinessDay(d=1, s=(32400, 61200))


async def test_models_and_mappings_of_the_same_values_are_sent_alike():
    hours = BusinessHours(tz="Europe/Berlin", t=(BusinessDay(d=0, s=(0, 86_400)),))
    model = NewTeam(name="n", organization="o1", emoji=":dart:", business_hours=hours, observers=(), color=None)
    mapping = {
        "name": "n",
        "organization": "o1",
        "emoji": ":dart:",
        "business_hours": {"tz": "Europe/Berlin", "t": [{"d": 0, "s": [0, 86_400]}]},
        "observers": [],
        "color": None,
    }
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        await missive.teams.create(model, mapping)
    assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
        ("POST", "/teams", {"teams": [mapping, mapping]})
    ]


async def test_changes_name_what_changes_and_no_more():
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        await missive.teams.update(TeamChanges(id="t1", business_hours=None, chat_room_enabled=False))
    assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
        ("PATCH", "/teams/t1", {"teams": [{"id": "t1", "business_hours": None, "chat_room_enabled": False}]})
    ]


async def test_a_team_that_was_read_is_given_back_without_its_organization():
    fake = FakeMissive(sample("docs26-teams-create"), echo)
    async with fake.client() as missive:
        (team,) = await missive.teams.create(NewTeam(name="Support", organization="o1"))
        await missive.teams.update(attrs.evolve(team, name="Sales"))
    expected = {key: value for key, value in CREATED.items() if key != "organization"} | {"name": "Sales"}
    assert fake.sent[1].json == {"teams": [expected]}


async def test_a_team_that_was_read_can_be_copied():
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        await missive.teams.create(Team(id="t1", name="n", organization="o1"))
    assert fake.sent[0].json == {"teams": [{"name": "n", "organization": "o1"}]}


def hours(**values):
    return {"business_hours": {"tz": "UTC", "t": [{"d": 1, "s": [0, 1]} | values]}}


RULES = [
    ({"emoji": "dart"}, ["emoji is a name between colons, like :dart:, not 'dart'"]),
    ({"emoji": "::"}, ["emoji is a name between colons, like :dart:, not '::'"]),
    ({"color": "2266ED"}, ["color is a hex code like #2266ED, not '2266ED'"]),
    ({"active_members": ["u1", ""]}, ["active_members: an id must not be empty"]),
    ({"observers": {"u1": 1}}, ["observers: a sequence of ids, not dict"]),
    ({"inactivity_period": -1}, ["inactivity_period is 0 or more, not -1"]),
    ({"inactivity_period": "week"}, ["inactivity_period is a whole number, not 'week'"]),
    (
        {"team_mention_behavior": "nobody"},
        ["team_mention_behavior is one of all_members, only_active_members, not 'nobody'"],
    ),
    ({"user_reply_behavior": "x"}, ["user_reply_behavior is one of assign_user, leave_in_team_inbox, not 'x'"]),
    (
        {"received_reply_behavior": "x"},
        ["received_reply_behavior is one of show_in_assignee_inbox, show_in_team_inbox, not 'x'"],
    ),
    ({"team_sidebar_behavior": "x"}, ["team_sidebar_behavior is one of show_team_space, show_team_inbox, not 'x'"]),
    (
        {"team_inbox_enabled": "no", "chat_room_enabled": 0},
        ["team_inbox_enabled is True or False, not 'no'", "chat_room_enabled is True or False, not 0"],
    ),
    ({"business_hours": []}, ["business_hours is an object, not list"]),
    ({"business_hours": {}}, ["business_hours.tz is required", "business_hours.t is required"]),
    ({"business_hours": {"tz": "UTC", "t": [1]}}, ["business_hours.t[0] is an object, not int"]),
    (hours(d=7), ["business_hours.t[0].d is from 0 to 6, not 7"]),
    (hours(d=None), ["business_hours.t[0].d is required"]),
    (hours(s=[0, 86_401]), ["business_hours.t[0].s[1] is from 0 to 86400, not 86401"]),
    (hours(s=[None, 1]), ["business_hours.t[0].s[0] is required"]),
    (hours(s=[0]), ["business_hours.t[0].s is a start and an end in seconds from midnight, not [0]"]),
    (hours(s="09"), ["business_hours.t[0].s is a start and an end in seconds from midnight, not '09'"]),
]


@pytest.mark.parametrize(("values", "problems"), RULES)
async def test_rules_hold_for_new_teams_and_for_changes(values, problems):
    expected = [f"teams[0].{problem}" for problem in problems]
    assert await problems_of("create", {"name": "n", "organization": "o1"} | values) == expected
    assert await problems_of("update", {"id": "t1"} | values) == expected


async def test_a_new_team_needs_a_name_and_an_organization():
    assert await problems_of("create", {}) == ["teams[0].name is required", "teams[0].organization is required"]


async def test_a_change_needs_an_id_of_its_own():
    assert await problems_of("update", {"id": "t1"}, {"name": "n"}, {"id": "t1"}) == [
        "teams[1].id is required",
        "teams[2].id is also teams[0].id: 't1'",
    ]
