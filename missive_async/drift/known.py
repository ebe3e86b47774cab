"""The values that the reference names for attributes that are text to the models, which take any."""

from collections.abc import Mapping

from missive_async.resources._shared import SharedLabelRef
from missive_async.resources.comments import CommentTask
from missive_async.resources.contact_groups import ContactGroup
from missive_async.resources.contacts import ContactGroupRef, ContactInfo
from missive_async.resources.drafts import Draft
from missive_async.resources.messages import Message
from missive_async.resources.tasks import Task
from missive_async.resources.teams import Team

_STATES = frozenset({"todo", "in_progress", "closed"})
_GROUPS = frozenset({"group", "organization"})

# Sections 3.1 and 3.5 of the 2026 page: the types of accounts, and the messages that have been recorded.
_CHANNELS = frozenset({"email", "sms", "custom", "custom_text", "instagram", "live_chat", "messenger", "whatsapp"})
_INFO_LABELS = frozenset(
    {
        "fax",
        "home",
        "home_fax",
        "homepage",
        "blog",
        "main",
        "mobile",
        "other",
        "other_fax",
        "pager",
        "personal",
        "profile",
        "work",
        "work_fax",
    }
)
_INFO_KINDS = frozenset({"custom", "email", "facebook", "phone_number", "physical_address", "twitter", "url"})

_KNOWN: Mapping[type, Mapping[str, frozenset[str]]] = {
    CommentTask: {"state": _STATES},
    ContactGroup: {"kind": _GROUPS},
    ContactGroupRef: {"kind": _GROUPS},
    ContactInfo: {"kind": _INFO_KINDS, "label": _INFO_LABELS},
    Draft: {"type": _CHANNELS},
    Message: {"type": _CHANNELS},
    SharedLabelRef: {"visibility": frozenset({"organization", "delegates"})},
    Task: {"state": _STATES, "type": frozenset({"task", "conversation"})},
    Team: {
        "team_mention_behavior": frozenset({"all_members", "only_active_members"}),
        "user_reply_behavior": frozenset({"assign_user", "leave_in_team_inbox"}),
        "received_reply_behavior": frozenset({"show_in_assignee_inbox", "show_in_team_inbox"}),
        "team_sidebar_behavior": frozenset({"show_team_space", "show_team_inbox"}),
    },
}


def known_values(model: type, attribute: str) -> frozenset[str] | None:
    """The values that are known of an attribute, `None` when it may be any text."""
    for kind in model.__mro__:
        if attribute in _KNOWN.get(kind, {}):
            return _KNOWN[kind][attribute]
    return None
