"""Shared labels: section "Shared label endpoints" of the reference, 3.10 of the 2026 page."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from missive_async._codec import UNSET, UnsetType
from missive_async.pagination import Pager, offset_pager
from missive_async.resources._attributes import Attributes
from missive_async.resources._batch import below, checked, shallow, write_in_parts
from missive_async.resources._checks import check_id
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems
from missive_async.resources._shared import Flag, SharedLabelRef, Text

_VISIBILITIES = ("organization", "delegates")
_READ_ONLY = ("name_with_parent_names",)
_OF_NEW_ONES = ("organization",)


@attrs.frozen(kw_only=True)
class SharedLabel(SharedLabelRef):
    """A label of an organization; `parent`, `share_with_team` and `share_with_users` are ids.

    `name_with_parent_names` is like "Parent/Child"; `visibility` is "organization" or "delegates".
    """


@attrs.frozen(kw_only=True)
class _ToWrite:
    color: Text = UNSET
    parent: Text = UNSET
    share_with_organization: Flag = UNSET
    share_with_team: Text = UNSET
    share_with_users: Sequence[str] | UnsetType | None = UNSET
    visibility: Text = UNSET


@attrs.frozen(kw_only=True)
class NewSharedLabel(_ToWrite):
    """A shared label to be created in an organization, given by its id; `color` is a hex code."""

    name: str
    organization: str


@attrs.frozen(kw_only=True)
class SharedLabelChanges(_ToWrite):
    """What is to change of the shared label with this id: what is left out stays, `None` empties.

    Only admins and owners may change `visibility` and whom the label is shared with.
    """

    id: str
    name: Text = UNSET


class SharedLabels(Resource):
    """`missive.shared_labels`."""

    __slots__ = ()

    def list(self, *, organization: str | None = None, prefetch: int = 0) -> Pager[SharedLabel]:
        """The shared labels of the token's owner's organizations, or of one of them.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest` for what is
        no id. Reference: GET /shared_labels.
        """
        with Problems() as problems:
            check_id(problems, "organization", organization)
        params = {"organization": organization}
        path = "/shared_labels"
        return offset_pager(self._pipeline, path, "shared_labels", SharedLabel, params=params, prefetch=prefetch)

    async def create(self, *labels: NewSharedLabel | SharedLabel | Mapping[str, Any]) -> tuple[SharedLabel, ...]:
        """Create shared labels, and give them as Missive made them, in the order given; `()` when its answer is empty.

        Spends one request for every 10 MB of JSON, none for no labels. Raises `InvalidRequest` with every broken rule
        of every label, `PartiallyApplied` when one of several requests fails, `OutcomeUnknown` when it is not known
        whether the labels were created. Reference: POST /shared_labels.
        """
        items = [shallow(label, SharedLabel, ("id", *_READ_ONLY)) for label in labels]
        payloads = checked("shared_labels", items, _check_new)
        path = "/shared_labels"
        return await write_in_parts(self._pipeline, "POST", lambda _: path, "shared_labels", payloads, SharedLabel)

    async def update(self, *changes: SharedLabelChanges | SharedLabel | Mapping[str, Any]) -> tuple[SharedLabel, ...]:
        """Change shared labels, and give them as they are then, in the order given; `()` when the answer is empty.

        A label stays in its organization. One that was read stands for all that it has: give a `SharedLabelChanges` to
        change a single attribute. Spends one request for every 10 MB of JSON or 8,000 characters of URL, which some 200
        ids have; none for no changes. Raises as `create` does, and `BadRequest` for ids that the token's owner must not
        change. Reference: PATCH /shared_labels/:ids, in section 3.10 of the 2026 page.
        """
        items = [shallow(change, SharedLabel, (*_READ_ONLY, *_OF_NEW_ONES)) for change in changes]
        payloads = checked("shared_labels", items, _check_change, with_ids=True)
        path = below("/shared_labels")
        return await write_in_parts(self._pipeline, "PATCH", path, "shared_labels", payloads, SharedLabel)


def _check_new(label: Attributes, _: int) -> None:
    label.required("name", "organization")
    label.ids("organization")
    _check(label)


def _check_change(label: Attributes, _: int) -> None:
    refused = "organization" in label.values
    label.problems.unless(not refused, f"{label.place('organization')} cannot be changed, nor sent with a change")
    _check(label)


def _check(label: Attributes) -> None:
    label.texts("name")
    label.hex_color("color")
    label.ids("parent", "share_with_team")
    label.flags("share_with_organization")
    label.id_lists("share_with_users")
    label.one_of("visibility", _VISIBILITIES)
