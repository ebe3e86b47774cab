import pytest

from fake_missive import FakeMissive
from missive_async import DecodeError, InvalidRequest, NotFound
from missive_async.resources.hooks import Hook
from model_json import sample

URL = "https://hooks.example.com/callback"


class TestCreating:
    async def test_what_is_given_is_sent_and_nothing_else(self):
        fake = FakeMissive(sample("docs26-hooks-create"))
        async with fake.client() as missive:
            hook = await missive.hooks.create(
                type="new_comment",
                url=URL,
                organization="o1",
                is_task=True,
                author="u1",
                content_contains="x",
                mention=None,
            )
        assert hook == Hook(id="c4c06bf0-3208-5948-be08-4b854fa181cf")
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
            (
                "POST",
                "/hooks",
                {
                    "hooks": {
                        "type": "new_comment",
                        "url": URL,
                        "organization": "o1",
                        "content_contains": "x",
                        "is_task": True,
                        "author": "u1",
                    }
                },
            )
        ]

    @pytest.mark.parametrize("answer", [201, 204])
    async def test_an_empty_answer_gives_none(self, answer):
        async with FakeMissive(answer).client() as missive:
            assert await missive.hooks.create(type="incoming_email", url=URL) is None

    async def test_an_array_of_one_is_read_as_one(self):
        async with FakeMissive({"hooks": [{"id": "h1", "more": 1}]}).client() as missive:
            assert await missive.hooks.create(type="incoming_email", url=URL) == Hook(id="h1")

    async def test_an_answer_without_an_id_is_told(self):
        async with FakeMissive({"hooks": {}}).client() as missive:
            with pytest.raises(DecodeError):
                await missive.hooks.create(type="incoming_email", url=URL)

    @pytest.mark.parametrize(
        "type",
        [
            "incoming_email",
            "incoming_sms_message",
            "incoming_facebook_message",
            "incoming_whatsapp_message",
            "incoming_twilio_chat_message",
            "new_comment",
        ],
    )
    async def test_every_type_takes_filters_of_content(self, type):
        filters = {"content_contains": "a", "content_starts_with": "b", "content_ends_with": "c"}
        fake = FakeMissive({"hooks": {"id": "h1"}})
        async with fake.client() as missive:
            await missive.hooks.create(type=type, url="http://localhost:8000/hook", **filters)
        assert fake.sent[0].json == {"hooks": {"type": type, "url": "http://localhost:8000/hook"} | filters}

    @pytest.mark.parametrize(
        ("arguments", "problems"),
        [
            ({"type": "label_change"}, ["hooks.type is one of"]),
            ({"type": None, "url": None}, ["hooks.type is required", "hooks.url is required"]),
            ({"url": "ftp://example.com"}, ["hooks.url is a web address"]),
            ({"url": "https://"}, ["hooks.url is a web address"]),
            ({"url": "https://example.com/a b"}, ["hooks.url is a web address"]),
            ({"url": "https://[::1"}, ["hooks.url is a web address"]),
            ({"url": 7}, ["hooks.url is a web address"]),
            ({"organization": "a/b"}, ["hooks.organization: not an id"]),
            ({"is_task": True}, ["hooks.is_task is for hooks of type 'new_comment' only"]),
            ({"author": "u1", "mention": "u2"}, ["hooks.author is for hooks", "hooks.mention is for hooks"]),
            (
                {"type": "new_comment", "from_eq": "a@example.com"},
                ["hooks.from_eq is for hooks of type 'incoming_email'"],
            ),
            ({"type": "incoming_sms_message", "subject_contains": "a"}, ["hooks.subject_contains is for hooks"]),
            ({"type": "new_comment", "is_task": "yes"}, ["hooks.is_task is True or False"]),
            ({"content_contains": 7}, ["hooks.content_contains is a str"]),
        ],
    )
    async def test_what_the_reference_rules_out_is_not_sent(self, arguments, problems):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest) as caught:
                await missive.hooks.create(**{"type": "incoming_email", "url": URL} | arguments)
        assert [found.startswith(wanted) for found, wanted in zip(caught.value.problems, problems, strict=True)] == [
            True
        ] * len(problems)
        assert fake.sent == []


class TestDeleting:
    @pytest.mark.parametrize("answer", [200, 204])
    async def test_an_empty_answer_is_a_success(self, answer):
        fake = FakeMissive(answer)
        async with fake.client() as missive:
            assert await missive.hooks.delete("h1") is None
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [("DELETE", "/hooks/h1", None)]

    async def test_one_that_is_gone_is_not_found(self):
        async with FakeMissive(404).client() as missive:
            with pytest.raises(NotFound):
                await missive.hooks.delete("h1")

    async def test_what_is_no_id_is_not_sent(self):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            with pytest.raises(InvalidRequest):
                await missive.hooks.delete("../contacts")
        assert fake.sent == []
