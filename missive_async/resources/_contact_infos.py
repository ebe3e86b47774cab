"""What contacts consist of: their infos, each kind with its own labels, and their memberships.

Reference: "Create contact(s)", section 3.2 of the 2026 page.
"""

from collections.abc import Collection

import attrs

from missive_async._codec import UNSET
from missive_async.resources._attributes import Attributes
from missive_async.resources._models import seldom
from missive_async.resources._shared import Text
from missive_async.resources.contact_groups import GROUP_KINDS

_SOCIAL = ("work", "personal", "other")
_LABELS = {
    "email": ("home", "work", "personal", "other"),
    "phone_number": ("main", "mobile", "home", "work", "home_fax", "work_fax", "other_fax", "pager", "other"),
    "twitter": _SOCIAL,
    "facebook": _SOCIAL,
    "physical_address": ("work", "home", "other"),
    "url": ("homepage", "profile", "blog", "work", "personal", "other"),
    "custom": ("other",),
}
_VALUES: dict[str, tuple[str, ...]] = {"facebook": ("name",), "physical_address": ()}
_ADDRESS = ("street", "extended_address", "city", "region", "postal_code", "po_box", "country")
_OF_ORGANIZATIONS = ("title", "location", "department", "description")


@attrs.frozen(kw_only=True)
class _CommonInfo:
    kind: str | None = None
    label: str | None = None
    value: str | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class ContactInfo(_CommonInfo):
    """One way to reach a contact, of any kind, as Missive has it; the `...Info` classes are for writing a new one.

    `value` is what emails, phone numbers, Twitter accounts, URLs and custom infos have, `name` that of Facebook;
    addresses have `street` and the rest. Custom infos come without a label.
    """

    custom_label: str | None = None
    name: str | None = None
    street: str | None = None
    extended_address: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    po_box: str | None = None
    country: str | None = None


@attrs.frozen(kw_only=True)
class EmailInfo:
    """An email address; `label` is home, work, personal or other, and `custom_label` goes with other."""

    value: str
    label: str
    custom_label: Text = UNSET
    kind: str = "email"


@attrs.frozen(kw_only=True)
class PhoneNumberInfo:
    """A phone number.

    `label` is main, mobile, home, work, home_fax, work_fax, other_fax, pager or other; `custom_label` goes with other.
    """

    value: str
    label: str
    custom_label: Text = UNSET
    kind: str = "phone_number"


@attrs.frozen(kw_only=True)
class TwitterInfo:
    """A Twitter user name; `label` is work, personal or other, and `custom_label` goes with other."""

    value: str
    label: str
    custom_label: Text = UNSET
    kind: str = "twitter"


@attrs.frozen(kw_only=True)
class FacebookInfo:
    """A Facebook user's `name`; `label` is work, personal or other, and `custom_label` goes with other."""

    name: str
    label: str
    custom_label: Text = UNSET
    kind: str = "facebook"


@attrs.frozen(kw_only=True)
class PhysicalAddressInfo:
    """An address, of which no part is required; `label` is work, home or other, and `custom_label` goes with other."""

    label: str
    street: Text = UNSET
    extended_address: Text = UNSET
    city: Text = UNSET
    region: Text = UNSET
    postal_code: Text = UNSET
    po_box: Text = UNSET
    country: Text = UNSET
    custom_label: Text = UNSET
    kind: str = "physical_address"


@attrs.frozen(kw_only=True)
class UrlInfo:
    """A web address.

    `label` is homepage, profile, blog, work, personal or other; `custom_label` goes with other.
    """

    value: str
    label: str
    custom_label: Text = UNSET
    kind: str = "url"


@attrs.frozen(kw_only=True)
class CustomInfo:
    """Anything else, named by `custom_label`; the only label is other."""

    value: str
    custom_label: Text = UNSET
    label: str = "other"
    kind: str = "custom"


@attrs.frozen(kw_only=True)
class ContactGroupRef:
    """The group or organization of a membership: `kind` is "group" or "organization". Only what was read has an id."""

    kind: str | None = None
    name: str | None = None
    id: str | None = None


@attrs.frozen(kw_only=True)
class _CommonMembership:
    group: ContactGroupRef | None = None
    title: str | None = None


@seldom
@attrs.frozen(kw_only=True, slots=False, getstate_setstate=True)
class Membership(_CommonMembership):
    """A contact's place in a group or in an organization; all but `group` is for organizations only."""

    location: str | None = None
    department: str | None = None
    description: str | None = None


def writable_info(info: object, *, update: bool) -> object:
    """An info that may be sent: custom ones come without the label that they must be sent with.

    So those that were read get it, and in updates, which replace all infos, those of mappings too.
    """
    if isinstance(info, ContactInfo) and info.kind == "custom" and not info.label:
        return attrs.evolve(info, label="other")
    if update and isinstance(info, dict) and info.get("kind") == "custom" and "label" not in info:
        return {**info, "label": "other"}
    return info


def writable_membership(membership: object) -> object:
    """A membership that may be sent: Missive finds the group by kind and name, its id is for reading only."""
    if isinstance(membership, Membership) and isinstance(membership.group, ContactGroupRef):
        return attrs.evolve(membership, group=attrs.evolve(membership.group, id=None))
    return membership


def check_infos(contact: Attributes, read: Collection[int]) -> None:
    """The rules of each kind; infos that were `read`, by their positions, may be of kinds and labels not known here."""
    for position, info in enumerate(contact.nested_list("infos")):
        if info is not None:
            _check_info(info, known=position not in read)


def _check_info(info: Attributes, *, known: bool) -> None:
    kind = info.get("kind")
    info.required("kind")
    info.texts("custom_label", "value", "name", *_ADDRESS)
    if known:
        info.one_of("kind", tuple(_LABELS))
    if isinstance(kind, str) and kind in _LABELS:
        info.required("label", *_VALUES.get(kind, ("value",)))
        if known:
            info.one_of("label", _LABELS[kind])
    fits = not info.given("custom_label") or not info.given("label") or info.get("label") == "other"
    info.problems.unless(fits, f"{info.place('custom_label')} goes with the label 'other' only")


def check_memberships(contact: Attributes) -> None:
    """The group is named, and what is for organizations is given of them only."""
    for membership in contact.nested_list("memberships"):
        if membership is None:
            continue
        membership.required("group")
        membership.texts(*_OF_ORGANIZATIONS)
        group = membership.nested("group")
        if group is None:
            continue
        group.required("kind", "name")
        group.one_of("kind", GROUP_KINDS)
        group.texts("name")
        if group.get("kind") == "group":
            for name in filter(membership.given, _OF_ORGANIZATIONS):
                membership.problems.add(f"{membership.place(name)} is for groups of kind 'organization' only")
