"""Creating drafts, posts and incoming messages, and deleting drafts and posts."""

from random import Random

from missive_async.simulator import actions, bodies
from missive_async.simulator.calls import Answer, Call, answer, found
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.refusals import invalid
from missive_async.simulator.state import Account
from missive_async.simulator.texts import media_of, preview_of

_POST_TEXT = 8_000  # longer ones are cut
_POST_KEYS = ("username", "username_icon", "notification", "attachments", "text", "markdown")
_ADDRESSES = ("to_fields", "cc_fields", "bcc_fields", "reply_to_fields")


def create_draft(call: Call) -> Answer:
    """POST /drafts: a draft, or with `send` a message."""
    data = bodies.one(call, "drafts")
    send, send_at = bodies.boolean(data, "send"), bodies.integer(data, "send_at")
    if send and send_at is not None:
        raise invalid("'send_at' cannot be combined with 'send'")
    if bodies.boolean(data, "auto_followup") and send_at is None:
        raise invalid("'send_at' is required when 'auto_followup' is defined")
    account = call.account
    type, sender = _sender(account, data)
    plan = actions.read(account, data)
    row = _message_row(call, data, type, sender) | {"draft": not send, "author": account.signature(account.me)}
    conversation = actions.home(call, data, plan)
    entry = Entry(row["id"], call.now, row, body=bodies.text(data, "body") or "", send_at=send_at)
    if send:
        _deliver(call, entry, conversation)
    else:
        row["delivered_at"] = None
        for key in ("email_message_id", "in_reply_to", "references"):
            row.pop(key, None)
        account.place(entry, "drafts", conversation)
    _settle(call, conversation, plan)
    return _created(call, "drafts", entry)


def create_message(call: Call) -> Answer:
    """POST /messages: an incoming message of a custom channel; `external_id` is not unique."""
    data = bodies.one(call, "messages")
    bodies.need(data, "account", "from_field")
    channel = found_channel(call.account, data)
    if not channel.data["type"].startswith("custom"):
        raise invalid(f"account with id {channel.id} is not a custom channel")
    type = "email" if channel.data["type"] == "custom_email" else channel.data["type"]
    plan = actions.read(call.account, data)
    row: JSON = _message_row(call, data, type, _object(data, "from_field")) | {"author": None}
    at = bodies.integer(data, "delivered_at")
    row["delivered_at"] = call.now if at is None else at
    if type != "email":
        row["external_id"] = bodies.text(data, "external_id")
        row["references"] = bodies.strings(data, "references")
    entry = Entry(row["id"], call.now if at is None else at, row, body=bodies.text(data, "body") or "")
    conversation = actions.home(call, data, plan)
    _deliver(call, entry, conversation)
    actions.reopen(conversation)
    if type == "email":
        call.simulator.hooks.message_arrived("incoming_email", conversation, entry)
    _settle(call, conversation, plan)
    return _created(call, "messages", entry)


def create_post(call: Call) -> Answer:
    """POST /posts. A post reopens a closed conversation unless `reopen` is false or `close` true."""
    data = bodies.one(call, "posts")
    if not any(data.get(key) for key in ("text", "markdown", "attachments")):
        raise invalid("Validation failed: text, markdown or attachments needed")
    notification = data.get("notification")
    if not isinstance(notification, dict) or not notification.keys() >= {"title", "body"}:
        raise invalid("'notification' with 'title' and 'body' is required")
    for attachment in bodies.objects(data, "attachments"):
        bodies.color(attachment)
    account = call.account
    plan = actions.read(account, data)
    row: JSON = {key: data[key] for key in _POST_KEYS if key in data}
    for key in ("text", "markdown"):
        if value := bodies.text(data, key):
            row[key] = value[:_POST_TEXT]
    me = account.users.records[account.me].data
    usual: JSON = {"username": me["name"], "username_icon": me["avatar_url"], "attachments": []}
    row = usual | {"id": account.new_id(), "created_at": call.now} | row
    conversation = actions.home(call, data, plan)
    if data.get("reopen") is not False and conversation.closed:
        actions.reopen(conversation)
    account.place(Entry(row["id"], call.now, row), "posts", conversation)
    _settle(call, conversation, plan)
    return answer("posts", {"conversation": conversation.id, "id": row["id"]}, 201)


def delete_draft(call: Call) -> Answer:
    """DELETE /drafts/:id."""
    call.account.remove(found(call.account.draft(call.path["id"])), "drafts")
    return Answer(call.simulator.delete_status)


def delete_post(call: Call) -> Answer:
    """DELETE /posts/:id."""
    call.account.remove(found(call.account.post(call.path["id"])), "posts")
    return Answer(call.simulator.delete_status)


def found_channel(account: Account, data: JSON) -> Entry:
    """Return the account (mail address, number or channel) that a request names."""
    id = bodies.text(data, "account") or ""
    channel = account.channels.get(id)
    if channel is None:
        raise invalid(f"account with id {id} does not exist")
    return channel


def _object(data: JSON, name: str) -> JSON:
    value = data.get(name)
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be an object")
    return value


def _sender(account: Account, data: JSON) -> tuple[str, JSON]:
    """Return the type of a draft and its `from_field`, which must be one of the owner's."""
    me = account.signature(account.me)
    if data.get("account") is not None:
        return _from_channel(found_channel(account, data).data, data, me)
    if data.get("from_field") is None:
        return "email", {"name": me["name"], "address": me["email"]}
    sender = _object(data, "from_field")
    own = [me["email"], *(channel.data["address"] for channel in account.channels if channel.data["address"])]
    if sender.get("phone_number") in own:
        return _texting(data, sender)
    if str(sender.get("address", "")).lower() not in own:
        raise invalid("'from_field' does not match an available sender")
    return "email", {"name": sender.get("name"), "address": sender["address"]}


def _from_channel(channel: JSON, data: JSON, me: JSON) -> tuple[str, JSON]:
    sender = _object(data, "from_field") if "from_field" in data else {}
    name = sender.get("name", me["name"])
    if channel["type"].endswith("email"):
        return "email", {"name": name, "address": sender.get("address", channel["address"])}
    id = sender.get("id", channel["address"])
    return channel["type"], {"id": id, "name": name, "username": sender.get("username")}


def _texting(data: JSON, sender: JSON) -> tuple[str, JSON]:
    receivers = bodies.objects(data, "to_fields")
    if len(receivers) > 1:
        raise invalid("Validation failed: to_fields takes one phone number only")
    number = sender["phone_number"]
    type = "whatsapp" if sender.get("type") in {"twilio_whatsapp", "whatsapp"} else "sms"
    return type, {"id": number, "name": number, "username": None}


def _message_row(call: Call, data: JSON, type: str, sender: JSON) -> JSON:
    """Return a message or draft as lists give it."""
    account, now = call.account, call.now
    id = account.new_id()
    body = bodies.text(data, "body") or ""
    row: JSON = {"id": id, "preview": preview_of(body), "type": type, "delivered_at": now}
    row |= {"updated_at": now, "created_at": now, "from_field": sender}
    row["attachments"] = [media_of(account.new_id(), item, Random(id)) for item in bodies.files(data)]
    if type == "email":
        references = bodies.strings(data, "references")
        row |= {"subject": bodies.text(data, "subject"), "email_message_id": f"<{id}@mail.example.com>"}
        row |= {"in_reply_to": references[-1:], "references": references}
        row |= {name: bodies.objects(data, name) for name in _ADDRESSES}
        return row
    row |= {"to_fields": [_handle(item) for item in bodies.objects(data, "to_fields")]}
    row |= {"external_id": None, "references": bodies.strings(data, "references")}
    return row


def _handle(item: JSON) -> JSON:
    number = item.get("phone_number")
    name = item.get("name", number)
    return {"id": item.get("id", number), "name": name, "username": item.get("username")}


def _deliver(call: Call, message: Entry, conversation: Conversation) -> None:
    """Put a message into a conversation, which then bears its subject."""
    account = call.account
    account.place(message, "messages", conversation)
    row = message.data
    conversation.latest_message_subject = row.get("subject") or f"Message from {row['from_field'].get('name')}"
    if row["type"] == "email":
        people = [row["from_field"], *row["to_fields"], *row["cc_fields"], *row["bcc_fields"], *row["reply_to_fields"]]
        conversation.addresses |= {str(person.get("address")).lower() for person in people}
    author = {"name": row["from_field"].get("name"), "address": row["from_field"].get("address")}
    if author not in conversation.authors:
        conversation.authors = [*conversation.authors, author]
        if row["author"] is None:
            conversation.external_authors = [*conversation.external_authors, author]
    actions.stir(account, conversation, message.at)


def _settle(call: Call, conversation: Conversation, plan: actions.Actions) -> None:
    actions.stir(call.account, conversation, call.now)
    actions.apply(call, conversation, plan)


def _created(call: Call, envelope: str, entry: Entry) -> Answer:
    if call.simulator.empty_created:
        return Answer(201)
    return answer(envelope, {"id": entry.id, "conversation": entry.owner}, 201)
