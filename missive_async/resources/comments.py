"""Comments, which can only be read: `conversations.comments(id)`. Section 3.9 of the 2026 page."""

from datetime import datetime
from typing import Any

import attrs

from missive_async.resources._shared import TeamRef, UserRef
from missive_async.resources.attachments import Attachment


@attrs.frozen(kw_only=True)
class Mention:
    """Where a comment names somebody: `id`, `index`, `length`, or in webhooks `user_id` or `team_id` and `offset`."""

    id: str | None = None
    index: int | None = None
    length: int | None = None
    user_id: str | None = None
    team_id: str | None = None
    offset: int | None = None


@attrs.frozen(kw_only=True)
class CommentTask:
    """The task that a comment is; `state` is todo, in_progress or closed. Old ones have `completed_at` only."""

    description: str | None = None
    state: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    completed_at: datetime | None = None
    assignees: tuple[str | UserRef, ...] | None = None
    team: str | TeamRef | None = None


@attrs.frozen(kw_only=True)
class Comment:
    """A comment; `body` is `None` when it is an attachment only."""

    id: str
    body: str | None = None
    created_at: datetime | None = None
    mentions: tuple[Mention, ...] | None = None
    author: UserRef | None = None
    attachment: Attachment | None = None
    task: CommentTask | None = None
    meta: Any = None
