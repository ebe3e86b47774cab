"""Updating and merging conversations."""

from missive_async.simulator import actions, bodies
from missive_async.simulator.calls import Answer, Call, answer, found
from missive_async.simulator.records import JSON, Conversation
from missive_async.simulator.refusals import BAD_IDS, invalid
from missive_async.simulator.state import Account
from missive_async.simulator.views import conversation as shown

_SHELVES = ("messages", "comments", "posts", "drafts")


def update_conversations(call: Call) -> Answer:
    """PATCH /conversations/:ids: silent, but the rules on what changed run."""
    account = call.account
    sent = bodies.changes(call, "conversations")
    pairs = [(found(account.conversation(data["id"])), _translated(data)) for data in sent]
    plans = [(conversation, actions.read(account, data)) for conversation, data in pairs]
    for conversation, plan in plans:
        if plan.team and conversation.guest:
            raise invalid(BAD_IDS)
    for conversation, plan in plans:
        actions.stir(account, conversation, call.now)
        actions.apply(call, conversation, plan)
    return answer("conversations", [shown(account, conversation) for conversation, _ in pairs])


def _translated(data: JSON) -> JSON:
    """Return an update under the names that drafts and posts use for the same things."""
    renamed = {"subject": "conversation_subject", "color": "conversation_color"}
    return {renamed.get(key, key): value for key, value in data.items()}


def merge_conversations(call: Call) -> Answer:
    """POST /conversations/:id/merge: all goes into the target, and the old id leads there.

    Of the two, the one with more messages is kept, as Missive may swap them; with as many, it is the target.
    """
    account = call.account
    body = call.body if isinstance(call.body, dict) else {}
    bodies.need(body, "target")
    subject = bodies.text(body, "subject", 1000)
    source, target = found(account.conversation(call.path["id"])), account.conversation(bodies.text(body, "target"))
    if target is None:
        raise invalid(f"conversation with id {body['target']} does not exist")
    if source is target:
        raise invalid("A conversation cannot be merged with itself")
    if source.counts.messages > target.counts.messages:
        source, target = target, source
    _move(account, source, target)
    if subject is not None:
        target.subject = subject
    actions.stir(account, target, call.now)
    return answer("conversations", [shown(account, target)])


def _move(account: Account, source: Conversation, target: Conversation) -> None:
    given, kept = account.children(source), account.children(target)
    for shelf in _SHELVES:
        for child in list(getattr(given, shelf)):
            child.owner = target.id
            getattr(kept, shelf).put(child)
    for task in account.tasks:
        if task.data["conversation"] == source.id:
            task.change(conversation=target.id)
    _unite(source, target)
    account.merged[source.id] = target.id
    account.conversations.drop(source.id)
    account.recount(target)


def _unite(source: Conversation, target: Conversation) -> None:
    if source.latest_message_subject and source.last_activity_at > target.last_activity_at:
        target.latest_message_subject = source.latest_message_subject
    target.last_activity_at = max(source.last_activity_at, target.last_activity_at)
    target.created_at = min(source.created_at, target.created_at)
    target.addresses |= source.addresses
    target.labels = list(dict.fromkeys((*target.labels, *source.labels)))
    for user, flags in source.users.items():
        target.users.setdefault(user, set(flags))
    for mine, theirs in ((target.authors, source.authors), (target.external_authors, source.external_authors)):
        mine += [author for author in theirs if author not in mine]
