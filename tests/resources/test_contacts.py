from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_missive import FakeMissive, echo
from missive_async import UNSET, DecodeError, InvalidRequest, NotFound, PartiallyApplied, _codec, to_dict
from missive_async.resources import _contact_infos
from missive_async.resources.contacts import (
    Contact,
    ContactChanges,
    ContactGroupRef,
    ContactInfo,
    CustomInfo,
    EmailInfo,
    FacebookInfo,
    Membership,
    NewContact,
    PhoneNumberInfo,
    PhysicalAddressInfo,
    TwitterInfo,
    UrlInfo,
    _writable,
)
from model_json import records

ROW = {
    "id": "c1",
    "first_name": "Casey",
    "last_name": "Moor",
    "starred": False,
    "contact_book": "b1",
    "deleted": False,
    "modified_at": 1556200643,
    "infos": [
        {"kind": "phone_number", "label": "work", "value": "+1 (555) 010-0001"},
        {"kind": "custom", "custom_label": "Favourite food", "value": "Pizza"},
        {"kind": "matrix", "label": "fun", "value": "@casey:example.net"},
    ],
    "memberships": [
        {"title": "Project manager", "group": {"id": "g1", "kind": "organization", "name": "Acme"}},
        {"group": {"id": "g2", "kind": "group", "name": "VIPs"}},
    ],
}
MODEL = Contact(
    id="c1",
    first_name="Casey",
    last_name="Moor",
    starred=False,
    contact_book="b1",
    deleted=False,
    modified_at=datetime(2019, 4, 25, 13, 57, 23, tzinfo=UTC),
    infos=(
        ContactInfo(kind="phone_number", label="work", value="+1 (555) 010-0001"),
        ContactInfo(kind="custom", custom_label="Favourite food", value="Pizza"),
        ContactInfo(kind="matrix", label="fun", value="@casey:example.net"),
    ),
    memberships=(
        Membership(title="Project manager", group=ContactGroupRef(id="g1", kind="organization", name="Acme")),
        Membership(group=ContactGroupRef(id="g2", kind="group", name="VIPs")),
    ),
)
WRITABLE_INFOS = [
    {"kind": "phone_number", "label": "work", "value": "+1 (555) 010-0001"},
    {"kind": "custom", "label": "other", "custom_label": "Favourite food", "value": "Pizza"},
    {"kind": "matrix", "label": "fun", "value": "@casey:example.net"},
]
WRITABLE_MEMBERSHIPS = [
    {"title": "Project manager", "group": {"kind": "organization", "name": "Acme"}},
    {"group": {"kind": "group", "name": "VIPs"}},
]


async def problems_of(verb, *contacts):
    """What is wrong with what was to be sent, once it is sure that it was not sent."""
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await getattr(missive.contacts, verb)(*contacts)
    assert fake.sent == []
    return list(caught.value.problems)


async def written(verb, *contacts):
    """The items that were sent."""
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        await getattr(missive.contacts, verb)(*contacts)
    return fake.sent[0].json["contacts"]


class TestListing:
    async def test_rows_become_models(self):
        async with FakeMissive({"contacts": [ROW]}).client() as missive:
            assert await missive.contacts.list(contact_book="b1").collect() == [MODEL]

    async def test_rows_come_back_whole_from_raw_and_from_the_model(self):
        row = ROW | {"unknown": [1]}
        async with FakeMissive({"contacts": [row]}).client() as missive:
            assert await missive.contacts.list(contact_book="b1").raw().collect() == [row]
        assert to_dict(MODEL) == ROW

    async def test_tombstones_are_read_with_and_without_their_time(self):
        rows = [{"id": "c1", "deleted": True}, {"id": "c2", "deleted": True, "modified_at": 0}]
        async with FakeMissive({"contacts": rows}).client() as missive:
            found = await missive.contacts.list(contact_book="b1").collect()
        assert found == [
            Contact(id="c1", deleted=True),
            Contact(id="c2", deleted=True, modified_at=datetime(1970, 1, 1, tzinfo=UTC)),
        ]

    @pytest.mark.parametrize(
        ("filters", "query"),
        [
            ({}, ""),
            ({"include_deleted": False, "search": ""}, ""),
            ({"order": "last_modified"}, "&order=last_modified"),
            ({"modified_since": 1556137749}, "&modified_since=1556137749"),
            ({"modified_since": datetime(1970, 1, 2, tzinfo=UTC)}, "&modified_since=86400"),
            ({"modified_since": 0, "include_deleted": True}, "&modified_since=0&include_deleted=true"),
            ({"search": "a&b c"}, "&search=a%26b%20c"),
        ],
    )
    async def test_filters_are_sent_when_they_say_something(self, filters, query):
        fake = FakeMissive({"contacts": []})
        async with fake.client() as missive:
            await missive.contacts.list(contact_book="b1", **filters).collect()
        assert [sent.target for sent in fake.sent] == [f"/contacts?contact_book=b1{query}&limit=200&offset=0"]

    @pytest.mark.parametrize(
        ("filters", "problem"),
        [
            ({"contact_book": None}, "contact_book is required"),
            ({"contact_book": "b/1"}, "contact_book: not an id"),
            ({"order": "first_name"}, "order is one of last_name, last_modified"),
            ({"include_deleted": True}, "include_deleted goes with modified_since"),
            ({"include_deleted": "yes", "modified_since": 0}, "include_deleted is True or False"),
            ({"modified_since": datetime(2026, 1, 1)}, "modified_since is a naive datetime"),  # noqa: DTZ001
            ({"modified_since": -1}, "modified_since is no Unix time"),
            ({"search": 7}, "search is a str"),
        ],
    )
    async def test_what_the_reference_rules_out_is_refused_at_once(self, filters, problem):
        async with FakeMissive(None).client() as missive:
            with pytest.raises(InvalidRequest, match=f"^{problem}"):
                missive.contacts.list(**{"contact_book": "b1"} | filters)


class TestGetting:
    @pytest.mark.parametrize("answer", [ROW, [ROW]])
    async def test_an_object_and_an_array_of_one_are_the_same(self, answer):
        fake = FakeMissive({"contacts": answer})
        async with fake.client() as missive:
            assert await missive.contacts.get("c1") == MODEL
        assert [sent.target for sent in fake.sent] == ["/contacts/c1"]

    async def test_a_deleted_one_is_not_found(self):
        async with FakeMissive(404).client() as missive:
            with pytest.raises(NotFound):
                await missive.contacts.get("c1")

    @pytest.mark.parametrize("answer", [{"contacts": []}, {"contacts": [ROW, ROW]}, {"contact": ROW}, []])
    async def test_no_contact_and_two_contacts_are_no_answer(self, answer):
        async with FakeMissive(answer).client() as missive:
            with pytest.raises(DecodeError):
                await missive.contacts.get("c1")


class TestWriting:
    async def test_models_and_mappings_of_the_same_values_are_sent_alike(self):
        model = NewContact(
            contact_book="b1",
            first_name="Casey",
            last_name=None,
            infos=[
                EmailInfo(value="casey@example.com", label="work"),
                {"kind": "custom", "label": "other", "value": "x"},
            ],
            memberships=(Membership(group=ContactGroupRef(kind="group", name="VIPs")),),
        )
        mapping = {
            "contact_book": "b1",
            "first_name": "Casey",
            "last_name": None,
            "middle_name": UNSET,
            "infos": [
                {"kind": "email", "label": "work", "value": "casey@example.com"},
                CustomInfo(value="x"),
            ],
            "memberships": [{"group": {"kind": "group", "name": "VIPs"}}],
        }
        first, second = await written("create", model, mapping)
        assert first == second
        assert first == {
            "contact_book": "b1",
            "first_name": "Casey",
            "last_name": None,
            "infos": [
                {"kind": "email", "label": "work", "value": "casey@example.com"},
                {"kind": "custom", "label": "other", "value": "x"},
            ],
            "memberships": [{"group": {"kind": "group", "name": "VIPs"}}],
        }

    async def test_every_kind_of_info_has_a_class(self):
        infos = [
            EmailInfo(value="a", label="home"),
            PhoneNumberInfo(value="b", label="pager"),
            TwitterInfo(value="c", label="personal"),
            FacebookInfo(name="d", label="other", custom_label="old"),
            PhysicalAddressInfo(label="work", city="e"),
            UrlInfo(value="f", label="blog"),
            CustomInfo(value="g", custom_label="h"),
        ]
        (contact,) = await written("create", NewContact(contact_book="b1", infos=infos))
        assert contact["infos"] == [
            {"kind": "email", "value": "a", "label": "home"},
            {"kind": "phone_number", "value": "b", "label": "pager"},
            {"kind": "twitter", "value": "c", "label": "personal"},
            {"kind": "facebook", "name": "d", "label": "other", "custom_label": "old"},
            {"kind": "physical_address", "label": "work", "city": "e"},
            {"kind": "url", "value": "f", "label": "blog"},
            {"kind": "custom", "value": "g", "custom_label": "h", "label": "other"},
        ]

    async def test_only_what_changes_is_sent(self):
        (change,) = await written("update", ContactChanges(id="c1", last_name=None, starred=False))
        assert change == {"id": "c1", "last_name": None, "starred": False}

    async def test_attributes_that_are_not_known_here_are_passed_on(self):
        (change,) = await written("update", {"id": "c1", "preferred_language": "fr"})
        assert change == {"id": "c1", "preferred_language": "fr"}

    async def test_a_contact_that_was_read_can_be_given_back(self):
        (change,) = await written("update", attrs.evolve(MODEL, first_name="Robin"))
        assert change == {
            "id": "c1",
            "first_name": "Robin",
            "last_name": "Moor",
            "starred": False,
            "contact_book": "b1",
            "infos": WRITABLE_INFOS,
            "memberships": WRITABLE_MEMBERSHIPS,
        }

    async def test_a_contact_that_was_read_can_be_copied(self):
        (contact,) = await written("create", attrs.evolve(MODEL, contact_book="b2"))
        assert contact == {
            "first_name": "Casey",
            "last_name": "Moor",
            "starred": False,
            "contact_book": "b2",
            "infos": WRITABLE_INFOS,
            "memberships": WRITABLE_MEMBERSHIPS,
        }

    @given(st.data())
    def test_nothing_read_only_is_ever_given_back(self, data):
        contact = _codec.one("c", Contact)(_codec.encode({"c": data.draw(records(Contact))}))
        kept = _writable(contact, ("deleted", "modified_at"), update=True)
        assert not kept.keys() & {"deleted", "modified_at"}
        assert None not in kept.values()

    async def test_infos_that_were_read_as_mappings_can_be_given_back_too(self):
        infos = ROW["infos"][:2]
        (change,) = await written("update", {"id": "c1", "infos": infos})
        assert change["infos"] == WRITABLE_INFOS[:2]
        assert "label" not in infos[1]

    async def test_the_answer_is_what_was_asked_for_in_its_order(self):
        fake = FakeMissive({"contacts": [{"id": "c2"}, ROW]})
        async with fake.client() as missive:
            changed = await missive.contacts.update({"id": "c1"}, {"id": "c2"})
        assert changed == (MODEL, Contact(id="c2"))
        assert [(sent.method, sent.target) for sent in fake.sent] == [("PATCH", "/contacts/c1,c2")]

    async def test_an_empty_answer_is_a_success_that_tells_nothing(self):
        fake = FakeMissive(201)
        async with fake.client() as missive:
            assert await missive.contacts.create({"contact_book": "b1"}) == ()
        assert [(sent.method, sent.target) for sent in fake.sent] == [("POST", "/contacts")]

    async def test_nothing_given_spends_nothing(self):
        fake = FakeMissive(None)
        async with fake.client() as missive:
            assert (await missive.contacts.create(), await missive.contacts.update()) == ((), ())
        assert fake.sent == []

    async def test_ids_that_do_not_fit_into_one_url_go_into_several(self):
        ids = [f"{number:036}" for number in range(500)]
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            changed = await missive.contacts.update(*[{"id": id} for id in ids])
        assert [contact.id for contact in changed] == ids
        assert len(fake.sent) == 3

    async def test_a_part_that_fails_says_what_was_done(self):
        ids = [f"{number:036}" for number in range(500)]
        fake = FakeMissive(echo, 400)
        async with fake.client() as missive:
            with pytest.raises(PartiallyApplied) as caught:
                await missive.contacts.update(*[ContactChanges(id=id, first_name="n") for id in ids])
        applied = len(caught.value.done)
        assert [contact.id for contact in caught.value.done] == ids[:applied]
        assert caught.value.failed == tuple({"id": id, "first_name": "n"} for id in ids[applied:])


LABELS = {
    "email": "home work personal other",
    "phone_number": "main mobile home work home_fax work_fax other_fax pager other",
    "twitter": "work personal other",
    "facebook": "work personal other",
    "physical_address": "work home other",
    "url": "homepage profile blog work personal other",
    "custom": "other",
}
ALL_LABELS = sorted({label for labels in LABELS.values() for label in labels.split()} | {"", "Work", "fax"})


def info_of(kind, label):
    return {"kind": kind, "label": label} | {"value": "v", "name": "n"}


class TestRules:
    @pytest.mark.parametrize("kind", LABELS)
    async def test_each_kind_takes_its_own_labels_and_no_others(self, kind):
        wrong = [label for label in ALL_LABELS if label not in LABELS[kind].split()]
        right = [info_of(kind, label) for label in LABELS[kind].split()]
        (change,) = await written("update", {"id": "c1", "infos": right})
        assert change["infos"] == right
        for verb, item in (("create", {"contact_book": "b1"}), ("update", {"id": "c1"})):
            problems = await problems_of(verb, item | {"infos": [info_of(kind, label) for label in wrong]})
            assert {problem.split(" ")[0] for problem in problems} == {
                f"contacts[0].infos[{place}].label" for place in range(len(wrong))
            }

    @pytest.mark.parametrize("kind", sorted(LABELS.keys() - {"physical_address"}))
    async def test_each_kind_needs_its_value(self, kind):
        value = "name" if kind == "facebook" else "value"
        info = info_of(kind, "other")
        del info[value]
        assert await problems_of("update", {"id": "c1", "infos": [info]}) == [
            f"contacts[0].infos[0].{value} is required"
        ]

    async def test_an_address_needs_no_part(self):
        infos = [{"kind": "physical_address", "label": "work"}]
        assert (await written("update", {"id": "c1", "infos": infos}))[0]["infos"] == infos

    @pytest.mark.parametrize(
        ("item", "problems"),
        [
            ({}, ["contacts[0].contact_book is required"]),
            ({"contact_book": "b/1"}, ["contacts[0].contact_book: not an id: 'b/1'"]),
            ({"first_name": 7}, ["contacts[0].first_name is a str, not int"]),
            ({"notes": ["a"]}, ["contacts[0].notes is a str, not list"]),
            ({"starred": "yes"}, ["contacts[0].starred is True or False, not 'yes'"]),
            ({"infos": {"kind": "email"}}, ["contacts[0].infos is a list of objects, not dict"]),
            ({"infos": ["a@example.com"]}, ["contacts[0].infos[0] is an object, not str"]),
            ({"infos": [{}]}, ["contacts[0].infos[0].kind is required"]),
            (
                {"infos": [{"kind": "fax", "label": "work", "value": "x"}]},
                [f"contacts[0].infos[0].kind is one of {', '.join(_contact_infos._LABELS)}, not 'fax'"],
            ),
            (
                {"infos": [{"kind": ["email"], "label": "work", "value": "x"}]},
                [f"contacts[0].infos[0].kind is one of {', '.join(_contact_infos._LABELS)}, not ['email']"],
            ),
            (
                {"infos": [{"kind": "email"}]},
                ["contacts[0].infos[0].label is required", "contacts[0].infos[0].value is required"],
            ),
            (
                {"infos": [{"kind": "custom", "value": "x"}]},
                ["contacts[0].infos[0].label is required"],
            ),
            (
                {"infos": [EmailInfo(value="a", label="work", custom_label="old")]},
                ["contacts[0].infos[0].custom_label goes with the label 'other' only"],
            ),
            (
                {"infos": [PhoneNumberInfo(value=5550100, label="work")]},
                ["contacts[0].infos[0].value is a str, not int"],
            ),
            ({"memberships": [{}]}, ["contacts[0].memberships[0].group is required"]),
            ({"memberships": [{"group": "VIPs"}]}, ["contacts[0].memberships[0].group is an object, not str"]),
            (
                {"memberships": [{"group": {"id": "g1"}}]},
                [
                    "contacts[0].memberships[0].group.kind is required",
                    "contacts[0].memberships[0].group.name is required",
                ],
            ),
            (
                {"memberships": [{"group": {"kind": "team", "name": "x"}}]},
                ["contacts[0].memberships[0].group.kind is one of group, organization, not 'team'"],
            ),
            (
                {
                    "memberships": [
                        Membership(title="CEO", description="x", group=ContactGroupRef(kind="group", name="x"))
                    ]
                },
                [
                    "contacts[0].memberships[0].title is for groups of kind 'organization' only",
                    "contacts[0].memberships[0].description is for groups of kind 'organization' only",
                ],
            ),
        ],
    )
    async def test_what_the_reference_rules_out_is_not_sent(self, item, problems):
        whole = item if not item or "contact_book" in item else {"contact_book": "b1"} | item
        assert await problems_of("create", whole) == problems

    async def test_all_broken_rules_of_all_contacts_come_at_once(self):
        problems = await problems_of(
            "update", {"id": "c1", "starred": 1}, 7, {"first_name": 8}, ContactChanges(id="c1")
        )
        assert problems == [
            "contacts[0].starred is True or False, not 1",
            "contacts[1]: a model or a mapping, not int",
            "contacts[2].id is required",
            "contacts[2].first_name is a str, not int",
            "contacts[3].id is also contacts[0].id: 'c1'",
        ]

    async def test_a_list_handed_over_as_one_argument_is_told(self):
        (problem,) = await problems_of("create", [{"contact_book": "b1"}])
        assert problem == "contacts[0]: a model or a mapping, not list (hand several items over with a *)"

    async def test_lists_may_be_emptied(self):
        change = {"id": "c1", "infos": [], "memberships": None}
        assert await written("update", change) == [change]

    async def test_what_missive_itself_calls_by_other_names_may_go_back_but_not_be_made_up(self):
        info = ContactInfo(kind="email", label="fun", value="a@example.com")
        (change,) = await written("update", ContactChanges(id="c1", infos=[info]))
        assert change["infos"] == [{"kind": "email", "label": "fun", "value": "a@example.com"}]
        (problem,) = await problems_of("update", {"id": "c1", "infos": change["infos"]})
        assert problem.startswith("contacts[0].infos[0].label is one of home, work, personal, other")
