import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account

CONVERSATION = {
    "id",
    "created_at",
    "subject",
    "latest_message_subject",
    "organization",
    "color",
    "assignees",
    "users",
    "attachments_count",
    "messages_count",
    "authors",
    "external_authors",
    "drafts_count",
    "send_later_messages_count",
    "tasks_count",
    "completed_tasks_count",
    "web_url",
    "app_url",
    "assignee_names",
    "assignee_emails",
    "shared_label_names",
    "last_activity_at",
    "team",
    "shared_labels",
}
SOMETIMES = {"closed_at", "pinned"}
MEMBER = {
    "id",
    "name",
    "email",
    "unassigned",
    "closed",
    "archived",
    "trashed",
    "junked",
    "assigned",
    "flagged",
    "snoozed",
}
LABEL = {
    "id",
    "name",
    "name_with_parent_names",
    "organization",
    "color",
    "parent",
    "share_with_organization",
    "share_with_users",
    "share_with_team",
    "visibility",
}
MAIL = {
    "id",
    "subject",
    "draft",
    "preview",
    "type",
    "delivered_at",
    "updated_at",
    "created_at",
    "email_message_id",
    "in_reply_to",
    "references",
    "from_field",
    "to_fields",
    "cc_fields",
    "bcc_fields",
    "reply_to_fields",
    "attachments",
    "author",
}
SMS = {
    "id",
    "preview",
    "type",
    "delivered_at",
    "updated_at",
    "created_at",
    "references",
    "from_field",
    "to_fields",
    "external_id",
    "account_author",
    "account_recipients",
    "attachments",
    "author",
}
DRAFT = MAIL - {"email_message_id", "in_reply_to", "references"}
ATTACHMENT = {"id", "filename", "extension", "url", "media_type", "sub_type", "size", "width", "height"}
COMMENT = {"id", "body", "created_at", "mentions", "meta", "author", "attachment", "task"}
TASK = {
    "id",
    "conversation",
    "title",
    "description",
    "state",
    "started_at",
    "closed_at",
    "assignees",
    "team",
    "due_at",
    "type",
    "last_activity_at",
}
RESPONSE = {
    "id",
    "title",
    "body",
    "subject",
    "organization",
    "user",
    "share_with_team",
    "modified_at",
    "to_fields",
    "cc_fields",
    "bcc_fields",
    "shared_labels",
    "external_id",
    "external_source",
    "attachments",
}
BOOK = {
    "id",
    "user",
    "share_with_organization",
    "share_with_team",
    "share_with_users",
    "organization",
    "name",
    "description",
    "importing",
    "import_error_text",
    "import_rows_count",
    "import_processed_rows_count",
}
CONTACT = {"id", "first_name", "last_name", "starred", "contact_book", "deleted", "modified_at"}


@pytest.fixture
def ask(missive):
    async def ask(path, status=200, **params):
        response = await missive.get(path, params=params)
        assert response.status_code == status, response.text
        return response.json()

    return ask


@pytest.fixture
async def conversations(ask):
    return (await ask("/conversations", all="true", limit=50))["conversations"]


async def test_a_conversation_has_the_keys_of_the_reference(conversations) -> None:
    whole = [row for row in conversations if len(row) > 2]
    assert all(row.keys() - SOMETIMES == CONVERSATION for row in whole)
    assert all(set(user) == MEMBER for row in whole for user in row["users"] + row["assignees"])
    assert all(set(label) == LABEL for row in whole for label in row["shared_labels"])
    assert {set(row["team"] or {}) == {"id", "name", "organization"} for row in whole} == {True, False}


async def test_a_guest_sees_two_keys_of_a_conversation(conversations) -> None:
    guests = [row for row in conversations if "users" not in row]
    assert [set(row) for row in guests] == [{"id", "last_activity_at"}] * 2


async def test_names_of_assignees_and_labels_are_joined(conversations) -> None:
    row = next(row for row in conversations if len(row.get("shared_labels", [])) > 1)
    assert row["shared_label_names"] == ", ".join(label["name"] for label in row["shared_labels"])
    row = next(row for row in conversations if row.get("assignees"))
    assert row["assignee_emails"] == ", ".join(user["email"] for user in row["assignees"])


async def test_one_conversation_is_an_array_of_one_without_its_creation(ask, conversations) -> None:
    (one,) = (await ask(f"/conversations/{conversations[0]['id']}"))["conversations"]
    assert set(one) - SOMETIMES == CONVERSATION - {"created_at"}


async def test_a_merged_conversation_is_found_by_its_old_id(ask, simulator) -> None:
    old, new = next(iter(simulator.account.merged.items()))
    assert (await ask(f"/conversations/{old}"))["conversations"][0]["id"] == new
    messages = await ask(f"/conversations/{old}/messages")
    assert messages == await ask(f"/conversations/{new}/messages")


async def test_messages_of_a_list_have_no_body(ask, simulator) -> None:
    shapes = {}
    for conversation in simulator.account.conversations:
        for row in (await ask(f"/conversations/{conversation.id}/messages"))["messages"]:
            shapes.setdefault(row["type"], set(row))
            assert all(set(attachment) == ATTACHMENT for attachment in row["attachments"])
    assert shapes.pop("email") == MAIL
    assert shapes.pop("sms") == SMS
    assert shapes.pop("custom_text") == SMS - {"account_author", "account_recipients"}
    assert list(shapes) == ["telegram"]  # a type that no reference names


async def test_one_message_is_an_object_and_several_are_an_array(ask, conversations) -> None:
    rows = (await ask(f"/conversations/{conversations[3]['id']}/messages"))["messages"]
    one = (await ask(f"/messages/{rows[0]['id']}"))["messages"]
    assert set(one) == MAIL | {"body", "conversation"}
    assert set(one["conversation"]) - SOMETIMES == CONVERSATION - {"created_at", "last_activity_at"}
    several = (await ask(f"/messages/{rows[1]['id']},{rows[0]['id']}"))["messages"]
    assert [message["id"] for message in several] == [rows[1]["id"], rows[0]["id"]]
    assert several[1] == one


async def test_unknown_messages_are_left_out_of_a_batch(ask, conversations) -> None:
    rows = (await ask(f"/conversations/{conversations[3]['id']}/messages"))["messages"]
    assert len((await ask(f"/messages/nobody,{rows[0]['id']}"))["messages"]) == 1
    await ask("/messages/nobody", 404)
    await ask("/messages/nobody,nothing", 404)


async def test_messages_are_found_by_their_message_id(ask, simulator) -> None:
    conversation = next(
        found for found in simulator.account.conversations if found.number % 30 == 7 and found.counts.messages > 2
    )
    rows = (await ask(f"/conversations/{conversation.id}/messages"))["messages"]
    mail_id = rows[-1]["email_message_id"]
    found = (await ask("/messages", email_message_id=mail_id))["messages"]
    assert [message["email_message_id"] for message in found] == [mail_id] * 2
    assert found[0]["delivered_at"] >= found[1]["delivered_at"]
    assert found == (await ask("/messages", email_message_id=mail_id.strip("<>")))["messages"]
    assert await ask("/messages", email_message_id="<none@example.com>") == {"messages": []}
    await ask("/messages", 400)


async def test_comments_posts_and_drafts_have_their_shapes(ask, simulator) -> None:
    rows = {"comments": [], "posts": [], "drafts": []}
    for conversation in simulator.account.conversations:
        for name, listed in rows.items():
            listed.extend((await ask(f"/conversations/{conversation.id}/{name}"))[name])
    assert all(set(row) == COMMENT for row in rows["comments"])
    assert {row["body"] is None for row in rows["comments"]} == {True, False}
    assert {"me" in row["author"] for row in rows["comments"]} == {True, False}
    assert any(row["task"] for row in rows["comments"])
    for mention, body in ((mention, row["body"]) for row in rows["comments"] for mention in row["mentions"]):
        assert body[mention["index"] :].startswith("@")
        assert set(mention) == {"id", "index", "length"}
    plain = {"id", "created_at", "username", "username_icon", "notification", "attachments"}
    assert all(set(row) - {"markdown"} == plain for row in rows["posts"])
    assert all(set(row) == DRAFT for row in rows["drafts"])
    assert {row["delivered_at"] for row in rows["drafts"]} == {None}


async def test_a_task_differs_in_a_list_and_alone(ask) -> None:
    rows = (await ask("/tasks", limit=50))["tasks"]
    assert all(set(row) == TASK for row in rows)
    row = next(row for row in rows if row["team"])
    one = (await ask(f"/tasks/{row['id']}"))["tasks"]
    assert set(one) == TASK - {"last_activity_at"}
    assert set(one["assignees"][0]) == {"id", "name", "email", "avatar_url"}
    assert one["team"]["id"] == row["team"]
    await ask("/tasks/none", 404)


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"state": "closed"}, lambda row: row["state"] == "closed"),
        ({"type": "conversation"}, lambda row: row["type"] == "conversation"),
        ({"type": "all"}, lambda row: True),
        ({"due_at_gteq": 1_760_010_000}, lambda row: (row["due_at"] or 0) >= 1_760_010_000),
        ({"due_at_lteq": 1_760_100_000}, lambda row: (row["due_at"] or 2e9) <= 1_760_100_000),
    ],
)
async def test_tasks_can_be_narrowed_down(connect, params, keep) -> None:
    missive = connect(Simulator(make_account(1, tasks=40), limits=ServerLimits.none()))
    all_rows = (await missive.get("/tasks", params={"limit": 50})).json()["tasks"]
    rows = (await missive.get("/tasks", params={"limit": 50, **params})).json()["tasks"]
    assert rows == [row for row in all_rows if keep(row)]
    assert rows


async def test_tasks_of_a_user_a_team_and_a_conversation(ask) -> None:
    row = next(row for row in (await ask("/tasks", limit=50))["tasks"] if row["conversation"] and row["team"])
    for name, value in (
        ("assignee", row["assignees"][0]),
        ("team", row["team"]),
        ("conversation", row["conversation"]),
    ):
        assert row in (await ask("/tasks", limit=50, **{name: value}))["tasks"]
    assert await ask("/tasks", assignee="nobody") == {"tasks": []}


async def test_settings_have_their_shapes(ask) -> None:
    assert all(set(row) == {"id", "name"} for row in (await ask("/organizations"))["organizations"])
    teams = (await ask("/teams"))["teams"]
    assert all(set(row) == {"id", "name", "organization", "active_members", "observers"} for row in teams)
    users = (await ask("/users"))["users"]
    assert [row.get("me") for row in users] == [True, *[None] * 8]
    assert all(set(row) - {"me", "timezone"} == {"id", "email", "name", "avatar_url"} for row in users)
    assert all(set(row) == LABEL for row in (await ask("/shared_labels"))["shared_labels"])
    assert all(set(row) == BOOK for row in (await ask("/contact_books"))["contact_books"])
    responses = (await ask("/responses"))["responses"]
    assert all(set(row) == RESPONSE for row in responses)
    assert (await ask(f"/responses/{responses[0]['id']}"))["responses"] == responses[:1]


async def test_settings_are_filtered_by_organization(ask) -> None:
    organization = (await ask("/organizations"))["organizations"][1]["id"]
    for name in ("teams", "shared_labels"):
        rows = (await ask(f"/{name}", organization=organization))[name]
        assert {row["organization"] for row in rows} == {organization}


async def test_contact_groups_are_of_a_book_and_a_kind(ask) -> None:
    book = (await ask("/contact_books"))["contact_books"][0]["id"]
    rows = (await ask("/contact_groups", contact_book=book, kind="organization"))["contact_groups"]
    assert all(set(row) == {"id", "kind", "name"} for row in rows)
    assert {row["kind"] for row in rows} == {"organization"}


@pytest.fixture
async def book(ask):
    return (await ask("/contact_books"))["contact_books"][0]["id"]


async def test_contacts_are_listed_by_last_name(ask, book) -> None:
    rows = (await ask("/contacts", contact_book=book, limit=200))["contacts"]
    names = [row["last_name"] or "\uffff" for row in rows]
    assert names == sorted(names)
    optional = {"infos", "memberships", "middle_name", "notes", "preferred_language"}
    assert all(set(row) - optional == CONTACT for row in rows)
    assert all(row.get("infos", [1]) and row.get("memberships", [1]) for row in rows)
    assert any("infos" not in row for row in rows)
    custom = [info for row in rows for info in row.get("infos", ()) if info["kind"] == "custom"]
    assert all(set(info) == {"kind", "custom_label", "value"} for info in custom)


async def test_one_contact_has_empty_arrays(ask, book) -> None:
    rows = (await ask("/contacts", contact_book=book, limit=200))["contacts"]
    row = next(row for row in rows if "infos" not in row)
    (one,) = (await ask(f"/contacts/{row['id']}"))["contacts"]
    assert one["infos"] == []


async def test_changed_contacts_come_newest_first_with_tombstones_on_request(ask, book) -> None:
    since = 1_750_000_000
    params = {"contact_book": book, "order": "last_modified", "limit": 200, "modified_since": since}
    living = (await ask("/contacts", **params))["contacts"]
    times = [row["modified_at"] for row in living]
    assert times == sorted(times, reverse=True)
    assert min(times) >= since
    rows = (await ask("/contacts", include_deleted="true", **params))["contacts"]
    dead = [row for row in rows if row["deleted"]]
    assert all(set(row) == {"id", "deleted", "modified_at"} for row in dead)
    assert len(rows) == len(living) + len(dead) > len(living)
    await ask(f"/contacts/{dead[0]['id']}", 404)


async def test_contacts_are_searched_by_all_that_they_say(ask, book) -> None:
    rows = (await ask("/contacts", contact_book=book, limit=200))["contacts"]
    row = next(row for row in rows if row.get("infos") and row["last_name"])
    for term in (row["last_name"].upper(), row["infos"][0]["value"][:12]):
        found = (await ask("/contacts", contact_book=book, limit=200, search=term))["contacts"]
        assert row["id"] in [contact["id"] for contact in found]
        assert len(found) < len(rows)


@pytest.mark.parametrize(
    ("path", "params", "message"),
    [
        ("/conversations", {}, "You need to paginate at least one mailbox"),
        ("/conversations", {"inbox": "false"}, "You need to paginate at least one mailbox"),
        ("/conversations", {"all": "true", "limit": 1}, "min 'limit' value is 2"),
        ("/conversations", {"all": "true", "limit": 51}, "max 'limit' value is 50"),
        ("/conversations", {"all": "true", "limit": "ten"}, "'limit' must be an integer"),
        ("/conversations", {"all": "true", "until": "1.5"}, "'until' must be an integer"),
        (
            "/conversations",
            {"all": "true", "email": "a@b.c", "domain": "b.c"},
            "'email' cannot be combined with 'domain'",
        ),
        ("/tasks", {"limit": 1}, "min 'limit' value is 2"),
        ("/tasks", {"limit": 51}, "max 'limit' value is 50"),
        ("/tasks", {"state": "done"}, "'state' must be 'todo', 'in_progress' or 'closed'"),
        ("/tasks", {"type": "note"}, "'type' must be 'task', 'conversation' or 'all'"),
        ("/users", {"limit": 201}, "max 'limit' value is 200"),
        ("/users", {"limit": 0}, "min 'limit' value is 1"),
        ("/users", {"offset": -1}, "min 'offset' value is 0"),
        ("/users", {"offset": "x"}, "'offset' must be an integer"),
        ("/contacts", {}, "'contact_book' is required"),
        ("/contact_groups", {}, "'contact_book' is required"),
    ],
)
async def test_a_wrong_parameter_is_refused(ask, path, params, message) -> None:
    assert await ask(path, 400, **params) == {"error": {"message": message}}


async def test_a_wrong_parameter_of_a_book_is_refused(ask, book) -> None:
    await ask("/contact_groups", 400, contact_book=book)
    await ask("/contact_groups", 400, contact_book=book, kind="firm")
    await ask("/contacts", 400, contact_book=book, order="age")
    await ask("/contacts", 400, contact_book=book, include_deleted="true")
    await ask("/contacts", 404, contact_book="none")


async def test_a_page_of_children_holds_ten_at_most(ask, conversations) -> None:
    for name in ("messages", "comments", "posts", "drafts"):
        path = f"/conversations/{conversations[0]['id']}/{name}"
        assert await ask(path, 400, limit=11) == {"error": {"message": "max 'limit' value is 10"}}
        await ask(f"/conversations/none/{name}", 404)


@pytest.mark.parametrize(
    "params",
    [
        {"all": "true", "organization": "none"},
        {"shared_label": "none"},
        {"team_inbox": "none"},
        {"all": "true", "contact_organization": "none"},
    ],
)
async def test_an_unknown_filter_is_not_found(ask, params) -> None:
    await ask("/conversations", 404, **params)
