import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import InvalidPayload, to_dict
from missive_async.webhooks import WebhookEvent, WebhookRule, parse


def encode(payload):
    return json.dumps(payload).encode()


def faults(payload):
    with pytest.raises(InvalidPayload) as caught:
        parse(payload if isinstance(payload, bytes) else encode(payload))
    return str(caught.value), caught.value.paths


def without_empty(value):
    """As models have it: an attribute that is null is one that is absent."""
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item is not None}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


def test_everything_in_a_recorded_delivery_is_in_its_event(recorded):
    event = parse(encode(recorded))
    parts = {
        "rule": event.rule,
        "conversation": event.conversation,
        "latest_message" if "latest_message" in recorded else "message": event.message,
        "comment": event.comment,
    }
    shown = {name: without_empty(to_dict(part)) for name, part in parts.items() if part is not None}
    assert shown == without_empty(recorded)


def test_a_recorded_delivery_is_kept_as_received(recorded):
    assert parse(encode(recorded)).raw == recorded


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("label_change-latest_message", ("rule", "conversation", "message")),
        ("incoming-older-message", ("rule", "conversation", "message")),
        ("incoming_twilio_message", ("rule", "conversation", "message")),
        ("new_comment", ("rule", "conversation", "comment")),
        ("conversation_closed", ("rule", "conversation")),
        ("conversation_assignee_change", ("rule", "conversation")),
        ("pdw-webhook-label_change", ("rule", "conversation")),
        ("custom_channel", ("conversation", "message")),
    ],
)
def test_each_kind_of_delivery_has_its_parts(sample, name, parts):
    event = parse(encode(sample(name)))
    have = tuple(part for part in ("rule", "conversation", "message", "comment") if getattr(event, part) is not None)
    assert have == parts


@pytest.mark.parametrize(
    ("name", "kind"), [("label_change-latest", "rule"), ("new_comment", "rule"), ("custom_channel", "custom_channel")]
)
def test_an_event_says_what_it_comes_from(sample, name, kind):
    assert parse(encode(sample(name))).kind == kind


def test_what_is_sent_when_a_rule_is_saved_is_an_event_with_nothing_in_it():
    event = parse(b"{}")
    assert (event.kind, event.rule, event.conversation, event.message, event.comment, event.raw) == (
        "validation",
        None,
        None,
        None,
        None,
        {},
    )


@pytest.mark.parametrize("type", ["calendar_event_moved", "", None, "\U0001f980"])
def test_a_rule_may_be_of_any_type(sample, type):
    payload = sample("new_comment")
    payload["rule"]["type"] = type
    assert parse(encode(payload)).rule.type == type


def test_a_rule_of_a_new_type_may_be_about_something_new():
    event = parse(encode({"rule": {"id": "r1", "type": "event_moved"}, "calendar_event": {"id": "e1"}}))
    assert (event.kind, event.rule, event.conversation) == ("rule", WebhookRule(id="r1", type="event_moved"), None)


def test_fields_that_are_not_known_pass_and_stay_in_raw(sample):
    payload = sample("incoming_twilio_message")
    payload["conversation"]["mood"] = {"calm": True}
    payload["priority"] = 3
    assert parse(encode(payload)).raw == payload


@pytest.mark.parametrize("part", ["conversation", "message", "comment"])
def test_a_part_that_is_null_is_absent(part):
    assert getattr(parse(encode({"rule": {"id": "r1"}, part: None})), part) is None


def test_of_two_messages_the_one_that_the_event_is_about_is_given():
    payload = {"rule": {"id": "r1"}, "message": {"id": "m1"}, "latest_message": {"id": "m2"}}
    assert parse(encode(payload)).message.id == "m1"


def test_a_message_that_is_null_leaves_room_for_the_latest():
    payload = {"rule": {"id": "r1"}, "message": None, "latest_message": {"id": "m2"}}
    assert parse(encode(payload)).message.id == "m2"


def test_a_comment_may_be_a_task_of_either_age():
    new = {"description": "Call", "state": "todo", "assignees": [{"id": "u1"}], "team": {"id": "t1"}}
    old = {"completed_at": 1704339993, "assignees": ["u1"]}
    tasks = [
        parse(encode({"rule": {"id": "r1"}, "comment": {"id": "c1", "task": task}})).comment.task for task in (new, old)
    ]
    assert [to_dict(task) for task in tasks] == [new, old]


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"\x00", b"\xff\xfe", b"nothing", b"{", b'{"rule":', b'{"rule":{}}{}', b"payload=%7B%7D", b"NaN"],
    ids=repr,
)
def test_what_is_no_json_is_refused(body):
    assert faults(body)[1] == ("$",)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [([], "array"), ([{}], "array"), (None, "null"), (True, "bool"), (7, "int"), (7.5, "float"), ("{}", "str")],
)
def test_what_is_no_object_is_refused(payload, kind):
    assert faults(payload) == (f"expected object, not {kind} @ $", ("$",))


def test_json_that_is_nested_too_deep_is_refused():
    assert faults(b'{"rule":' + b"[" * 100_000 + b"]" * 100_000 + b"}")[1] == ("$",)


@pytest.mark.parametrize(
    "payload", [{"hello": 1}, {"rule": None}, {"rule": None, "conversation": None}, {"event": {"id": "e1"}}]
)
def test_an_object_without_any_part_of_a_delivery_is_refused(payload):
    assert faults(payload) == ("no rule, conversation, message or comment @ $", ("$",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": "r1"}, "expected object, not str @ $.rule"),
        ({"rule": {}}, "required field missing @ $.rule.id"),
        ({"rule": {"id": 5}}, "expected str, not int @ $.rule.id"),
        ({"conversation": []}, "expected object, not array @ $.conversation"),
        ({"conversation": "id"}, "expected object, not str @ $.conversation"),
        ({"conversation": {}}, "required field missing @ $.conversation.id"),
        ({"conversation": {"id": None}}, "expected str, not null @ $.conversation.id"),
        ({"conversation": {"id": "c", "users": {}}}, "expected array, not object @ $.conversation.users"),
        ({"conversation": {"id": "c", "users": "u1"}}, "expected array, not str @ $.conversation.users"),
        ({"conversation": {"id": "c", "users": [{"id": 1}]}}, "expected str, not int @ $.conversation.users[0].id"),
        (
            {"conversation": {"id": "c", "created_at": "now"}},
            "expected Unix seconds, not str @ $.conversation.created_at",
        ),
        (
            {"conversation": {"id": "c", "created_at": True}},
            "expected Unix seconds, not bool @ $.conversation.created_at",
        ),
        ({"conversation": {"id": "c", "created_at": 1e300}}, "a time out of range @ $.conversation.created_at"),
        ({"message": {"id": "m", "from_field": "Casey"}}, "expected object, not str @ $.message.from_field"),
        ({"latest_message": {"id": 3}}, "expected str, not int @ $.latest_message.id"),
        ({"message": {"id": "m", "attachments": [None]}}, "expected object, not null @ $.message.attachments[0]"),
        ({"comment": {"id": "c", "mentions": [[]]}}, "expected object, not array @ $.comment.mentions[0]"),
        ({"comment": {"id": "c", "task": {"team": 4}}}, "expected str, not int @ $.comment.task.team"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_of_another_type_is_refused_with_its_place(change, said):
    payload = {"rule": {"id": "r1"}, "conversation": {"id": "c1"}, **change}
    assert faults(payload) == (said, (said.rpartition(" @ ")[2],))


def test_all_faults_are_said_at_once():
    payload = {"rule": {"id": 1}, "conversation": {"id": 2, "subject": 3}, "comment": 4}
    assert faults(payload)[1] == ("$.rule.id", "$.conversation.id", "$.conversation.subject", "$.comment")


def test_many_faults_make_a_short_message_and_a_long_list_of_places():
    text, paths = faults({"conversation": {"id": "c1", "users": [{"id": number} for number in range(1_000)]}})
    assert (text.endswith("; and 995 more"), text.count(";"), len(paths)) == (True, 5, 1_000)


def test_what_is_in_a_delivery_is_not_in_the_message_of_its_refusal():
    text, _ = faults({"rule": {"id": "r1"}, "conversation": {"id": "c1", "messages_count": "a private word"}})
    assert "private" not in text


def test_a_retried_delivery_has_the_same_key(recorded):
    assert parse(encode(recorded)).key == parse(encode(recorded)).key


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("new_comment", r"rule:{rule}:comment:23dea3e1-6b6a-5794-a911-545fb36e0d7f"),
        ("incoming_twilio_message", r"rule:{rule}:message:3cdbc613-113a-59d3-b414-d56694ffd6fc"),
        ("incoming-older-message", r"rule:{rule}:message:5760d47f-f9a0-5955-97ed-ce1ee01ffddf"),
        ("label_change-latest_message", r"rule:{rule}:body:[0-9a-f]{{64}}"),
        ("conversation_closed", r"rule:{rule}:body:[0-9a-f]{{64}}"),
        ("custom_channel", r"custom_channel:message:5760d47f-f9a0-5955-97ed-ce1ee01ffddf"),
    ],
)
def test_a_key_names_what_the_event_is_about(sample, name, pattern):
    payload = sample(name)
    expected = pattern.format(rule=payload.get("rule", {}).get("id"))
    assert re.fullmatch(expected, parse(encode(payload)).key)


@pytest.mark.parametrize("key", ["message", "latest_message"])
def test_two_changes_of_a_conversation_with_the_same_message_are_two_events(sample, key):
    first = sample("label_change-latest_message")
    first[key] = first.pop("latest_message")
    second = {**first, "conversation": {**first["conversation"], "shared_labels": []}}
    assert parse(encode(first)).key != parse(encode(second)).key


@pytest.mark.parametrize("key", ["message", "latest_message"])
def test_an_incoming_message_is_one_event_however_its_conversation_has_changed(sample, key):
    first = sample("incoming-older-message")
    first[key] = first.pop("message")
    second = {**first, "conversation": {**first["conversation"], "messages_count": 2}}
    assert parse(encode(first)).key == parse(encode(second)).key


def test_one_message_that_two_rules_are_about_is_two_events(sample):
    first = sample("incoming-older-message")
    second = {**first, "rule": {**first["rule"], "id": "another"}}
    assert parse(encode(first)).key != parse(encode(second)).key


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
parts = st.sampled_from(["rule", "conversation", "message", "latest_message", "comment", "other"])
fields = st.sampled_from(
    ["id", "type", "created_at", "users", "authors", "team", "task", "assignees", "from_field", "references", "meta"]
)


def parses_or_refuses(body):
    try:
        event = parse(body)
    except InvalidPayload as error:
        return error.paths != () and all(path.startswith("$") for path in error.paths)
    return isinstance(event, WebhookEvent) and isinstance(event.key, str)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_an_event_or_an_invalid_payload(body):
    assert parses_or_refuses(body)


@given(value=json_values)
def test_any_json_is_an_event_or_an_invalid_payload(value):
    assert parses_or_refuses(encode(value))


@given(value=st.dictionaries(parts, st.dictionaries(fields, json_values, max_size=5) | json_values, max_size=4))
def test_anything_in_the_parts_of_a_delivery_is_an_event_or_an_invalid_payload(value):
    assert parses_or_refuses(encode(value))


@given(data=st.data())
def test_a_delivery_cut_short_is_an_invalid_payload(data):
    body = encode({"rule": {"id": "r1", "type": "new_comment"}, "conversation": {"id": "c1", "subject": "ü"}})
    assert faults(body[: data.draw(st.integers(0, len(body) - 1))])[1] == ("$",)
