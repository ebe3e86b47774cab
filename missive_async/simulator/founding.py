"""What the members of an account set up: organizations, users, teams, labels, contact books, responses, channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from missive_async.simulator.contacts import scramble, slug
from missive_async.simulator.ids import Kind
from missive_async.simulator.names import FIRMS, FIRST, GROUPS, LAST, SENTENCES
from missive_async.simulator.records import JSON, Entry
from missive_async.simulator.state import Account
from missive_async.simulator.thread_rows import OUR_NUMBER, attachment
from missive_async.simulator.threads import DAY


@dataclass(frozen=True, slots=True)
class Extent:
    """How many records of each sort an account has."""

    conversations: int
    contacts: int
    contact_books: int
    users: int
    teams: int
    shared_labels: int
    responses: int
    tasks: int
    messages_per_conversation: int | None = None


class Founding:
    """Fills an account with what stands before the first mail comes in."""

    def __init__(self, account: Account, extent: Extent) -> None:
        self.account = account
        self.extent = extent
        self.rng: Random = Random(account.seed)
        self.organizations: list[str] = self._organizations()
        self.users: list[str] = self._users()
        self.teams: list[str] = self._teams()
        self.labels: list[str] = self._labels()
        self._books()
        self._responses()
        self._channels()

    def id(self, kind: Kind, number: int) -> str:
        """Return the id of a record."""
        return self.account.ids.make(kind, number)

    def _organizations(self) -> list[str]:
        for number, name in enumerate(("Lighthouse Supplies", "Harbour Studio")):
            id = self.id(Kind.ORGANIZATION, number)
            self.account.organizations.put(Entry(id, number, {"id": id, "name": name}))
        return list(self.account.organizations.records)

    def _users(self) -> list[str]:
        for number in range(self.extent.users):
            id = self.id(Kind.USER, number)
            bits = scramble(number, self.account.seed + 9)
            first, last = FIRST[bits % len(FIRST)], LAST[(bits >> 20) % len(LAST)]
            email = f"{slug(first)}.{slug(last)}@example.com"
            avatar = f"https://files.example.com/avatars/{number}.png" if number % 5 != 4 else None
            data: JSON = {"id": id, "name": f"{first} {last}", "email": email, "avatar_url": avatar}
            if number == 0:
                data["me"] = True
            if number % 7 == 3:
                data["timezone"] = "Europe/Paris"  # a key that no reference names
            self.account.users.put(Entry(id, number, data))
        users = list(self.account.users.records)
        self.account.me = users[0]
        return users

    def _teams(self) -> list[str]:
        names = ("Support", "Sales", "Workshop", "Accounts")
        for number in range(self.extent.teams):
            id = self.id(Kind.TEAM, number)
            data: JSON = {
                "id": id,
                "name": names[number % 4] + (f" {number // 4 + 1}" if number >= 4 else ""),
                "organization": self.organizations[1 if number % 4 == 2 else 0],
                "active_members": self.users[number % 2 :: 2],
                "observers": self.users[number + 1 : number + 2],
            }
            self.account.teams.put(Entry(id, number, data))
        return list(self.account.teams.records)

    def _labels(self) -> list[str]:
        names = ("Orders", "Urgent", "Late", "Invoices", "Paid", "Leads", "Returns", "Bugs", "Press", "Jobs")
        for number in range(self.extent.shared_labels):
            id = self.id(Kind.LABEL, number)
            parent = self.account.labels.get(self.id(Kind.LABEL, number - 1)) if number % 5 in {1, 2, 4} else None
            name = names[number % len(names)] + (f" {number // len(names) + 1}" if number >= len(names) else "")
            data: JSON = {
                "id": id,
                "name": name,
                "name_with_parent_names": f"{parent.data['name_with_parent_names']}/{name}" if parent else name,
                "organization": self.organizations[number % 10 >= 8],
                "color": None if number % 3 == 0 else ("#2266ED", "#50A8FF", "#D1335B")[number % 3],
                "parent": parent and parent.id,
                "share_with_organization": number % 2 == 0,
                "share_with_users": self.users[:1] if number % 4 == 1 else [],
                "share_with_team": next(iter(self.teams), None) if number % 6 == 5 else None,
                "visibility": "delegates" if number % 7 == 6 else "organization",
            }
            self.account.labels.put(Entry(id, number, data))
        return list(self.account.labels.records)

    def _books(self) -> None:
        shares = [0.62, 0.3, 0.06, 0.02] + [0.0] * self.extent.contact_books
        left = self.extent.contacts
        for number in range(self.extent.contact_books):
            count = left if number == self.extent.contact_books - 1 else int(self.extent.contacts * shares[number])
            left -= count
            shared = number < 2
            id = self.id(Kind.BOOK, number)
            data: JSON = {
                "id": id,
                "user": self.users[0],
                "share_with_organization": shared,
                "share_with_team": None,
                "share_with_users": self.users[1:3] if number == 2 else [],
                "organization": self.organizations[0] if number < 3 else None,
                "name": ("Customers", "Suppliers", "Press", "Personal")[number % 4],
                "description": "People who buy from us" if number == 0 else None,
                "importing": False,
                "import_error_text": None,
                "import_rows_count": count if number == 1 else 0,
                "import_processed_rows_count": count if number == 1 else 0,
            }
            self.account.books.put(Entry(id, number, data))
            self.account.contacts.add_book(id, count, self._groups(number, id))

    def _groups(self, book: int, id: str) -> Sequence[JSON]:
        firms = [("organization", name) for name in FIRMS[book * 4 : book * 4 + 8]]
        groups = [("group", name) for name in GROUPS[book * 2 : book * 2 + 3]]
        made: list[JSON] = []
        for number, (kind, name) in enumerate(firms + groups):
            group: JSON = {"id": self.id(Kind.GROUP, book * 100 + number), "kind": kind, "name": name}
            self.account.groups.put(Entry(group["id"], book * 100 + number, group, owner=id))
            made.append(group)
        return made

    def _responses(self) -> None:
        for number in range(self.extent.responses):
            id = self.id(Kind.RESPONSE, number)
            organization = None if number % 4 == 3 else self.organizations[0]
            file = ("signature.png", "image", "png", 100, 100)
            made = [attachment(self.id(Kind.ATTACHMENT, 10**9 + number), file, self.rng)] if number % 5 == 1 else []
            image = f'<img data-missive-attachment-id="{made[0]["id"]}">' if made else ""
            data: JSON = {
                "id": id,
                "title": ("Opening hours", "Refund is on its way", "Shipping delay", "Thank you")[number % 4],
                "body": f"<div>{SENTENCES[number % len(SENTENCES)]}</div>{image}",
                "subject": "About your order" if number % 3 == 0 else None,
                "organization": organization,
                "user": None if organization else self.users[0],
                "share_with_team": next(iter(self.teams), None) if organization and number % 6 == 2 else None,
                "modified_at": self.account.now - number * 3 * DAY,
                "to_fields": [],
                "cc_fields": [{"address": "archive@example.com", "name": None}] if number % 7 == 4 else [],
                "bcc_fields": [],
                "shared_labels": self.labels[:1] if organization and number % 5 == 2 else [],
                "external_id": f"template-{number}" if number == 6 else None,
                "external_source": "whatsapp" if number == 6 else None,
                "attachments": made,
            }
            self.account.responses.put(Entry(id, number, data))

    def _channels(self) -> None:
        kinds = ("email", "email", "sms", "custom_text", "custom_html", "custom_email", "live_chat")
        for number, kind in enumerate(kinds):
            address = ("support@example.com", "sales@example.com", OUR_NUMBER)[number] if number < 3 else None
            id = self.id(Kind.ACCOUNT, number)
            self.account.channels.put(Entry(id, number, {"id": id, "type": kind, "address": address}))
