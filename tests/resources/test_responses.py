import attrs
import pytest

from fake_missive import FakeMissive, echo
from missive_async import Forbidden, InvalidRequest, PartiallyApplied, to_dict
from missive_async.resources._people import MessageAddress
from missive_async.resources.attachments import Attachment
from missive_async.resources.responses import NewResponse, Response, ResponseChanges
from model_json import sample

(CREATED,) = sample("docs26-responses-create")["responses"]
READ = Attachment(id="a1", filename="image.png", url="https://files.example.com/a1", size=99)
FILE = {"base64_data": "aGk=", "filename": "a.txt"}


async def problems_of(verb, *responses):
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await getattr(missive.responses, verb)(*responses)
    assert fake.sent == []
    return list(caught.value.problems)


async def written(verb, *responses):
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        await getattr(missive.responses, verb)(*responses)
    return fake.sent[0].json["responses"]


class TestReading:
    async def test_rows_of_a_list_are_read_whole(self):
        row = CREATED | {"attachments": [to_dict(READ)], "shared_labels": ["l1"]}
        fake = FakeMissive({"responses": [row]})
        async with fake.client() as missive:
            (response,) = await missive.responses.list(organization="o1").collect()
        assert to_dict(response) == {key: value for key, value in row.items() if value is not None}
        assert response.attachments == (READ,)
        assert [sent.target for sent in fake.sent] == ["/responses?organization=o1&limit=200&offset=0"]

    async def test_without_an_organization_all_are_listed(self):
        fake = FakeMissive({"responses": []})
        async with fake.client() as missive:
            assert await missive.responses.list().collect() == []
        assert [sent.target for sent in fake.sent] == ["/responses?limit=200&offset=0"]

    @pytest.mark.parametrize("answer", [{"id": "r1"}, [{"id": "r1"}]])
    async def test_an_object_and_an_array_of_one_are_the_same(self, answer):
        fake = FakeMissive({"responses": answer})
        async with fake.client() as missive:
            assert await missive.responses.get("r1") == Response(id="r1")
        assert [sent.target for sent in fake.sent] == ["/responses/r1"]

    async def test_what_is_no_id_is_refused(self):
        async with FakeMissive(None).client() as missive:
            with pytest.raises(InvalidRequest):
                await missive.responses.get("r1,r2")
            with pytest.raises(InvalidRequest):
                missive.responses.list(organization="o 1")


class TestWriting:
    async def test_models_and_mappings_of_the_same_values_are_sent_alike(self):
        mapping = {
            "title": "Welcome",
            "subject": None,
            "organization": "o1",
            "to_fields": [{"name": "Casey", "address": "casey@example.com"}],
            "shared_labels": ["l1"],
            "attachments": [FILE],
            "external_id": "e1",
            "external_source": "kb",
        }
        to = MessageAddress(name="Casey", address="casey@example.com")
        file = Attachment(**FILE)
        model = NewResponse(**mapping | {"to_fields": (to,), "attachments": [file], "shared_labels": ("l1",)})
        assert await written("create", model, mapping) == [mapping, mapping]

    async def test_created_responses_come_back(self):
        fake = FakeMissive(sample("docs26-responses-create"))
        async with fake.client() as missive:
            (response,) = await missive.responses.create(NewResponse(user="u1"))
        assert (response.external_id, response.external_source) == ("template-1", "kb")
        assert [(sent.method, sent.target) for sent in fake.sent] == [("POST", "/responses")]

    async def test_changes_name_what_changes_and_no_more(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            await missive.responses.update(ResponseChanges(id="r1", subject=None), {"id": "r2", "attachments": []})
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
            (
                "PATCH",
                "/responses/r1,r2",
                {"responses": [{"id": "r1", "subject": None}, {"id": "r2", "attachments": []}]},
            )
        ]

    async def test_a_response_that_was_read_keeps_its_attachments_by_not_sending_them(self):
        response = Response(id="r1", title="a", organization="o1", attachments=(READ,), shared_labels=("l1",))
        (change,) = await written("update", attrs.evolve(response, title="b"))
        assert change == {"id": "r1", "title": "b", "organization": "o1", "shared_labels": ["l1"]}

    async def test_attachments_taken_away_from_a_response_that_was_read_are_taken_away(self):
        (change,) = await written("update", Response(id="r1", attachments=()))
        assert change == {"id": "r1", "attachments": []}

    async def test_attachments_put_in_their_place_are_sent(self):
        (change,) = await written("update", Response(id="r1", attachments=(Attachment(**FILE),)))
        assert change == {"id": "r1", "attachments": [FILE]}

    async def test_attachments_that_were_read_cannot_be_sent_beside_new_ones(self):
        assert await problems_of("update", Response(id="r1", attachments=(READ, Attachment(**FILE)))) == [
            "responses[0].attachments[0].base64_data is required"
        ]

    async def test_ten_megabytes_of_attachments_are_the_most_of_one_response(self):
        file = {"base64_data": "a" * 10_000_000, "filename": "a.bin"}
        (problem,) = await problems_of("create", {"user": "u1"}, {"user": "u1", "attachments": [file]})
        assert problem.startswith("responses[1] has 10.0 MB of JSON")

    async def test_responses_that_are_too_large_together_go_separately(self):
        file = {"base64_data": "a" * 6_000_000, "filename": "a.bin"}
        fake = FakeMissive(201)
        async with fake.client() as missive:
            await missive.responses.create(*[{"user": "u1", "attachments": [file]}] * 2)
        assert [len(sent.json["responses"]) for sent in fake.sent] == [1, 1]


class TestDeleting:
    async def test_several_go_in_one_request(self):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            assert await missive.responses.delete("r1", "r2", "r1") is None
        assert [(sent.method, sent.target) for sent in fake.sent] == [("DELETE", "/responses/r1,r2")]

    async def test_none_spends_nothing(self):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            await missive.responses.delete()
        assert fake.sent == []

    async def test_too_many_for_a_url_go_in_several(self):
        ids = [f"{number:036}" for number in range(500)]
        fake = FakeMissive(200, 200, 403)
        async with fake.client() as missive:
            with pytest.raises(PartiallyApplied) as caught:
                await missive.responses.delete(*ids)
        assert isinstance(caught.value.__cause__, Forbidden)
        assert [*caught.value.done, *caught.value.failed] == ids
        assert len(fake.sent) == 3


COMMON = [
    ({"title": "t" * 501}, ["title has 501 characters, more than 500"]),
    ({"subject": "t" * 501}, ["subject has 501 characters, more than 500"]),
    ({"body": 7, "external_source": 8}, ["body is a str, not int", "external_source is a str, not int"]),
    ({"share_with_team": "a/b"}, ["share_with_team: not an id: 'a/b'"]),
    ({"shared_labels": "l1"}, ["shared_labels: a sequence of ids, not str"]),
    ({"to_fields": {"address": "a"}}, ["to_fields is a list of objects, not dict"]),
    ({"cc_fields": ["casey@example.com"]}, ["cc_fields[0] is an object, not str"]),
    ({"bcc_fields": [{"address": 7}]}, ["bcc_fields[0].address is a str, not int"]),
    ({"attachments": [{}]}, ["attachments[0].base64_data is required", "attachments[0].filename is required"]),
    ({"attachments": [{"base64_data": b"x", "filename": "a"}]}, ["attachments[0].base64_data is a str, not bytes"]),
    ({"attachments": [READ]}, ["attachments[0].base64_data is required"]),
]


class TestRules:
    @pytest.mark.parametrize(("values", "problems"), COMMON)
    async def test_they_hold_for_new_responses_and_for_changes(self, values, problems):
        expected = [f"responses[0].{problem}" for problem in problems]
        assert await problems_of("create", {"organization": "o1"} | values) == expected
        assert await problems_of("update", {"id": "r1"} | values) == expected

    @pytest.mark.parametrize(
        ("values", "problems"),
        [
            ({}, ["responses[0]: organization or user is required"]),
            ({"organization": "o1", "user": "u1"}, ["responses[0]: organization and user exclude one another"]),
            ({"user": "u1", "share_with_team": "t1"}, ["responses[0].share_with_team needs an organization"]),
            ({"user": "u1", "shared_labels": ["l1"]}, ["responses[0].shared_labels needs an organization"]),
            ({"user": "u1", "external_id": "e1"}, ["responses[0].external_id needs an external_source"]),
        ],
    )
    async def test_a_new_response_belongs_to_one_owner(self, values, problems):
        assert await problems_of("create", values) == problems

    @pytest.mark.parametrize(
        "values",
        [
            {"user": "u1", "organization": None, "shared_labels": [], "share_with_team": None},
            {"user": "u1", "external_source": "kb"},
            {"organization": "o1", "title": "t" * 500, "subject": ""},
        ],
    )
    async def test_what_says_nothing_breaks_no_rule(self, values):
        assert await written("create", values) == [values]

    async def test_a_change_leaves_out_what_the_response_has_already(self):
        changes = [{"id": "r1", "share_with_team": "t1"}, {"id": "r2", "external_id": "e1"}]
        assert await written("update", *changes) == changes

    async def test_a_change_has_one_owner_at_most(self):
        assert await problems_of("update", {"id": "r1", "organization": "o1", "user": "u1"}) == [
            "responses[0]: organization and user exclude one another"
        ]
