import attrs
import pytest

from fake_missive import FakeMissive, echo
from missive_async import InvalidRequest, to_dict
from missive_async.resources.shared_labels import NewSharedLabel, SharedLabel, SharedLabelChanges
from model_json import sample

(RECORDED,) = sample("pdw-webhook-label_change")["conversation"]["shared_labels"]


async def problems_of(verb, *labels):
    fake = FakeMissive(echo)
    async with fake.client() as missive:
        with pytest.raises(InvalidRequest) as caught:
            await getattr(missive.shared_labels, verb)(*labels)
    assert fake.sent == []
    return list(caught.value.problems)


class TestReading:
    async def test_a_recorded_label_is_read_and_given_back_whole(self):
        fake = FakeMissive({"shared_labels": [RECORDED]})
        async with fake.client() as missive:
            (label,) = await missive.shared_labels.list(organization="o1").collect()
        assert isinstance(label, SharedLabel)
        assert to_dict(label) == {key: value for key, value in RECORDED.items() if value is not None}
        assert [sent.target for sent in fake.sent] == ["/shared_labels?organization=o1&limit=200&offset=0"]

    async def test_an_organization_that_is_no_id_is_refused(self):
        async with FakeMissive(None).client() as missive:
            with pytest.raises(InvalidRequest, match="organization: an id is a str"):
                missive.shared_labels.list(organization=7)


class TestWriting:
    async def test_new_labels_are_created_in_one_request(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            made = await missive.shared_labels.create(
                NewSharedLabel(name="Orders", organization="o1", color="#430098", parent=None),
                {"name": "Late", "organization": "o1", "visibility": "delegates", "share_with_users": ["u1"]},
            )
        assert made == (
            SharedLabel(id="new0", name="Orders", organization="o1", color="#430098"),
            SharedLabel(id="new1", name="Late", organization="o1", visibility="delegates", share_with_users=("u1",)),
        )
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
            (
                "POST",
                "/shared_labels",
                {
                    "shared_labels": [
                        {"name": "Orders", "organization": "o1", "color": "#430098", "parent": None},
                        {"name": "Late", "organization": "o1", "visibility": "delegates", "share_with_users": ["u1"]},
                    ]
                },
            )
        ]

    async def test_changes_name_what_changes_and_no_more(self):
        fake = FakeMissive(echo)
        async with fake.client() as missive:
            await missive.shared_labels.update(SharedLabelChanges(id="l1", parent=None), {"id": "l2", "name": "n"})
        assert [(sent.method, sent.target, sent.json) for sent in fake.sent] == [
            (
                "PATCH",
                "/shared_labels/l1,l2",
                {"shared_labels": [{"id": "l1", "parent": None}, {"id": "l2", "name": "n"}]},
            )
        ]

    async def test_a_label_that_was_read_is_given_back_without_what_cannot_be_changed(self):
        fake = FakeMissive(echo)
        label = SharedLabel(id="l1", name="a", name_with_parent_names="b/a", organization="o1", color="#50A8FF")
        async with fake.client() as missive:
            await missive.shared_labels.update(attrs.evolve(label, name="c"))
        assert fake.sent[0].json == {"shared_labels": [{"id": "l1", "name": "c", "color": "#50A8FF"}]}

    async def test_a_label_that_was_read_can_be_copied(self):
        fake = FakeMissive(echo)
        label = SharedLabel(id="l1", name="a", name_with_parent_names="b/a", organization="o1")
        async with fake.client() as missive:
            await missive.shared_labels.create(attrs.evolve(label, organization="o2"))
        assert fake.sent[0].json == {"shared_labels": [{"name": "a", "organization": "o2"}]}


RULES = [
    ({"color": "red"}, "color is a hex code like #2266ED, not 'red'"),
    ({"color": "danger"}, "color is a hex code like #2266ED, not 'danger'"),
    ({"parent": "a,b"}, "parent: not an id: 'a,b'"),
    ({"share_with_organization": 1}, "share_with_organization is True or False, not 1"),
    ({"share_with_team": 7}, "share_with_team: an id is a str, not int"),
    ({"share_with_users": "u1"}, "share_with_users: a sequence of ids, not str"),
    ({"visibility": "everyone"}, "visibility is one of organization, delegates, not 'everyone'"),
    ({"name": 7}, "name is a str, not int"),
]


class TestRules:
    @pytest.mark.parametrize(("values", "problem"), RULES)
    async def test_they_hold_for_new_labels_and_for_changes(self, values, problem):
        new = {"name": "n", "organization": "o1"} | values
        assert await problems_of("create", new) == [f"shared_labels[0].{problem}"]
        assert await problems_of("update", {"id": "l1"}, {"id": "l2"} | values) == [f"shared_labels[1].{problem}"]

    async def test_a_new_label_needs_a_name_and_an_organization(self):
        assert await problems_of("create", {}, {"name": "", "organization": None}) == [
            "shared_labels[0].name is required",
            "shared_labels[0].organization is required",
            "shared_labels[1].name is required",
            "shared_labels[1].organization is required",
        ]

    @pytest.mark.parametrize("organization", ["o1", None])
    async def test_a_change_does_not_name_an_organization(self, organization):
        (problem,) = await problems_of("update", {"id": "l1", "organization": organization})
        assert problem.startswith("shared_labels[0].organization cannot be changed")

    async def test_a_change_needs_an_id(self):
        assert await problems_of("update", {"name": "n"}) == ["shared_labels[0].id is required"]
