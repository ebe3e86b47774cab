"""The public face as users meet it: nothing here runs, mypy and pyright (both strict) have to agree on every line."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_type

import httpx

from missive_async import (
    UNSET,
    APIError,
    AsyncMissive,
    Attachment,
    BadRequest,
    BudgetExceeded,
    BudgetSnapshot,
    ClientClosed,
    ConfigurationError,
    DecodeError,
    Forbidden,
    InvalidPayload,
    InvalidRequest,
    InvalidSignature,
    Lane,
    Limiter,
    LocalLimiter,
    MissiveError,
    NotFound,
    OutcomeUnknown,
    Page,
    Pager,
    PartiallyApplied,
    PayloadTooLarge,
    RateLimited,
    RateLimits,
    ReportExpired,
    ReportFailed,
    ReportFuture,
    ReportTimedOut,
    RequestInfo,
    RetryPolicy,
    ServerError,
    TimedOut,
    TransportFailed,
    Unauthorized,
    Unprocessable,
    WebhookError,
    WebhookEvent,
    Window,
    WindowSnapshot,
    to_dict,
    webhooks,
)
from missive_async.drift import Difference, Drift, differences, probe
from missive_async.events import Answered, Event, Failed, Refused, Retrying, Sent, Waited
from missive_async.models import (
    BusinessDay,
    BusinessHours,
    Comment,
    Contact,
    ContactBook,
    ContactChanges,
    ContactGroup,
    ContactInfo,
    Conversation,
    ConversationChanges,
    ConversationUser,
    CreatedDraft,
    CreatedMessage,
    CreatedPost,
    CustomInfo,
    Draft,
    EmailInfo,
    Hook,
    Membership,
    Message,
    MessageAddress,
    NewContact,
    NewDraft,
    NewResponse,
    NewSharedLabel,
    NewTask,
    NewTeam,
    Notification,
    Organization,
    PhoneNumberInfo,
    Post,
    PostAttachment,
    PostField,
    Report,
    ReportRequest,
    Response,
    ResponseChanges,
    SharedLabel,
    SharedLabelChanges,
    Task,
    Team,
    TeamChanges,
    TeamRef,
    User,
    UserRef,
)
from missive_async.reports import FinishedReport

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def client(limiter: Limiter, http_client: httpx.AsyncClient) -> None:
    def listen(event: object) -> None:
        if isinstance(event, Waited | Sent | Answered | Retrying | Refused | Failed):
            assert_type(event.request, RequestInfo)
            assert_type(event.elapsed, float)

    limits = RateLimits(concurrency=5, windows=(Window(300, 60), Window(900, 900)))
    assert_type(RateLimits.default(), RateLimits)
    AsyncMissive()
    AsyncMissive("token", http_client=http_client)
    AsyncMissive("token", transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    async with AsyncMissive(
        "token",
        base_url="https://missive.example.com/v1",
        limits=limits,
        limiter=LocalLimiter(),
        retry=RetryPolicy(attempts=3),
        timeout=10.0,
        deadline=20,
        on_event=listen,
    ) as missive:
        assert_type(missive, AsyncMissive)
        view = missive.with_options(
            lane=Lane.BULK, deadline=5.0, timeout=2, retry=RetryPolicy(attempts=1), read_only=True
        )
        assert_type(view, AsyncMissive)
        assert_type(missive.for_token("another"), AsyncMissive)
        assert_type(await missive.request("GET", "/organizations", params={"limit": 10}), Any)
        assert_type(await missive.request("POST", "/posts", json={"posts": {}}), Any)


def budget(missive: AsyncMissive) -> None:
    snapshot = missive.budget()
    assert_type(snapshot, BudgetSnapshot)
    assert_type(snapshot.windows, tuple[WindowSnapshot, ...])
    assert_type(snapshot.windows[0].next_free_in, float | None)
    assert_type(snapshot.waiting, Mapping[Lane, int])
    assert_type((snapshot.places, snapshot.places_free, snapshot.spent, snapshot.refused), tuple[int, int, int, int])


async def pagers(missive: AsyncMissive) -> None:
    pager = missive.contacts.list(contact_book="b1", search="acme", prefetch=2)
    assert_type(pager, Pager[Contact])
    async for contact in pager:
        assert_type(contact, Contact)
    async for page in pager.pages():
        assert_type(page, Page[Contact])
        assert_type(page.items, tuple[Contact, ...])
        assert_type(page.cursor, str | None)
        assert_type([each.id for each in page], list[str])
        assert_type(pager.resume(page.cursor), Pager[Contact])
    async with aclosing(pager.pages()) as pages:
        assert_type(await anext(pages), Page[Contact])
    assert_type(await pager.first(), Contact | None)
    assert_type(await pager.collect(), list[Contact])
    assert_type(await pager.collect(max_items=10), list[Contact])
    async for record in pager.raw():
        assert_type(record, dict[str, Any])
    async for line in pager.lines():
        assert_type(line, bytes)


async def contacts(missive: AsyncMissive) -> None:
    missive.contacts.list(contact_book="b1", order="last_modified", modified_since=NOW, include_deleted=True)
    missive.contacts.list(contact_book="b1", modified_since=1_700_000_000)
    contact = await missive.contacts.get("p1")
    assert_type(contact, Contact)
    assert_type(contact.first_name, str | None)
    assert_type(contact.modified_at, datetime | None)
    assert_type(contact.infos, tuple[ContactInfo, ...] | None)
    assert_type(contact.memberships, tuple[Membership, ...] | None)
    created = await missive.contacts.create(
        NewContact(
            contact_book="b1",
            first_name="Casey",
            infos=[
                EmailInfo(value="casey@example.com", label="work"),
                PhoneNumberInfo(value="+15550100001", label="other", custom_label="boat"),
                CustomInfo(value="7", custom_label="seat"),
                {"kind": "url", "label": "blog", "value": "https://example.com"},
            ],
        ),
        {"contact_book": "b1", "last_name": "Moor"},
        contact,
    )
    assert_type(created, tuple[Contact, ...])
    changes = [ContactChanges(id="p1", notes=None, starred=UNSET), ContactChanges(id="p2", nickname="Cas")]
    assert_type(await missive.contacts.update(*changes), tuple[Contact, ...])
    assert_type(await missive.contacts.update({"id": "p1", "starred": True}, contact), tuple[Contact, ...])


async def books_and_people(missive: AsyncMissive) -> None:
    assert_type(missive.contact_books.list(prefetch=1), Pager[ContactBook])
    assert_type(missive.contact_groups.list(contact_book="b1", kind="group"), Pager[ContactGroup])
    assert_type(missive.organizations.list(), Pager[Organization])
    assert_type(missive.users.list(organization="o1"), Pager[User])
    me = await missive.users.me()
    assert_type(me, User)
    assert_type(me.me, bool | None)


async def conversations(missive: AsyncMissive) -> None:
    assert_type(missive.conversations.list(inbox=True), Pager[Conversation])
    missive.conversations.list(shared_label="l1", domain="example.com", prefetch=1)
    missive.conversations.list(team_inbox="t1", organization="o1")
    conversation = await missive.conversations.get("c1")
    assert_type(conversation, Conversation)
    assert_type(conversation.users, tuple[ConversationUser, ...] | None)
    assert_type(conversation.last_activity_at, datetime | None)
    assert_type(missive.conversations.messages("c1", prefetch=1), Pager[Message])
    assert_type(missive.conversations.comments("c1"), Pager[Comment])
    assert_type(missive.conversations.drafts("c1"), Pager[Draft])
    assert_type(missive.conversations.posts("c1"), Pager[Post])
    changed = await missive.conversations.update(
        ConversationChanges(id="c1", close=True, add_shared_labels=["l1"], organization="o1"),
        {"id": "c2", "subject": "New"},
    )
    assert_type(changed, tuple[Conversation, ...])
    assert_type(await missive.conversations.merge("c1", target="c2", subject="Both"), Conversation | None)


async def messages(missive: AsyncMissive) -> None:
    assert_type(missive.messages.list(email_message_id="<a@example.com>"), Pager[Message])
    message = await missive.messages.get("m1")
    assert_type(message, Message)
    assert_type(message.body, str | None)
    assert_type(message.from_field, MessageAddress | None)
    assert_type(message.conversation, Conversation | None)
    assert_type(message.attachments, tuple[Attachment, ...] | None)
    assert_type(await missive.messages.get_many(["m1", "m2"]), tuple[Message, ...])
    assert_type(await missive.messages.get_many(("m1",), missing="skip", batch=10), tuple[Message, ...])
    assert_type(await missive.messages.get_many_lines(["m1"]), dict[str, bytes])
    created = await missive.messages.create(
        account="a1",
        body="<p>Hello</p>",
        from_field={"id": "12345", "username": "@casey", "name": "Casey Moor"},
        to_fields=[{"id": "1", "username": "@us"}],
        delivered_at=NOW,
        external_id="x1",
        references=["<a@example.com>"],
        add_to_inbox=True,
    )
    assert_type(created, CreatedMessage | None)
    for attachment in message.attachments or ():
        assert_type(await missive.messages.download(attachment, Path("out"), message=message.id), Path)


async def drafts_and_posts(missive: AsyncMissive) -> None:
    file = await Attachment.from_path("plan.pdf")
    assert_type(file, Attachment)
    assert_type(Attachment.from_bytes(b"...", "notes.txt"), Attachment)
    draft = await missive.drafts.create(
        subject="Hello",
        body="<div>Hello!</div>",
        from_field={"address": "support@example.com"},
        to_fields=[{"address": "casey@example.com", "name": "Casey Moor"}],
        attachments=[file],
        send_at=NOW,
        auto_followup=True,
        organization="o1",
        add_users=["u1"],
    )
    assert_type(draft, CreatedDraft | None)
    attributes: NewDraft = {"body": "Hello", "send": True, "conversation": "c1"}
    assert_type(await missive.drafts.create(**attributes), CreatedDraft | None)
    assert_type(await missive.drafts.delete("d1"), None)
    post = await missive.posts.create(
        conversation="c1",
        markdown="**Done**",
        notification=Notification(title="Build", body="Done"),
        attachments=[
            PostAttachment(text="1", fields=(PostField(title="a", value="b", short=True),)),
            {"text": "2"},
            file,
        ],
        reopen=False,
    )
    assert_type(post, CreatedPost | None)
    assert_type(await missive.posts.delete("q1"), None)


async def settings(missive: AsyncMissive) -> None:
    assert_type(missive.responses.list(organization="o1"), Pager[Response])
    assert_type(await missive.responses.get("r1"), Response)
    new = NewResponse(title="Thanks", body="<div>Thanks!</div>", organization="o1")
    assert_type(await missive.responses.create(new, {"title": "Bye", "user": "u1"}), tuple[Response, ...])
    assert_type(await missive.responses.update(ResponseChanges(id="r1", subject=None)), tuple[Response, ...])
    assert_type(await missive.responses.delete("r1", "r2"), None)
    assert_type(missive.shared_labels.list(), Pager[SharedLabel])
    label = NewSharedLabel(name="Leads", organization="o1", color="#2266ED")
    assert_type(await missive.shared_labels.create(label), tuple[SharedLabel, ...])
    assert_type(await missive.shared_labels.update(SharedLabelChanges(id="l1", name="Late")), tuple[SharedLabel, ...])
    assert_type(missive.teams.list(prefetch=1), Pager[Team])
    hours = BusinessHours(tz="Europe/Berlin", t=(BusinessDay(d=1, s=(32_400, 61_200)),))
    assert_type(
        await missive.teams.create(NewTeam(name="One", organization="o1", business_hours=hours)), tuple[Team, ...]
    )
    assert_type(await missive.teams.update(TeamChanges(id="t1", observers=["u1"]), {"id": "t2"}), tuple[Team, ...])


async def tasks_and_hooks(missive: AsyncMissive) -> None:
    assert_type(missive.tasks.list(state="todo", due_at_lteq=NOW), Pager[Task])
    task = await missive.tasks.get("t1")
    assert_type(task, Task)
    assert_type(task.due_at, datetime | None)
    assert_type(task.assignees, tuple[str | UserRef, ...] | None)
    assert_type(task.team, str | TeamRef | None)
    attributes: NewTask = {"title": "Call", "organization": "o1", "team": "t1"}
    assert_type(await missive.tasks.create(**attributes), Task | None)
    assert_type(await missive.tasks.create(title="Call", assignees=["u1"], organization="o1", due_at=NOW), Task | None)
    assert_type(await missive.tasks.update("t1", state="closed", due_at=None), Task | None)
    hook = await missive.hooks.create(type="incoming_email", url="https://example.com/hook", subject_contains="urgent")
    assert_type(hook, Hook | None)
    assert_type(await missive.hooks.delete("h1"), None)


async def reports(missive: AsyncMissive) -> None:
    future = await missive.analytics.create_report(organization="o1", start=NOW, end=1_767_312_000, teams=["t1"])
    assert_type(future, ReportFuture[Report])
    assert_type(future.id, str)
    assert_type(future.created_at, datetime)
    report = await future
    assert_type(report, Report)
    assert_type(report.metric("reply_count"), float)
    assert_type(report.rows(), list[dict[str, Any]])
    assert_type(await asyncio.wait_for(asyncio.shield(future), 10), Report)
    assert_type(await asyncio.gather(future, future), tuple[Report, Report])
    future.add_done_callback(lambda done: assert_type(done.result(), Report))
    assert_type(missive.analytics.watch_report("id", created_at=NOW), ReportFuture[Report])
    assert_type(await missive.analytics.get_report("id"), Report)
    requests = [ReportRequest(organization="o1", start=0, end=NOW)]
    running = missive.analytics.run_reports(requests, timeout=600)
    assert_type(running, AsyncGenerator[FinishedReport[ReportRequest, Report], None])
    async with aclosing(running) as finished:
        async for one in finished:
            assert_type(one.request, ReportRequest)
            assert_type(one.report, Report | None)
            assert_type(one.result(), Report)


def deliveries(body: bytes, headers: Mapping[str, str]) -> WebhookEvent:
    signature = headers.get("x-hook-signature")
    assert_type(webhooks.verify(body, signature, "secret"), None)
    assert_type(webhooks.parse(body), WebhookEvent)
    event = webhooks.receive(body, signature, ["old", b"new"])
    assert_type(event.rule, webhooks.WebhookRule | None)
    assert_type(event.conversation, Conversation | None)
    assert_type(event.message, Message | None)
    assert_type(event.comment, Comment | None)
    assert_type(event.raw, dict[str, Any])
    assert_type(event.key, str)
    if event.kind == "rule" and event.rule is not None:
        assert_type(event.rule.type, str | None)
    return event


async def errors(  # noqa: C901 - there are so many
    missive: AsyncMissive,
) -> None:
    try:
        await missive.contacts.get("p1")
    except (Unauthorized, Forbidden, NotFound, PayloadTooLarge, Unprocessable, BadRequest, ServerError) as error:
        assert_type((error.status, error.message, error.code), tuple[int, str, str | None])
        assert_type(error.headers, dict[str, str])
        assert_type(error.request, RequestInfo | None)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
        assert_type((error.limit, error.remaining), tuple[int | None, int | None])
        assert_type(error.reset, datetime | None)
    except APIError as error:
        assert_type(error.body, Any)
    except BudgetExceeded as error:
        assert_type(error.retry_after, float)
    except InvalidRequest as error:
        assert_type(error.problems, tuple[str, ...])
    except OutcomeUnknown as error:
        assert_type(error.request, RequestInfo)
    except PartiallyApplied as error:
        assert_type((error.done, error.failed), tuple[tuple[Any, ...], tuple[Any, ...]])
    except (DecodeError, InvalidPayload) as error:
        assert_type(error.paths, tuple[str, ...])
    except (ReportTimedOut, ReportExpired, ReportFailed) as error:
        assert_type(error.created_at, datetime)
    except TimeoutError as error:
        assert_type(isinstance(error, TimedOut), bool)
    except (TransportFailed, ClientClosed, ConfigurationError, InvalidSignature, WebhookError, MissiveError):
        raise


async def by_hand(missive: AsyncMissive, event: Event) -> AsyncIterator[Difference]:
    assert_type(to_dict(await missive.users.me()), dict[str, Any])
    assert_type(event.request.method, str)
    drift = await probe(missive)
    assert_type(drift, Drift)
    assert_type(differences(Contact, {"id": "p1"}), tuple[Difference, ...])
    for one in drift.differences:
        yield one


def helpers(contact: Contact) -> Sequence[str]:
    return [info.value for info in contact.infos or () if info.value is not None]
