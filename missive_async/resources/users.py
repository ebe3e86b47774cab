"""Users: section "User endpoints" of the reference, 3.14 of the 2026 page."""

from contextlib import aclosing

import attrs

from missive_async.errors import MissiveError
from missive_async.pagination import Pager, offset_pager
from missive_async.resources._checks import check_id
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems
from missive_async.resources._shared import UserRef


@attrs.frozen(kw_only=True)
class User(UserRef):
    """A user of an organization; `me` is true for the token's owner and false or `None` for anyone else."""


class Users(Resource):
    """`missive.users`."""

    __slots__ = ()

    def list(self, *, organization: str | None = None, prefetch: int = 0) -> Pager[User]:
        """The users of the token's owner's organizations, or of one of them.

        Pages of 200, with `prefetch` of them read ahead; spends a request a page. Raises `InvalidRequest` for what is
        no id. Reference: GET /users.
        """
        with Problems() as problems:
            check_id(problems, "organization", organization)
        params = {"organization": organization}
        return offset_pager(self._pipeline, "/users", "users", User, params=params, prefetch=prefetch)

    async def me(self) -> User:
        """The token's owner.

        Missive has no endpoint for it: reads the list of users until it comes to its owner, which spends a request for
        every 200 users. Raises `MissiveError` when the owner is not in it.
        """
        async with aclosing(self.list().pages()) as pages:
            async for page in pages:
                for user in page.items:
                    if user.me:
                        return user
        raise MissiveError("no user is marked as the owner of this token (GET /users)")
