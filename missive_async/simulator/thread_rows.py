"""The children of a generated conversation: messages, comments, posts and drafts in the shapes of the reference."""

from collections.abc import Callable, Sequence
from html import escape
from random import Random
from typing import TYPE_CHECKING

from missive_async.simulator.ids import Ids, Kind
from missive_async.simulator.names import COMMENTS, FILES, SENTENCES, SMS
from missive_async.simulator.records import JSON, Children, Entry
from missive_async.simulator.threads import Plan

if TYPE_CHECKING:
    from missive_async.simulator.state import Account

OUR_NUMBER = "+15550100200"


class Scribe:
    """Writes out the children of one conversation."""

    def __init__(self, account: "Account", plan: Plan, conversation: str) -> None:
        self.account = account
        self.plan = plan
        self.conversation = conversation
        self.rng: Random = Random(account.seed * 7_368_787 + plan.number)
        self.people: list[tuple[str, str, str]] = [account.contacts.person(number) for number in plan.people]
        self.users: list[JSON] = account.colleagues()

    @property
    def ids(self) -> Ids:
        """The account's ids."""
        return self.account.ids

    def children(self) -> Children:
        """Return all children."""
        children = Children()
        for position, at in enumerate(self.plan.messages):
            children.messages.put(self._message(position, at))
        for position, at in enumerate(self.plan.comments):
            children.comments.put(self._comment(position, at))
        for position, at in enumerate(self.plan.posts):
            children.posts.put(self._post(position, at))
        for position, at in enumerate(self.plan.drafts):
            children.drafts.put(self._draft(position, at))
        return children

    def _id(self, kind: Kind, position: int) -> str:
        return self.ids.make(kind, self.plan.number, position)

    def _message(self, position: int, at: int) -> Entry:
        # Position 0 is the newest; the oldest opens the thread and is always theirs.
        turn = len(self.plan.messages) - 1 - position
        id = self._id(Kind.MESSAGE, position)
        files = [self._file(position * 8 + n) for n in range(self.plan.files[position])]
        texts = SMS if self.plan.channel == "sms" else SENTENCES
        lines = self.rng.sample(texts, 1 if texts is SMS else self.rng.randint(1, 4))
        shape: Callable[[str, int, int], JSON] = self._email if self.plan.channel == "email" else self._chat
        data = shape(id, turn, at) | {"attachments": files, "author": self._author(turn)}
        data["preview"] = " ".join(lines)[:140]
        return Entry(id, at, data, self.conversation, _html(lines, files))

    def _author(self, turn: int) -> JSON | None:
        return None if turn % 2 == 0 else self.users[(self.plan.number + turn) % len(self.users)]

    def _mail_id(self, turn: int) -> str:
        """Every 30th conversation holds two mails of one Message-ID: some senders' servers do that."""
        if self.plan.number % 30 == 7 and turn == 2:
            turn = 0
        return f"<{self._id(Kind.MESSAGE, len(self.plan.messages) - 1 - turn)}@mail.example.com>"

    def _email(self, id: str, turn: int, at: int) -> JSON:
        topic = self.plan.topic
        theirs = [_mail(name or None, address) for name, address, _ in self.people]
        us = _mail("Support", "support@example.com")
        if (author := self._author(turn)) is not None:
            us = _mail(author["name"], author["email"])
        inward = turn % 2 == 0
        earlier = [self._mail_id(n) for n in range(max(0, turn - 10), turn)]
        return {
            "id": id,
            "subject": None if self.plan.number % 50 == 25 else (f"Re: {topic}" if turn else topic),
            "draft": False,
            "preview": "",
            "type": "email",
            "delivered_at": at,
            "updated_at": at + 9,
            "created_at": at + 8,
            "email_message_id": self._mail_id(turn),
            "in_reply_to": earlier[-1:],
            "references": earlier,
            "from_field": theirs[turn // 2 % len(theirs)] if inward else us,
            "to_fields": [_mail(None, "support@example.com") if turn % 4 == 0 else us] if inward else theirs[:1],
            "cc_fields": theirs[1:2] if not inward else [],
            "bcc_fields": theirs[2:3] if not inward else [],
            "reply_to_fields": [_mail(None, f"reply+{self.plan.number}@example.net")] if turn % 10 == 4 else [],
        }

    def _chat(self, id: str, turn: int, at: int) -> JSON:
        name, _, phone = self.people[0]
        sms = self.plan.channel == "sms"
        theirs = _handle(phone, phone, None) if sms else _handle(str(self.plan.people[0]), name, f"@p{phone[-4:]}")
        ours = _handle(OUR_NUMBER, OUR_NUMBER, None) if sms else _handle(None, "Our channel", "Our channel")
        sender, receiver = (theirs, ours) if turn % 2 == 0 else (ours, theirs)
        data: JSON = {
            "id": id,
            "preview": "",
            "type": self.plan.channel,
            "delivered_at": at,
            "updated_at": at,
            "created_at": at,
            "references": [f"{OUR_NUMBER}{phone}"] if sms else [f"chat-{self.conversation}"],
            "from_field": sender,
            "to_fields": [receiver],
            "external_id": f"SM{id.replace('-', '')}" if sms else f"ext-{id}",
        }
        if sms:
            data |= {"account_author": sender, "account_recipients": [receiver]}
        elif self.plan.channel == "telegram":
            data |= {"reactions": [{"emoji": "👍", "count": 1}], "external_id": None}  # a key that no reference names
        return data

    def _comment(self, position: int, at: int) -> Entry:
        id = self._id(Kind.COMMENT, position)
        author = self.users[self.rng.randrange(len(self.users))]
        other = self.users[self.rng.randrange(len(self.users))]
        body = self.rng.choice(COMMENTS)
        mentions: list[JSON] = []
        if "{mention}" in body:
            called = f"@{other['name']}"
            mentions = [{"id": other["id"], "index": body.index("{mention}"), "length": len(called)}]
            body = body.format(mention=called)
        attached = self._file(100_000 + position) if self.rng.random() < 0.15 else None
        data: JSON = {
            "id": id,
            "body": None if attached and self.rng.random() < 0.5 else body,
            "created_at": at,
            "mentions": mentions,
            "meta": [],
            "author": self.account.signed(author),
            "attachment": attached,
            "task": self._task(other, at) if self.rng.random() < 0.12 else None,
        }
        if data["body"] is None:
            data["mentions"] = []
        return Entry(id, at, data, self.conversation)

    def _task(self, user: JSON, at: int) -> JSON:
        state = self.rng.choice(("todo", "in_progress", "closed", "blocked"))  # the last is in no reference
        return {
            "description": "Call back",
            "state": state,
            "due_at": at + 86_400 if self.rng.random() < 0.5 else None,
            "started_at": at if state != "todo" else None,
            "closed_at": at + 3600 if state == "closed" else None,
            "assignees": [user],
            "team": None,
        }

    def _post(self, position: int, at: int) -> Entry:
        id = self._id(Kind.POST, position)
        data: JSON = {
            "id": id,
            "created_at": at,
            "username": "Build bot",
            "username_icon": "https://files.example.com/bot.png",
            "notification": {"title": "Order", "body": "Order status changed"},
            "attachments": [{"color": "#2266ED", "title": f"Order {position + 1}", "text": "Shipped", "timestamp": at}],
        }
        if position % 2 == 0:
            data["markdown"] = "Order **shipped**"
        return Entry(id, at, data, self.conversation)

    def _draft(self, position: int, at: int) -> Entry:
        id = self._id(Kind.DRAFT, position)
        author = self.users[0]
        theirs = [_mail(name or None, address) for name, address, _ in self.people[:1]]
        data: JSON = {
            "id": id,
            "subject": f"Re: {self.plan.topic}",
            "draft": True,
            "preview": "I will",
            "type": "email",
            "delivered_at": None,
            "updated_at": at,
            "created_at": at,
            "from_field": _mail(author["name"], author["email"]),
            "to_fields": theirs,
            "cc_fields": [],
            "bcc_fields": [],
            "reply_to_fields": [],
            "attachments": [],
            "author": author,
        }
        return Entry(id, at, data, self.conversation, "<div>I will</div>")

    def _file(self, position: int) -> JSON:
        return attachment(self.ids.make(Kind.ATTACHMENT, self.plan.number, position), self.rng.choice(FILES), self.rng)


def attachment(id: str, file: tuple[str, str, str, int | None, int | None], rng: Random) -> JSON:
    """Return an attachment; its URL is signed and short-lived, as Missive's are."""
    name, media, sub, width, height = file
    return {
        "id": id,
        "filename": name,
        "extension": name.rpartition(".")[2],
        "url": f"https://attachments.example.com/{id}/{name.replace(' ', '%20')}?Expires=1760003600&Signature=x",
        "media_type": media,
        "sub_type": sub,
        "size": rng.randrange(900, 900_000),
        "width": width,
        "height": height,
    }


def _html(lines: Sequence[str], files: Sequence[JSON]) -> str:
    text = "".join(f"<div>{escape(line, quote=False)}</div><div><br></div>" for line in lines)
    images = (file for file in files if file["media_type"] == "image")
    return text + "".join(f'<img style="max-width: 100%" data-missive-attachment-id="{file["id"]}">' for file in images)


def _mail(name: str | None, address: str) -> JSON:
    return {"name": name, "address": address}


def _handle(id: str | None, name: str, username: str | None) -> JSON:
    return {"id": id, "name": name, "username": username}
