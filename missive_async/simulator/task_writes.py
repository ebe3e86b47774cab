"""Creating and updating tasks."""

from missive_async.simulator import actions, bodies
from missive_async.simulator.calls import Answer, Call, answer, found
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.refusals import BAD_IDS, invalid
from missive_async.simulator.state import Account
from missive_async.simulator.views import written_task

_STATES = ("todo", "in_progress", "closed")
_NEED_ORGANIZATION = ("team", "assignees", "add_users")


def create_task(call: Call) -> Answer:
    """POST /tasks: standalone, or with `subtask` in a conversation."""
    account, data = call.account, bodies.one(call, "tasks")
    bodies.need(data, "title")
    _check(data)
    values = _values(account, data)
    organizations = bodies.known(account.organizations, data, "organization")
    row: JSON = {"id": account.new_id(), "conversation": None, "title": "", "description": None, "state": "todo"}
    row |= {"started_at": None, "closed_at": None, "assignees": [], "team": None, "due_at": None, "type": "task"}
    row |= {"last_activity_at": call.now, **values}
    row |= _moments(row, call.now)
    task = Entry(row["id"], call.now, row, owner=organizations[0] if organizations else "")
    conversation = _home(call, data)
    row["conversation"] = conversation and conversation.id
    account.tasks.put(task)
    _recount(call, conversation)
    return answer("tasks", written_task(task), 201)


def update_task(call: Call) -> Answer:
    """PATCH /tasks/:id, of one id only."""
    data = bodies.one(call, "tasks")
    id = call.path["id"]
    if "," in id or data.get("id", id) != id:
        raise invalid(BAD_IDS)
    task = found(call.account.tasks.get(id))
    values = _values(call.account, data)
    if "title" in data:
        bodies.need(data, "title")
    task.change(**values, last_activity_at=call.now)
    task.change(**_moments(task.data, call.now))
    call.account.tasks.put(task)
    _recount(call, call.account.conversation(task.data["conversation"]))
    return answer("tasks", written_task(task))


def _check(data: JSON) -> None:
    for name in _NEED_ORGANIZATION:
        if data.get(name) and not data.get("organization"):
            raise invalid(f"'organization' is required when '{name}' is defined")
    placed = bool(data.get("conversation") or data.get("references"))
    if bodies.boolean(data, "subtask"):
        if not placed:
            raise invalid("'conversation' or 'references' is required when 'subtask' is defined")
    elif not placed and not (data.get("team") or data.get("assignees")):
        raise invalid("'team' or 'assignees' is required for a standalone task")


def _values(account: Account, data: JSON) -> JSON:
    values: JSON = {}
    for name, most in (("title", 1_000), ("description", 10_000)):
        if name in data:
            values[name] = bodies.text(data, name, most)
    if state := bodies.choice(data, "state", _STATES):
        values["state"] = state
    if "assignees" in data:
        values["assignees"] = bodies.known(account.users, data, "assignees", "user")
    if "team" in data:
        values["team"] = next(iter(bodies.known(account.teams, data, "team")), None)
    if "due_at" in data:
        values["due_at"] = bodies.integer(data, "due_at")
    return values


def _moments(task: JSON, now: int) -> JSON:
    """Return when a task of its state was started and closed."""
    started, closed = task["started_at"], task["closed_at"]
    return {
        "started_at": None if task["state"] == "todo" else started or now,
        "closed_at": (closed or now) if task["state"] == "closed" else None,
    }


def _home(call: Call, data: JSON) -> Conversation | None:
    if not data.get("conversation") and not data.get("references"):
        return None
    plan = actions.read(call.account, {key: value for key, value in data.items() if key != "team"})
    conversation = actions.home(call, data, plan)
    actions.apply(call, conversation, plan)
    return conversation


def _recount(call: Call, conversation: Conversation | None) -> None:
    if conversation is not None:
        call.account.recount(conversation)
        actions.stir(call.account, conversation, call.now)
