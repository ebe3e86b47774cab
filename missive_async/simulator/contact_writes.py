"""Creating and updating contacts."""

from missive_async.simulator import bodies
from missive_async.simulator.calls import Answer, Call, answer, found
from missive_async.simulator.records import JSON, Entry
from missive_async.simulator.refusals import invalid, missing
from missive_async.simulator.state import Account

_NAMES = (
    "first_name",
    "last_name",
    "middle_name",
    "phonetic_first_name",
    "phonetic_last_name",
    "phonetic_middle_name",
    "prefix",
    "suffix",
    "nickname",
    "file_as",
    "notes",
    "gender",
)
_USUAL = ("home", "work", "personal", "other")
_PHONES = ("main", "mobile", "home", "work", "home_fax", "work_fax", "other_fax", "pager", "other")
_LABELS = {
    "email": _USUAL,
    "phone_number": _PHONES,
    "twitter": _USUAL[1:],
    "facebook": _USUAL[1:],
    "physical_address": ("work", "home", "other"),
    "url": ("homepage", "profile", "blog", "work", "personal", "other"),
    "custom": ("other",),
}
_VALUES = {"facebook": ("name",), "physical_address": ()}
_ADDRESS = ("street", "extended_address", "city", "region", "postal_code", "po_box", "country")
_OF_ORGANIZATION = ("title", "location", "department", "description")


def create_contacts(call: Call) -> Answer:
    """POST /contacts."""
    made = [_new(call, data) for data in bodies.several(call, "contacts")]
    for contact in made:
        call.account.contacts.put(contact)
    return answer("contacts", [whole(contact) for contact in made], 201)


def whole(contact: JSON) -> JSON:
    """Return a contact with its infos and memberships, even when it has none."""
    return {"infos": [], "memberships": []} | contact


def update_contacts(call: Call) -> Answer:
    """PATCH /contacts/:ids: what is sent changes; infos and memberships are replaced as a whole."""
    changed: list[JSON] = []
    for data in bodies.changes(call, "contacts"):
        contact = found(call.account.contacts.get(data["id"]))
        if contact["deleted"]:
            raise missing()
        changed.append(contact | _values(call.account, contact["contact_book"], data) | {"modified_at": call.now})
    for contact in changed:
        call.account.contacts.put(contact)
    return answer("contacts", [whole(contact) for contact in changed])


def _new(call: Call, data: JSON) -> JSON:
    bodies.need(data, "contact_book")
    book = bodies.known(call.account.books, data, "contact_book")[0]
    contact: JSON = {
        "id": call.account.new_id(),
        "first_name": None,
        "last_name": None,
        "starred": False,
        "contact_book": book,
        "deleted": False,
        "modified_at": call.now,
    }
    return contact | _values(call.account, book, data)


def _values(account: Account, book: str, data: JSON) -> JSON:
    """Return the attributes that were sent; those of other names are dropped without a word."""
    values: JSON = {name: bodies.text(data, name) for name in _NAMES if name in data}
    if "starred" in data:
        values["starred"] = bodies.boolean(data, "starred")
    if "infos" in data:
        values["infos"] = [_info(info) for info in bodies.objects(data, "infos")]
    if "memberships" in data:
        values["memberships"] = [_membership(account, book, item) for item in bodies.objects(data, "memberships")]
    return values


def _info(info: JSON) -> JSON:
    bodies.need(info, "kind", "label")
    kind, label = str(bodies.text(info, "kind")), bodies.text(info, "label")
    if kind not in _LABELS:
        raise invalid("Validation failed: infos kind is not included in the list")
    if label not in _LABELS[kind]:
        raise invalid(f"Validation failed: infos label {label!r} is not included in the list for {kind}")
    if info.get("custom_label") and label != "other":
        raise invalid("Validation failed: infos custom_label needs the label 'other'")
    needed = _VALUES.get(kind, ("value",))
    bodies.need(info, *needed)
    keys = ("kind", "label", "custom_label", *needed, *(_ADDRESS if kind == "physical_address" else ()))
    kept = {key: info[key] for key in keys if key in info}
    if kind == "custom":
        del kept["label"]
    return kept


def _membership(account: Account, book: str, data: JSON) -> JSON:
    group = data.get("group")
    if not isinstance(group, dict):
        raise invalid("'group' is required")
    bodies.need(group, "kind", "name")
    kind, name = bodies.choice(group, "kind", ("organization", "group")), bodies.text(group, "name")
    kept = {key: bodies.text(data, key) for key in _OF_ORGANIZATION if key in data}
    if kept and kind != "organization":
        raise invalid(f"Validation failed: memberships {next(iter(kept))} is for organizations only")
    return {**kept, "group": _group(account, book, str(kind), str(name))}


def _group(account: Account, book: str, kind: str, name: str) -> JSON:
    """Return a group of a contact book, a new one when there is none of that name."""
    for group in account.groups:
        if (group.owner, group.data["kind"], group.data["name"]) == (book, kind, name):
            return dict(group.data)
    data: JSON = {"id": account.new_id(), "kind": kind, "name": name}
    account.groups.put(Entry(data["id"], 10**6 + len(account.groups), data, owner=book))
    return dict(data)
