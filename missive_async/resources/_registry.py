"""One attribute per resource, imported when it is first used: most programs need few of them."""

from functools import cached_property
from typing import TYPE_CHECKING

from missive_async._pipeline import Pipeline

if TYPE_CHECKING:
    from missive_async.resources.analytics import Analytics
    from missive_async.resources.contact_books import ContactBooks
    from missive_async.resources.contact_groups import ContactGroups
    from missive_async.resources.contacts import Contacts
    from missive_async.resources.conversations import Conversations
    from missive_async.resources.drafts import Drafts
    from missive_async.resources.hooks import Hooks
    from missive_async.resources.messages import Messages
    from missive_async.resources.organizations import Organizations
    from missive_async.resources.posts import Posts
    from missive_async.resources.responses import Responses
    from missive_async.resources.shared_labels import SharedLabels
    from missive_async.resources.tasks import Tasks
    from missive_async.resources.teams import Teams
    from missive_async.resources.users import Users


class Resources:
    """Everything that the API has, by Missive's own names."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        for name in RESOURCES:
            self.__dict__.pop(name, None)  # a view begins as a copy, and the copied resources have other options

    @cached_property
    def analytics(self) -> "Analytics":
        """Analytics reports."""
        from missive_async.resources.analytics import Analytics

        return Analytics(self._pipeline)

    @cached_property
    def contact_books(self) -> "ContactBooks":
        """Contact books."""
        from missive_async.resources.contact_books import ContactBooks

        return ContactBooks(self._pipeline)

    @cached_property
    def contact_groups(self) -> "ContactGroups":
        """Contact groups and organizations."""
        from missive_async.resources.contact_groups import ContactGroups

        return ContactGroups(self._pipeline)

    @cached_property
    def contacts(self) -> "Contacts":
        """Contacts."""
        from missive_async.resources.contacts import Contacts

        return Contacts(self._pipeline)

    @cached_property
    def conversations(self) -> "Conversations":
        """Conversations, and what is in them."""
        from missive_async.resources.conversations import Conversations

        return Conversations(self._pipeline)

    @cached_property
    def drafts(self) -> "Drafts":
        """Drafts, which is how mails are sent."""
        from missive_async.resources.drafts import Drafts

        return Drafts(self._pipeline)

    @cached_property
    def hooks(self) -> "Hooks":
        """Webhooks made by the API."""
        from missive_async.resources.hooks import Hooks

        return Hooks(self._pipeline)

    @cached_property
    def messages(self) -> "Messages":
        """Messages and their attachments."""
        from missive_async.resources.messages import Messages

        return Messages(self._pipeline)

    @cached_property
    def organizations(self) -> "Organizations":
        """Organizations."""
        from missive_async.resources.organizations import Organizations

        return Organizations(self._pipeline)

    @cached_property
    def posts(self) -> "Posts":
        """Posts."""
        from missive_async.resources.posts import Posts

        return Posts(self._pipeline)

    @cached_property
    def responses(self) -> "Responses":
        """Canned responses."""
        from missive_async.resources.responses import Responses

        return Responses(self._pipeline)

    @cached_property
    def shared_labels(self) -> "SharedLabels":
        """Shared labels."""
        from missive_async.resources.shared_labels import SharedLabels

        return SharedLabels(self._pipeline)

    @cached_property
    def tasks(self) -> "Tasks":
        """Tasks."""
        from missive_async.resources.tasks import Tasks

        return Tasks(self._pipeline)

    @cached_property
    def teams(self) -> "Teams":
        """Teams."""
        from missive_async.resources.teams import Teams

        return Teams(self._pipeline)

    @cached_property
    def users(self) -> "Users":
        """Users."""
        from missive_async.resources.users import Users

        return Users(self._pipeline)


RESOURCES = tuple(name for name, value in vars(Resources).items() if isinstance(value, cached_property))
"""The names of all resources."""
