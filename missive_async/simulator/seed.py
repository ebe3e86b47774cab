"""A made-up account, the same for the same seed: small enough to export in a minute, rich enough to be worth it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from missive_async.simulator.founding import Extent, Founding
from missive_async.simulator.ids import Kind
from missive_async.simulator.records import JSON, Children, Conversation, Counts, Entry
from missive_async.simulator.state import Account
from missive_async.simulator.thread_rows import OUR_NUMBER, Scribe
from missive_async.simulator.threads import DAY, HOUR, Plan, draw

NOW = 1_760_000_000  # 9 October 2025: the last thing that happened in a generated account
EXTENTS = {
    "tiny": Extent(14, 40, 2, 3, 2, 5, 3, 6),
    "small": Extent(93, 500, 4, 9, 4, 12, 14, 64),
    "large": Extent(5_000, 200_000, 6, 60, 12, 240, 420, 2_400),
}


def make_account(seed: int = 1, *, size: str = "small", **counts: int) -> Account:
    """Return a made-up account.

    Args:
        seed: The same seed gives the same account, ids and times included.
        size: "tiny", "small" (an export asks some 350 requests) or "large" (200,000 contacts, 5,000 conversations).
        counts: Other numbers of conversations, contacts, contact_books, users, teams, shared_labels, responses,
            tasks, and messages_per_conversation (each then has exactly so many).

    Raises:
        ValueError: for a size or a count of another name, and for a count that cannot be.
    """
    if size not in EXTENTS:
        raise ValueError(f"size must be one of {', '.join(EXTENTS)}, not {size!r}")
    unknown = counts.keys() - Extent.__dataclass_fields__.keys()
    if unknown:
        raise ValueError(f"unknown counts: {', '.join(sorted(unknown))}")
    if min(counts.values(), default=0) < 0 or counts.get("users") == 0:
        raise ValueError("counts must not be negative, and there must be a user")
    account = Account(seed, NOW)
    extent = replace(EXTENTS[size], **counts)
    founding = Founding(account, extent)
    mail = _Mail(account, founding, extent)
    mail.conversations()
    mail.tasks()
    account.fill = mail.fill
    return account


class _Mail:
    """Fills an account with conversations and tasks."""

    def __init__(self, account: Account, founding: Founding, extent: Extent) -> None:
        self.account = account
        self.founding = founding
        self.extent = extent
        self.users = founding.users

    def conversations(self) -> None:
        """Make the conversations, without their children."""
        for number in range(self.extent.conversations):
            self.account.conversations.put(self._conversation(self._plan(number)))
        for number in range(3, self.extent.conversations, 60):
            target = self.founding.id(Kind.CONVERSATION, number)
            self.account.merged[self.founding.id(Kind.MERGED, number)] = target

    def _plan(self, number: int) -> Plan:
        return draw(number, self.account.seed, NOW, self.extent.messages_per_conversation)

    def _conversation(self, plan: Plan) -> Conversation:
        number = plan.number
        organization = (
            self.founding.organizations[0],
            self.founding.organizations[0],
            self.founding.organizations[1],
            None,
        )[number % 7 % 4]
        teams = [team.id for team in self.account.teams if team.data["organization"] == organization]
        labels = [label.id for label in self.account.labels if label.data["organization"] == organization]
        people = [self.account.contacts.person(person) for person in plan.people]
        external = _authors(plan.channel, people)
        made = Conversation(
            id=self.founding.id(Kind.CONVERSATION, number),
            number=number,
            created_at=plan.first,
            last_activity_at=plan.last,
            subject="Renamed by hand" if number % 9 == 4 else None,
            latest_message_subject=_latest_subject(plan, people),
            organization=organization,
            team=teams[number % len(teams)] if teams and number % 5 else None,
            color=("#D1335B", "good", "danger")[number % 3] if number % 6 == 2 else None,
            labels=labels[number % 5 : number % 5 + number % 3] if number % 2 else [],
            in_team_inbox=number % 4 == 1,
            guest=number % 29 == 16,
            addresses=frozenset({"support@example.com", *(address for _, address, _ in people)})
            if plan.channel == "email"
            else frozenset(),
            authors=[*external, *_ours(plan.channel, len(plan.messages))] if plan.messages else [],
            external_authors=external if plan.messages else [],
            counts=Counts(len(plan.messages), len(plan.drafts), plan.scheduled, sum(plan.files)),
        )
        self._give_flags(made, plan)
        return made

    def _give_flags(self, made: Conversation, plan: Plan) -> None:
        """Say for each user where the conversation is."""
        number = plan.number
        members = self.users[:1] if made.organization is None else self.users[: 2 + number % 4]
        made.users = {user: set() for user in members}
        mine = made.users[members[0]]
        if number % 5 == 3:
            made.closed_at = plan.last
            made.extra["closed_at"] = plan.last
            for flags in made.users.values():
                flags.update(("closed", "archived"))
        mine.update(_place(number))
        if len(members) > 2 and number % 3 == 2:
            made.users[members[2]].add("assigned")
        if not made.assignees:
            mine.add("unassigned")
        if number % 33 == 11:
            made.extra["pinned"] = False  # a key that no reference names

    def fill(self, conversation: Conversation) -> Children:
        """Return the children of a generated conversation, as planned."""
        if self.account.ids.make(Kind.CONVERSATION, conversation.number) != conversation.id:
            return Children()
        children = Scribe(self.account, self._plan(conversation.number), conversation.id).children()
        for draft in list(children.drafts)[: conversation.counts.send_later]:
            draft.send_at = NOW + DAY
        return children

    def tasks(self) -> None:
        """Make the tasks, and count them in their conversations."""
        conversations = list(self.account.conversations)
        for number in range(self.extent.tasks):
            id = self.founding.id(Kind.TASK, number)
            whole = number % 11 == 7
            state = ("todo", "in_progress", "closed")[number % 3]
            at = NOW - (number // 3 * 3 if number % 50 > 44 or number % 50 < 4 else number) * HOUR
            home = (
                conversations[number * 7 % len(conversations)] if number % 3 and not whole and conversations else None
            )
            data: JSON = {
                "id": id,
                "conversation": home and home.id,
                "title": ("Follow up", "Review the offer", "Call back", "Send the invoice")[number % 4],
                "description": None if number % 2 else "See the thread",
                "state": state,
                "started_at": at - HOUR if state != "todo" else None,
                "closed_at": at if state == "closed" else None,
                "assignees": self.users[number % 3 : number % 3 + 1 + number % 2],
                "team": self.founding.teams[number % len(self.founding.teams)]
                if number % 4 == 1 and self.founding.teams
                else None,
                "due_at": NOW + number * HOUR if number % 3 == 1 else None,
                "type": "conversation" if whole else "task",
                "last_activity_at": at,
            }
            self.account.tasks.put(Entry(id, number, data, owner=self.founding.organizations[0]))
            if home:
                home.counts.tasks += 1
                home.counts.completed_tasks += state == "closed"


def _place(number: int) -> Iterator[str]:
    """Give the flags that the owner has on a conversation."""
    if number % 37 == 30:
        yield "trashed"
    elif number % 41 == 22:
        yield "junked"
    elif number % 6 == 1:
        yield "assigned"
    elif number % 13 == 8:
        yield "snoozed"
    if number % 7 == 5:
        yield "flagged"


def _authors(channel: str, people: Sequence[tuple[str, str, str]]) -> list[JSON]:
    if channel == "email":
        return [{"name": name, "address": address} for name, address, _ in people]
    name, _, phone = people[0]
    if channel == "sms":
        return [{"name": phone, "phone_number": phone}]
    return [{"name": name, "address": None}]


def _ours(channel: str, messages: int) -> list[JSON]:
    if messages < 2:
        return []
    if channel == "email":
        return [{"name": "Support", "address": "support@example.com"}]
    if channel == "sms":
        return [{"name": OUR_NUMBER, "phone_number": OUR_NUMBER}]
    return [{"name": "Our channel"}]


def _latest_subject(plan: Plan, people: Sequence[tuple[str, str, str]]) -> str | None:
    if not plan.messages:
        return None
    if plan.channel == "sms":
        return f"SMS with {people[0][2]}"
    if plan.channel != "email":
        return f"Message from {people[0][0]}"
    if plan.number % 50 == 25:
        return None
    return f"Re: {plan.topic}" if len(plan.messages) > 1 else plan.topic
