"""Creating and updating what an organization shares: labels, teams and canned responses."""

from collections.abc import Collection
from random import Random

from missive_async.simulator import bodies
from missive_async.simulator.calls import Answer, Call, answer
from missive_async.simulator.records import JSON, Entry
from missive_async.simulator.refusals import BAD_IDS, invalid
from missive_async.simulator.state import Account
from missive_async.simulator.texts import media_of

_LABEL_SHARING = ("share_with_organization", "share_with_team", "share_with_users", "visibility")
_LABEL_KEYS = ("name", "color", "parent", *_LABEL_SHARING)
_TEAM_CHOICES = {
    "team_mention_behavior": ("all_members", "only_active_members"),
    "user_reply_behavior": ("assign_user", "leave_in_team_inbox"),
    "received_reply_behavior": ("show_in_assignee_inbox", "show_in_team_inbox"),
    "team_sidebar_behavior": ("show_team_space", "show_team_inbox"),
}
_NEW_TEAM: JSON = {
    "emoji": None,
    "color": None,
    "active_members": [],
    "observers": [],
    "business_hours": None,
    "inactivity_period": None,
    **{name: values[0] for name, values in _TEAM_CHOICES.items()},
    "team_inbox_enabled": True,
    "chat_room_enabled": True,
}
_ADDRESSES = ("to_fields", "cc_fields", "bcc_fields")


def create_shared_labels(call: Call) -> Answer:
    """POST /shared_labels."""
    made: list[Entry] = []
    for data in bodies.several(call, "shared_labels"):
        bodies.need(data, "name", "organization")
        _permit(data, (*_LABEL_KEYS, "organization"))
        organization = bodies.known(call.account.organizations, data, "organization")[0]
        blank: JSON = {"color": None, "parent": None, "share_with_organization": False, "share_with_team": None}
        blank |= {"id": call.account.new_id(), "organization": organization, "share_with_users": []}
        row = blank | {"visibility": "organization"} | _label_values(call.account, data, organization)
        made.append(Entry(row["id"], len(call.account.labels) + len(made), row))
    for entry in made:
        call.account.labels.put(entry)
        _rename(call.account, entry)
    return answer("shared_labels", [entry.data for entry in made], 201)


def update_shared_labels(call: Call) -> Answer:
    """PATCH /shared_labels/:ids; an attribute that may not change is refused by name."""
    sent = bodies.changes(call, "shared_labels")
    for data in sent:
        _permit(data, (*_LABEL_KEYS, "id"))
    entries = bodies.existing(call.account.labels, call.ids())
    values = [
        _label_values(call.account, data, entry.data["organization"]) for entry, data in zip(entries, sent, strict=True)
    ]
    for entry, value in zip(entries, values, strict=True):
        entry.change(**value)
        _rename(call.account, entry)
        call.account.labels.put(entry)
    call.account.forget_rows()
    return answer("shared_labels", [entry.data for entry in entries])


def _permit(data: JSON, names: Collection[str]) -> None:
    if extra := [name for name in data if name not in names]:
        raise invalid(f"Unpermitted parameters: {', '.join(extra)}")


def _label_values(account: Account, data: JSON, organization: str) -> JSON:
    values: JSON = {key: data[key] for key in _LABEL_KEYS if key in data}
    if "name" in data:
        bodies.need(data, "name")
        bodies.text(data, "name", 255)
    bodies.color(data)
    bodies.choice(data, "visibility", ("organization", "delegates"))
    bodies.known(account.users, data, "share_with_users", "user")
    bodies.known(account.teams, data, "share_with_team", "team")
    bodies.boolean(data, "share_with_organization")
    for parent in bodies.known(account.labels, data, "parent", "shared_label"):
        above = _lineage(account, parent)
        if above[0].data["organization"] != organization or any(label.id == data.get("id") for label in above):
            raise invalid("Validation failed: parent is not a label of the organization, or is below it")
    return values


def _lineage(account: Account, id: str | None) -> list[Entry]:
    """Return a label and those above it."""
    labels: list[Entry] = []
    while label := account.labels.get(id):
        labels.append(label)
        id = label.data["parent"]
    return labels


def _rename(account: Account, entry: Entry) -> None:
    """Bring the full name of a label and of those below it up to date."""
    parent = account.labels.get(entry.data["parent"])
    above = f"{parent.data['name_with_parent_names']}/" if parent else ""
    entry.change(name_with_parent_names=above + entry.data["name"])
    for label in account.labels:
        if label.data["parent"] == entry.id:
            _rename(account, label)


def create_teams(call: Call) -> Answer:
    """POST /teams."""
    made: list[Entry] = []
    for data in bodies.several(call, "teams"):
        bodies.need(data, "name", "organization")
        organization = bodies.known(call.account.organizations, data, "organization")[0]
        row = {"id": call.account.new_id(), "organization": organization, **_NEW_TEAM, **_team_values(call, data)}
        made.append(Entry(row["id"], len(call.account.teams) + len(made), row))
    for entry in made:
        call.account.teams.put(entry)
    return answer("teams", [entry.data for entry in made], 201)


def update_teams(call: Call) -> Answer:
    """PATCH /teams/:ids."""
    sent = bodies.changes(call, "teams")
    entries = bodies.existing(call.account.teams, call.ids())
    values = [_team_values(call, data) for data in sent]
    for entry, value in zip(entries, values, strict=True):
        entry.change(**{**_NEW_TEAM, **entry.data, **value})
        call.account.teams.put(entry)
    call.account.forget_rows()
    return answer("teams", [entry.data for entry in entries])


def _team_values(call: Call, data: JSON) -> JSON:
    values: JSON = {key: data[key] for key in ("name", *_NEW_TEAM) if key in data}
    if "name" in data:
        bodies.need(data, "name")
        bodies.text(data, "name", 255)
    for name, choices in _TEAM_CHOICES.items():
        bodies.choice(data, name, choices)
    for name in ("active_members", "observers"):
        bodies.known(call.account.users, data, name, "user")
    bodies.color(data)
    bodies.integer(data, "inactivity_period")
    return values


def create_responses(call: Call) -> Answer:
    """POST /responses."""
    made: list[Entry] = []
    for data in bodies.several(call, "responses"):
        bodies.need(data, "title")
        if bool(data.get("organization")) == bool(data.get("user")):
            raise invalid("Validation failed: exactly one of organization and user is needed")
        bodies.known(call.account.organizations, data, "organization")
        bodies.known(call.account.users, data, "user")
        blank: JSON = {"id": call.account.new_id(), "title": "", "body": "", "subject": None}
        blank |= {"organization": data.get("organization"), "user": data.get("user"), "share_with_team": None}
        blank |= {"modified_at": call.now, **{name: [] for name in _ADDRESSES}, "shared_labels": []}
        row = blank | {"external_id": None, "external_source": None, "attachments": []}
        row |= _response_values(call, data, data.get("organization"))
        _refuse_same_source(call.account, row, made)
        made.append(Entry(row["id"], len(call.account.responses) + len(made), row))
    for entry in made:
        call.account.responses.put(entry)
    return answer("responses", [entry.data for entry in made], 201)


def update_responses(call: Call) -> Answer:
    """PATCH /responses/:ids; those that an integration made cannot be changed."""
    sent = bodies.changes(call, "responses")
    entries = bodies.existing(call.account.responses, call.ids())
    _refuse_integrations(entries)
    values = [
        _response_values(call, data, entry.data["organization"]) for entry, data in zip(entries, sent, strict=True)
    ]
    for entry, value in zip(entries, values, strict=True):
        entry.change(**value, modified_at=call.now)
        call.account.responses.put(entry)
    return answer("responses", [entry.data for entry in entries])


def delete_responses(call: Call) -> Answer:
    """DELETE /responses/:ids."""
    entries = bodies.existing(call.account.responses, call.ids())
    _refuse_integrations(entries)
    for entry in entries:
        call.account.responses.drop(entry.id)
    return Answer(call.simulator.delete_status)


def _refuse_integrations(entries: Collection[Entry]) -> None:
    if any(entry.data["external_source"] == "whatsapp" for entry in entries):
        raise invalid(BAD_IDS)


def _refuse_same_source(account: Account, row: JSON, made: Collection[Entry]) -> None:
    keys = ("external_id", "external_source", "organization", "user")
    others = [entry.data for entry in (*account.responses, *made)]
    if row["external_id"] and any(all(other[key] == row[key] for key in keys) for other in others):
        raise invalid("Validation failed: external_id has already been taken")


def _response_values(call: Call, data: JSON, organization: str | None) -> JSON:
    """Return the attributes that were sent; those of other names are dropped without a word."""
    if data.get("external_id") and not data.get("external_source"):
        raise invalid("'external_source' is required when 'external_id' is defined")
    for name in ("share_with_team", "shared_labels"):
        if data.get(name) and not organization:
            raise invalid(f"'organization' is required when '{name}' is defined")
    bodies.known(call.account.teams, data, "share_with_team", "team")
    bodies.known(call.account.labels, data, "shared_labels", "shared_label")
    values: JSON = {name: bodies.text(data, name, 500) for name in ("title", "subject") if name in data}
    plain = ("body", "share_with_team", "external_id", "external_source")
    values |= {name: bodies.text(data, name) for name in plain if name in data}
    values |= {name: bodies.objects(data, name) for name in _ADDRESSES if name in data}
    if "shared_labels" in data:
        values["shared_labels"] = bodies.strings(data, "shared_labels")
    return values | _with_files(call.account, data, values)


def _with_files(account: Account, data: JSON, values: JSON) -> JSON:
    """Store the attachments, and put their ids where the body has the temporary ones."""
    if "attachments" not in data:
        return {}
    stored: list[JSON] = []
    body = values.get("body")
    for file in bodies.files(data):
        stored.append(media_of(account.new_id(), file, Random(len(stored))))
        if body and file.get("id"):
            body = body.replace(f'"{file["id"]}"', f'"{stored[-1]["id"]}"')
    return {"attachments": stored} | ({"body": body} if body else {})
