"""The people of messages and conversations: senders, receivers, authors. Sections 3.4-3.6 of the 2026 page."""

import attrs

from missive_async.resources._models import seldom


@attrs.frozen(kw_only=True)
class _Mailer:
    name: str | None = None
    address: str | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class MessageAddress(_Mailer):
    """Who sent or got a message: `name` and `address` for mail, `id`, `name` and `username` for other channels.

    In drafts, the senders and receivers of SMS and WhatsApp messages have a `phone_number`, which is "+" and digits; a
    sender's `type` tells accounts of the same number apart.
    """

    id: str | None = None
    username: str | None = None
    phone_number: str | None = None
    type: str | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Author(_Mailer):
    """Somebody who wrote in a conversation: with an `address` for mail, a `phone_number` for SMS, or just a name."""

    phone_number: str | None = None
