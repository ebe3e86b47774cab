"""What happens in an account without the API: mails and texts come in, colleagues comment."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from missive_async.simulator import actions
from missive_async.simulator.hooks import Hooks
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.state import Account
from missive_async.simulator.texts import preview_of
from missive_async.simulator.thread_rows import OUR_NUMBER

F = TypeVar("F", bound=Callable[..., Any])


def _on_the_loop(method: F) -> F:
    """Let a method run where the requests are answered, so that no request sees half of what it does."""

    @wraps(method)
    def run(self: "Events", *arguments: Any, **named: Any) -> Any:
        return self.hooks.courier.call(lambda: method(self, *arguments, **named))

    return cast("F", run)


class Events:
    """Makes things happen, and tells the hooks. May be used from another thread than the server's."""

    def __init__(self, account: Account, hooks: Hooks, clock: Callable[[], float]) -> None:
        self._account = account
        self.hooks = hooks
        self._clock = clock

    @property
    def _now(self) -> int:
        return int(self._clock())

    @_on_the_loop
    def receive_email(
        self,
        subject: str = "A question",
        body: str = "<div>Hello!</div>",
        *,
        sender: tuple[str | None, str] = ("Casey Moor", "casey@example.net"),
        conversation: str | None = None,
        **fields: Any,
    ) -> Entry:
        """Let a mail come in, in a conversation of its own or an existing one; `fields` replace others of the message.

        Raises:
            KeyError: when there is no such conversation.
        """
        id, now = self._account.new_id(), self._now
        name, address = sender
        data: JSON = {
            "id": id,
            "subject": subject,
            "draft": False,
            "preview": preview_of(body),
            "type": "email",
            "delivered_at": now,
            "updated_at": now,
            "created_at": now,
            "email_message_id": f"<{id}@mail.example.net>",
            "in_reply_to": [],
            "references": [],
            "from_field": {"name": name, "address": address},
            "to_fields": [{"name": None, "address": "support@example.com"}],
            "cc_fields": [],
            "bcc_fields": [],
            "reply_to_fields": [],
            "attachments": [],
            "author": None,
        }
        home = self._home(conversation)
        home.addresses |= {address.lower(), "support@example.com"}
        return self._arrive("incoming_email", home, data | fields, body, {"name": name, "address": address})

    @_on_the_loop
    def receive_sms(
        self, body: str = "Hello", *, sender: str = "+15550100001", conversation: str | None = None, **fields: Any
    ) -> Entry:
        """Let a text message come in."""
        id, now = self._account.new_id(), self._now
        theirs = {"id": sender, "name": sender, "username": None}
        ours = {"id": OUR_NUMBER, "name": OUR_NUMBER, "username": None}
        data: JSON = {
            "id": id,
            "preview": preview_of(body),
            "type": "sms",
            "delivered_at": now,
            "updated_at": now,
            "created_at": now,
            "references": [f"{OUR_NUMBER}{sender}"],
            "from_field": theirs,
            "to_fields": [ours],
            "external_id": f"SM{id.replace('-', '')}",
            "account_author": theirs,
            "account_recipients": [ours],
            "attachments": [],
            "author": None,
        }
        author = {"name": sender, "phone_number": sender}
        return self._arrive("incoming_sms_message", self._home(conversation), data | fields, body, author)

    @_on_the_loop
    def add_comment(
        self, conversation: str, body: str | None = "Have a look", *, author: str = "", **fields: Any
    ) -> Entry:
        """Let a user comment, by default the token's owner.

        Raises:
            KeyError: when there is no such conversation or user.
        """
        account, now = self._account, self._now
        data: JSON = {
            "id": account.new_id(),
            "body": body,
            "mentions": [],
            "created_at": now,
            "meta": [],
            "attachment": None,
            "task": None,
            "author": account.signed(account.signature(author or account.me)),
        }
        home = self._home(conversation)
        comment = Entry(data["id"], now, data | fields)
        account.place(comment, "comments", home)
        actions.stir(account, home, now)
        self.hooks.comment_made(home, comment)
        return comment

    @_on_the_loop
    def delete_contact(self, id: str) -> None:
        """Delete a contact: a tombstone is left for `include_deleted`.

        Raises:
            KeyError: when there is no such contact.
        """
        contact = self._account.contacts.get(id)
        if contact is None or contact["deleted"]:
            raise KeyError(id)
        left = {"id": id, "contact_book": contact["contact_book"]}
        self._account.contacts.put({**left, "deleted": True, "modified_at": self._now})

    def _home(self, id: str | None) -> Conversation:
        if id is None:
            return actions.open_conversation(self._account, self._now)
        found = self._account.conversation(id)
        if found is None:
            raise KeyError(id)
        return found

    def _arrive(self, type: str, home: Conversation, data: JSON, body: str, author: JSON) -> Entry:
        message = Entry(data["id"], data["delivered_at"], data, body=body)
        if author not in home.authors:
            home.authors = [*home.authors, author]
            home.external_authors = [*home.external_authors, author]
        home.latest_message_subject = data.get("subject") or f"SMS with {author['name']}"
        self._account.place(message, "messages", home)
        actions.reopen(home)
        actions.stir(self._account, home, message.at)
        self.hooks.message_arrived(type, home, message)
        return message
