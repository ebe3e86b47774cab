"""The endpoints that read."""

from missive_async.simulator.calls import Answer, Call, answer, found, rows
from missive_async.simulator.contact_writes import whole
from missive_async.simulator.indexes import Shelf, encode
from missive_async.simulator.mailboxes import chosen_conversations
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.refusals import invalid, missing
from missive_async.simulator.views import conversation_row, full_message, one_conversation, one_task

_TASK_FILTERS = ("organization", "team", "assignee", "state", "type", "conversation")


def _positions(call: Call, envelope: str, shelf: Shelf[Entry], *filters: str) -> Answer:
    index = call.account.by_position(shelf, **{name: call.query.get(name) for name in filters})
    return rows(envelope, (shelf.records[id].row() for id in call.offset_page(index)))


def list_organizations(call: Call) -> Answer:
    """GET /organizations."""
    return _positions(call, "organizations", call.account.organizations)


def list_teams(call: Call) -> Answer:
    """GET /teams: five keys a row; create and update give all of them."""
    keys = ("id", "name", "organization", "active_members", "observers")
    index = call.account.by_position(call.account.teams, organization=call.query.get("organization"))
    teams = (call.account.teams.records[id].data for id in call.offset_page(index))
    return rows("teams", (encode({key: team[key] for key in keys}) for team in teams))


def list_users(call: Call) -> Answer:
    """GET /users."""
    organization = call.query.get("organization")
    if organization is not None:
        found(call.account.organizations.get(organization))
    return _positions(call, "users", call.account.users)


def list_shared_labels(call: Call) -> Answer:
    """GET /shared_labels."""
    return _positions(call, "shared_labels", call.account.labels, "organization")


def list_responses(call: Call) -> Answer:
    """GET /responses."""
    return _positions(call, "responses", call.account.responses, "organization")


def get_response(call: Call) -> Answer:
    """GET /responses/:id: an array of one."""
    return answer("responses", [found(call.account.responses.get(call.path["id"])).data])


def list_contact_books(call: Call) -> Answer:
    """GET /contact_books."""
    return _positions(call, "contact_books", call.account.books)


def list_contact_groups(call: Call) -> Answer:
    """GET /contact_groups."""
    book, kind = found(call.account.books.get(call.required("contact_book"))).id, call.required("kind")
    if kind not in {"group", "organization"}:
        raise invalid("'kind' must be 'group' or 'organization'")
    groups = call.account.groups
    index = groups.index((book, kind), lambda row: row.at if (row.owner, row.data["kind"]) == (book, kind) else None)
    return rows("contact_groups", (groups.records[id].row() for id in call.offset_page(index)))


def list_contacts(call: Call) -> Answer:
    """GET /contacts."""
    account = call.account
    book = found(account.books.get(call.required("contact_book"))).id
    order = call.query.get("order", "last_name")
    if order not in {"last_name", "last_modified"}:
        raise invalid("'order' must be 'last_name' or 'last_modified'")
    since, search = call.number("modified_since"), call.query.get("search", "").casefold()
    deleted = call.flag("include_deleted")
    if deleted and since is None:
        raise invalid("'modified_since' is required when 'include_deleted' is defined")

    def keep(contact: JSON) -> bool:
        if contact["deleted"]:
            return deleted and contact["modified_at"] >= (since or 0)
        return contact["modified_at"] >= (since or 0) and (not search or search in _text(contact))

    plain = since is None and not search
    index = account.contacts.index(book, order, None if plain else keep, None if plain else (since, search, deleted))
    return rows("contacts", map(account.contacts.row, call.offset_page(index)))


def _text(contact: JSON) -> str:
    """Return all words of a contact in which a search looks."""
    infos = contact.get("infos", ())
    words = [contact.get(key) for key in ("first_name", "middle_name", "last_name", "nickname", "notes")]
    words += [str(value) for info in infos for key, value in info.items() if key not in {"kind", "label"}]
    words += [membership["group"]["name"] for membership in contact.get("memberships", ())]
    return " ".join(word for word in words if word).casefold()


def get_contact(call: Call) -> Answer:
    """GET /contacts/:id: an array of one; a deleted contact is not found."""
    contact = found(call.account.contacts.get(call.path["id"]))
    if contact["deleted"]:
        raise missing()
    return answer("contacts", [whole(contact)])


def list_conversations(call: Call) -> Answer:
    """GET /conversations."""
    limit = call.limit(25, 50, 2)
    page = call.until_page(chosen_conversations(call), limit)
    records = call.account.conversations.records
    return rows("conversations", (conversation_row(call.account, records[id]) for id in page))


def _conversation(call: Call) -> Conversation:
    return found(call.account.conversation(call.path["id"]))


def get_conversation(call: Call) -> Answer:
    """GET /conversations/:id: an array of one, under its new id when it was merged."""
    return answer("conversations", [one_conversation(call.account, _conversation(call))])


def _children(call: Call, envelope: str) -> Answer:
    limit = call.limit(10, 10)
    shelf: Shelf[Entry] = getattr(call.account.children(_conversation(call)), envelope)
    return rows(envelope, (shelf.records[id].row() for id in call.until_page(call.account.newest(shelf), limit)))


def list_messages(call: Call) -> Answer:
    """GET /conversations/:id/messages, by `delivered_at`."""
    return _children(call, "messages")


def list_comments(call: Call) -> Answer:
    """GET /conversations/:id/comments, by `created_at`."""
    return _children(call, "comments")


def list_posts(call: Call) -> Answer:
    """GET /conversations/:id/posts, by `created_at`."""
    return _children(call, "posts")


def list_drafts(call: Call) -> Answer:
    """GET /conversations/:id/drafts.

    A draft has no `delivered_at`, so that `until` is compared with `created_at`.
    """
    return _children(call, "drafts")


def get_messages(call: Call) -> Answer:
    """GET /messages/:ids: of one id an object, of several an array of those that exist."""
    messages = [message for id in call.ids() if (message := call.account.message(id))]
    if not messages:
        raise missing()
    full = [full_message(call.account, message) for message in messages]
    return answer("messages", full if "," in call.path["id"] else full[0])


def find_messages(call: Call) -> Answer:
    """GET /messages?email_message_id=: the ten newest."""
    messages = call.account.by_mail_id(call.required("email_message_id"))[:10]
    return answer("messages", [full_message(call.account, message) for message in messages])


def list_tasks(call: Call) -> Answer:
    """GET /tasks."""
    limit = call.limit(25, 50, 2)
    wanted = {name: call.query[name] for name in _TASK_FILTERS if name in call.query}
    early, late = call.number("due_at_gteq"), call.number("due_at_lteq")
    if wanted.get("state", "todo") not in {"todo", "in_progress", "closed"}:
        raise invalid("'state' must be 'todo', 'in_progress' or 'closed'")
    if wanted.get("type", "all") not in {"task", "conversation", "all"}:
        raise invalid("'type' must be 'task', 'conversation' or 'all'")
    tasks = call.account.tasks

    def keep(task: JSON) -> bool:
        due = task["due_at"]
        if (early is not None or late is not None) and due is None:
            return False
        if (early is not None and due < early) or (late is not None and due > late):
            return False
        return all(_task_has(tasks.records[task["id"]], name, value) for name, value in wanted.items())

    index = call.account.task_list((*sorted(wanted.items()), early, late), keep)
    page = call.until_page(index, limit, call.simulator.tasks_until)
    return rows("tasks", (tasks.records[id].row() for id in page))


def _task_has(task: Entry, name: str, value: str) -> bool:
    if name == "organization":
        return task.owner == value
    if name == "assignee":
        return value in task.data["assignees"]
    return value == "all" if name == "type" and value == "all" else task.data[name] == value


def get_task(call: Call) -> Answer:
    """GET /tasks/:id: an object."""
    return answer("tasks", one_task(call.account, found(call.account.tasks.get(call.path["id"]))))
