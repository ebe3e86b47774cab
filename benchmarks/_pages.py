"""Pages as Missive sends them, made up."""

import random
import uuid
from typing import Any

_NAMES = ("Robin Vale", "Casey Moor", "Sam Reed", "Alex Lund", "Kim Aster", "Jo Brandt")


def _id(noise: random.Random) -> str:
    return str(uuid.UUID(int=noise.getrandbits(128), version=4))


def _user(noise: random.Random) -> dict[str, Any]:
    name = noise.choice(_NAMES)
    flags = ("unassigned", "closed", "archived", "trashed", "junked", "assigned", "flagged", "snoozed")
    return {
        "id": _id(noise),
        "name": name,
        "email": name.lower().replace(" ", ".") + "@example.com",
        **{flag: noise.random() < 0.2 for flag in flags},
    }


def conversation(number: int, noise: random.Random) -> dict[str, Any]:
    """One conversation of a busy inbox: three users, external authors, a label with all its fields."""
    id = _id(noise)
    users = [_user(noise) for _ in range(3)]
    organization = _id(noise)
    return {
        "id": id,
        "created_at": 1_700_000_000 - number * 977,
        "subject": None,
        "latest_message_subject": f"About order {number}",
        "organization": {"id": organization, "name": "Example Org"},
        "color": None,
        "assignees": users[:1],
        "users": users,
        "attachments_count": number % 3,
        "messages_count": 1 + number % 12,
        "authors": [{"name": noise.choice(_NAMES), "address": f"person{number}@example.net"} for _ in range(2)],
        "external_authors": [{"name": noise.choice(_NAMES), "address": f"person{number}@example.net"}],
        "drafts_count": 0,
        "send_later_messages_count": 0,
        "tasks_count": number % 2,
        "completed_tasks_count": 0,
        "web_url": f"https://mail.missiveapp.com/#inbox/conversations/{id}",
        "app_url": f"missive://mail.missiveapp.com/#inbox/conversations/{id}",
        "assignee_names": users[0]["name"],
        "assignee_emails": users[0]["email"],
        "shared_label_names": "Orders",
        "last_activity_at": 1_700_000_000 - number * 61,
        "team": {"id": _id(noise), "name": "Team One", "organization": organization},
        "shared_labels": [
            {
                "id": _id(noise),
                "name": "Orders",
                "name_with_parent_names": "Sales/Orders",
                "organization": organization,
                "color": "#EE3430",
                "parent": None,
                "share_with_organization": False,
                "share_with_users": [],
                "share_with_team": None,
                "visibility": "organization",
            }
        ],
    }


def plain_conversation(number: int, noise: random.Random) -> dict[str, Any]:
    """One conversation as the API's own example has it: one user, one author, no label."""
    busy = conversation(number, noise)
    del busy["external_authors"]
    lists = {"users": busy["users"][:1], "authors": busy["authors"][:1], "assignees": [], "shared_labels": []}
    return busy | lists | {"assignee_names": "", "assignee_emails": "", "shared_label_names": ""}


def conversations_page(count: int, kind: str = "documented", seed: int = 1) -> list[dict[str, Any]]:
    """A page of conversations, newest first: `documented` ones or `busy` ones."""
    noise = random.Random(seed)
    make = {"documented": plain_conversation, "busy": conversation}[kind]
    return [make(number, noise) for number in range(count)]
