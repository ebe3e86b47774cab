"""Webhook deliveries: whether Missive sent one, and what it says.

Reference: section 5 of the 2026 page. Missive wants a success status within 15 s and otherwise tries up to five times
more over 8 minutes; after more than 50 failures in a row it switches the rule off. So answer first and work later, tell
deliveries that came before by `WebhookEvent.key`, and do not rely on their order.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import cattrs

from missive_async import _codec
from missive_async.errors import ConfigurationError, DecodeError, InvalidPayload, InvalidSignature
from missive_async.resources.comments import Comment
from missive_async.resources.conversations import Conversation
from missive_async.resources.messages import Message

__all__ = ["Secrets", "WebhookEvent", "WebhookKind", "WebhookRule", "parse", "receive", "verify"]

Secrets = str | bytes | Sequence[str | bytes]
"""What deliveries may be signed with: one secret, or several while one replaces another."""

WebhookKind = Literal["rule", "custom_channel", "validation"]
"""What a delivery comes from: a rule, a message sent through a custom channel, or the saving of a rule."""

_SIGNATURE = re.compile(r"(?:sha256=)?([0-9a-fA-F]{64})")
_OF_A_MESSAGE = ("incoming_", "outgoing_")
_NAMED_FAULTS = 5


@attrs.frozen(kw_only=True)
class WebhookRule:
    """The rule that sent a delivery.

    `type` is `label_change`, `incoming_email`, `new_comment` or another one: Missive publishes no list of them.
    """

    id: str
    description: str | None = None
    type: str | None = None


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """A delivery.

    A rule's has a `rule`, a `conversation` (without `last_activity_at`) and often a `message` (without `body`, under
    whichever of its two names it came) or a `comment`. A custom channel's has no rule and a message with its `body`.
    The one that checks the URL when a rule is saved may be empty: answer it with success. `raw` is the delivery as
    received, what the models do not know included.

    `key` tells deliveries of the same event by, for they have no id: the rule with the message or comment that came,
    and for other events the rule with a hash of the body. Two changes that leave a conversation exactly as it was share
    their key.
    """

    rule: WebhookRule | None = None
    conversation: Conversation | None = None
    message: Message | None = None
    comment: Comment | None = None
    key: str
    raw: dict[str, Any] = attrs.field(repr=False, hash=False)

    @property
    def kind(self) -> WebhookKind:
        """What it comes from."""
        if self.rule is not None:
            return "rule"
        return "custom_channel" if self.raw else "validation"


@attrs.frozen(kw_only=True)
class _Payload:
    rule: WebhookRule | None = None
    conversation: Conversation | None = None
    message: Message | None = None
    latest_message: Message | None = None
    comment: Comment | None = None


def receive(body: bytes, signature: str | bytes | None, secrets: Secrets | None) -> WebhookEvent:
    """The event of a delivery that one of the secrets has signed: `verify`, then `parse`.

    `body` is the raw request body, `signature` the value of its `X-Hook-Signature`. Raises what both halves raise, and
    `InvalidSignature` before anything of the body is read. Spends no request.
    """
    verify(body, signature, secrets)
    return parse(body)


def verify(body: bytes, signature: str | bytes | None, secrets: Secrets | None) -> None:
    """Check that one of the secrets has signed these bytes; takes the same time whichever it is.

    `signature` is `sha256=` and the HMAC-SHA256 of the raw body in hex; the prefix may be missing. Raises
    `InvalidSignature` for any other, and for none; `ConfigurationError` without a secret, so that a service that has
    lost its settings lets nobody in; `TypeError` for a body that is not bytes, as a parsed one would never match.
    """
    keys = _keys(secrets)
    body = _bytes(body)
    given = _digest(signature)
    # Every secret is tried, lest the time tell which of them it was.
    matches = [hmac.compare_digest(hmac.digest(key, body, "sha256"), given) for key in keys]
    if not any(matches):
        raise InvalidSignature("the signature does not belong to this body and any of the secrets")


def parse(body: bytes) -> WebhookEvent:
    """The event in a delivery's body, whoever sent it.

    Rules of types that are not known, and fields, pass; so does an empty object. Raises `InvalidPayload`, with the
    `paths` of all faults, for what is no JSON object, has none of the parts of a delivery, or has values of other types
    in them; `TypeError` for a body that is not bytes.
    """
    body = _bytes(body)
    raw = _object(body)
    try:
        payload = _codec.from_dict(raw, _Payload)
    except cattrs.BaseValidationError as error:
        raise _invalid(_codec.problems(error)) from None
    if raw and payload == _Payload():
        raise _invalid(["no rule, conversation, message or comment @ $"])
    return WebhookEvent(
        rule=payload.rule,
        conversation=payload.conversation,
        message=payload.message or payload.latest_message,
        comment=payload.comment,
        key=_key(payload, body),
        raw=raw,
    )


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    kind = type(body).__name__
    raise TypeError(f"the raw request body as bytes, before any parsing (`await request.body()`), not {kind}")


def _keys(secrets: object) -> list[bytes]:
    if isinstance(secrets, str | bytes):
        secrets = [secrets]
    if secrets is None or isinstance(secrets, Mapping) or not hasattr(secrets, "__iter__"):
        raise ConfigurationError("webhooks need a secret, or several: without one nothing can be checked")
    keys = [_one_key(secret) for secret in secrets]
    if not keys:
        raise ConfigurationError("webhooks need a secret: the list of them is empty")
    return keys


def _one_key(secret: object) -> bytes:
    if not isinstance(secret, str | bytes):
        raise ConfigurationError(f"a webhook secret is str or bytes, not {type(secret).__name__}")
    if not secret.strip():
        raise ConfigurationError("a webhook secret is empty: anybody could sign with it")
    try:
        return secret.encode() if isinstance(secret, str) else secret
    except UnicodeEncodeError:
        raise ConfigurationError("a webhook secret is not text: give it as bytes") from None


def _digest(signature: object) -> bytes:
    if not signature:
        raise InvalidSignature("the delivery is not signed: it has no X-Hook-Signature")
    if isinstance(signature, bytes):
        signature = signature.decode("latin-1")
    found = _SIGNATURE.fullmatch(signature) if isinstance(signature, str) else None
    if found is None:
        raise InvalidSignature("X-Hook-Signature is not sha256= and 64 hexadecimal digits")
    return bytes.fromhex(found[1])


def _object(body: bytes) -> dict[str, Any]:
    try:
        raw = _codec.decode_json(body, Any)
    except DecodeError as error:
        raise _invalid([str(error)]) from None
    if not isinstance(raw, dict):
        raise _invalid([f"expected object, not {_codec.json_kind(raw)} @ $"])
    return raw


def _invalid(faults: Sequence[str]) -> InvalidPayload:
    more = len(faults) - _NAMED_FAULTS
    named = [*faults[:_NAMED_FAULTS], f"and {more} more"] if more > 0 else faults
    return InvalidPayload("; ".join(named), paths=[fault.rpartition(" @ ")[2] for fault in faults])


def _key(payload: _Payload, body: bytes) -> str:
    """A changed label shows the message that was there before: that message is the event of some types only."""
    rule = payload.rule
    source = f"rule:{rule.id}" if rule else "custom_channel"
    type = (rule.type if rule else None) or ""
    message = payload.message or payload.latest_message
    if payload.comment is not None and type == "new_comment":
        return f"{source}:comment:{payload.comment.id}"
    if message is not None and (rule is None or type.startswith(_OF_A_MESSAGE)):
        return f"{source}:message:{message.id}"
    return f"{source}:body:{hashlib.sha256(body).hexdigest()}"
