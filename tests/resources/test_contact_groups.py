import pytest

from fake_missive import FakeMissive
from missive_async import InvalidRequest
from missive_async.resources.contact_groups import ContactGroup


@pytest.mark.parametrize("kind", ["group", "organization"])
async def test_those_of_a_book_and_a_kind_are_listed(kind):
    fake = FakeMissive({"contact_groups": [{"id": "g1", "name": "VIPs"}]})
    async with fake.client() as missive:
        groups = await missive.contact_groups.list(contact_book="b1", kind=kind).collect()
    assert groups == [ContactGroup(id="g1", name="VIPs")]
    assert [sent.target for sent in fake.sent] == [f"/contact_groups?contact_book=b1&kind={kind}&limit=200&offset=0"]


async def test_both_filters_are_checked_at_once():
    async with FakeMissive(None).client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            missive.contact_groups.list(contact_book="", kind="team")
    assert caught.value.problems == (
        "contact_book: an id must not be empty",
        "kind is one of group, organization, not 'team'",
    )


async def test_both_filters_are_required():
    async with FakeMissive(None).client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            missive.contact_groups.list(contact_book=None, kind=None)
    assert caught.value.problems == ("contact_book is required", "kind is required")
