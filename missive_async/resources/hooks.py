"""Hooks, the webhooks made by the API: section 3.15 of the 2026 page."""

import re
from typing import Any
from urllib.parse import urlsplit

import attrs

from missive_async import _codec
from missive_async._codec import UNSET
from missive_async.resources._attributes import Attributes
from missive_async.resources._checks import absent
from missive_async.resources._resource import Resource
from missive_async.resources._rules import Problems, segment
from missive_async.resources._shared import Flag, Text

_TYPES = (
    "incoming_email",
    "incoming_sms_message",
    "incoming_facebook_message",
    "incoming_whatsapp_message",
    "incoming_twilio_chat_message",
    "new_comment",
)
_FILTERS = {
    "is_task": "new_comment",
    "author": "new_comment",
    "mention": "new_comment",
    "from_eq": "incoming_email",
    "subject_contains": "incoming_email",
}


@attrs.frozen(kw_only=True)
class Hook:
    """A webhook. Missive lists hooks nowhere: keep the id to delete it by."""

    id: str


class Hooks(Resource):
    """`missive.hooks`."""

    __slots__ = ()

    async def create(
        self,
        *,
        type: str,
        url: str,
        organization: Text = UNSET,
        content_contains: Text = UNSET,
        content_starts_with: Text = UNSET,
        content_ends_with: Text = UNSET,
        is_task: Flag = UNSET,
        author: Text = UNSET,
        mention: Text = UNSET,
        from_eq: Text = UNSET,
        subject_contains: Text = UNSET,
    ) -> Hook | None:
        """Make a rule that posts to `url` what happens; gives its id, or `None` when Missive's answer is empty.

        `type` is incoming_email, incoming_sms_message, incoming_facebook_message, incoming_whatsapp_message,
        incoming_twilio_chat_message or new_comment. Without an `organization` (an id) the rule is the token's owner's
        own. `is_task`, `author` and `mention` (ids of users) are for comments only, `from_eq` and `subject_contains`
        for emails. `url` is posted to at once and must answer with success.

        Spends one request. Raises `InvalidRequest` with every broken rule, `OutcomeUnknown` when it is not known
        whether the hook was made. Reference: POST /hooks.
        """
        values = {
            "type": type,
            "url": url,
            "organization": organization,
            "content_contains": content_contains,
            "content_starts_with": content_starts_with,
            "content_ends_with": content_ends_with,
            "is_task": is_task,
            "author": author,
            "mention": mention,
            "from_eq": from_eq,
            "subject_contains": subject_contains,
        }
        hook = {name: value for name, value in values.items() if not absent(value)}
        _check(hook)
        decode = _codec.optional(_codec.one("hooks", Hook))
        return await self._pipeline.call("POST", "/hooks", decode, json={"hooks": hook})

    async def delete(self, id: str) -> None:
        """Remove a hook, and with it the rule that it made.

        Spends one request; raises `NotFound` when it is gone, `InvalidRequest` for what is no id. Reference: DELETE
        /hooks/:id.
        """
        await self._pipeline.call("DELETE", f"/hooks/{segment(id)}", _codec.nothing)


def _check(values: dict[str, Any]) -> None:
    with Problems() as problems:
        hook = Attributes(problems, "hooks", values)
        hook.required("type", "url")
        hook.one_of("type", _TYPES)
        hook.ids("organization", "author", "mention")
        hook.texts("content_contains", "content_starts_with", "content_ends_with", "from_eq", "subject_contains")
        hook.flags("is_task")
        for name, only in _FILTERS.items():
            strays = hook.given(name) and hook.get("type") in _TYPES and hook.get("type") != only
            problems.unless(not strays, f"{hook.place(name)} is for hooks of type '{only}' only")
        usable = not hook.given("url") or _is_web_address(hook.get("url"))
        problems.unless(usable, f"{hook.place('url')} is a web address (http or https), not {hook.get('url')!r}")


def _is_web_address(url: object) -> bool:
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\x7f]", url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
