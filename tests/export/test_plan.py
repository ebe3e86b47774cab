import json

import pytest

from missive_async.errors import ConfigurationError
from missive_async.export.plan import NEEDS, STREAMS, Extent, Plan, activity, extent, id_of, steps


def rows(**held):
    return lambda stream: iter([json.dumps(row).encode() for row in held.get(stream, [])])


def parents(stream, given, start=0):
    return [(step.number, dict(step.parent), step.records) for step in steps(stream, given, start)]


def test_everything_is_exported_when_nothing_is_chosen():
    assert Plan.of().streams == Plan.of([]).streams == STREAMS


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_comes_with_all_that_it_needs(stream):
    chosen = Plan.of([stream]).streams
    assert all(need in chosen for one in chosen for need in NEEDS.get(one, ()))
    assert [one for one in STREAMS if one in chosen] == list(chosen)


def test_messages_need_conversations_teams_and_labels():
    assert Plan.of("messages").streams == ("teams", "shared_labels", "conversations", "messages")


@pytest.mark.parametrize("streams", [["pigeons"], "pigeons", ["users", "pigeons"], [1, "pigeons"]])
def test_a_stream_that_is_none_is_refused(streams):
    with pytest.raises(ConfigurationError, match=r"no stream .*'pigeons': choose from organizations, teams"):
        Plan.of(streams)


def test_what_a_stream_needs_stands_before_it():
    assert all(STREAMS.index(need) < STREAMS.index(stream) for stream, needs in NEEDS.items() for need in needs)


def test_contacts_are_listed_by_book_and_groups_by_book_and_kind():
    given = rows(contact_books=[{"id": "b1"}, {"id": "b2"}])
    assert parents("contacts", given) == [(0, {"contact_book": "b1"}, None), (1, {"contact_book": "b2"}, None)]
    assert parents("contact_groups", given, 1) == [
        (1, {"contact_book": "b1", "kind": "organization"}, None),
        (2, {"contact_book": "b2", "kind": "group"}, None),
        (3, {"contact_book": "b2", "kind": "organization"}, None),
    ]


def test_conversations_are_listed_by_mailbox_team_and_label():
    given = rows(teams=[{"id": "t"}], shared_labels=[{"id": "l"}])
    found = [parent for _, parent, _ in parents("conversations", given)]
    assert found == [
        {"all": ""},
        {"drafts": ""},
        {"trashed": ""},
        {"junked": ""},
        {"team_all": "t"},
        {"shared_label": "l"},
    ]


@pytest.mark.parametrize(
    ("stream", "row", "asked"),
    [
        ("messages", {"messages_count": 0}, []),
        ("messages", {"messages_count": 3}, [3]),
        ("messages", {}, [None]),
        ("messages", {"messages_count": None}, [None]),
        ("messages", {"messages_count": "0"}, [None]),
        ("messages", {"messages_count": -1}, [None]),
        ("messages", {"messages_count": False}, [None]),
        ("drafts", {"drafts_count": 0, "send_later_messages_count": 0}, []),
        ("drafts", {"drafts_count": 0, "send_later_messages_count": 1}, [1]),
        ("drafts", {"drafts_count": 2, "send_later_messages_count": 0}, [2]),
        ("drafts", {"drafts_count": 0}, [None]),
        ("drafts", {}, [None]),
        ("comments", {"messages_count": 0}, [None]),
        ("posts", {"messages_count": 0}, [None]),
    ],
)
def test_what_is_empty_by_the_conversations_own_count_is_not_asked_for(stream, row, asked):
    given = rows(conversations=[{"id": "c", **row}])
    assert [records for _, _, records in parents(stream, given)] == asked


def test_a_list_keeps_its_number_whatever_is_left_out_before_it():
    given = rows(conversations=[{"id": "a", "messages_count": 0}, {"id": "b", "messages_count": 5}])
    assert parents("messages", given) == [(1, {"conversation": "b"}, 5)]


def test_an_extent_counts_lists_and_records():
    counts = [3, None, 0, 4]
    given = rows(conversations=[{"id": str(number), "messages_count": count} for number, count in enumerate(counts)])
    assert extent("messages", given, start=1) == Extent(lists=3, before=1, records=7, unsaid=1)
    assert extent("users", given) == Extent(lists=1, before=0, records=0, unsaid=1)


def test_records_tell_their_id_and_their_last_activity():
    assert id_of(b'{"x":[],"id":"1"}') == "1"
    assert [
        activity(b'{"id":"1"%s}' % more) for more in (b"", b',"last_activity_at":7', b',"last_activity_at":"x"')
    ] == [
        None,
        7,
        None,
    ]
