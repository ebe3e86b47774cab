import pytest

from fake_missive import FakeMissive
from missive_async import InvalidRequest, MissiveError
from missive_async.resources.users import User

CASEY = {"id": "u1", "name": "Casey", "email": "casey@example.com", "avatar_url": None}


async def test_those_of_an_organization_are_listed():
    fake = FakeMissive({"users": [CASEY]})
    async with fake.client() as missive:
        users = await missive.users.list(organization="o1").collect()
    assert users == [User(id="u1", name="Casey", email="casey@example.com")]
    assert [sent.target for sent in fake.sent] == ["/users?organization=o1&limit=200&offset=0"]


async def test_an_organization_that_is_no_id_is_refused():
    async with FakeMissive(None).client() as missive:
        with pytest.raises(InvalidRequest, match="organization: not an id"):
            missive.users.list(organization="o/1")


class TestMe:
    async def test_the_owner_is_the_one_marked_so(self):
        rows = [CASEY, CASEY | {"id": "u2", "me": False}, CASEY | {"id": "u3", "me": True}]
        async with FakeMissive({"users": rows}).client() as missive:
            assert (await missive.users.me()).id == "u3"

    async def test_pages_are_read_until_the_owner_comes_and_no_further(self):
        first = [{"id": f"u{number}"} for number in range(200)]
        second = [{"id": f"v{number}", "me": number == 7} for number in range(200)]
        fake = FakeMissive({"users": first}, {"users": second})
        async with fake.client() as missive:
            assert (await missive.users.me()).id == "v7"
        assert len(fake.sent) == 2

    @pytest.mark.parametrize("rows", [[], [CASEY]])
    async def test_nobody_marked_is_an_error(self, rows):
        async with FakeMissive({"users": rows}).client() as missive:
            with pytest.raises(MissiveError, match="owner of this token"):
                await missive.users.me()
