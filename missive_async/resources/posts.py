"""Posts: section "Post endpoints" of the reference, 3.7 of the 2026 page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

import attrs

from missive_async import _codec
from missive_async._codec import UnsetType
from missive_async.resources._actions import ConversationActions, check_actions, check_file, check_moments, payload
from missive_async.resources._attributes import Attributes
from missive_async.resources._checks import check_color
from missive_async.resources._resource import Resource
from missive_async.resources._rules import segment
from missive_async.resources._shared import Flag, Text
from missive_async.resources.attachments import Attachment

_LONGEST = 8_000
_CONTENT = ("text", "markdown", "attachments")
_BLOCK_TEXTS = (
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "image_url",
    "text",
    "markdown",
    "footer",
    "footer_icon",
)


@attrs.frozen(kw_only=True)
class Notification:
    """What a post says in a notification."""

    title: str | None = None
    body: str | None = None


@attrs.frozen(kw_only=True)
class PostField:
    """A title and a value in a post's attachment; two of them stand beside each other when `short`."""

    title: str | None = None
    value: str | None = None
    short: bool | None = None


@attrs.frozen(kw_only=True)
class PostAttachment:
    """A block of a post, or a file in it."""

    id: str | None = None
    color: str | None = None
    pretext: str | None = None
    author_name: str | None = None
    author_link: str | None = None
    author_icon: str | None = None
    title: str | None = None
    title_link: str | None = None
    image_url: str | None = None
    text: str | None = None
    markdown: str | None = None
    timestamp: datetime | None = None
    footer: str | None = None
    footer_icon: str | None = None
    fields: tuple[PostField, ...] | None = None
    filename: str | None = None
    extension: str | None = None
    url: str | None = None
    media_type: str | None = None
    sub_type: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None


@attrs.frozen(kw_only=True)
class Post:
    """A post that a program left in a conversation."""

    id: str
    created_at: datetime | None = None
    username: str | None = None
    username_icon: str | None = None
    notification: Notification | None = None
    text: str | None = None
    markdown: str | None = None
    attachments: tuple[PostAttachment, ...] | None = None


@attrs.frozen(kw_only=True)
class CreatedPost:
    """What a new post got: its id, and the id of the conversation that it went into."""

    id: str
    conversation: str | None = None


class NewPost(ConversationActions, total=False):
    """The keyword arguments of `posts.create`: what a post can have, and what it does to its conversation.

    One of `text`, `markdown` (8,000 characters at most) and `attachments` is needed: blocks, or files as `Attachment`
    makes them. `notification` is what users are notified with; the reference says that it is required. `username` and
    `username_icon` stand in for the token's owner's. Any post reopens a closed conversation, but for `reopen=False`.
    """

    text: Text
    markdown: Text
    notification: Notification | Mapping[str, Any] | UnsetType | None
    attachments: Sequence[PostAttachment | Attachment | Mapping[str, Any]] | UnsetType | None
    username: Text
    username_icon: Text
    conversation_icon: Text
    reopen: Flag


class Posts(Resource):
    """`missive.posts`."""

    __slots__ = ()

    async def create(self, **attributes: Unpack[NewPost]) -> CreatedPost | None:
        """Leave a post in a conversation; `NewPost` has the arguments.

        Gives the ids that it got, or `None` when Missive's answer is empty. Spends one request. Raises `InvalidRequest`
        with every broken rule, `OutcomeUnknown` when it is not known whether the post was made. Reference: POST /posts.
        """
        post = payload(NewPost, "posts", attributes, _check)
        decode = _codec.optional(_codec.one("posts", CreatedPost))
        return await self._pipeline.call("POST", "/posts", decode, json={"posts": post})

    async def delete(self, id: str) -> None:
        """Delete a post.

        In shared conversations only admins and owners of the organization may. Spends one request; raises `NotFound`,
        and `InvalidRequest` for what is no id. Reference: DELETE /posts/:id, in section 3.7 of the 2026 page.
        """
        await self._pipeline.call("DELETE", f"/posts/{segment(id)}", _codec.nothing)


def _check(post: Attributes) -> None:
    """Posts without `notification` pass: it is documented as required, yet clients are seen to leave it out."""
    check_actions(post)
    something = any(post.given(name) for name in _CONTENT)
    post.problems.unless(something, f"{post.where} needs one of text, markdown and attachments")
    post.texts("text", "markdown", longest=_LONGEST)
    post.texts("username", "username_icon", "conversation_icon")
    notification = post.nested("notification")
    if notification is not None:
        notification.texts("title", "body")
    for block in filter(None, post.nested_list("attachments")):
        _check_block(block)


def _check_block(block: Attributes) -> None:
    block.texts(*_BLOCK_TEXTS)
    check_color(block.problems, block.place("color"), block.get("color"))
    check_moments(block, "timestamp")
    if block.get("base64_data") is not None or block.given("filename"):
        check_file(block)
    for field in filter(None, block.nested_list("fields")):
        field.texts("title", "value")
        field.flags("short")
