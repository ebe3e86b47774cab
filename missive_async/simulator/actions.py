"""What drafts, posts, messages and updates do to their conversation."""

from dataclasses import dataclass, field

from missive_async.simulator import bodies
from missive_async.simulator.calls import Call
from missive_async.simulator.records import JSON, Children, Conversation
from missive_async.simulator.refusals import invalid
from missive_async.simulator.state import Account

_NEED_ORGANIZATION = ("add_users", "add_assignees", "remove_assignees", "add_shared_labels")


@dataclass(slots=True)
class Actions:
    """The conversation actions of a request, checked."""

    organization: str | None = None
    team: str | None = None
    force_team: bool = False
    add_users: list[str] = field(default_factory=list)
    add_assignees: list[str] = field(default_factory=list)
    remove_assignees: list[str] = field(default_factory=list)
    add_labels: list[str] = field(default_factory=list)
    remove_labels: list[str] = field(default_factory=list)
    to_inbox: bool = False
    to_team_inbox: bool = False
    close: bool = False
    reopen: bool = False
    subject: str | None = None
    color: str | None = None


def read(account: Account, data: JSON) -> Actions:
    """Return the actions in a request, or refuse them."""
    for name in _NEED_ORGANIZATION:
        if data.get(name) and not data.get("organization"):
            raise invalid(f"'organization' is required when '{name}' is defined")
    if data.get("add_to_team_inbox") and not data.get("team"):
        raise invalid("'team' is required when 'add_to_team_inbox' is defined")
    organizations = bodies.known(account.organizations, data, "organization")
    teams = bodies.known(account.teams, data, "team")
    return Actions(
        organization=organizations[0] if organizations else None,
        team=teams[0] if teams else None,
        force_team=bodies.boolean(data, "force_team"),
        add_users=bodies.known(account.users, data, "add_users", "user"),
        add_assignees=bodies.known(account.users, data, "add_assignees", "user"),
        remove_assignees=bodies.known(account.users, data, "remove_assignees", "user"),
        add_labels=bodies.known(account.labels, data, "add_shared_labels", "shared_label"),
        remove_labels=bodies.known(account.labels, data, "remove_shared_labels", "shared_label"),
        to_inbox=bodies.boolean(data, "add_to_inbox"),
        to_team_inbox=bodies.boolean(data, "add_to_team_inbox"),
        close=bodies.boolean(data, "close"),
        reopen=bodies.boolean(data, "reopen"),
        subject=bodies.text(data, "conversation_subject", 1000),
        color=bodies.color(data, "conversation_color"),
    )


def home(call: Call, data: JSON, actions: Actions) -> Conversation:
    """Return the conversation that a request names or refers to, or open a new one."""
    account = call.account
    id = bodies.text(data, "conversation")
    if id:
        conversation = account.conversation(id)
        if conversation is None:
            raise invalid(f"conversation with id {id} does not exist")
        return conversation
    found = account.by_reference(bodies.strings(data, "references"), actions.organization)
    return found or open_conversation(account, call.now, actions.organization)


def open_conversation(account: Account, now: int, organization: str | None = None) -> Conversation:
    """Return a new, empty conversation in the owner's inbox."""
    conversation = Conversation(
        id=account.new_id(),
        number=-1,
        created_at=now,
        last_activity_at=now,
        organization=organization,
        users={account.me: {"unassigned"}},
        children=Children(),
    )
    account.touch(conversation)
    return conversation


def apply(call: Call, conversation: Conversation, actions: Actions) -> None:
    """Do the actions, and tell the rules about what changed."""
    before = _watched(conversation)
    _link(conversation, actions)
    for user in (*actions.add_users, *actions.add_assignees):
        conversation.users.setdefault(user, set())
    _assign(conversation, actions)
    labels = dict.fromkeys((*conversation.labels, *actions.add_labels))
    conversation.labels = [label for label in labels if label not in actions.remove_labels]
    if actions.to_inbox or actions.reopen or actions.to_team_inbox:
        reopen(conversation)
    if actions.to_team_inbox:
        conversation.in_team_inbox = True
    if actions.close:
        close(conversation, call.now)
    if actions.subject is not None:
        conversation.subject = actions.subject
    if actions.color is not None:
        conversation.color = actions.color
    call.account.touch(conversation)
    after = _watched(conversation)
    for event in [name for name, value in after.items() if value != before[name]]:
        call.simulator.hooks.conversation_changed(event, conversation)


def _watched(conversation: Conversation) -> dict[str, object]:
    return {
        "label_change": tuple(conversation.labels),
        "team_change": conversation.team,
        "conversation_assignee_change": tuple(conversation.assignees),
        "conversation_closed": conversation.closed or None,
    }


def _link(conversation: Conversation, actions: Actions) -> None:
    if actions.organization and conversation.organization is None:
        conversation.organization = actions.organization
    if actions.team and (conversation.team is None or actions.force_team):
        conversation.team = actions.team


def _assign(conversation: Conversation, actions: Actions) -> None:
    for user in actions.add_assignees:
        conversation.users[user].add("assigned")
    for user in actions.remove_assignees:
        conversation.users.get(user, set()).discard("assigned")
    for flags in conversation.users.values():
        if conversation.assignees:
            flags.discard("unassigned")
        else:
            flags.add("unassigned")


def close(conversation: Conversation, now: int) -> None:
    """Close a conversation for everybody."""
    conversation.closed_at = conversation.extra["closed_at"] = now
    for flags in conversation.users.values():
        flags.update(("closed", "archived"))


def reopen(conversation: Conversation) -> None:
    """Put a conversation back into everybody's inbox."""
    conversation.closed_at = None
    conversation.extra.pop("closed_at", None)
    for flags in conversation.users.values():
        flags -= {"closed", "archived", "snoozed", "trashed", "junked"}


def stir(account: Account, conversation: Conversation, at: int) -> None:
    """Note that something happened in a conversation."""
    conversation.last_activity_at = max(conversation.last_activity_at, at)
    account.touch(conversation)
