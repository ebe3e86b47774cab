"""Responses, the canned replies: section "Responses endpoints" of the reference, 3.12 of the 2026 page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from missive_async import _codec
from missive_async._codec import UNSET, UnsetType
from missive_async.pagination import Pager, offset_pager
from missive_async.resources._attributes import Attributes
from missive_async.resources._batch import below, checked, delete_in_parts, shallow, write_in_parts
from missive_async.resources._checks import check_id
from missive_async.resources._people import MessageAddress
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, segment
from missive_async.resources._shared import Text
from missive_async.resources.attachments import Attachment

_LONGEST = 500
_ADDRESSES = ("to_fields", "cc_fields", "bcc_fields")
_READ_ONLY = ("modified_at",)

Addresses = Sequence[MessageAddress | Mapping[str, Any]] | UnsetType | None
"""Whom a message made from a response goes to."""


@attrs.frozen(kw_only=True)
class Response:
    """A canned reply of an organization or of a user, whichever has an id in it; `body` is HTML.

    Images in the body have `data-missive-attachment-id` instead of `src`: the attachment of that id has a signed URL.
    """

    id: str
    title: str | None = None
    body: str | None = None
    subject: str | None = None
    organization: str | None = None
    user: str | None = None
    share_with_team: str | None = None
    modified_at: datetime | None = None
    to_fields: tuple[MessageAddress, ...] | None = None
    cc_fields: tuple[MessageAddress, ...] | None = None
    bcc_fields: tuple[MessageAddress, ...] | None = None
    shared_labels: tuple[str, ...] | None = None
    attachments: tuple[Attachment, ...] | None = None
    external_id: str | None = None
    external_source: str | None = None


@attrs.frozen(kw_only=True)
class NewResponse:
    """A canned reply to be created for an organization or for a user: one of the two ids is needed.

    `title` and `subject` have at most 500 characters; `share_with_team` and `shared_labels` (ids) are for organizations
    only. `external_id` needs an `external_source`, and the pair is unique. Attachments are files; the body can name one
    as `data-missive-attachment-id` by an `id` of your own, which Missive replaces.
    """

    title: Text = UNSET
    body: Text = UNSET
    subject: Text = UNSET
    organization: Text = UNSET
    user: Text = UNSET
    share_with_team: Text = UNSET
    to_fields: Addresses = UNSET
    cc_fields: Addresses = UNSET
    bcc_fields: Addresses = UNSET
    shared_labels: Sequence[str] | UnsetType | None = UNSET
    attachments: Sequence[Attachment | Mapping[str, Any]] | UnsetType | None = UNSET
    external_id: Text = UNSET
    external_source: Text = UNSET


@attrs.frozen(kw_only=True)
class ResponseChanges(NewResponse):
    """What is to change of the response with this id, as of `NewResponse`: what is left out stays, `None` empties.

    `attachments` replace all that the response has.
    """

    id: str


class Responses(Resource):
    """`missive.responses`."""

    __slots__ = ()

    def list(self, *, organization: str | None = None, prefetch: int = 0) -> Pager[Response]:
        """The responses of the token's owner, or those of one organization.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest` for what is
        no id. Reference: GET /responses.
        """
        with Problems() as problems:
            check_id(problems, "organization", organization)
        params = {"organization": organization}
        return offset_pager(self._pipeline, "/responses", "responses", Response, params=params, prefetch=prefetch)

    async def get(self, id: str) -> Response:
        """A response.

        Spends one request; raises `NotFound`, and `InvalidRequest` for what is no id. Reference: GET /responses/:id.
        """
        return await self._pipeline.call("GET", f"/responses/{segment(id)}", _codec.one("responses", Response))

    async def create(self, *responses: NewResponse | Response | Mapping[str, Any]) -> tuple[Response, ...]:
        """Create responses, and give them as Missive made them, in the order given; `()` when its answer is empty.

        Spends one request for every 10 MB of JSON, none for no responses. Raises `InvalidRequest` with every broken
        rule of every response, `PartiallyApplied` when one of several requests fails, `OutcomeUnknown` when it is not
        known whether the responses were created. Reference: POST /responses, in section 3.12 of the 2026 page.
        """
        items = [shallow(response, Response, ("id", *_READ_ONLY)) for response in responses]
        payloads = checked("responses", items, _check_new)
        return await write_in_parts(self._pipeline, "POST", lambda _: "/responses", "responses", payloads, Response)

    async def update(self, *changes: ResponseChanges | Response | Mapping[str, Any]) -> tuple[Response, ...]:
        """Change responses, and give them as they are then, in the order given; `()` when the answer is empty.

        Only what is in a change is changed, but `attachments` are replaced as a whole. A response that was read stands
        for all that it has, and keeps the attachments that it was read with. Spends one request for every 10 MB of JSON
        or 8,000 characters of URL, which some 200 ids have; none for no changes. Raises as `create` does, and
        `BadRequest` for ids that the token's owner must not change. Reference: PATCH /responses/:ids, in section 3.12
        of the 2026 page.
        """
        payloads = checked("responses", [_writable(change) for change in changes], _check_change, with_ids=True)
        path = below("/responses")
        return await write_in_parts(self._pipeline, "PATCH", path, "responses", payloads, Response)

    async def delete(self, *ids: str) -> None:
        """Delete responses.

        Spends one request for every 8,000 characters of URL, which some 200 ids have; none for no ids. Raises
        `NotFound`, `Forbidden` where only admins and owners may, `PartiallyApplied` (with ids) when one of several
        requests fails, `InvalidRequest` for what is no id. Reference: DELETE /responses/:ids, in section 3.12 of the
        2026 page.
        """
        await delete_in_parts(self._pipeline, "/responses", ids)


def _writable(change: object) -> object:
    """A change of any form; attachments that were read cannot be sent again, and stay where they are not sent."""
    values = shallow(change, Response, _READ_ONLY)
    if isinstance(change, Response) and isinstance(values, dict):
        attachments = change.attachments or ()
        if attachments and all(getattr(file, "base64_data", "") is None for file in attachments):
            del values["attachments"]
    return values


def _check_new(response: Attributes, _: int) -> None:
    owners = [name for name in ("organization", "user") if response.given(name)]
    response.problems.unless(owners, f"{response.where}: organization or user is required")
    for name in ("share_with_team", "shared_labels"):
        alone = response.given(name) and not response.given("organization")
        response.problems.unless(not alone, f"{response.place(name)} needs an organization")
    sourced = not response.given("external_id") or response.given("external_source")
    response.problems.unless(sourced, f"{response.place('external_id')} needs an external_source")
    _check(response)


def _check_change(response: Attributes, _: int) -> None:
    _check(response)


def _check(response: Attributes) -> None:
    both = response.given("organization") and response.given("user")
    response.problems.unless(not both, f"{response.where}: organization and user exclude one another")
    response.texts("title", "subject", longest=_LONGEST)
    response.texts("body", "external_id", "external_source")
    response.ids("organization", "user", "share_with_team")
    response.id_lists("shared_labels")
    for name in _ADDRESSES:
        for address in filter(None, response.nested_list(name)):
            address.texts("address", "name")
    for file in filter(None, response.nested_list("attachments")):
        file.required("base64_data", "filename")
        file.texts("base64_data", "filename", "id")
