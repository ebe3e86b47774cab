"""Contact books: section "Contact book endpoints" of the reference, 3.3 of the 2026 page."""

from typing import Any

import attrs

from missive_async.pagination import Pager, offset_pager
from missive_async.resources._resource import Resource


@attrs.frozen(kw_only=True)
class ContactBook:
    """A book of contacts, private or shared; `user`, `organization` and those it is shared with are ids.

    While contacts are imported into it, `import_processed_rows_count` of `import_rows_count` have been read.
    """

    id: str
    name: str | None = None
    description: str | None = None
    user: str | None = None
    organization: str | None = None
    share_with_organization: bool | None = None
    share_with_team: str | None = None
    share_with_users: tuple[str, ...] | None = None
    importing: bool | None = None
    import_error_text: str | None = None
    import_rows_count: int | None = None
    import_processed_rows_count: int | None = None
    # Seen by one client alone, which does not tell their types.
    email_account: Any = None
    exclude_from_search: Any = None


class ContactBooks(Resource):
    """`missive.contact_books`."""

    __slots__ = ()

    def list(self, *, prefetch: int = 0) -> Pager[ContactBook]:
        """The contact books that the token's owner has access to.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Reference: GET /contact_books.
        """
        return offset_pager(self._pipeline, "/contact_books", "contact_books", ContactBook, prefetch=prefetch)
