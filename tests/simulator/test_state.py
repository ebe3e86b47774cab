"""What is written is there afterwards."""

import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account

NOTE = {"title": "A title", "body": "A body"}
PNG = {"base64_data": "iVBORw0KGgo=", "filename": "logo.png"}


@pytest.fixture
def call(missive):
    async def call(method, path, body=None, status=None, **params):
        response = await missive.request(method, path, json=body, params=params)
        expected = status or (201 if method == "POST" else 200)
        assert response.status_code == expected, response.text
        return response.json() if response.content else None

    return call


@pytest.fixture
def account(simulator):
    return simulator.account


@pytest.fixture
def organization(account):
    return next(iter(account.organizations)).id


@pytest.fixture
def conversation(account):
    return next(found for found in account.conversations if found.organization and not found.closed).id


@pytest.fixture
def book(account):
    return next(iter(account.books)).id


async def test_a_created_contact_is_listed_and_changed(call, book, clock) -> None:
    new = {
        "contact_book": book,
        "first_name": "Ada",
        "last_name": "Aaaaa",
        "email": "dropped@example.com",
        "infos": [
            {"kind": "email", "label": "home", "value": "ada@example.com"},
            {"kind": "custom", "label": "other", "custom_label": "Favourite food", "value": "Pizza"},
        ],
        "memberships": [{"title": "CEO", "group": {"kind": "organization", "name": "Brand New Firm"}}],
    }
    (made,) = (await call("POST", "/contacts", {"contacts": [new]}))["contacts"]
    assert made["modified_at"] == int(clock.now)
    assert "email" not in made
    assert made["infos"][1] == {"kind": "custom", "custom_label": "Favourite food", "value": "Pizza"}
    assert (await call("GET", "/contacts", contact_book=book, limit=1))["contacts"] == [made]
    groups = await call("GET", "/contact_groups", contact_book=book, kind="organization", limit=200)
    assert made["memberships"][0]["group"] in groups["contact_groups"]

    clock.now += 60
    update = {"id": made["id"], "last_name": "Zzzzz", "infos": []}
    (changed,) = (await call("PATCH", f"/contacts/{made['id']}", {"contacts": [update]}))["contacts"]
    assert changed == made | {"last_name": "Zzzzz", "infos": [], "modified_at": int(clock.now)}
    first = await call("GET", "/contacts", contact_book=book, order="last_modified", limit=1)
    assert first["contacts"] == [changed]


async def test_a_generated_contact_is_changed_in_place(call, book, account) -> None:
    rows = (await call("GET", "/contacts", contact_book=book, limit=200))["contacts"]
    before = len(account.contacts)
    update = {"id": rows[5]["id"], "last_name": "Aaaaa"}
    await call("PATCH", f"/contacts/{rows[5]['id']}", {"contacts": [update]})
    after = (await call("GET", "/contacts", contact_book=book, limit=200))["contacts"]
    assert after[0]["id"] == rows[5]["id"]
    assert sorted(row["id"] for row in after) == sorted(row["id"] for row in rows)
    assert len(account.contacts) == before


async def test_a_deleted_contact_leaves_a_tombstone(call, book, simulator, clock) -> None:
    id = (await call("GET", "/contacts", contact_book=book, limit=1))["contacts"][0]["id"]
    simulator.events.delete_contact(id)
    await call("GET", f"/contacts/{id}", status=404)
    params = {"contact_book": book, "modified_since": int(clock.now)}
    assert await call("GET", "/contacts", **params) == {"contacts": []}
    tombstone = {"id": id, "deleted": True, "modified_at": int(clock.now)}
    assert await call("GET", "/contacts", include_deleted="true", **params) == {"contacts": [tombstone]}
    await call("PATCH", f"/contacts/{id}", {"contacts": [{"id": id, "first_name": "x"}]}, status=404)
    with pytest.raises(KeyError):
        simulator.events.delete_contact(id)


async def test_a_draft_is_created_listed_and_deleted(call, conversation, account) -> None:
    before = account.conversation(conversation).counts.drafts
    body = {"drafts": {"conversation": conversation, "subject": "Hi", "body": "<b>Hello</b> you", "attachments": [PNG]}}
    made = (await call("POST", "/drafts", body))["drafts"]
    assert made == {"id": made["id"], "conversation": conversation}
    rows = (await call("GET", f"/conversations/{conversation}/drafts"))["drafts"]
    assert len(rows) == before + 1
    assert (rows[0]["id"], rows[0]["preview"], rows[0]["delivered_at"]) == (made["id"], "Hello you", None)
    assert rows[0]["attachments"][0]["media_type"] == "image"
    (shown,) = (await call("GET", f"/conversations/{conversation}"))["conversations"]
    assert shown["drafts_count"] == before + 1
    await call("DELETE", f"/drafts/{made['id']}")
    assert len((await call("GET", f"/conversations/{conversation}/drafts"))["drafts"]) == before
    await call("DELETE", f"/drafts/{made['id']}", status=404)


async def test_a_draft_to_send_becomes_a_message(call, clock) -> None:
    draft = {"send": True, "subject": "Hi", "body": "Hello", "to_fields": [{"address": "casey@example.net"}]}
    made = (await call("POST", "/drafts", {"drafts": draft}))["drafts"]
    message = (await call("GET", f"/messages/{made['id']}"))["messages"]
    assert (message["draft"], message["delivered_at"], message["body"]) == (False, int(clock.now), "Hello")
    assert message["conversation"]["id"] == made["conversation"]
    assert message["conversation"]["messages_count"] == 1
    (first,) = (await call("GET", "/conversations", all="true", limit=2))["conversations"][:1]
    assert (first["id"], first["latest_message_subject"]) == (made["conversation"], "Hi")
    found = await call("GET", "/conversations", all="true", email="casey@example.net")
    assert found["conversations"] == [first]


async def test_a_scheduled_draft_is_counted(call) -> None:
    made = (await call("POST", "/drafts", {"drafts": {"body": "x", "send_at": 1_790_000_000}}))["drafts"]
    (shown,) = (await call("GET", f"/conversations/{made['conversation']}"))["conversations"]
    assert (shown["drafts_count"], shown["send_later_messages_count"]) == (1, 1)


async def test_a_text_message_has_its_own_shape(call) -> None:
    draft = {
        "send": True,
        "body": "On my way",
        "from_field": {"phone_number": "+15550100200"},
        "to_fields": [{"phone_number": "+15550100001"}],
    }
    made = (await call("POST", "/drafts", {"drafts": draft}))["drafts"]
    message = (await call("GET", f"/messages/{made['id']}"))["messages"]
    assert message["type"] == "sms"
    assert message["to_fields"] == [{"id": "+15550100001", "name": "+15550100001", "username": None}]


@pytest.mark.parametrize(
    ("channel", "type", "sender"),
    [
        ("live_chat", "live_chat", {"id": "7", "name": "Desk", "username": None}),
        ("custom_html", "custom_html", {"id": "7", "name": "Desk", "username": None}),
        ("custom_email", "email", {"name": "Desk", "address": None}),
    ],
)
async def test_a_draft_of_an_account_may_have_any_sender(call, account, channel, type, sender) -> None:
    id = next(found.id for found in account.channels if found.data["type"] == channel)
    draft = {"account": id, "from_field": {"id": "7", "name": "Desk"}, "body": "x"}
    made = (await call("POST", "/drafts", {"drafts": draft}))["drafts"]
    (row,) = (await call("GET", f"/conversations/{made['conversation']}/drafts"))["drafts"]
    assert (row["type"], row["from_field"]) == (type, sender)


async def test_messages_of_one_external_id_are_all_kept(call, account) -> None:
    channel = next(found for found in account.channels if found.data["type"] == "custom_text").id
    body = {
        "messages": {
            "account": channel,
            "from_field": {"id": "12345", "username": "@ada", "name": "Ada"},
            "body": "Hello <b>world</b>!",
            "external_id": "some-id-123",
            "references": ["some-thread"],
            "delivered_at": 1_760_000_500,
        }
    }
    first, second = [(await call("POST", "/messages", body))["messages"] for _ in range(2)]
    assert first["id"] != second["id"]
    assert first["conversation"] == second["conversation"]
    rows = (await call("GET", f"/conversations/{first['conversation']}/messages"))["messages"]
    assert {row["id"] for row in rows} == {first["id"], second["id"]}
    assert [row["external_id"] for row in rows] == ["some-id-123"] * 2
    assert rows[0]["delivered_at"] == 1_760_000_500


@pytest.mark.parametrize("chevrons", ["<{}>", "{}"])
async def test_references_lead_to_the_conversation(call, account, connect, chevrons) -> None:
    home = next(found for found in account.conversations if found.counts.messages > 1 and found.number % 11 == 0)
    mail = (await call("GET", f"/conversations/{home.id}/messages"))["messages"][0]
    reference = chevrons.format(mail["email_message_id"].strip("<>"))
    post = {"posts": {"text": "Hi", "notification": NOTE, "references": ["<none@example.com>", reference]}}
    unseen = connect(Simulator(make_account(1), limits=ServerLimits.none()))  # nobody has looked into its threads
    assert (await unseen.post("/posts", json=post)).json()["posts"]["conversation"] == home.id


async def test_references_of_a_custom_channel_lead_to_the_conversation(call, account) -> None:
    home = next(found for found in account.conversations if found.number % 17 == 9)
    post = {"posts": {"text": "Hi", "notification": NOTE, "references": [f"chat-{home.id}"]}}
    assert (await call("POST", "/posts", post))["posts"]["conversation"] == home.id


async def test_an_unknown_reference_opens_a_conversation(call, organization, account) -> None:
    before = len(account.conversations)
    post = {"posts": {"text": "Hi", "notification": NOTE, "references": ["none"], "organization": organization}}
    made = (await call("POST", "/posts", post))["posts"]
    assert len(account.conversations) == before + 1
    (shown,) = (await call("GET", f"/conversations/{made['conversation']}"))["conversations"]
    assert (shown["organization"]["id"], shown["latest_message_subject"]) == (organization, None)


async def test_a_post_is_listed_and_deleted(call, conversation, clock) -> None:
    body = {"conversation": conversation, "notification": NOTE, "markdown": "x" * 9_000}
    made = (await call("POST", "/posts", {"posts": body}))["posts"]
    assert made == {"conversation": conversation, "id": made["id"]}
    row = (await call("GET", f"/conversations/{conversation}/posts"))["posts"][0]
    assert (row["id"], row["created_at"], len(row["markdown"])) == (made["id"], int(clock.now), 8_000)
    await call("DELETE", f"/posts/{made['id']}")
    await call("DELETE", f"/posts/{made['id']}", status=404)


@pytest.mark.parametrize(("more", "closed"), [({}, False), ({"reopen": False}, True), ({"close": True}, True)])
async def test_a_post_reopens_a_closed_conversation_unless_told(call, account, more, closed) -> None:
    id = next(found for found in account.conversations if found.closed).id
    await call("POST", "/posts", {"posts": {"conversation": id, "text": "Hi", "notification": NOTE, **more}})
    assert account.conversation(id).closed is closed


async def test_a_conversation_is_updated(call, account, conversation, organization, clock) -> None:
    users = list(account.users.records)
    teams = [team.id for team in account.teams]
    label = next(iter(account.labels)).id
    update = {
        "id": conversation,
        "subject": "New name",
        "color": "#abc",
        "organization": organization,
        "team": teams[0],
        "force_team": True,
        "add_users": [users[4]],
        "add_assignees": [users[3]],
        "add_shared_labels": [label],
    }
    clock.now += 9
    path = f"/conversations/{conversation}"
    (shown,) = (await call("PATCH", path, {"conversations": [update]}))["conversations"]
    assert (shown["subject"], shown["color"], shown["team"]["id"]) == ("New name", "#abc", teams[0])
    assert {users[3], users[4]} <= {user["id"] for user in shown["users"]}
    assert users[3] in [user["id"] for user in shown["assignees"]]
    assert label in [found["id"] for found in shown["shared_labels"]]
    assert shown["last_activity_at"] == int(clock.now)
    (first,) = (await call("GET", "/conversations", all="true", limit=2))["conversations"][:1]
    assert first == shown

    again = {"id": conversation, "team": teams[1], "remove_shared_labels": [label], "organization": organization}
    again |= {"remove_assignees": [user["id"] for user in shown["assignees"]], "close": True}
    (shown,) = (await call("PATCH", path, {"conversations": [again]}))["conversations"]
    assert (shown["assignees"], shown["team"]["id"]) == ([], teams[0])
    assert label not in [found["id"] for found in shown["shared_labels"]]
    assert {user["closed"] for user in shown["users"]} == {True}
    (shown,) = (await call("PATCH", path, {"conversations": [{"id": conversation, "reopen": True}]}))["conversations"]
    assert {user["closed"] for user in shown["users"]} == {False}


async def test_merged_conversations_become_one(call, account, clock) -> None:
    source, target = [found for found in account.conversations if found.counts.messages and not found.guest][:2]
    messages = source.counts.messages + target.counts.messages
    swapped = source.counts.messages > target.counts.messages
    kept, gone = (source, target) if swapped else (target, source)
    moved = (await call("GET", f"/conversations/{gone.id}/messages"))["messages"][0]["id"]
    body = {"target": target.id, "subject": "Both"}
    (shown,) = (await call("POST", f"/conversations/{source.id}/merge", body, status=200))["conversations"]
    assert (shown["id"], shown["messages_count"], shown["subject"]) == (kept.id, messages, "Both")
    assert shown["last_activity_at"] == int(clock.now)
    assert (await call("GET", f"/conversations/{gone.id}"))["conversations"][0]["id"] == kept.id
    assert (await call("GET", f"/messages/{moved}"))["messages"]["conversation"]["id"] == kept.id
    rows = (await call("GET", "/conversations", all="true", limit=50))["conversations"]
    assert gone.id not in [row["id"] for row in rows]
    await call("POST", f"/conversations/{gone.id}/merge", {"target": kept.id}, status=400)


async def test_labels_are_created_below_others_and_renamed(call, organization) -> None:
    new = {"name": "Above", "organization": organization, "color": "#430098"}
    (above,) = (await call("POST", "/shared_labels", {"shared_labels": [new]}))["shared_labels"]
    new = {"name": "Below", "organization": organization, "parent": above["id"]}
    (below,) = (await call("POST", "/shared_labels", {"shared_labels": [new]}))["shared_labels"]
    assert below["name_with_parent_names"] == "Above/Below"
    update = {"id": above["id"], "name": "Over"}
    await call("PATCH", f"/shared_labels/{above['id']}", {"shared_labels": [update]})
    rows = (await call("GET", "/shared_labels", limit=200))["shared_labels"]
    assert "Over/Below" in [row["name_with_parent_names"] for row in rows]
    loop = {"id": above["id"], "parent": below["id"]}
    await call("PATCH", f"/shared_labels/{above['id']}", {"shared_labels": [loop]}, status=400)


async def test_a_renamed_label_and_team_are_renamed_in_conversations(call, account) -> None:
    home = next(found for found in account.conversations if found.labels and found.team)
    await call("GET", "/conversations", all="true", limit=50)
    for name, id in (("shared_labels", home.labels[0]), ("teams", home.team)):
        await call("PATCH", f"/{name}/{id}", {name: [{"id": id, "name": "Another name"}]})
    rows = (await call("GET", "/conversations", all="true", limit=50))["conversations"]
    row = next(row for row in rows if row["id"] == home.id)
    assert row["team"]["name"] == row["shared_labels"][0]["name"] == "Another name"


async def test_a_team_answers_all_its_settings(call, organization, account) -> None:
    user = account.me
    hours = {"tz": "America/Montreal", "t": [{"d": 1, "s": [32_400, 61_200]}]}
    new = {
        "name": "Support",
        "emoji": ":dart:",
        "organization": organization,
        "active_members": [user],
        "business_hours": hours,
    }
    (made,) = (await call("POST", "/teams", {"teams": [new]}))["teams"]
    assert made.keys() == {
        "id",
        "name",
        "emoji",
        "color",
        "organization",
        "active_members",
        "observers",
        "business_hours",
        "inactivity_period",
        "team_mention_behavior",
        "user_reply_behavior",
        "received_reply_behavior",
        "team_sidebar_behavior",
        "team_inbox_enabled",
        "chat_room_enabled",
    }
    update = {"id": made["id"], "observers": [user]}
    (changed,) = (await call("PATCH", f"/teams/{made['id']}", {"teams": [update]}))["teams"]
    assert changed == made | {"observers": [user]}
    assert made["id"] in [row["id"] for row in (await call("GET", "/teams"))["teams"]]


async def test_a_response_is_created_changed_and_deleted(call, organization, clock) -> None:
    image = '<img data-missive-attachment-id="temporary">'
    new = {"title": "Hi", "body": image, "organization": organization, "attachments": [PNG | {"id": "temporary"}]}
    new |= {"external_id": "t-1", "external_source": "kb"}
    (made,) = (await call("POST", "/responses", {"responses": [new]}))["responses"]
    assert made["body"] == image.replace("temporary", made["attachments"][0]["id"])
    await call("POST", "/responses", {"responses": [new]}, status=400)
    clock.now += 5
    update = {"id": made["id"], "subject": "Hello", "attachments": []}
    (changed,) = (await call("PATCH", f"/responses/{made['id']}", {"responses": [update]}))["responses"]
    assert changed == made | {"subject": "Hello", "attachments": [], "modified_at": int(clock.now)}
    await call("DELETE", f"/responses/{made['id']}")
    await call("GET", f"/responses/{made['id']}", status=404)


async def test_responses_of_integrations_stay_as_they_are(call, account) -> None:
    id = next(found for found in account.responses if found.data["external_source"] == "whatsapp").id
    await call("PATCH", f"/responses/{id}", {"responses": [{"id": id, "title": "x"}]}, status=400)
    await call("DELETE", f"/responses/{id}", status=400)


async def test_a_task_is_created_and_moved_on(call, organization, account, clock) -> None:
    new = {"title": "Review", "organization": organization, "assignees": [account.me], "due_at": 1_770_009_000}
    made = (await call("POST", "/tasks", {"tasks": new}))["tasks"]
    assert made == {
        "id": made["id"],
        "conversation": None,
        "title": "Review",
        "description": None,
        "state": "todo",
        "assignees": [account.me],
        "team": None,
        "due_at": 1_770_009_000,
    }
    clock.now += 5
    changed = (await call("PATCH", f"/tasks/{made['id']}", {"tasks": {"state": "closed"}}))["tasks"]
    assert changed == made | {"state": "closed"}
    shown = (await call("GET", f"/tasks/{made['id']}"))["tasks"]
    assert (shown["started_at"], shown["closed_at"]) == (int(clock.now), int(clock.now))
    row = (await call("GET", "/tasks", limit=2))["tasks"][0]
    assert (row["id"], row["last_activity_at"]) == (made["id"], int(clock.now))


async def test_a_task_of_a_conversation_is_counted_there(call, conversation, account) -> None:
    before = account.conversation(conversation).counts.tasks
    new = {"title": "Ask again", "subtask": True, "conversation": conversation}
    made = (await call("POST", "/tasks", {"tasks": new}))["tasks"]
    await call("PATCH", f"/tasks/{made['id']}", {"tasks": {"state": "closed"}})
    (shown,) = (await call("GET", f"/conversations/{conversation}"))["conversations"]
    assert shown["tasks_count"] == before + 1
    assert made["conversation"] == conversation


async def test_created_things_may_be_answered_by_nothing(connect) -> None:
    simulator = Simulator(make_account(1, size="tiny"), limits=ServerLimits.none(), empty_created=True)
    simulator.delete_status = 204
    missive = connect(simulator)
    response = await missive.post("/drafts", json={"drafts": {"body": "x"}})
    assert (response.status_code, response.content) == (201, b"")
    assert "content-type" not in response.headers
    draft = next(
        draft for found in simulator.account.conversations for draft in simulator.account.children(found).drafts
    )
    assert (await missive.delete(f"/drafts/{draft.id}")).status_code == 204


async def test_what_happens_outside_of_the_api_is_seen_by_it(call, simulator, conversation, account) -> None:
    mail = simulator.events.receive_email("A question", "<p>Hello?</p>", sender=("Casey", "casey@example.net"))
    text = simulator.events.receive_sms("Hi")
    comment = simulator.events.add_comment(conversation, "Look", author=list(account.users.records)[1])
    assert (await call("GET", f"/messages/{mail.id}"))["messages"]["body"] == "<p>Hello?</p>"
    assert (await call("GET", f"/messages/{text.id}"))["messages"]["type"] == "sms"
    row = (await call("GET", f"/conversations/{conversation}/comments"))["comments"][0]
    assert (row["id"], "me" in row["author"]) == (comment.id, False)
    with pytest.raises(KeyError):
        simulator.events.add_comment("none")


ORGANIZATION_NEEDED = ("add_users", "add_assignees", "remove_assignees", "add_shared_labels")


@pytest.mark.parametrize("name", ORGANIZATION_NEEDED)
@pytest.mark.parametrize("resource", ["drafts", "posts", "messages", "conversations"])
async def test_some_actions_need_an_organization(call, account, conversation, resource, name) -> None:
    label, channel = next(iter(account.labels)).id, list(account.channels)[3].id
    base = {
        "drafts": {},
        "posts": {"text": "x", "notification": NOTE},
        "messages": {"account": channel, "from_field": {"name": "x"}},
        "conversations": {"id": conversation},
    }[resource]
    body = base | {name: [label if "label" in name else account.me]}
    if resource == "conversations":
        answer = await call("PATCH", f"/conversations/{conversation}", {resource: [body]}, status=400)
    else:
        answer = await call("POST", f"/{resource}", {resource: body}, status=400)
    assert answer == {"error": {"message": f"'organization' is required when '{name}' is defined"}}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/posts", {"notification": NOTE}, "Validation failed: text, markdown or attachments needed"),
        ("/posts", {"text": "x"}, "'notification' with 'title' and 'body' is required"),
        (
            "/posts",
            {"text": "x", "notification": NOTE, "add_to_team_inbox": True},
            "'team' is required when 'add_to_team_inbox' is defined",
        ),
        (
            "/posts",
            {"text": "x", "notification": NOTE, "conversation": "none"},
            "conversation with id none does not exist",
        ),
        (
            "/posts",
            {"text": "x", "notification": NOTE, "conversation_color": "red"},
            "'conversation_color' is not a valid color",
        ),
        ("/drafts", {"send": True, "send_at": 1}, "'send_at' cannot be combined with 'send'"),
        ("/drafts", {"auto_followup": True}, "'send_at' is required when 'auto_followup' is defined"),
        (
            "/drafts",
            {"from_field": {"address": "stranger@example.org"}},
            "'from_field' does not match an available sender",
        ),
        ("/drafts", {"account": "none"}, "account with id none does not exist"),
        ("/drafts", {"attachments": [PNG] * 26}, "Validation failed: attachments are too many (maximum is 25)"),
        ("/drafts", {"attachments": [{"filename": "x"}]}, "'base64_data' is required"),
        ("/drafts", {"attachments": [{"filename": "x", "base64_data": "%"}]}, "'base64_data' is not valid base64"),
        ("/drafts", {"body": 5}, "'body' must be a string"),
        (
            "/drafts",
            {"from_field": {"phone_number": "+15550100200"}, "to_fields": [{}, {}]},
            "Validation failed: to_fields takes one phone number only",
        ),
        ("/messages", {"from_field": {}, "account": "none"}, "'from_field' is required"),
        ("/messages", {"from_field": {"name": "x"}, "account": "none"}, "account with id none does not exist"),
        ("/tasks", {"description": "x"}, "'title' is required"),
        (
            "/tasks",
            {"title": "x" * 1001, "references": ["y"]},
            "Validation failed: title is too long (maximum is 1000 characters)",
        ),
        ("/tasks", {"title": "x"}, "'team' or 'assignees' is required for a standalone task"),
        (
            "/tasks",
            {"title": "x", "assignees": ["y"]},
            "'organization' is required when 'assignees' is defined",
        ),
        (
            "/tasks",
            {"title": "x", "subtask": True},
            "'conversation' or 'references' is required when 'subtask' is defined",
        ),
        ("/responses", {"title": "x"}, "Validation failed: exactly one of organization and user is needed"),
        (
            "/responses",
            {"title": "x", "user": "ME", "external_id": "y"},
            "'external_source' is required when 'external_id' is defined",
        ),
        (
            "/responses",
            {"title": "x" * 501, "user": "ME"},
            "Validation failed: title is too long (maximum is 500 characters)",
        ),
        ("/contacts", {"first_name": "x"}, "'contact_book' is required"),
        ("/contacts", {"contact_book": "none"}, "contact_book with id none does not exist"),
        ("/shared_labels", {"name": "x"}, "'organization' is required"),
        ("/shared_labels", {"name": "x", "organization": "o", "nice": 1}, "Unpermitted parameters: nice"),
        ("/teams", {"organization": "o"}, "'name' is required"),
        ("/teams", {"name": "x", "organization": "none"}, "organization with id none does not exist"),
    ],
)
async def test_a_wrong_body_is_refused(call, account, path, body, message) -> None:
    body = {key: account.me if value == "ME" else value for key, value in body.items()}
    envelope = path[1:]
    several = envelope in {"contacts", "responses", "shared_labels", "teams"}
    answer = await call("POST", path, {envelope: [body] if several else body}, status=400)
    assert answer == {"error": {"message": message}}


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"kind": "email", "value": "x"}, "'label' is required"),
        ({"kind": "fax", "label": "home"}, "Validation failed: infos kind is not included in the list"),
        (
            {"kind": "email", "label": "pager", "value": "x"},
            "Validation failed: infos label 'pager' is not included in the list for email",
        ),
        ({"kind": "facebook", "label": "work", "value": "x"}, "'name' is required"),
        (
            {"kind": "email", "label": "home", "value": "x", "custom_label": "old"},
            "Validation failed: infos custom_label needs the label 'other'",
        ),
    ],
)
async def test_a_wrong_contact_info_is_refused(call, book, info, message) -> None:
    body = {"contacts": [{"contact_book": book, "infos": [info]}]}
    assert await call("POST", "/contacts", body, status=400) == {"error": {"message": message}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/contacts/a,b", {"contacts": [{"id": "a"}]}),
        ("/contacts/a", {"contacts": {"id": "a"}}),
        ("/contacts/a", {"contacts": [{"first_name": "x"}]}),
        ("/responses/a", {"responses": {"id": "a"}}),
        ("/conversations/a", {"conversations": [{"id": "b"}]}),
        ("/tasks/a,b", {"tasks": {"title": "x"}}),
        ("/tasks/a", {"tasks": {"id": "b", "title": "x"}}),
    ],
)
async def test_ids_of_body_and_path_must_agree(call, path, body) -> None:
    assert await call("PATCH", path, body, status=400) == {"error": {"message": "Invalid resource ID(s)"}}


@pytest.mark.parametrize("name", ["contacts", "conversations", "responses", "shared_labels", "teams", "tasks"])
async def test_what_does_not_exist_cannot_be_changed(call, name) -> None:
    body = {"title": "x"} if name == "tasks" else [{"id": "none"}]
    assert await call("PATCH", f"/{name}/none", {name: body}, status=404) == {"error": {"message": "Not found"}}


async def test_a_label_does_not_change_its_organization(call, account, organization) -> None:
    id = next(iter(account.labels)).id
    body = {"shared_labels": [{"id": id, "organization": organization}]}
    answer = await call("PATCH", f"/shared_labels/{id}", body, status=400)
    assert answer == {"error": {"message": "Unpermitted parameters: organization"}}
