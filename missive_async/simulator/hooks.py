"""Hooks: the rules with a webhook action, and which events they match."""

from typing import TYPE_CHECKING, Any

from missive_async.simulator import bodies
from missive_async.simulator.calls import Answer, Call, answer
from missive_async.simulator.indexes import encode
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.refusals import invalid, missing
from missive_async.simulator.views import hooked_conversation
from missive_async.simulator.webhooks import Courier, Delivery, Rule, on_loopback

if TYPE_CHECKING:
    from missive_async.simulator.state import Account

TYPES = (
    "incoming_email",
    "incoming_sms_message",
    "incoming_facebook_message",
    "incoming_whatsapp_message",
    "incoming_twilio_chat_message",
    "new_comment",
)
_TEXTS = ("content_contains", "content_starts_with", "content_ends_with")
_OF_COMMENTS = ("is_task", "author", "mention")
_OF_MAILS = ("from_eq", "subject_contains")
_NOT_OF_MAILS = ("attachments", "draft", "author")  # mails come without them, other messages with


class Hooks:
    """The rules of an account, and their deliveries."""

    def __init__(self, account: "Account", courier: Courier) -> None:
        self.rules: dict[str, Rule] = {}
        self.courier = courier
        self._account = account

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was sent, the validations too."""
        return self.courier.deliveries

    def add(self, type: str, url: str, *, description: str = "Hook", **filters: Any) -> Rule:
        """Make a rule, and send its validation POST, whose outcome is noted but changes nothing.

        Besides the types that the API takes there are those of rules made in the app: label_change, team_change,
        conversation_closed, conversation_reopened, conversation_assignee_change.

        Raises:
            ValueError: for a URL that is not plain HTTP to a loopback address.
        """
        if not on_loopback(url):
            raise ValueError("the simulator posts to http:// loopback addresses only")
        rule = Rule(self._account.new_id(), type, url, description, filters)
        self.rules[rule.id] = rule
        self.courier.send(rule, b"{}", retry=False)
        return rule

    async def drain(self) -> None:
        """Wait until every delivery has been accepted or given up."""
        await self.courier.drain()

    def message_arrived(self, type: str, conversation: Conversation, message: Entry) -> None:
        """Tell the rules of a type about an incoming message."""
        data = {key: value for key, value in message.data.items() if key != "body"}
        if data["type"] == "email":
            data = {key: value for key, value in data.items() if key not in _NOT_OF_MAILS}
        for rule in self._of(type, conversation):
            if _mail_passes(rule, message) and _text_passes(rule, message.body or ""):
                self._send(rule, conversation, {"message": data})

    def comment_made(self, conversation: Conversation, comment: Entry) -> None:
        """Tell the rules about a new comment."""
        for rule in self._of("new_comment", conversation):
            if _comment_passes(rule, comment.data) and _text_passes(rule, comment.data["body"] or ""):
                self._send(rule, conversation, {"comment": comment.data})

    def conversation_changed(self, type: str, conversation: Conversation) -> None:
        """Tell the rules about a change, such as label_change; the latest message stands beside it."""
        if type == "conversation_closed" and not conversation.closed:
            type = "conversation_reopened"
        rules = self._of(type, conversation)
        if not rules:
            return
        messages = sorted(self._account.children(conversation).messages, key=lambda message: message.at)
        latest = {"latest_message": messages[-1].data} if messages else {}
        for rule in rules:
            self._send(rule, conversation, latest)

    def _of(self, type: str, conversation: Conversation) -> list[Rule]:
        return [
            rule
            for rule in self.rules.values()
            if rule.enabled
            and rule.type == type
            and rule.filters.get("organization") in {None, conversation.organization}
        ]

    def _send(self, rule: Rule, conversation: Conversation, more: JSON) -> None:
        shown = hooked_conversation(self._account, conversation)
        self.courier.send(rule, encode({"rule": rule.shown(), "conversation": shown, **more}))


def _text_passes(rule: Rule, text: str) -> bool:
    wanted = rule.filters
    return (
        wanted.get("content_contains", "") in text
        and text.startswith(wanted.get("content_starts_with", ""))
        and text.endswith(wanted.get("content_ends_with", ""))
    )


def _mail_passes(rule: Rule, message: Entry) -> bool:
    sender = str(message.data["from_field"].get("address", "")).lower()
    subject = message.data.get("subject") or ""
    wanted = rule.filters
    return wanted.get("from_eq", sender).lower() == sender and wanted.get("subject_contains", "") in subject


def _comment_passes(rule: Rule, comment: JSON) -> bool:
    wanted = rule.filters
    if wanted.get("is_task") and comment["task"] is None:
        return False
    if wanted.get("author") not in {None, comment["author"]["id"]}:
        return False
    return wanted.get("mention") in {None, *(mention["id"] for mention in comment["mentions"])}


def create_hook(call: Call) -> Answer:
    """POST /hooks; the URL must lead to this machine."""
    data, account = bodies.one(call, "hooks"), call.account
    bodies.need(data, "type", "url")
    type = bodies.choice(data, "type", TYPES) or ""
    url = bodies.text(data, "url") or ""
    if not on_loopback(url):
        raise invalid("'url' is invalid: the simulator posts to http:// loopback addresses only")
    for name in (*_OF_COMMENTS, *_OF_MAILS):
        if name in data and type != ("new_comment" if name in _OF_COMMENTS else "incoming_email"):
            raise invalid(f"'{name}' cannot be used with the type '{type}'")
    bodies.known(account.organizations, data, "organization")
    for name in ("author", "mention"):
        bodies.known(account.users, data, name, "user")
    bodies.boolean(data, "is_task")
    names = ("organization", *_TEXTS, *_OF_COMMENTS, *_OF_MAILS)
    filters = {name: data[name] for name in names if data.get(name) is not None}
    for name in (*_TEXTS, *_OF_MAILS):
        bodies.text(data, name)
    rule = call.simulator.hooks.add(type, url, **filters)
    return answer("hooks", {"id": rule.id}, 201)


def delete_hook(call: Call) -> Answer:
    """DELETE /hooks/:id."""
    if call.simulator.hooks.rules.pop(call.path["id"], None) is None:
        raise missing()
    return Answer(call.simulator.delete_status)
