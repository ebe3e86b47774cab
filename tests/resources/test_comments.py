from datetime import UTC, datetime

from missive_async import _codec
from missive_async.resources._shared import TeamRef, UserRef
from missive_async.resources.comments import Comment, Mention
from model_json import sample


def decode(*rows):
    return _codec.many("comments", Comment)(_codec.encode({"comments": rows}))


def test_a_comment_is_read_as_it_is_documented():
    (comment,) = decode(*sample("docs26-conversation-comments")["comments"])
    assert comment.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert comment.mentions == (Mention(id="fce87a1c-89c0-5f85-83ea-e13d87925931", index=0, length=8),)
    assert comment.attachment.width is None
    assert comment.task.state == "in_progress"
    assert comment.task.assignees[0].name == "Sam Reed"
    assert isinstance(comment.task.team, TeamRef)


def test_a_mention_of_a_webhook_has_a_user_or_a_team_and_an_offset():
    (comment,) = decode({"id": "c1", "mentions": [{"user_id": "u1", "offset": 3, "length": 2}, {"team_id": "t1"}]})
    assert comment.mentions == (Mention(user_id="u1", offset=3, length=2), Mention(team_id="t1"))


def test_a_comment_of_an_attachment_alone_has_no_body():
    (comment,) = decode({"id": "c1", "body": None, "attachment": {"id": "a1", "filename": "x"}})
    assert (comment.body, comment.attachment.id) == (None, "a1")


def test_only_the_tokens_owner_is_me():
    mine, other = decode({"id": "c1", "author": {"id": "u1", "me": True}}, {"id": "c2", "author": {"id": "u2"}})
    assert (mine.author, other.author) == (UserRef(id="u1", me=True), UserRef(id="u2"))


def test_an_old_task_has_only_the_time_when_it_was_done():
    (comment,) = decode({"id": "c1", "task": {"completed_at": 1_700_000_000, "assignees": ["u1"]}})
    assert comment.task.completed_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert comment.task.assignees == ("u1",)
