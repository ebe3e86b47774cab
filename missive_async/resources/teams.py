"""Teams: section "Team endpoints" of the reference, 3.11 of the 2026 page."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from missive_async._codec import UNSET, UnsetType
from missive_async.pagination import Pager, offset_pager
from missive_async.resources._attributes import Attributes, check_whole
from missive_async.resources._batch import below, checked, shallow, write_in_parts
from missive_async.resources._checks import check_id
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems
from missive_async.resources._shared import Flag, Text

_BEHAVIORS = {
    "team_mention_behavior": ("all_members", "only_active_members"),
    "user_reply_behavior": ("assign_user", "leave_in_team_inbox"),
    "received_reply_behavior": ("show_in_assignee_inbox", "show_in_team_inbox"),
    "team_sidebar_behavior": ("show_team_space", "show_team_inbox"),
}
_DAY = 86_400
_OF_NEW_ONES = ("organization",)


@attrs.frozen(kw_only=True)
class BusinessDay:
    """A day of the week, `d` from 0 (Sunday) to 6, and its hours, `s`: start and end in seconds from midnight."""

    d: int | None = None
    s: tuple[int, ...] | None = None


@attrs.frozen(kw_only=True)
class BusinessHours:
    """When a team works: `tz` is a time zone's name, `t` has the days with their hours."""

    tz: str | None = None
    t: tuple[BusinessDay, ...] | None = None


@attrs.frozen(kw_only=True)
class Team:
    """A team; lists have no more than its name, organization and members, of which the last two are ids.

    `inactivity_period` is in seconds.
    """

    id: str
    name: str | None = None
    organization: str | None = None
    active_members: tuple[str, ...] | None = None
    observers: tuple[str, ...] | None = None
    emoji: str | None = None
    color: str | None = None
    business_hours: BusinessHours | None = None
    inactivity_period: int | None = None
    team_mention_behavior: str | None = None
    user_reply_behavior: str | None = None
    received_reply_behavior: str | None = None
    team_sidebar_behavior: str | None = None
    team_inbox_enabled: bool | None = None
    chat_room_enabled: bool | None = None


@attrs.frozen(kw_only=True)
class _ToWrite:
    emoji: Text = UNSET
    color: Text = UNSET
    active_members: Sequence[str] | UnsetType | None = UNSET
    observers: Sequence[str] | UnsetType | None = UNSET
    business_hours: BusinessHours | Mapping[str, Any] | UnsetType | None = UNSET
    inactivity_period: int | UnsetType | None = UNSET
    team_mention_behavior: Text = UNSET
    user_reply_behavior: Text = UNSET
    received_reply_behavior: Text = UNSET
    team_sidebar_behavior: Text = UNSET
    team_inbox_enabled: Flag = UNSET
    chat_room_enabled: Flag = UNSET


@attrs.frozen(kw_only=True)
class NewTeam(_ToWrite):
    """A team to be created in an organization; members are ids of users, `emoji` is like ":dart:", `color` a hex code.

    `team_mention_behavior` is all_members or only_active_members, `user_reply_behavior` assign_user or
    leave_in_team_inbox, `received_reply_behavior` show_in_assignee_inbox or show_in_team_inbox,
    `team_sidebar_behavior` show_team_space or show_team_inbox.
    """

    name: str
    organization: str


@attrs.frozen(kw_only=True)
class TeamChanges(_ToWrite):
    """What is to change of the team with this id, as of `NewTeam`: what is left out stays, `None` empties."""

    id: str
    name: Text = UNSET


class Teams(Resource):
    """`missive.teams`."""

    __slots__ = ()

    def list(self, *, organization: str | None = None, prefetch: int = 0) -> Pager[Team]:
        """The teams of the token's owner's organizations, or of one of them.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest` for what is
        no id. Reference: GET /teams.
        """
        with Problems() as problems:
            check_id(problems, "organization", organization)
        params = {"organization": organization}
        return offset_pager(self._pipeline, "/teams", "teams", Team, params=params, prefetch=prefetch)

    async def create(self, *teams: NewTeam | Team | Mapping[str, Any]) -> tuple[Team, ...]:
        """Create teams, and give them as Missive made them, in the order given; `()` when its answer is empty.

        The token's owner must be an admin or owner of the organization. Spends one request for every 10 MB of JSON,
        none for no teams. Raises `InvalidRequest` with every broken rule of every team, `PartiallyApplied` when one of
        several requests fails, `OutcomeUnknown` when it is not known whether the teams were created. Reference: POST
        /teams, in section 3.11 of the 2026 page.
        """
        payloads = checked("teams", [shallow(team, Team, ("id",)) for team in teams], _check_new)
        return await write_in_parts(self._pipeline, "POST", lambda _: "/teams", "teams", payloads, Team)

    async def update(self, *changes: TeamChanges | Team | Mapping[str, Any]) -> tuple[Team, ...]:
        """Change teams, and give them as they are then, in the order given; `()` when the answer is empty.

        A team that was read stands for all that it has but its organization. Spends one request for every 10 MB of JSON
        or 8,000 characters of URL, which some 200 ids have; none for no changes. Raises as `create` does, and
        `BadRequest` for ids that the token's owner must not change. Reference: PATCH /teams/:ids, in section 3.11 of
        the 2026 page.
        """
        items = [shallow(change, Team, _OF_NEW_ONES) for change in changes]
        payloads = checked("teams", items, _check, with_ids=True)
        return await write_in_parts(self._pipeline, "PATCH", below("/teams"), "teams", payloads, Team)


def _check_new(team: Attributes, position: int) -> None:
    team.required("name", "organization")
    _check(team, position)


def _check(team: Attributes, _: int) -> None:
    team.texts("name", "emoji")
    emoji = team.get("emoji")
    named = not isinstance(emoji, str) or (len(emoji) > 2 and emoji[0] == emoji[-1] == ":")
    team.problems.unless(named, f"{team.place('emoji')} is a name between colons, like :dart:, not {emoji!r}")
    team.ids("organization")
    team.hex_color("color")
    team.id_lists("active_members", "observers")
    team.whole("inactivity_period", 0)
    for attribute, allowed in _BEHAVIORS.items():
        team.one_of(attribute, allowed)
    team.flags("team_inbox_enabled", "chat_room_enabled")
    _check_hours(team.nested("business_hours"))


def _check_hours(hours: Attributes | None) -> None:
    if hours is None:
        return
    hours.required("tz")
    hours.texts("tz")
    hours.problems.unless("t" in hours.values, f"{hours.place('t')} is required")
    for day in filter(None, hours.nested_list("t")):
        day.problems.unless(day.get("d") is not None, f"{day.place('d')} is required")
        day.whole("d", 0, 6)
        _check_span(day.problems, day.place("s"), day.get("s"))


def _check_span(problems: Problems, place: str, span: object) -> None:
    if not isinstance(span, Sequence) or isinstance(span, str | bytes) or len(span) != 2:
        problems.add(f"{place} is a start and an end in seconds from midnight, not {span!r}")
        return
    for index, second in zip(itertools.count(), span, strict=False):
        problems.unless(second is not None, f"{place}[{index}] is required")
        check_whole(problems, f"{place}[{index}]", second, 0, _DAY)
