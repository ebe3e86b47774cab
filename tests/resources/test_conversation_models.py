"""What holds for every model of conversations and what is in them, whatever Missive sends."""

import copy
import pickle

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import DecodeError, _codec, to_dict
from missive_async.resources._people import Author, MessageAddress
from missive_async.resources._shared import SharedLabelRef
from missive_async.resources.attachments import Attachment
from missive_async.resources.comments import Comment
from missive_async.resources.conversations import Conversation, ConversationUser
from missive_async.resources.drafts import CreatedDraft, Draft
from missive_async.resources.messages import CreatedMessage, Message
from missive_async.resources.posts import CreatedPost, Post
from missive_async.resources.tasks import Task
from model_json import known, records, sample

WITH_IDS = (Comment, Conversation, CreatedDraft, CreatedMessage, CreatedPost, Draft, Message, Post, Task)
OTHERS = (Attachment, Author, MessageAddress)
WEBHOOKS = [
    "docs-custom_channel-outgoing_webhook",
    "docs-webhook-incoming-older-message",
    "docs-webhook-label_change-latest_message",
    "pdw-webhook-conversation_assignee_change",
    "pdw-webhook-conversation_closed",
    "pdw-webhook-incoming_twilio_message",
    "pdw-webhook-label_change",
    "pdw-webhook-new_comment",
]
PARTS = {"conversation": Conversation, "message": Message, "latest_message": Message, "comment": Comment}


def decode(record, model):
    return _codec.many("rows", model)(_codec.encode({"rows": [record]}))[0]


def nothing_unknown(record, model):
    """The record without its nulls, when the model knows every field that it has."""
    kept = known(record, model)
    assert kept == without_nulls(record)
    return kept


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(st.data(), st.sampled_from(WITH_IDS + OTHERS))
def test_absent_null_and_unknown_fields_are_read_and_what_is_known_comes_back_unchanged(data, model):
    record = data.draw(records(model))
    assert to_dict(decode(record, model)) == known(record, model)


@given(st.data(), st.sampled_from(WITH_IDS + OTHERS))
def test_a_model_equals_its_copy_and_what_comes_out_of_a_pickle(data, model):
    record = decode(data.draw(records(model)), model)
    assert copy.deepcopy(record) == record == pickle.loads(pickle.dumps(record))  # noqa: S301 - our own


@pytest.mark.parametrize("model", WITH_IDS)
def test_a_record_of_an_id_alone_is_read(model):
    assert decode({"id": "r1"}, model) == model(id="r1")


@pytest.mark.parametrize("model", OTHERS)
def test_an_empty_record_is_read_where_there_is_no_id_to_need(model):
    assert decode({}, model) == model()


@pytest.mark.parametrize("model", WITH_IDS)
@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": 7}, [], "text", None])
def test_a_record_without_an_id_is_told_by_its_path(model, record):
    with pytest.raises(DecodeError) as caught:
        decode(record, model)
    assert caught.value.paths[0].startswith("$.rows[0]")


@pytest.mark.parametrize("model", [*WITH_IDS, *OTHERS, ConversationUser, SharedLabelRef])
def test_a_model_cannot_be_changed(model):
    fields = attrs.fields(model)
    record = model(id="r1") if any(field.default is attrs.NOTHING for field in fields) else model()
    for field in fields:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(record, field.name, "x")


@pytest.mark.parametrize("model", WITH_IDS)
def test_a_models_first_field_is_its_id(model):
    assert attrs.fields(model)[0].name == "id"


@pytest.mark.parametrize("name", WEBHOOKS)
def test_models_know_every_field_of_the_recorded_deliveries(name):
    for key, record in sample(name).items():
        if key in PARTS:
            assert to_dict(decode(record, PARTS[key])) == nothing_unknown(record, PARTS[key])


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("docs26-conversation-comments", Comment),
        ("docs26-conversation-messages", Message),
        ("docs26-conversation-posts", Post),
        ("docs26-conversations-list", Conversation),
        ("docs26-conversations-merge", Conversation),
        ("docs26-posts-create-response", CreatedPost),
        ("docs26-tasks-create-response", Task),
        ("docs26-tasks-list", Task),
        ("drafts-create-response", CreatedDraft),
    ],
)
def test_models_know_every_field_of_the_documented_answers(name, model):
    ((_, rows),) = sample(name).items()
    for row in rows if isinstance(rows, list) else [rows]:
        assert to_dict(decode(row, model)) == nothing_unknown(row, model)


def test_an_attachment_that_is_no_image_has_neither_width_nor_height():
    record = sample("attachment-non_image")
    assert to_dict(decode(record, Attachment)) == nothing_unknown(record, Attachment)


def test_text_that_reads_null_is_text():
    assert decode({"id": "c1", "subject": "null"}, Conversation).subject == "null"
