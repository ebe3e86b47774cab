import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account

ACCOUNT = make_account(3, size="small", conversations=160)
OWNER = ACCOUNT.me


@pytest.fixture
def listed(connect):
    missive = connect(Simulator(ACCOUNT, limits=ServerLimits.none()))

    async def listed(**params):
        ids, until = [], {}
        while True:
            response = await missive.get("/conversations", params={"limit": 50, **params, **until})
            assert response.status_code == 200, response.text
            rows = response.json()["conversations"]
            ids += [row["id"] for row in rows if row["id"] not in ids]
            if len(rows) < 50:
                return ids
            until = {"until": rows[-1]["last_activity_at"]}

    return listed


def those(keep):
    found = [conversation for conversation in ACCOUNT.conversations if keep(conversation)]
    return {conversation.id for conversation in found}


def living(conversation):
    return not conversation.users[OWNER] & {"trashed", "junked"}


OUT = {"closed", "archived", "trashed", "junked", "snoozed"}
MAILBOXES = {
    "all": living,
    "inbox": lambda found: not found.users[OWNER] & OUT,
    "assigned": lambda found: living(found) and "assigned" in found.users[OWNER],
    "closed": lambda found: living(found) and "closed" in found.users[OWNER],
    "snoozed": lambda found: living(found) and "snoozed" in found.users[OWNER],
    "flagged": lambda found: living(found) and "flagged" in found.users[OWNER],
    "trashed": lambda found: "trashed" in found.users[OWNER],
    "junked": lambda found: "junked" in found.users[OWNER],
    "drafts": lambda found: living(found) and found.counts.drafts > 0,
}


@pytest.mark.parametrize("mailbox", MAILBOXES)
async def test_a_mailbox_holds_what_the_owner_has_in_it(listed, mailbox) -> None:
    expected = those(MAILBOXES[mailbox])
    assert set(await listed(**{mailbox: "true"})) == expected
    assert expected


async def test_a_shared_label_holds_its_conversations(listed) -> None:
    label = next(iter(ACCOUNT.labels)).id
    assert set(await listed(shared_label=label)) == those(lambda found: label in found.labels) != set()


async def test_the_boxes_of_a_team(listed) -> None:
    team = next(iter(ACCOUNT.teams)).id
    boxes = {
        "team_all": lambda found: found.team == team,
        "team_closed": lambda found: found.team == team and found.closed,
        "team_inbox": lambda found: found.team == team and found.in_team_inbox and not found.closed,
    }
    for box, keep in boxes.items():
        assert set(await listed(**{box: team})) == those(keep) != set()


async def test_an_organization_narrows_a_mailbox_down(listed) -> None:
    organization = list(ACCOUNT.organizations)[1].id
    expected = those(lambda found: living(found) and found.organization == organization)
    assert set(await listed(all="true", organization=organization)) == expected != set()


async def test_participants_narrow_a_mailbox_down(listed) -> None:
    conversation = next(found for found in ACCOUNT.conversations if living(found) and len(found.addresses) > 1)
    address = next(iter(conversation.addresses - {"support@example.com"}))
    assert conversation.id in await listed(all="true", email=address.upper())
    domain = address.partition("@")[2]
    expected = those(lambda found: living(found) and any(one.endswith(f"@{domain}") for one in found.addresses))
    assert set(await listed(all="true", domain=domain)) == expected
    assert await listed(all="true", email="nobody@example.org") == []


async def test_members_of_a_contact_organization_narrow_a_mailbox_down(listed) -> None:
    found = set()
    for group in ACCOUNT.groups:
        ids = await listed(all="true", contact_organization=group.id)
        members = ACCOUNT.addresses_of_group(group.id)
        assert all(ACCOUNT.conversation(id).addresses & members for id in ids)
        found |= set(ids)
    assert found
