"""Contacts, made on demand: only those that were changed are kept."""

import unicodedata
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from missive_async.simulator.ids import Ids, Kind
from missive_async.simulator.indexes import Index, encode
from missive_async.simulator.names import CITIES, FIRST, LAST
from missive_async.simulator.records import JSON

_WORD = (1 << 64) - 1
_DAY = 86_400
_AFTER_ALL = "\uffff"  # persons without a last name come last


def slug(name: str) -> str:
    """Return a name as it stands in a mail address."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in folded.lower() if letter.isalnum())


_FIRST_SLUGS = tuple(map(slug, FIRST))
_LAST_SLUGS = tuple(map(slug, LAST))


def scramble(number: int, seed: int) -> int:
    """Return 64 bits that look random, the same for the same number and seed."""
    value = (number * 0x9E3779B97F4A7C15 + seed * 0x94D049BB133111EB + 1) & _WORD
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _WORD
    return value ^ value >> 31


def place(contact: JSON, order: str) -> Any:
    """Return the sort key of a contact: by name, or newest change first."""
    if order == "last_modified":
        return -contact["modified_at"]
    return (contact.get("last_name") or _AFTER_ALL, contact.get("first_name") or "")


class Contacts:
    """All contacts of an account, by contact book."""

    _most = 32  # indexes kept
    _most_rows = 10_000  # encoded rows kept: a small account is encoded once, a large one does not fill the memory

    def __init__(self, ids: Ids, seed: int, now: int) -> None:
        self._ids = ids
        self._seed = seed
        self._now = now
        self._books: dict[str, range] = {}
        self._groups: dict[str, Sequence[JSON]] = {}
        self._total = 0
        self._changed: dict[str, JSON] = {}
        self._rows: dict[str, bytes] = {}
        self._indexes: dict[Hashable, tuple[Callable[[JSON], Any | None], Index]] = {}

    def __len__(self) -> int:
        fresh = sum(1 for id in self._changed if self._number(id) is None)
        return self._total + fresh

    def add_book(self, book: str, count: int, groups: Sequence[JSON]) -> None:
        """Fill a contact book with made-up persons, members of the groups given."""
        self._books[book] = range(self._total, self._total + count)
        self._groups[book] = groups
        self._total += count

    def get(self, id: object) -> JSON | None:
        """Return a contact, a tombstone included; None when there never was one."""
        if not isinstance(id, str):
            return None
        if id in self._changed:
            return self._changed[id]
        number = self._number(id)
        return None if number is None else self.make(number)

    def row(self, id: str) -> bytes:
        """Return the JSON of a contact in a list: of a deleted one only what the tombstone says."""
        encoded = self._rows.get(id)
        if encoded is None:
            contact = self.get(id) or {}
            if contact["deleted"]:
                contact = {key: contact[key] for key in ("id", "deleted", "modified_at")}
            encoded = encode(contact)
            if len(self._rows) < self._most_rows:
                self._rows[id] = encoded
        return encoded

    def put(self, contact: JSON) -> None:
        """Add a contact, or replace one by its changed version."""
        self._rows.pop(contact["id"], None)
        self._changed[contact["id"]] = contact
        for key, index in self._indexes.values():
            index.put(contact["id"], key(contact))

    def of_book(self, book: str) -> Iterator[JSON]:
        """Give every contact of a book, tombstones included."""
        for number in self._books.get(book, range(0)):
            id = self._ids.make(Kind.CONTACT, number)
            if id not in self._changed:
                yield self.make(number)
        yield from (contact for contact in self._changed.values() if contact["contact_book"] == book)

    def index(self, book: str, order: str, keep: Callable[[JSON], bool] | None = None, name: Hashable = None) -> Index:
        """Return a book's contacts in an order; `keep` narrows them down and is known by its `name`."""

        def key(contact: JSON) -> Any | None:
            if contact["contact_book"] != book or not (keep(contact) if keep else not contact["deleted"]):
                return None
            return place(contact, order)

        full = (book, order, name)
        if full not in self._indexes:
            if len(self._indexes) >= self._most:
                del self._indexes[next(iter(self._indexes))]
            self._indexes[full] = (key, Index(self._pairs(book, order, key if keep else None)))
        return self._indexes[full][1]

    def _pairs(self, book: str, order: str, key: Callable[[JSON], Any | None] | None) -> Iterator[tuple[Any, str]]:
        if key is not None:
            found = ((key(contact), contact["id"]) for contact in self.of_book(book))
            yield from ((at, id) for at, id in found if at is not None)
            return
        # No condition: the sort keys alone are made, a tenth of the work of whole contacts.
        for number in self._books.get(book, range(0)):
            id = self._ids.make(Kind.CONTACT, number)
            bits = scramble(number, self._seed)
            if id not in self._changed and not _is_deleted(bits):
                yield self._key(number, bits, order), id
        for contact in self._changed.values():
            if contact["contact_book"] == book and not contact["deleted"]:
                yield place(contact, order), contact["id"]

    def _key(self, number: int, bits: int, order: str) -> Any:
        if order == "last_modified":
            return -self._modified_at(number, bits)
        first, last = _names(bits)
        return (last or _AFTER_ALL, first or "")

    def _modified_at(self, number: int, bits: int) -> int:
        if bits % 10 < 3:  # imported: many share one second
            return self._now - 300 * _DAY - number // 40 * 60
        return self._now - (bits >> 40) % (290 * _DAY)

    def _number(self, id: str) -> int | None:
        found = self._ids.read(id)
        if found is None or found[0] != Kind.CONTACT or found[1] >= self._total:
            return None
        return found[1]

    def make(self, number: int) -> JSON:
        """Return the contact of a number as it was before any change."""
        bits = scramble(number, self._seed)
        book = next(book for book, numbers in self._books.items() if number in numbers)
        contact: JSON = {"id": self._ids.make(Kind.CONTACT, number)}
        if _is_deleted(bits):
            return contact | {"deleted": True, "modified_at": self._modified_at(number, bits), "contact_book": book}
        first, last = _names(bits)
        contact |= {
            "first_name": first,
            "last_name": last,
            "starred": bits % 9 == 0,
            "contact_book": book,
            "deleted": False,
            "modified_at": self._modified_at(number, bits),
        }
        if bits % 14 == 3:
            contact |= {"middle_name": FIRST[bits >> 50 & 63], "notes": "Met at the fair; prefers to be called."}
        if bits % 83 == 7:
            contact["preferred_language"] = "fr"  # a key that no reference names
        if infos := _infos(bits, number):
            contact["infos"] = infos
        if memberships := _memberships(bits, self._groups[book]):
            contact["memberships"] = memberships
        return contact

    def person(self, number: int) -> tuple[str, str, str]:
        """Return the name, mail address and phone number of a person with whom the account writes."""
        number %= max(self._total, 1)
        bits = scramble(number, self._seed)
        first, last = _names(bits)
        name = " ".join(part for part in (first, last) if part)
        return name, _address(bits, number), _phone(bits)


def _is_deleted(bits: int) -> bool:
    return bits % 41 == 0


def _names(bits: int) -> tuple[str | None, str | None]:
    first: str | None = FIRST[(bits >> 8) % len(FIRST)]
    last: str | None = LAST[(bits >> 24) % len(LAST)]
    if bits % 31 == 5:
        last = None
    elif bits % 37 == 6:
        first = None
    return first, last


def _address(bits: int, number: int) -> str:
    first, last = (bits >> 8) % len(FIRST), (bits >> 24) % len(LAST)
    domain = ("example.com", "example.net", "mail.example.com", "shop.example.net")[bits >> 5 & 3]
    return f"{_FIRST_SLUGS[first]}.{_LAST_SLUGS[last]}{number}@{domain}"


def _phone(bits: int) -> str:
    return f"+1555{(bits >> 12) % 10_000_000:07d}"


def _infos(bits: int, number: int) -> list[JSON]:
    if bits % 8 == 1:
        return []
    label = ("work", "home", "personal")[bits % 3]
    infos: list[JSON] = [{"kind": "email", "label": label, "value": _address(bits, number)}]
    if bits >> 3 & 1:
        infos.append({"kind": "phone_number", "label": "mobile", "value": _phone(bits)})
    if bits % 11 == 4:
        infos.append({"kind": "custom", "custom_label": "Favourite food", "value": "Pizza"})
    if bits % 13 == 5:
        street = f"{bits % 200 + 1} Fake Street"
        city = CITIES[bits >> 6 & 7]
        infos.append({"kind": "physical_address", "label": "work", "street": street, "city": city})
    if bits % 17 == 6:
        infos.append({"kind": "email", "label": "other", "custom_label": "old", "value": f"old{number}@example.net"})
    if bits % 71 == 9:
        infos.append({"kind": "matrix", "label": "home", "value": f"@p{number}:example.net"})  # a kind not in the books
    return infos


def _memberships(bits: int, groups: Sequence[JSON]) -> list[JSON]:
    if not groups or bits >> 16 & 1:
        return []
    group = groups[(bits >> 20) % len(groups)]
    if group["kind"] == "group":
        return [{"group": dict(group)}]
    titles = ("CEO", "Project manager", "Accounts", "Head of very long titles")
    membership: JSON = {"title": titles[bits >> 7 & 3], "group": dict(group)}
    if bits >> 9 & 1:
        membership |= {"location": CITIES[bits >> 10 & 7], "department": "Sales"}
    return [membership, {"group": dict(groups[-1])}] if bits >> 11 & 3 == 0 else [membership]
