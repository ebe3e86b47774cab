"""The conversation as it is listed, and as it stands inside messages and webhooks."""

from datetime import datetime

import attrs

from missive_async.resources._models import seldom
from missive_async.resources._people import Author
from missive_async.resources._shared import OrganizationRef, SharedLabelRef, TeamRef


@attrs.frozen(kw_only=True)
class ConversationUser:
    """A user with access to a conversation, and where they have it."""

    id: str
    name: str | None = None
    email: str | None = None
    unassigned: bool | None = None
    closed: bool | None = None
    archived: bool | None = None
    trashed: bool | None = None
    junked: bool | None = None
    assigned: bool | None = None
    flagged: bool | None = None
    snoozed: bool | None = None


@attrs.frozen(kw_only=True)
class _Listed:
    id: str
    created_at: datetime | None = None
    subject: str | None = None
    latest_message_subject: str | None = None
    organization: OrganizationRef | None = None
    color: str | None = None
    assignees: tuple[ConversationUser, ...] | None = None
    users: tuple[ConversationUser, ...] | None = None
    attachments_count: int | None = None
    messages_count: int | None = None
    authors: tuple[Author, ...] | None = None
    drafts_count: int | None = None
    send_later_messages_count: int | None = None
    tasks_count: int | None = None
    completed_tasks_count: int | None = None
    web_url: str | None = None
    app_url: str | None = None
    assignee_names: str | None = None
    assignee_emails: str | None = None
    shared_label_names: str | None = None
    last_activity_at: datetime | None = None
    team: TeamRef | None = None
    shared_labels: tuple[SharedLabelRef, ...] | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Conversation(_Listed):
    """A conversation. Section 3.4 of the 2026 page.

    To guests it has no more than `id` and `last_activity_at`; inside messages and webhooks it has no
    `last_activity_at`.
    """

    external_authors: tuple[Author, ...] | None = None
    closed_at: datetime | None = None
