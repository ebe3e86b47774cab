"""Conversations, messages and tasks as JSON, in the shapes of the calls that give them."""

from typing import TYPE_CHECKING

from missive_async.simulator.indexes import encode
from missive_async.simulator.records import JSON, Conversation, Entry

if TYPE_CHECKING:
    from missive_async.simulator.state import Account

_FLAGS = ("unassigned", "closed", "archived", "trashed", "junked", "assigned", "flagged", "snoozed")
_NOT_IN_ANSWERS = ("started_at", "closed_at", "type", "last_activity_at")


def conversation(account: "Account", found: Conversation) -> JSON:
    """Return a conversation as lists, merges and updates give it; a guest's has two keys."""
    if found.guest:
        return {"id": found.id, "last_activity_at": found.last_activity_at}
    users = {id: _member(account, id, flags) for id, flags in found.users.items()}
    assignees = [users[id] for id in found.assignees]
    labels = [label.data for id in found.labels if (label := account.labels.get(id))]
    address = f"mail.missiveapp.com/#inbox/conversations/{found.id}"
    counts = found.counts
    return {
        "id": found.id,
        "created_at": found.created_at,
        "subject": found.subject,
        "latest_message_subject": found.latest_message_subject,
        "organization": _named(account, found.organization),
        "color": found.color,
        "assignees": assignees,
        "users": list(users.values()),
        "attachments_count": counts.attachments,
        "messages_count": counts.messages,
        "authors": found.authors,
        "external_authors": found.external_authors,
        "drafts_count": counts.drafts,
        "send_later_messages_count": counts.send_later,
        "tasks_count": counts.tasks,
        "completed_tasks_count": counts.completed_tasks,
        "web_url": f"https://{address}",
        "app_url": f"missive://{address}",
        "assignee_names": ", ".join(user["name"] for user in assignees),
        "assignee_emails": ", ".join(user["email"] for user in assignees),
        "shared_label_names": ", ".join(label["name"] for label in labels),
        "last_activity_at": found.last_activity_at,
        "team": team(account, found.team),
        "shared_labels": labels,
        **found.extra,
    }


def conversation_row(account: "Account", found: Conversation) -> bytes:
    """Return the JSON of a conversation in a list, encoded once."""
    if found.encoded is None:
        found.encoded = encode(conversation(account, found))
    return found.encoded


def one_conversation(account: "Account", found: Conversation) -> JSON:
    """Return a conversation as GET of one gives it: without `created_at`."""
    return {key: value for key, value in conversation(account, found).items() if key != "created_at"}


def embedded_conversation(account: "Account", found: Conversation) -> JSON:
    """Return a conversation as a message holds it: without `created_at` and `last_activity_at`."""
    row = conversation(account, found)
    return {key: value for key, value in row.items() if key not in {"created_at", "last_activity_at"}}


def hooked_conversation(account: "Account", found: Conversation) -> JSON:
    """Return a conversation as webhooks give it: without `last_activity_at`."""
    row = conversation(account, found)
    row.pop("last_activity_at")
    return row


def full_message(account: "Account", message: Entry) -> JSON:
    """Return a message with its body and its conversation."""
    data = message.data | {"body": message.body}
    found = account.conversation(message.owner)
    return data if found is None else data | {"conversation": embedded_conversation(account, found)}


def team(account: "Account", id: str | None) -> JSON | None:
    """Return a team as other records embed it."""
    found = account.teams.get(id)
    return {key: found.data[key] for key in ("id", "name", "organization")} if found else None


def one_task(account: "Account", task: Entry) -> JSON:
    """Return a task as GET of one gives it: users and team are objects, `last_activity_at` is absent."""
    users = [account.signature(id) for id in task.data["assignees"]]
    data = task.data | {"assignees": users, "team": team(account, task.data["team"])}
    del data["last_activity_at"]
    return data


def written_task(task: Entry) -> JSON:
    """Return a task as create and update give it."""
    return {key: value for key, value in task.data.items() if key not in _NOT_IN_ANSWERS}


def _member(account: "Account", id: str, flags: set[str]) -> JSON:
    user = account.users.records[id].data
    return {"id": id, "name": user["name"], "email": user["email"], **{flag: flag in flags for flag in _FLAGS}}


def _named(account: "Account", id: str | None) -> JSON | None:
    found = account.organizations.get(id)
    return {"id": found.id, "name": found.data["name"]} if found else None
