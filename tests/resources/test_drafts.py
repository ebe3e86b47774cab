from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from fake_missive import FakeMissive
from missive_async import BadRequest, InvalidRequest, NotFound, OutcomeUnknown
from missive_async.resources._people import MessageAddress
from missive_async.resources.attachments import Attachment
from missive_async.resources.drafts import CreatedDraft
from model_json import sample


async def create(answer=201, **arguments):
    fake = FakeMissive(answer)
    async with fake.client() as missive:
        await missive.drafts.create(**arguments)
    assert (fake.sent[0].method, fake.sent[0].target) == ("POST", "/drafts")
    return fake.sent[0].json["drafts"]


async def refused(**arguments):
    fake = FakeMissive(201)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await missive.drafts.create(**arguments)
    assert fake.sent == []
    return caught.value.problems


async def test_a_mail_goes_out_with_models_and_mappings_alike():
    sent = await create(
        subject="Hello",
        body="World!",
        from_field=MessageAddress(name="A", address="a@example.com"),
        to_fields=[{"address": "b@example.com"}, MessageAddress(address="c@example.com")],
        attachments=[Attachment.from_bytes(b"abc", "a.txt")],
        send=True,
        quote_previous_message=False,
    )
    assert sent == {
        "subject": "Hello",
        "body": "World!",
        "from_field": {"name": "A", "address": "a@example.com"},
        "to_fields": [{"address": "b@example.com"}, {"address": "c@example.com"}],
        "attachments": [{"filename": "a.txt", "base64_data": "YWJj"}],
        "send": True,
        "quote_previous_message": False,
    }


async def test_a_draft_of_nothing_is_a_draft():
    assert await create() == {}


@pytest.mark.parametrize(
    "moment",
    [
        1_684_540_565,
        datetime.fromtimestamp(1_684_540_565, UTC),
        datetime.fromtimestamp(1_684_540_565, timezone(timedelta(hours=5))),
    ],
)
async def test_times_are_sent_as_unix_seconds(moment):
    assert await create(send_at=moment, auto_followup=True) == {"send_at": 1_684_540_565, "auto_followup": True}


@pytest.mark.parametrize(
    "answer", [sample("drafts-create-response"), {"drafts": [{"id": "d1", "conversation": None, "new": 1}]}]
)
async def test_the_answer_has_the_ids(answer):
    async with FakeMissive(answer).client() as missive:
        created = await missive.drafts.create(subject="x")
    row = answer["drafts"][0] if isinstance(answer["drafts"], list) else answer["drafts"]
    assert created == CreatedDraft(id=row["id"], conversation=row["conversation"])


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_an_empty_answer_is_a_success(status):
    async with FakeMissive(status).client() as missive:
        assert await missive.drafts.create(subject="x") is None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"send": True, "send_at": 1}, "drafts.send_at cannot be combined with send"),
        ({"auto_followup": True}, "drafts.auto_followup needs send_at"),
        ({"auto_followup": True, "send_at": None}, "drafts.auto_followup needs send_at"),
        ({"send_at": True}, "drafts.send_at is an aware datetime or whole Unix seconds, not bool"),
        ({"send_at": 1.5}, "drafts.send_at is an aware datetime or whole Unix seconds, not float"),
        ({"send_at": 1_700_000_000_000}, "drafts.send_at is no Unix time in seconds: 1700000000000"),
        ({"send": "yes"}, "drafts.send is True or False, not 'yes'"),
        ({"subject": 5}, "drafts.subject is a str, not int"),
        ({"account": "a/b"}, "drafts.account: not an id: 'a/b'"),
        ({"from_field": "a@example.com"}, "drafts.from_field is an object, not str"),
        ({"to_fields": "a@example.com"}, "drafts.to_fields is a list of objects, not str"),
        ({"to_fields": ["a@example.com"]}, "drafts.to_fields[0] is an object, not str"),
        ({"cc_fields": [{"address": 5}]}, "drafts.cc_fields[0].address is a str, not int"),
        ({"attachments": [{"filename": "a"}]}, "drafts.attachments[0].base64_data is required"),
        (
            {"attachments": [Attachment(id="x", filename="a", url="https://x")]},
            "drafts.attachments[0].base64_data is required",
        ),
        ({"attachments": [{"base64_data": "YQ=="}]}, "drafts.attachments[0].filename is required"),
        (
            {"attachments": [{"filename": "a", "base64_data": "YQ=="}] * 26},
            "drafts.attachments has 26 files, more than 25",
        ),
        (
            {"from_field": {"phone_number": "+1 800"}},
            "drafts.from_field.phone_number is + and digits only, not '+1 800'",
        ),
        (
            {"to_fields": [{"phone_number": "1800"}]},
            "drafts.to_fields[0].phone_number is + and digits only, not '1800'",
        ),
        (
            {"to_fields": [{"phone_number": "+1"}, {"phone_number": "+2"}]},
            "drafts.to_fields has 2 items: with phone numbers, one only",
        ),
        (
            {"from_field": {"phone_number": "+1", "type": "sms"}},
            "drafts.from_field.type is one of signalwire, twilio, twilio_whatsapp, whatsapp, not 'sms'",
        ),
        ({"external_response_variables": ["a"]}, "drafts.external_response_variables is an object with str keys"),
        ({"external_response_variables": {1: "a"}}, "drafts.external_response_variables is an object with str keys"),
    ],
)
async def test_what_the_reference_rules_out_is_refused(arguments, problem):
    assert problem in await refused(**arguments)


async def test_a_time_without_a_zone_is_refused_once_and_the_rest_is_checked_all_the_same():
    problems = await refused(send_at=datetime(2026, 1, 1), send=True, add_users=["u1"])  # noqa: DTZ001
    assert [text.split()[0] for text in problems] == ["drafts.send_at:", "drafts.add_users", "drafts.send_at"]


@pytest.mark.parametrize("type", ["signalwire", "twilio", "twilio_whatsapp", "whatsapp"])
async def test_every_documented_kind_of_number_passes(type):
    sender = {"phone_number": "+18005550199", "type": type}
    sent = await create(from_field=sender, to_fields=[{"phone_number": "+18005550198"}])
    assert sent["from_field"] == sender


async def test_a_template_is_sent_with_its_variables():
    variables = {"1": "Robin"}
    sent = await create(external_response_id="r1", external_response_variables=variables, body="Hi Robin")
    assert sent["external_response_variables"] == variables


async def test_twenty_five_files_pass():
    files = [{"filename": "a", "base64_data": "YQ=="}] * 25
    assert await create(attachments=files) == {"attachments": files}


async def test_more_than_ten_megabytes_are_refused():
    problems = await refused(body="x" * 10_000_000)
    assert "10 MB" in problems[0]


async def test_a_sender_that_is_somebody_elses_is_the_servers_to_refuse():
    text = "'from_field' does not match an available sender"
    async with FakeMissive(httpx.Response(400, json={"error": {"message": text}})).client() as missive:
        with pytest.raises(BadRequest, match=text):
            await missive.drafts.create(from_field={"address": "x@example.net"})


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("slow"), httpx.ReadError("gone"), 500, 502, 503, 504])
async def test_a_mail_is_never_sent_twice(answer):
    fake = FakeMissive(answer)
    async with fake.client() as missive:
        with pytest.raises(OutcomeUnknown) as caught:
            await missive.drafts.create(send=True, subject="x")
    assert len(fake.sent) == 1
    assert caught.value.request.json == {"drafts": {"send": True, "subject": "x"}}


@pytest.mark.parametrize("status", [200, 204])
async def test_a_draft_is_deleted(status):
    fake = FakeMissive(status)
    async with fake.client() as missive:
        await missive.drafts.delete("d1")
    assert (fake.sent[0].method, fake.sent[0].target) == ("DELETE", "/drafts/d1")


async def test_a_draft_that_is_gone_is_not_found():
    async with FakeMissive(404).client() as missive:
        with pytest.raises(NotFound):
            await missive.drafts.delete("d1")
