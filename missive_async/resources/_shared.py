"""Models that several resources share."""

import attrs

from missive_async._codec import UnsetType

Text = str | None | UnsetType
"""An attribute that may be left out, as opposed to null, which empties it."""

Flag = bool | None | UnsetType
"""The same, true or false."""


@attrs.frozen(kw_only=True)
class OrganizationRef:
    """An organization as it stands inside other records."""

    id: str
    name: str | None = None


@attrs.frozen(kw_only=True)
class TeamRef:
    """A team as it stands inside other records."""

    id: str
    name: str | None = None
    organization: str | None = None


@attrs.frozen(kw_only=True)
class UserRef:
    """A user as they stand inside other records; `me` is true for the token's owner and absent for anyone else."""

    id: str
    name: str | None = None
    email: str | None = None
    avatar_url: str | None = None
    me: bool | None = None


@attrs.frozen(kw_only=True)
class SharedLabelRef:
    """A shared label as it stands inside conversations: often whole, sometimes with no more than its name."""

    id: str
    name: str | None = None
    name_with_parent_names: str | None = None
    organization: str | None = None
    color: str | None = None
    parent: str | None = None
    share_with_organization: bool | None = None
    share_with_users: tuple[str, ...] | None = None
    share_with_team: str | None = None
    visibility: str | None = None
