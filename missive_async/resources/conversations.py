"""Conversations: section "Conversation endpoints" of the reference, 3.4 of the 2026 page."""

from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from missive_async import _codec
from missive_async._codec import UNSET
from missive_async.pagination import Pager, until_pager
from missive_async.resources._actions import Texts, check_actions
from missive_async.resources._attributes import Attributes
from missive_async.resources._batch import below, checked, write_in_parts
from missive_async.resources._checks import check_flag, check_id, check_text
from missive_async.resources._conversation import Conversation, ConversationUser
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, given, segment
from missive_async.resources._shared import Flag, Text
from missive_async.resources.comments import Comment
from missive_async.resources.drafts import Draft
from missive_async.resources.messages import Message
from missive_async.resources.posts import Post

__all__ = ["Conversation", "ConversationChanges", "ConversationUser", "Conversations"]

_T = TypeVar("_T")
_LIMIT = 50
_CHILD_LIMIT = 10


@attrs.frozen(kw_only=True)
class ConversationChanges:
    """What is to change of the conversation with this id: what is left out stays, `None` empties.

    `color` (or `conversation_color`) is a hex code, good, warning or danger; users, labels, `team` and `organization`
    are ids. Adding users, assignees or labels and removing assignees needs `organization`; `add_to_team_inbox` needs
    `team`.
    """

    id: str
    subject: Text = UNSET
    color: Text = UNSET
    conversation_color: Text = UNSET
    organization: Text = UNSET
    team: Text = UNSET
    force_team: Flag = UNSET
    add_users: Texts = UNSET
    add_assignees: Texts = UNSET
    remove_assignees: Texts = UNSET
    add_shared_labels: Texts = UNSET
    remove_shared_labels: Texts = UNSET
    add_to_inbox: Flag = UNSET
    add_to_team_inbox: Flag = UNSET
    close: Flag = UNSET
    reopen: Flag = UNSET


class Conversations(Resource):
    """`missive.conversations`."""

    __slots__ = ()

    def list(
        self,
        *,
        inbox: bool = False,
        all: bool = False,
        assigned: bool = False,
        closed: bool = False,
        snoozed: bool = False,
        flagged: bool = False,
        trashed: bool = False,
        junked: bool = False,
        drafts: bool = False,
        shared_label: str | None = None,
        team_inbox: str | None = None,
        team_closed: str | None = None,
        team_all: str | None = None,
        organization: str | None = None,
        email: str | None = None,
        domain: str | None = None,
        contact_organization: str | None = None,
        prefetch: int = 0,
    ) -> Pager[Conversation]:
        """The conversations that the token's owner sees in a mailbox, a shared label or a team, newest activity first.

        One of `inbox` to `team_all` is needed; `shared_label`, `team_...`, `organization` and `contact_organization`
        are ids. `email` (an address in From, To, Cc, Bcc or Reply-To), `domain` (without @) and `contact_organization`
        narrow that down, one of them at a time. Pages of 50, with `prefetch` of them read ahead; spends a request a
        page. Raises `InvalidRequest`. Reference: GET /conversations.
        """
        flags = {
            "inbox": inbox,
            "all": all,
            "assigned": assigned,
            "closed": closed,
            "snoozed": snoozed,
            "flagged": flagged,
            "trashed": trashed,
            "junked": junked,
            "drafts": drafts,
        }
        places = {
            "shared_label": shared_label,
            "team_inbox": team_inbox,
            "team_closed": team_closed,
            "team_all": team_all,
        }
        narrower = {"email": email, "domain": domain, "contact_organization": contact_organization}
        params = _filters(flags, places, narrower, organization)
        return until_pager(
            self._pipeline,
            "/conversations",
            "conversations",
            Conversation,
            limit=_LIMIT,
            times=("last_activity_at",),
            params=params,
            prefetch=prefetch,
        )

    async def get(self, id: str) -> Conversation:
        """A conversation; after a merge it may have another id than the one asked for.

        Spends one request; raises `NotFound`. Reference: GET /conversations/:id.
        """
        return await self._pipeline.call(
            "GET", f"/conversations/{segment(id)}", _codec.one("conversations", Conversation)
        )

    def messages(self, id: str, *, prefetch: int = 0) -> Pager[Message]:
        """The messages of a conversation, newest first, without bodies and without drafts.

        Pages of 10; spends a request a page. `messages.get_many` has the bodies. Reference: GET
        /conversations/:id/messages.
        """
        return self._children(id, "messages", Message, ("delivered_at", "created_at"), prefetch)

    def comments(self, id: str, *, prefetch: int = 0) -> Pager[Comment]:
        """The comments of a conversation, newest first.

        Pages of 10; spends a request a page. Reference: GET /conversations/:id/comments.
        """
        return self._children(id, "comments", Comment, ("created_at",), prefetch)

    def drafts(self, id: str, *, prefetch: int = 0) -> Pager[Draft]:
        """The drafts of a conversation, newest first.

        Pages of 10; spends a request a page. Drafts are to be paged by `delivered_at`, which they do not have: by
        `created_at` instead, and a list that does not heed it ends there. Reference: GET /conversations/:id/drafts.
        """
        return self._children(id, "drafts", Draft, ("delivered_at", "created_at"), prefetch, lenient=True)

    def posts(self, id: str, *, prefetch: int = 0) -> Pager[Post]:
        """The posts of a conversation, newest first.

        Pages of 10; spends a request a page. Reference: GET /conversations/:id/posts.
        """
        return self._children(id, "posts", Post, ("created_at",), prefetch)

    async def update(self, *changes: ConversationChanges | Mapping[str, Any]) -> tuple[Conversation, ...]:
        """Change conversations, without a post that tells of it, and give them as they are then, in the order given.

        Rules for changed labels run all the same. After a merge, a conversation may come back with another id; `()`
        when the answer is empty. Spends one request for every 8,000 characters of URL, which some 200 ids have; none
        for no changes. Raises `InvalidRequest` with every broken rule of every change, `PartiallyApplied` when one of
        several requests fails, `OutcomeUnknown`, and `BadRequest` for ids that the token's owner must not change.
        Reference: PATCH /conversations/:ids, in section 3.4 of the 2026 page.
        """
        with Problems() as problems:
            for position, change in enumerate(changes):
                as_read = f"conversations[{position}] is a conversation as it was read, not what is to change of it"
                problems.unless(not isinstance(change, Conversation), as_read)
        payloads = checked("conversations", changes, _check_change, with_ids=True)
        path = below("/conversations")
        return await write_in_parts(self._pipeline, "PATCH", path, "conversations", payloads, Conversation)

    async def merge(self, id: str, *, target: str, subject: Text = UNSET) -> Conversation | None:
        """Merge a conversation into another one, `target`, and give what they have become, perhaps with a new subject.

        Missive may merge them the other way round: which id remains is in the answer only. Gives `None` when that is
        empty. Spends one request. Raises `InvalidRequest` for two ids that are the same, `NotFound`, `OutcomeUnknown`.
        Reference: POST /conversations/:id/merge, in section 3.4 of the 2026 page.
        """
        with Problems() as problems:
            check_id(problems, "target", target)
            problems.unless(given(target), "target is required")
            problems.unless(id != target, "a conversation cannot be merged with itself")
            check_text(problems, "subject", subject)
        path = f"/conversations/{segment(id)}/merge"
        decode = _codec.optional(_codec.one("conversations", Conversation))
        return await self._pipeline.call("POST", path, decode, json={"target": target, "subject": subject})

    def _children(
        self, id: str, key: str, model: type[_T], times: tuple[str, ...], prefetch: int, *, lenient: bool = False
    ) -> Pager[_T]:
        return until_pager(
            self._pipeline,
            f"/conversations/{segment(id)}/{key}",
            key,
            model,
            limit=_CHILD_LIMIT,
            times=times,
            prefetch=prefetch,
            lenient=lenient,
        )


def _check_change(change: Attributes, _: int) -> None:
    change.texts("subject")
    check_actions(change)


def _filters(
    flags: Mapping[str, Any], places: Mapping[str, Any], narrower: Mapping[str, Any], organization: object
) -> dict[str, Any]:
    """The parameters of a list of conversations; a flag that is not set is not sent."""
    with Problems() as problems:
        for name, value in flags.items():
            check_flag(problems, name, value)
        ids = {**places, "organization": organization, "contact_organization": narrower["contact_organization"]}
        for name, value in ids.items():
            check_id(problems, name, value)
        for name in ("email", "domain"):
            value = narrower[name]
            problems.unless(
                value is None or (isinstance(value, str) and value.strip()), f"{name} is a text, not {value!r}"
            )
        chosen = any(value is True for value in flags.values()) or any(value is not None for value in places.values())
        problems.unless(chosen, f"a conversation list needs one of {', '.join((*flags, *places))}")
        several = [name for name, value in narrower.items() if value is not None]
        problems.unless(len(several) < 2, f"{' and '.join(several)} exclude one another")
        domain = narrower["domain"]
        problems.unless(not (isinstance(domain, str) and "@" in domain), "domain has no @")
    return {**{name: True for name, value in flags.items() if value}, **ids, **narrower}
