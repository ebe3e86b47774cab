"""Messages: section "Message endpoints" of the reference, 3.5 of the 2026 page."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Required, Unpack

import attrs
import msgspec

from missive_async import _codec
from missive_async._pipeline.download import download
from missive_async.errors import APIError, InvalidRequest
from missive_async.pagination import Pager, once_pager, records
from missive_async.resources._actions import (
    Address,
    Addresses,
    ConversationActions,
    Files,
    Moment,
    check_actions,
    check_files,
    check_moments,
    check_people,
    payload,
)
from missive_async.resources._attributes import Attributes
from missive_async.resources._checks import absent, check_id, check_ids, check_one_of, check_text
from missive_async.resources._conversation import Conversation
from missive_async.resources._files import FileSink
from missive_async.resources._many import BATCH, Many
from missive_async.resources._models import seldom
from missive_async.resources._people import MessageAddress
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, given, segment
from missive_async.resources._shared import Text, UserRef
from missive_async.resources.attachments import Attachment
from missive_async.resources.posts import PostAttachment

_EXPIRED = frozenset({401, 403, 404, 410})


@attrs.frozen(kw_only=True)
class _Listed:
    id: str
    subject: str | None = None
    draft: bool | None = None
    preview: str | None = None
    type: str | None = None
    delivered_at: datetime | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None
    email_message_id: str | None = None
    in_reply_to: tuple[str, ...] | None = None
    references: tuple[str, ...] | None = None
    from_field: MessageAddress | None = None
    to_fields: tuple[MessageAddress, ...] | None = None
    cc_fields: tuple[MessageAddress, ...] | None = None
    bcc_fields: tuple[MessageAddress, ...] | None = None
    reply_to_fields: tuple[MessageAddress, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None
    author: UserRef | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Message(_Listed):
    """A message of any channel; `body` (HTML) and `conversation` come from `messages.get` and its like, not with lists.

    `type` is `email`, `sms`, `custom_text` or another channel's. An SMS has no subject and no mail headers; an incoming
    message's sender is in `from_field`, while `author` is the user who sent an outgoing one.
    """

    body: str | None = None
    external_id: str | None = None
    account_author: MessageAddress | None = None
    account_recipients: tuple[MessageAddress, ...] | None = None
    conversation: Conversation | None = None


@attrs.frozen(kw_only=True)
class CreatedMessage:
    """What a new message got: its id, and the id of the conversation that it went into."""

    id: str
    conversation: str | None = None


class NewMessage(ConversationActions, total=False):
    """The keyword arguments of `messages.create`: what a message can have, and what it does to its conversation.

    `account` is the id of a custom channel. Senders and receivers have `address` and `name` in channels of type email,
    which alone have `subject`, `cc_fields` and `bcc_fields`; in others `id`, `username` and `name`. `body` is HTML or
    text as the channel's type says. Without `delivered_at` the message is delivered now.
    """

    account: Required[str]
    subject: Text
    body: Text
    from_field: Address
    to_fields: Addresses
    cc_fields: Addresses
    bcc_fields: Addresses
    delivered_at: Moment
    attachments: Files
    external_id: Text


class _Named(msgspec.Struct):
    id: str


class Messages(Resource):
    """`missive.messages`."""

    __slots__ = ()

    def list(self, *, email_message_id: str) -> Pager[Message]:
        """The messages with this Message-ID header, newest first, at most ten, with bodies and conversations.

        Mostly there is one. Chevrons are part of the header's value. Spends one request, for there is only one page.
        Reference: GET /messages?email_message_id=.
        """
        with Problems() as problems:
            check_text(problems, "email_message_id", email_message_id)
            problems.unless(given(email_message_id), "email_message_id is required")
        params = {"email_message_id": email_message_id}
        return once_pager(self._pipeline, "/messages", "messages", Message, params=params)

    async def create(self, **attributes: Unpack[NewMessage]) -> CreatedMessage | None:
        """Create an incoming message in a custom channel; `NewMessage` has the arguments.

        Gives the ids that it got, or `None` when Missive's answer is empty. Missive does not notice an `external_id`
        that it has had before. Spends one request. Raises `InvalidRequest` with every broken rule, `OutcomeUnknown`
        when it is not known whether the message was made. Reference: POST /messages.
        """
        message = payload(NewMessage, "messages", attributes, _check)
        decode = _codec.optional(_codec.one("messages", CreatedMessage))
        return await self._pipeline.call("POST", "/messages", decode, json={"messages": message})

    async def get(self, id: str) -> Message:
        """A message with its body and its conversation.

        Spends one request; raises `NotFound`. To read several, `get_many` spends far less. Reference: GET
        /messages/:id.
        """
        return await self._pipeline.call("GET", f"/messages/{segment(id)}", _codec.one("messages", Message))

    async def get_many(
        self, ids: Sequence[str], *, missing: Literal["raise", "skip"] = "raise", batch: int = BATCH
    ) -> tuple[Message, ...]:
        """Messages with their bodies and conversations, in the order in which they are asked for, repetitions included.

        Asks for `batch` of them at a time, or as many as a URL takes, several requests at once: 120 ids spend three
        requests. A batch that the server refuses is halved until the culprit is found, and what an answer leaves out is
        asked for again, so that each id which is not there costs a few more. Raises `NotFound` that names them all;
        `missing="skip"` leaves them out. Reference: GET /messages/:ids.
        """
        found = await self._many(ids, _codec.some("messages", Message), _id, missing, batch)
        return tuple(found[id] for id in ids if id in found)

    async def get_many_lines(
        self, ids: Sequence[str], *, missing: Literal["raise", "skip"] = "raise", batch: int = BATCH
    ) -> dict[str, bytes]:
        """The same messages by the ids asked for, as JSON text: byte for byte as received, one line each.

        Costs and raises what `get_many` does.
        """
        found = await self._many(ids, _codec.some_raw("messages"), _id_in, missing, batch)
        return {id: records.line(found[id]) for id in dict.fromkeys(ids) if id in found}

    async def download(
        self, attachment: Attachment | PostAttachment, path: "str | os.PathLike[str]", *, message: str | None = None
    ) -> Path:
        """Save an attachment of a message, draft, comment, post or response, and give the path that it has then.

        In a folder (which must be there) the file has the attachment's name, made safe so that it cannot lead anywhere
        else, with a number where that name is taken. Any other path is the file's own, and is replaced if it is there.
        The file appears when it is whole, and has the attachment's `size` if that is known.

        The signed URL is asked for without the token and spends no request. It works for a short time: when it has
        expired and `message` is the id of the message that has the attachment, that is read again for a new one, once,
        which spends a request. Raises `InvalidRequest` for an attachment without a web address, `Forbidden` or
        `NotFound` for one that has expired, `TransportFailed`, and `OSError` for what cannot be written. Reference:
        section 3.5 of the 2026 page.
        """
        with Problems() as problems:
            check_id(problems, "message", message)
            problems.unless(
                attachment.url or message, "the attachment has no url, and no message is given to ask for it"
            )
        sink = FileSink(path, attachment.filename, attachment.size)
        try:
            await self._fetch(attachment, sink, message)
        finally:
            sink.abandon()
        assert sink.path is not None  # noqa: S101 - finished
        return sink.path

    async def _fetch(self, attachment: Attachment | PostAttachment, sink: FileSink, message: str | None) -> None:
        """Download, if need be from a new URL."""
        refused: APIError | None = None
        if attachment.url:
            try:
                return await download(self._pipeline, attachment.url, sink)
            except APIError as error:
                if message is None or error.status not in _EXPIRED:
                    raise
                refused = error
        assert message is not None  # noqa: S101 - checked
        fresh = _same(attachment, await self.get(message))
        if fresh is None or not fresh.url:
            raise refused or InvalidRequest(
                f"the message has no such attachment: {attachment.id or attachment.filename}"
            )
        return await download(self._pipeline, fresh.url, sink)

    async def _many(
        self, ids: Sequence[str], decode: Callable[[bytes], Any], name: Callable[[Any], str], missing: str, batch: int
    ) -> dict[str, Any]:
        with Problems() as problems:
            problems.unless(not absent(ids), "ids are required")
            check_ids(problems, "ids", ids)
            check_one_of(problems, "missing", missing, ("raise", "skip"))
            whole = isinstance(batch, int) and not isinstance(batch, bool) and batch > 0
            problems.unless(whole, f"batch is a whole number above zero, not {batch!r}")
        many: Many[Any] = Many(self._pipeline, "/messages", decode, name)
        await many.read(ids, batch)
        if many.missing and missing == "raise":
            raise many.not_found()
        return many.found


def _check(message: Attributes) -> None:
    check_actions(message)
    message.required("account")
    message.ids("account")
    message.texts("subject", "body", "external_id")
    check_moments(message, "delivered_at")
    check_files(message)
    check_people(message)


def _same(attachment: Attachment | PostAttachment, message: Message) -> Attachment | None:
    """The attachment as the message has it now, by its id or, where it has none, by its name."""
    name = "id" if attachment.id else "filename"
    wanted = getattr(attachment, name)
    found = [each for each in message.attachments or () if getattr(each, name) == wanted]
    return found[0] if len(found) == 1 else None


def _id(message: Message) -> str:
    return message.id


def _id_in(line: msgspec.Raw) -> str:
    id: str = _codec.decode_json(bytes(line), _Named).id
    return id
