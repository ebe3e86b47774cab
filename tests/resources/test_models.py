"""What holds for every model of the account's settings and contacts, whatever Missive sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import DecodeError, _codec, to_dict
from missive_async.resources.contact_books import ContactBook
from missive_async.resources.contact_groups import ContactGroup
from missive_async.resources.contacts import Contact
from missive_async.resources.hooks import Hook
from missive_async.resources.organizations import Organization
from missive_async.resources.responses import Response
from missive_async.resources.shared_labels import SharedLabel
from missive_async.resources.teams import Team
from missive_async.resources.users import User
from model_json import known, records

MODELS = (Contact, ContactBook, ContactGroup, Hook, Organization, Response, SharedLabel, Team, User)


def decode(record, model):
    return _codec.many("rows", model)(_codec.encode({"rows": [record]}))[0]


@given(st.data(), st.sampled_from(MODELS))
def test_absent_null_and_unknown_fields_are_read_and_what_is_known_comes_back_unchanged(data, model):
    record = data.draw(records(model))
    assert to_dict(decode(record, model)) == known(record, model)


@pytest.mark.parametrize("model", MODELS)
def test_a_record_of_an_id_alone_is_read(model):
    assert decode({"id": "r1"}, model) == model(id="r1")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("record", [{}, {"id": None}, {"id": 7}, [], "text", None])
def test_a_record_without_an_id_is_told_by_its_path(model, record):
    with pytest.raises(DecodeError) as caught:
        decode(record, model)
    assert caught.value.paths[0].startswith("$.rows[0]")


@pytest.mark.parametrize("model", MODELS)
def test_to_dict_gives_nothing_that_was_not_there(model):
    assert to_dict(model(id="r1")) == {"id": "r1"}
