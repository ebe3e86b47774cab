"""The account: its records, how they are found, and what each list holds."""

from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any

from missive_async.simulator.contacts import Contacts
from missive_async.simulator.ids import Ids, Kind
from missive_async.simulator.indexes import Index, Shelf
from missive_async.simulator.records import JSON, Children, Conversation, Entry

MAILBOXES = ("inbox", "all", "assigned", "closed", "snoozed", "flagged", "trashed", "junked", "drafts")
OUT_OF_INBOX = frozenset({"closed", "archived", "trashed", "junked", "snoozed"})


class Account:
    """A Missive account as its token's owner sees it.

    Generated conversations have no children until somebody looks: `fill` makes them.
    """

    def __init__(self, seed: int, now: int) -> None:
        self.seed = seed
        self.now = now
        self.ids: Ids = Ids(seed)
        self.me = ""
        self.organizations: Shelf[Entry] = Shelf()
        self.users: Shelf[Entry] = Shelf()
        self.teams: Shelf[Entry] = Shelf()
        self.labels: Shelf[Entry] = Shelf()
        self.books: Shelf[Entry] = Shelf()
        self.groups: Shelf[Entry] = Shelf()
        self.responses: Shelf[Entry] = Shelf()
        self.tasks: Shelf[Entry] = Shelf()
        self.channels: Shelf[Entry] = Shelf()
        self.conversations: Shelf[Conversation] = Shelf()
        self.contacts: Contacts = Contacts(self.ids, seed, now)
        self.merged: dict[str, str] = {}
        self.fill: Callable[[Conversation], Children] = lambda _: Children()
        self._placed: dict[str, str] = {}
        self._mail_ids: dict[str, list[str]] = {}
        self._created = 0

    def __repr__(self) -> str:
        return f"<Account seed={self.seed} conversations={len(self.conversations)} contacts={len(self.contacts)}>"

    def new_id(self) -> str:
        """Return an id that no record has."""
        self._created += 1
        return self.ids.make(Kind.CREATED, self._created)

    # Who

    def signature(self, id: str) -> JSON:
        """Return a user as authors of messages and assignees of tasks are given."""
        user = self.users.records[id].data
        return {key: user[key] for key in ("id", "name", "email", "avatar_url")}

    def signed(self, user: JSON) -> JSON:
        """Return an author of a comment: `me` is there for the token's owner only."""
        return user | {"me": True} if user["id"] == self.me else user

    def colleagues(self) -> list[JSON]:
        """Return all users as authors are given."""
        return [self.signature(user.id) for user in self.users]

    # Conversations and what they hold

    def conversation(self, id: object) -> Conversation | None:
        """Return a conversation by its id or by one that it had before it was merged."""
        while id in self.merged:
            id = self.merged[id]
        return self.conversations.get(id)

    def children(self, conversation: Conversation) -> Children:
        """Return what a conversation holds."""
        if conversation.children is None:
            conversation.children = self.fill(conversation)
            for message in conversation.children.messages:
                self._note(message)
        return conversation.children

    def message(self, id: object) -> Entry | None:
        """Return a message, generated or created."""
        return self._child(id, Kind.MESSAGE, "messages")

    def draft(self, id: object) -> Entry | None:
        """Return a draft."""
        return self._child(id, Kind.DRAFT, "drafts")

    def post(self, id: object) -> Entry | None:
        """Return a post."""
        return self._child(id, Kind.POST, "posts")

    def _child(self, id: object, kind: Kind, shelf: str) -> Entry | None:
        if not isinstance(id, str):
            return None
        home = self._placed.get(id)
        if home is None and (found := self.ids.read(id)) and found[0] == kind:
            home = self.ids.make(Kind.CONVERSATION, found[1])
        conversation = self.conversation(home)
        if conversation is None:
            return None
        children: Shelf[Entry] = getattr(self.children(conversation), shelf)
        return children.get(id)

    def by_mail_id(self, mail_id: str) -> list[Entry]:
        """Return the messages of a Message-ID, newest first."""
        bare = mail_id.strip("<> ")
        self.message(bare.partition("@")[0])  # makes the conversation that a generated Message-ID names
        found = [message for id in self._mail_ids.get(bare, ()) if (message := self.message(id))]
        return sorted(found, key=lambda message: -message.at)

    def by_reference(self, references: Collection[str], organization: str | None = None) -> Conversation | None:
        """Return the first conversation (of an organization) to which a reference belongs, chevrons or not."""
        for reference in references:
            bare = reference.strip("<> ")
            self.message(bare.partition("@")[0].removeprefix("ext-"))
            homes = [self.conversation(message.owner) for message in self._referring(bare)]
            for home in (self.conversation(bare.removeprefix("chat-")), *homes):
                if home is not None and organization in {None, home.organization}:
                    return home
        return None

    def _referring(self, bare: str) -> Iterator[Entry]:
        for id in (*self._mail_ids.get(bare, ()), *self._mail_ids.get(f"ref:{bare}", ())):
            if message := self.message(id):
                yield message

    def place(self, child: Entry, shelf: str, conversation: Conversation) -> None:
        """Put a child into a conversation and bring its counts up to date."""
        children = self.children(conversation)
        child.owner = conversation.id
        getattr(children, shelf).put(child)
        self._placed[child.id] = conversation.id
        if shelf == "messages":
            self._note(child)
        self.recount(conversation)

    def remove(self, child: Entry, shelf: str) -> None:
        """Delete a child."""
        conversation = self.conversation(child.owner)
        if conversation is not None:
            getattr(self.children(conversation), shelf).drop(child.id)
            self.recount(conversation)

    def recount(self, conversation: Conversation) -> None:
        """Bring the counts of a conversation up to date."""
        children, counts = self.children(conversation), conversation.counts
        counts.messages, counts.drafts = len(children.messages), len(children.drafts)
        counts.attachments = sum(len(message.data["attachments"]) for message in children.messages)
        counts.send_later = sum(1 for draft in children.drafts if draft.send_at)
        tasks = [task for task in self.tasks if task.data["conversation"] == conversation.id]
        counts.tasks = len(tasks)
        counts.completed_tasks = sum(1 for task in tasks if task.data["state"] == "closed")
        self.touch(conversation)

    def touch(self, conversation: Conversation) -> None:
        """Tell that a conversation changed."""
        conversation.encoded = None
        self.conversations.put(conversation)

    def forget_rows(self) -> None:
        """Drop the encoded conversations, which embed users, teams and labels."""
        for conversation in self.conversations:
            conversation.encoded = None

    def _note(self, message: Entry) -> None:
        data = message.data
        for name in {data.get("email_message_id"), data.get("external_id")} - {None}:
            self._mail_ids.setdefault(str(name).strip("<> "), []).append(message.id)
        for reference in data["references"]:
            self._mail_ids.setdefault("ref:" + reference.strip("<> "), []).append(message.id)

    # Lists

    def by_position(self, shelf: Shelf[Entry], **equal: str | None) -> Index:
        """Return the records of which some attributes have the values given; None stands for any."""
        wanted = {name: value for name, value in equal.items() if value is not None}

        def key(record: Entry) -> int | None:
            return record.at if all(record.data.get(name) == value for name, value in wanted.items()) else None

        return shelf.index(tuple(wanted.items()), key)

    def newest(self, shelf: Shelf[Entry]) -> Index:
        """Return the children of a conversation from newest to oldest."""
        return shelf.index("newest", lambda record: -record.at)

    def task_list(self, name: Hashable, keep: Callable[[JSON], bool]) -> Index:
        """Return the tasks that satisfy a condition, latest activity first."""
        return self.tasks.index(name, lambda task: -task.data["last_activity_at"] if keep(task.data) else None)

    def mailbox(self, name: Hashable, keep: Callable[[Conversation], bool]) -> Index:
        """Return the conversations that satisfy a condition, latest activity first."""

        def key(conversation: Conversation) -> Any | None:
            return -conversation.last_activity_at if keep(conversation) else None

        return self.conversations.index(name, key)

    def in_mailbox(self, conversation: Conversation, mailbox: str) -> bool:
        """Say whether a conversation is in one of the token owner's mailboxes."""
        flags = conversation.users.get(self.me, set())
        if mailbox in {"trashed", "junked"}:
            return mailbox in flags
        if flags & {"trashed", "junked"}:
            return False
        if mailbox == "inbox":
            return not flags & OUT_OF_INBOX
        if mailbox == "drafts":
            return conversation.counts.drafts > 0
        return mailbox == "all" or mailbox in flags

    def addresses_of_group(self, group: str) -> frozenset[str] | None:
        """Return the mail addresses of the members of a contact group, None when there is no such group."""
        found = self.groups.get(group)
        if found is None:
            return None
        return frozenset(
            info["value"].lower()
            for contact in self.contacts.of_book(found.owner)
            if any(membership["group"]["id"] == group for membership in contact.get("memberships", ()))
            for info in contact.get("infos", ())
            if info["kind"] == "email"
        )
