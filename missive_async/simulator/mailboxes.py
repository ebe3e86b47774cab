"""Which conversations a list of conversations is asked for."""

from collections.abc import Callable, Hashable

from missive_async.simulator.calls import Call, found
from missive_async.simulator.indexes import Index
from missive_async.simulator.records import Conversation
from missive_async.simulator.refusals import NO_MAILBOX, invalid
from missive_async.simulator.state import MAILBOXES

_TEAM_BOXES = ("team_inbox", "team_closed", "team_all")
_PARTICIPANTS = ("email", "domain", "contact_organization")

Test = Callable[[Conversation], bool]


def chosen_conversations(call: Call) -> Index:
    """Return the index of the conversations that satisfy all filters of a call; refuse a call without a mailbox."""
    tests = _boxes(call)
    if not tests:
        raise invalid(NO_MAILBOX)
    names: list[Hashable] = [(name, call.query[name]) for name in (*MAILBOXES, "shared_label", *_TEAM_BOXES)
                             if name in call.query]  # fmt: skip
    if organization := call.query.get("organization"):
        found(call.account.organizations.get(organization))
        tests.append(lambda conversation: conversation.organization == organization)
        names.append(("organization", organization))
    participants = [name for name in _PARTICIPANTS if name in call.query]
    if len(participants) > 1:
        raise invalid(f"'{participants[0]}' cannot be combined with '{participants[1]}'")
    for name in participants:
        tests.append(_takes_part(call, name, call.query[name].lower()))
        names.append((name, call.query[name].lower()))
    return call.account.mailbox(tuple(names), lambda conversation: all(test(conversation) for test in tests))


def _boxes(call: Call) -> list[Test]:
    tests: list[Test] = [_in_mailbox(call, name) for name in MAILBOXES if call.flag(name)]
    if label := call.query.get("shared_label"):
        found(call.account.labels.get(label))
        tests.append(lambda conversation: label in conversation.labels)
    for box in _TEAM_BOXES:
        if team := call.query.get(box):
            found(call.account.teams.get(team))
            tests.append(_in_team_box(team, box))
    return tests


def _in_mailbox(call: Call, name: str) -> Test:
    return lambda conversation: call.account.in_mailbox(conversation, name)


def _in_team_box(team: str, box: str) -> Test:
    if box == "team_inbox":
        return lambda found: found.team == team and found.in_team_inbox and not found.closed
    if box == "team_closed":
        return lambda found: found.team == team and found.closed
    return lambda found: found.team == team


def _takes_part(call: Call, name: str, value: str) -> Test:
    if name == "email":
        return lambda conversation: value in conversation.addresses
    if name == "domain":
        return lambda conversation: any(address.endswith(f"@{value}") for address in conversation.addresses)
    members = found(call.account.addresses_of_group(call.query[name]))
    return lambda conversation: not members.isdisjoint(conversation.addresses)
