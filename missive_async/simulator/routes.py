"""Which endpoint answers which method and path."""

from collections.abc import Callable
from re import Pattern
from typing import NamedTuple

from starlette.routing import compile_path

from missive_async.simulator import (
    contact_writes,
    conversation_writes,
    hooks,
    message_writes,
    reads,
    reports,
    setting_writes,
    task_writes,
)
from missive_async.simulator.calls import Answer, Call

Endpoint = Callable[[Call], Answer]

ROUTES: dict[str, dict[str, Endpoint]] = {
    "/analytics/reports": {"POST": reports.create_report},
    "/analytics/reports/{id}": {"GET": reports.get_report},
    "/contacts": {"GET": reads.list_contacts, "POST": contact_writes.create_contacts},
    "/contacts/{id}": {"GET": reads.get_contact, "PATCH": contact_writes.update_contacts},
    "/contact_books": {"GET": reads.list_contact_books},
    "/contact_groups": {"GET": reads.list_contact_groups},
    "/conversations": {"GET": reads.list_conversations},
    "/conversations/{id}": {
        "GET": reads.get_conversation,
        "PATCH": conversation_writes.update_conversations,
    },
    "/conversations/{id}/merge": {"POST": conversation_writes.merge_conversations},
    "/conversations/{id}/messages": {"GET": reads.list_messages},
    "/conversations/{id}/comments": {"GET": reads.list_comments},
    "/conversations/{id}/drafts": {"GET": reads.list_drafts},
    "/conversations/{id}/posts": {"GET": reads.list_posts},
    "/drafts": {"POST": message_writes.create_draft},
    "/drafts/{id}": {"DELETE": message_writes.delete_draft},
    "/messages": {"GET": reads.find_messages, "POST": message_writes.create_message},
    "/messages/{id}": {"GET": reads.get_messages},
    "/organizations": {"GET": reads.list_organizations},
    "/posts": {"POST": message_writes.create_post},
    "/posts/{id}": {"DELETE": message_writes.delete_post},
    "/responses": {"GET": reads.list_responses, "POST": setting_writes.create_responses},
    "/responses/{id}": {
        "GET": reads.get_response,
        "PATCH": setting_writes.update_responses,
        "DELETE": setting_writes.delete_responses,
    },
    "/shared_labels": {"GET": reads.list_shared_labels, "POST": setting_writes.create_shared_labels},
    "/shared_labels/{id}": {"PATCH": setting_writes.update_shared_labels},
    "/teams": {"GET": reads.list_teams, "POST": setting_writes.create_teams},
    "/teams/{id}": {"PATCH": setting_writes.update_teams},
    "/users": {"GET": reads.list_users},
    "/tasks": {"GET": reads.list_tasks, "POST": task_writes.create_task},
    "/tasks/{id}": {"GET": reads.get_task, "PATCH": task_writes.update_task},
    "/hooks": {"POST": hooks.create_hook},
    "/hooks/{id}": {"DELETE": hooks.delete_hook},
}


class Route(NamedTuple):
    """A path template, and the endpoints of its methods."""

    template: str
    pattern: Pattern[str]
    endpoints: dict[str, Endpoint]


_PLAIN = {template: Route(template, compile_path(template)[0], ends) for template, ends in ROUTES.items()}
_WITH_ID: dict[str, list[Route]] = {}
for _route in _PLAIN.values():
    if "{" in _route.template:
        _WITH_ID.setdefault(_route.template.split("/")[1], []).append(_route)


def find(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path (without the base) and the parameters in it."""
    route = _PLAIN.get(path)
    if route is not None and "{" not in path:
        return route, {}
    for candidate in _WITH_ID.get(path[1:].partition("/")[0], ()):
        if match := candidate.pattern.match(path):
            return candidate, match.groupdict()
    return None
