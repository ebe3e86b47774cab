from fake_missive import FakeMissive
from missive_async.resources.contact_books import ContactBook

BOOK = {
    "id": "b1",
    "user": "u1",
    "share_with_organization": True,
    "share_with_team": None,
    "share_with_users": [],
    "organization": "o1",
    "name": "HR",
    "description": None,
    "importing": True,
    "import_error_text": None,
    "import_rows_count": 10,
    "import_processed_rows_count": 3,
    "email_account": {"address": "hr@example.com"},
    "exclude_from_search": False,
}


async def test_they_are_listed_with_the_state_of_an_import():
    fake = FakeMissive({"contact_books": [BOOK]})
    async with fake.client() as missive:
        (book,) = await missive.contact_books.list().collect()
    assert book == ContactBook(
        id="b1",
        user="u1",
        share_with_organization=True,
        share_with_users=(),
        organization="o1",
        name="HR",
        importing=True,
        import_rows_count=10,
        import_processed_rows_count=3,
        email_account={"address": "hr@example.com"},
        exclude_from_search=False,
    )
    assert [sent.target for sent in fake.sent] == ["/contact_books?limit=200&offset=0"]
