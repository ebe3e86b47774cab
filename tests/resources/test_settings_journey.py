"""Contacts, labels, teams, responses and hooks, from their creation to their end, against the simulator on a socket."""

import attrs
import pytest

from missive_async import AsyncMissive, BadRequest, NotFound
from missive_async.resources.contacts import (
    ContactChanges,
    ContactGroupRef,
    CustomInfo,
    EmailInfo,
    Membership,
    NewContact,
)
from missive_async.resources.responses import NewResponse
from missive_async.resources.shared_labels import NewSharedLabel, SharedLabelChanges
from missive_async.resources.teams import NewTeam
from missive_async.simulator import ServerLimits, Simulator, make_account, serve


@pytest.fixture(scope="module")
def simulator():
    return Simulator(make_account(1), limits=ServerLimits.none())


@pytest.fixture(scope="module")
def base_url(simulator):
    with serve(simulator) as url:
        yield url


@pytest.fixture
async def missive(simulator, base_url):
    async with AsyncMissive(simulator.token, base_url=base_url) as client:
        yield client


@pytest.fixture
async def organization(missive):
    return (await missive.organizations.list().first()).id


async def test_contacts_are_created_found_changed_and_given_back(missive):
    book = await missive.contact_books.list().first()
    person = NewContact(
        contact_book=book.id,
        first_name="Zyta",
        infos=[EmailInfo(value="zyta@example.com", label="work"), CustomInfo(value="Pizza", custom_label="Food")],
        memberships=[Membership(group=ContactGroupRef(kind="organization", name="Zyta & Co"), title="Owner")],
    )
    created, other = await missive.contacts.create(person, {"contact_book": book.id, "last_name": "Zz"})
    assert created == await missive.contacts.get(created.id)
    assert "Zyta & Co" in {
        group.name async for group in missive.contact_groups.list(contact_book=book.id, kind="organization")
    }
    changes = [ContactChanges(id=other.id, last_name=None), attrs.evolve(created, last_name="Moor")]
    emptied, renamed = await missive.contacts.update(*changes)
    assert (emptied.id, emptied.last_name) == (other.id, None)
    assert attrs.evolve(renamed, modified_at=None) == attrs.evolve(created, last_name="Moor", modified_at=None)
    assert renamed in await missive.contacts.list(contact_book=book.id, search="zyta@example.com").collect()


async def test_a_whole_contact_book_can_be_read_and_given_back(missive):
    books = await missive.contact_books.list().collect()
    contacts = [contact for book in books async for contact in missive.contacts.list(contact_book=book.id)]
    documented = [contact for contact in contacts if all(info.kind != "matrix" for info in contact.infos or ())]
    changed = await missive.contacts.update(*documented)
    assert [contact.id for contact in changed] == [contact.id for contact in documented]


async def test_labels_are_created_below_others_and_renamed(missive, organization):
    (parent,) = await missive.shared_labels.create(NewSharedLabel(name="Trips", organization=organization))
    (child,) = await missive.shared_labels.create(
        NewSharedLabel(name="Rome", organization=organization, parent=parent.id, color="#50A8FF")
    )
    changed = await missive.shared_labels.update(child, SharedLabelChanges(id=parent.id, name="Journeys"))
    assert [label.name_with_parent_names for label in changed] == ["Journeys/Rome", "Journeys"]


async def test_teams_are_created_and_given_back(missive, organization):
    me = await missive.users.me()
    (team,) = await missive.teams.create(
        NewTeam(
            name="Night shift",
            organization=organization,
            active_members=[me.id],
            business_hours={"tz": "Europe/Berlin", "t": [{"d": 6, "s": [0, 86_400]}]},
        )
    )
    assert await missive.teams.update(attrs.evolve(team, name="Day shift")) == (attrs.evolve(team, name="Day shift"),)
    assert "Day shift" in {listed.name async for listed in missive.teams.list(organization=organization)}


async def test_responses_keep_their_attachments_and_go_for_good(missive, organization):
    file = {"base64_data": "aGk=", "filename": "a.txt"}
    (created,) = await missive.responses.create(NewResponse(title="Hi", organization=organization, attachments=[file]))
    (changed,) = await missive.responses.update(attrs.evolve(created, title="Hello"))
    assert changed.attachments == created.attachments
    assert (await missive.responses.get(created.id)).title == "Hello"
    await missive.responses.delete(created.id)
    with pytest.raises(NotFound):
        await missive.responses.get(created.id)


async def test_what_missive_alone_can_know_is_its_refusal(missive):
    with pytest.raises(BadRequest):
        await missive.contacts.create({"contact_book": "no-such-book"})


async def test_hooks_end_once(missive):
    hook = await missive.hooks.create(type="new_comment", url="http://127.0.0.1:9/hook", is_task=True)
    await missive.hooks.delete(hook.id)
    with pytest.raises(NotFound):
        await missive.hooks.delete(hook.id)
