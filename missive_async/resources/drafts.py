"""Drafts: section "Draft endpoints" of the reference, 3.6 of the 2026 page."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Unpack

import attrs

from missive_async import _codec
from missive_async._codec import UnsetType
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
from missive_async.resources._people import MessageAddress
from missive_async.resources._resource import Resource
from missive_async.resources._rules import segment
from missive_async.resources._shared import Flag, Text, UserRef
from missive_async.resources.attachments import Attachment

_MOST_FILES = 25
_SENDER_TYPES = ("signalwire", "twilio", "twilio_whatsapp", "whatsapp")
_PHONE_NUMBER = re.compile(r"\+\d+", re.ASCII)


@attrs.frozen(kw_only=True)
class Draft:
    """A draft of a conversation; `delivered_at` is `None` until it is sent."""

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
    external_id: str | None = None
    from_field: MessageAddress | None = None
    to_fields: tuple[MessageAddress, ...] | None = None
    cc_fields: tuple[MessageAddress, ...] | None = None
    bcc_fields: tuple[MessageAddress, ...] | None = None
    reply_to_fields: tuple[MessageAddress, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None
    author: UserRef | None = None


@attrs.frozen(kw_only=True)
class CreatedDraft:
    """What a new draft got: its id, and the id of the conversation that it went into."""

    id: str
    conversation: str | None = None


class NewDraft(ConversationActions, total=False):
    """The keyword arguments of `drafts.create`: what a draft can have, and what it does to its conversation.

    Senders and receivers have `address` and `name` for mail; `phone_number` (+ and digits) for SMS and WhatsApp, which
    take one receiver; `id` for Messenger and Instagram; `id`, `username` and `name` for custom channels and live chat,
    which need an `account` (an id). A sender's `type` tells accounts of one number apart: signalwire, twilio,
    twilio_whatsapp or whatsapp. `body` is HTML or text. `attachments` are at most 25 files.

    `send` sends at once, `send_at` later; `auto_followup` drops what was to be sent later when somebody replies before.
    `quote_previous_message` quotes what came before, be it confidential or not. A WhatsApp template is sent by its
    `external_response_id` and `external_response_variables`, with the filled template as `body`.
    """

    subject: Text
    body: Text
    from_field: Address
    to_fields: Addresses
    cc_fields: Addresses
    bcc_fields: Addresses
    account: Text
    attachments: Files
    send: Flag
    send_at: Moment
    auto_followup: Flag
    quote_previous_message: Flag
    external_response_id: Text
    external_response_variables: Mapping[str, str] | UnsetType | None
    add_default_signature: Flag


class Drafts(Resource):
    """`missive.drafts`."""

    __slots__ = ()

    async def create(self, **attributes: Unpack[NewDraft]) -> CreatedDraft | None:
        """Create a draft, and with `send=True` send it; `NewDraft` has the arguments.

        Gives the ids that it got, or `None` when Missive's answer is empty. Spends one request. Raises `InvalidRequest`
        with every broken rule; `OutcomeUnknown` when the answer was lost, for a mail is not sent twice; `BadRequest`
        for a sender that is not the token's owner's. Reference: POST /drafts.
        """
        draft = payload(NewDraft, "drafts", attributes, _check)
        decode = _codec.optional(_codec.one("drafts", CreatedDraft))
        return await self._pipeline.call("POST", "/drafts", decode, json={"drafts": draft})

    async def delete(self, id: str) -> None:
        """Delete a draft, also one that is to be sent later.

        Spends one request; raises `NotFound`, and `InvalidRequest` for what is no id. Reference: DELETE /drafts/:id, in
        section 3.6 of the 2026 page.
        """
        await self._pipeline.call("DELETE", f"/drafts/{segment(id)}", _codec.nothing)


def _check(draft: Attributes) -> None:
    check_actions(draft)
    draft.texts("subject", "body", "external_response_id")
    draft.ids("account")
    draft.flags("send", "auto_followup", "quote_previous_message", "add_default_signature")
    check_moments(draft, "send_at")
    both = draft.get("send") is True and draft.given("send_at")
    draft.problems.unless(not both, f"{draft.place('send_at')} cannot be combined with send")
    alone = draft.get("auto_followup") is True and not draft.given("send_at")
    draft.problems.unless(not alone, f"{draft.place('auto_followup')} needs send_at")
    check_files(draft, _MOST_FILES)
    check_people(draft)
    _check_phones(draft)
    variables = draft.get("external_response_variables")
    usable = variables is None or (isinstance(variables, Mapping) and all(isinstance(key, str) for key in variables))
    draft.problems.unless(usable, f"{draft.place('external_response_variables')} is an object with str keys")


def _check_phones(draft: Attributes) -> None:
    """SMS and WhatsApp: numbers without spaces, and one receiver."""
    sender, receivers = draft.nested("from_field"), draft.nested_list("to_fields")
    people = [person for person in (sender, *receivers) if person is not None and person.given("phone_number")]
    for person in people:
        number = person.get("phone_number")
        usable = not isinstance(number, str) or _PHONE_NUMBER.fullmatch(number)
        draft.problems.unless(usable, f"{person.place('phone_number')} is + and digits only, not {number!r}")
    one = not people or len(receivers) <= 1
    draft.problems.unless(one, f"{draft.place('to_fields')} has {len(receivers)} items: with phone numbers, one only")
    if sender is not None:
        sender.one_of("type", _SENDER_TYPES)
