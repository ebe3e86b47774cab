"""Organizations: section "Organization endpoints" of the reference."""

import attrs

from missive_async.pagination import Pager, offset_pager
from missive_async.resources._resource import Resource


@attrs.frozen(kw_only=True)
class Organization:
    """An organization that the token's owner is part of."""

    id: str
    name: str | None = None


class Organizations(Resource):
    """`missive.organizations`."""

    __slots__ = ()

    def list(self, *, prefetch: int = 0) -> Pager[Organization]:
        """The organizations of the token's owner.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Reference: GET /organizations.
        """
        return offset_pager(self._pipeline, "/organizations", "organizations", Organization, prefetch=prefetch)
