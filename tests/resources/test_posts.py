from datetime import UTC, datetime

import pytest

from fake_missive import FakeMissive
from missive_async import InvalidRequest, OutcomeUnknown
from missive_async.resources.attachments import Attachment
from missive_async.resources.posts import CreatedPost, Notification, PostAttachment, PostField
from model_json import sample

NOTIFICATION = {"title": "A title", "body": "A body"}


async def create(answer=201, **arguments):
    fake = FakeMissive(answer)
    async with fake.client() as missive:
        await missive.posts.create(**arguments)
    assert (fake.sent[0].method, fake.sent[0].target) == ("POST", "/posts")
    return fake.sent[0].json["posts"]


async def refused(**arguments):
    fake = FakeMissive(201)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await missive.posts.create(**arguments)
    assert fake.sent == []
    return caught.value.problems


async def test_a_post_goes_out_as_it_is_given():
    sent = await create(
        conversation="c1",
        notification=Notification(**NOTIFICATION),
        username="CI bot",
        attachments=[
            PostAttachment(color="#2266ED", text="New", timestamp=datetime.fromtimestamp(1_511_540_318, UTC)),
            {"fields": [PostField(title="Paying", value="yes", short=True)]},
            Attachment.from_bytes(b"abc", "a.png"),
        ],
        reopen=False,
    )
    assert sent == {
        "conversation": "c1",
        "notification": NOTIFICATION,
        "username": "CI bot",
        "attachments": [
            {"color": "#2266ED", "text": "New", "timestamp": 1_511_540_318},
            {"fields": [{"title": "Paying", "value": "yes", "short": True}]},
            {"filename": "a.png", "base64_data": "YWJj"},
        ],
        "reopen": False,
    }


async def test_the_answer_has_the_ids():
    answer = sample("docs26-posts-create-response")
    async with FakeMissive(answer).client() as missive:
        assert await missive.posts.create(text="x") == CreatedPost(**answer["posts"])


async def test_an_empty_answer_is_a_success():
    async with FakeMissive(201).client() as missive:
        assert await missive.posts.create(text="x", notification=NOTIFICATION) is None


async def test_a_post_without_a_notification_is_sent_for_sources_differ():
    assert await create(text="x", close=True) == {"text": "x", "close": True}


@pytest.mark.parametrize("content", [{"text": "x"}, {"markdown": "**x**"}, {"attachments": [{"text": "x"}]}])
async def test_any_content_is_enough(content):
    assert await create(**content) == content


@pytest.mark.parametrize("length", [1, 8_000])
async def test_text_up_to_the_limit_passes(length):
    assert await create(text="x" * length) == {"text": "x" * length}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "posts needs one of text, markdown and attachments"),
        ({"text": "", "attachments": []}, "posts needs one of text, markdown and attachments"),
        ({"notification": NOTIFICATION, "close": True}, "posts needs one of text, markdown and attachments"),
        ({"text": "x" * 8_001}, "posts.text has 8,001 characters, more than 8,000"),
        ({"markdown": "x" * 8_001}, "posts.markdown has 8,001 characters, more than 8,000"),
        ({"text": "x", "notification": "x"}, "posts.notification is an object, not str"),
        ({"text": "x", "notification": {"title": 5}}, "posts.notification.title is a str, not int"),
        ({"text": "x", "reopen": "no"}, "posts.reopen is True or False, not 'no'"),
        ({"text": "x", "username": 5}, "posts.username is a str, not int"),
        ({"attachments": "x"}, "posts.attachments is a list of objects, not str"),
        (
            {"attachments": [{"color": "red"}]},
            "posts.attachments[0].color is a hex code like #2266ED, good, warning or danger, not 'red'",
        ),
        ({"attachments": [{"filename": "a.png"}]}, "posts.attachments[0].base64_data is required"),
        ({"attachments": [{"base64_data": "YQ=="}]}, "posts.attachments[0].filename is required"),
        (
            {"attachments": [{"timestamp": "now"}]},
            "posts.attachments[0].timestamp is an aware datetime or whole Unix seconds, not str",
        ),
        ({"attachments": [{"fields": [{"short": 1}]}]}, "posts.attachments[0].fields[0].short is True or False, not 1"),
    ],
)
async def test_what_the_reference_rules_out_is_refused(arguments, problem):
    assert problem in await refused(**arguments)


async def test_a_time_without_a_zone_inside_an_attachment_is_refused():
    block = PostAttachment(text="x", timestamp=datetime(2026, 1, 1))  # noqa: DTZ001
    assert (await refused(attachments=[block]))[0].startswith("posts.attachments: a time without a zone")


async def test_a_lost_answer_is_not_followed_by_a_second_post():
    fake = FakeMissive(502)
    async with fake.client() as missive:
        with pytest.raises(OutcomeUnknown):
            await missive.posts.create(text="x")
    assert len(fake.sent) == 1


async def test_a_post_is_deleted():
    fake = FakeMissive(204)
    async with fake.client() as missive:
        await missive.posts.delete("p1")
    assert (fake.sent[0].method, fake.sent[0].target) == ("DELETE", "/posts/p1")
