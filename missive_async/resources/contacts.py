"""Contacts: section "Contact endpoints" of the reference, 3.2 of the 2026 page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from missive_async import _codec
from missive_async._codec import UNSET, UnsetType
from missive_async.pagination import Pager, offset_pager
from missive_async.resources._attributes import Attributes
from missive_async.resources._batch import below, checked, shallow, write_in_parts
from missive_async.resources._checks import check_flag, check_id, check_one_of, check_text, check_time
from missive_async.resources._contact_infos import (
    ContactGroupRef,
    ContactInfo,
    CustomInfo,
    EmailInfo,
    FacebookInfo,
    Membership,
    PhoneNumberInfo,
    PhysicalAddressInfo,
    TwitterInfo,
    UrlInfo,
    check_infos,
    check_memberships,
    writable_info,
    writable_membership,
)
from missive_async.resources._models import seldom
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, segment
from missive_async.resources._shared import Flag, Text

__all__ = [
    "Contact",
    "ContactChanges",
    "ContactGroupRef",
    "ContactInfo",
    "Contacts",
    "CustomInfo",
    "EmailInfo",
    "FacebookInfo",
    "Membership",
    "NewContact",
    "PhoneNumberInfo",
    "PhysicalAddressInfo",
    "TwitterInfo",
    "UrlInfo",
]

_ORDERS = ("last_name", "last_modified")
_READ_ONLY = ("deleted", "modified_at")
_TEXTS = (
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

AnyInfo = (
    EmailInfo
    | PhoneNumberInfo
    | TwitterInfo
    | FacebookInfo
    | PhysicalAddressInfo
    | UrlInfo
    | CustomInfo
    | ContactInfo
    | Mapping[str, Any]
)
"""A contact info to be written."""


@attrs.frozen(kw_only=True)
class _Listed:
    id: str
    first_name: str | None = None
    last_name: str | None = None
    starred: bool | None = None
    contact_book: str | None = None
    deleted: bool | None = None
    modified_at: datetime | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Contact(_Listed):
    """A contact. Lists leave `infos` and `memberships` out when there are none; deleted contacts have only their id."""

    infos: tuple[ContactInfo, ...] | None = None
    memberships: tuple[Membership, ...] | None = None
    middle_name: str | None = None
    phonetic_first_name: str | None = None
    phonetic_last_name: str | None = None
    phonetic_middle_name: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    nickname: str | None = None
    file_as: str | None = None
    notes: str | None = None
    gender: str | None = None


@attrs.frozen(kw_only=True)
class _ToWrite:
    first_name: Text = UNSET
    last_name: Text = UNSET
    middle_name: Text = UNSET
    phonetic_first_name: Text = UNSET
    phonetic_last_name: Text = UNSET
    phonetic_middle_name: Text = UNSET
    prefix: Text = UNSET
    suffix: Text = UNSET
    nickname: Text = UNSET
    file_as: Text = UNSET
    notes: Text = UNSET
    gender: Text = UNSET
    starred: Flag = UNSET
    infos: Sequence[AnyInfo] | UnsetType | None = UNSET
    memberships: Sequence[Membership | Mapping[str, Any]] | UnsetType | None = UNSET


@attrs.frozen(kw_only=True)
class NewContact(_ToWrite):
    """A contact to be created in a contact book, given by its id."""

    contact_book: str


@attrs.frozen(kw_only=True)
class ContactChanges(_ToWrite):
    """What is to change of the contact with this id: what is left out stays, `None` empties.

    `infos` and `memberships` replace all that the contact has.
    """

    id: str
    contact_book: Text = UNSET


class Contacts(Resource):
    """`missive.contacts`."""

    __slots__ = ()

    def list(
        self,
        *,
        contact_book: str,
        order: str | None = None,
        modified_since: datetime | int | None = None,
        include_deleted: bool | None = None,
        search: str | None = None,
        prefetch: int = 0,
    ) -> Pager[Contact]:
        """The contacts of a contact book, given by its id, by last name or, by `order="last_modified"`, latest first.

        `modified_since` (an aware time or Unix seconds) leaves out what has not changed since, and then
        `include_deleted` brings the ids of what was deleted; `search` looks into names, infos, notes and the like.
        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest`. Reference:
        GET /contacts.
        """
        params = {
            "contact_book": contact_book,
            "order": order,
            "modified_since": modified_since,
            "include_deleted": None if include_deleted is False else include_deleted,
            "search": None if search == "" else search,
        }
        _check_filters(params)
        return offset_pager(self._pipeline, "/contacts", "contacts", Contact, params=params, prefetch=prefetch)

    async def get(self, id: str) -> Contact:
        """A contact, with its infos and memberships.

        Spends one request; raises `NotFound`, for deleted contacts too, and `InvalidRequest` for what is no id.
        Reference: GET /contacts/:id.
        """
        return await self._pipeline.call("GET", f"/contacts/{segment(id)}", _codec.one("contacts", Contact))

    async def create(self, *contacts: NewContact | Contact | Mapping[str, Any]) -> tuple[Contact, ...]:
        """Create contacts, and give them as Missive made them, in the order given; `()` when its answer is empty.

        A contact that was read makes a copy of itself, without its id. Spends one request for every 10 MB of JSON, none
        for no contacts. Raises `InvalidRequest` with every broken rule of every contact, `PartiallyApplied` when one of
        several requests fails, `OutcomeUnknown` when it is not known whether the contacts were created. Reference: POST
        /contacts.
        """
        items = [_writable(contact, ("id", *_READ_ONLY), update=False) for contact in contacts]

        def check(contact: Attributes, position: int) -> None:
            contact.required("contact_book")
            _check(contact, _read_infos(contacts[position]))

        payloads = checked("contacts", items, check)
        return await write_in_parts(self._pipeline, "POST", lambda _: "/contacts", "contacts", payloads, Contact)

    async def update(self, *changes: ContactChanges | Contact | Mapping[str, Any]) -> tuple[Contact, ...]:
        """Change contacts, and give them as they are then, in the order given; `()` when the answer is empty.

        Only what is in a change is changed, but `infos` and `memberships` are replaced as a whole. A contact that was
        read stands for all that it has: give a `ContactChanges` to empty an attribute by `None`. Spends one request for
        every 10 MB of JSON or 8,000 characters of URL, which some 200 ids have; none for no changes. Raises as `create`
        does, and `BadRequest` for ids that the token's owner must not change. Reference: PATCH /contacts/:ids.
        """
        items = [_writable(change, _READ_ONLY, update=True) for change in changes]

        def check(change: Attributes, position: int) -> None:
            _check(change, _read_infos(changes[position]))

        payloads = checked("contacts", items, check, with_ids=True)
        return await write_in_parts(self._pipeline, "PATCH", below("/contacts"), "contacts", payloads, Contact)


def _check_filters(params: Mapping[str, Any]) -> None:
    with Problems() as problems:
        problems.unless(params["contact_book"] is not None, "contact_book is required")
        check_id(problems, "contact_book", params["contact_book"])
        check_one_of(problems, "order", params["order"], _ORDERS)
        check_time(problems, "modified_since", params["modified_since"])
        check_flag(problems, "include_deleted", params["include_deleted"])
        check_text(problems, "search", params["search"])
        alone = params["include_deleted"] and params["modified_since"] is None
        problems.unless(not alone, "include_deleted goes with modified_since only")


def _writable(item: object, read_only: Sequence[str], *, update: bool) -> object:
    """A contact of any form as a mapping, its infos and memberships fit to be sent."""
    values = shallow(item, Contact, read_only)
    if isinstance(values, dict):
        if isinstance(infos := values.get("infos"), list | tuple):
            values["infos"] = [writable_info(info, update=update) for info in infos]
        if isinstance(memberships := values.get("memberships"), list | tuple):
            values["memberships"] = [writable_membership(membership) for membership in memberships]
    return values


def _read_infos(item: object) -> set[int]:
    """Positions of the infos that Missive itself gave, which may be of kinds that the reference does not name."""
    infos = item.get("infos") if isinstance(item, Mapping) else getattr(item, "infos", None)
    if not isinstance(infos, list | tuple):
        return set()
    return {position for position, info in enumerate(infos) if isinstance(info, ContactInfo)}


def _check(contact: Attributes, read: set[int]) -> None:
    contact.ids("contact_book")
    contact.texts(*_TEXTS)
    contact.flags("starred")
    check_infos(contact, read)
    check_memberships(contact)
