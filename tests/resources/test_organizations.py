from fake_missive import FakeMissive
from missive_async.resources.organizations import Organization


async def test_they_are_listed_in_the_largest_pages():
    fake = FakeMissive({"organizations": [{"id": "o1", "name": "Acme"}]})
    async with fake.client() as missive:
        assert await missive.organizations.list().collect() == [Organization(id="o1", name="Acme")]
    assert [sent.target for sent in fake.sent] == ["/organizations?limit=200&offset=0"]
