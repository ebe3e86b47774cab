"""Contact groups: section "Contact group endpoints" of the reference, 3.3 of the 2026 page."""

import attrs

from missive_async.pagination import Pager, offset_pager
from missive_async.resources._checks import check_id, check_one_of
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems

GROUP_KINDS = ("group", "organization")
"""What contacts are members of: groups are like labels, organizations are where they work."""


@attrs.frozen(kw_only=True)
class ContactGroup:
    """A group or an organization of contacts."""

    id: str
    name: str | None = None
    kind: str | None = None


class ContactGroups(Resource):
    """`missive.contact_groups`."""

    __slots__ = ()

    def list(self, *, contact_book: str, kind: str, prefetch: int = 0) -> Pager[ContactGroup]:
        """The groups of a contact book, or, by `kind`, its organizations: "group" or "organization".

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest` for another
        kind and for what is no id. Reference: GET /contact_groups.
        """
        with Problems() as problems:
            problems.unless(contact_book is not None, "contact_book is required")
            check_id(problems, "contact_book", contact_book)
            problems.unless(kind is not None, "kind is required")
            check_one_of(problems, "kind", kind, GROUP_KINDS)
        params = {"contact_book": contact_book, "kind": kind}
        path = "/contact_groups"
        return offset_pager(self._pipeline, path, "contact_groups", ContactGroup, params=params, prefetch=prefetch)
