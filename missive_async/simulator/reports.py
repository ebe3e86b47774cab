"""Analytics reports: asked for, computed from the account, there for a minute."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from missive_async.simulator import bodies
from missive_async.simulator.calls import Answer, Call, answer
from missive_async.simulator.records import JSON, Conversation, Entry
from missive_async.simulator.refusals import invalid
from missive_async.simulator.state import Account

ACCOUNT_TYPES = ("custom", "email", "instagram", "live_chat", "messenger", "sms", "whatsapp")
_MINUTE, _HOUR = 60, 3600
_BUCKETS = {f"{n}m": n * _MINUTE for n in (1, 2, 3, 4, 5, 10, 15, 30, 45)} | {
    f"{n}h": n * _HOUR for n in (1, 2, 3, 4, 6, 8, 10, 12, 24, 48, 72)
}


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was asked for: it is there from `ready` until `gone`."""

    id: str
    ask: JSON
    ready: float
    gone: float


class Reports:
    """The reports of an account.

    Args:
        clock: The time in Unix seconds.
        delay: Seconds until a report is ready, a number or a range; None: mostly 2-3, sometimes 8-12 or 30-35.
        lifetime: Seconds for which it then is there.
        scale: How many times faster all that goes.
        seed: Of the delays.
    """

    def __init__(
        self, clock: Callable[[], float], delay: float | tuple[float, float] | None, lifetime: float, scale: float,
        *, seed: int,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._delay = delay
        self._lifetime = lifetime / scale
        self._scale = scale
        self._rng = Random(seed)
        self.reports: dict[str, Report] = {}

    def create(self, id: str, ask: JSON) -> Report:
        """Start a report."""
        ready = self._clock() + self._wait() / self._scale
        self.reports[id] = report = Report(id, ask, ready, ready + self._lifetime)
        return report

    def get(self, id: str) -> Report | None:
        """Return a report that is ready and has not expired."""
        report = self.reports.get(id)
        return report if report is not None and report.ready <= self._clock() < report.gone else None

    def _wait(self) -> float:
        if isinstance(self._delay, (int, float)):
            return self._delay
        if self._delay is not None:
            return self._rng.uniform(*self._delay)
        low, high = self._rng.choices(((2.0, 3.0), (8.0, 12.0), (30.0, 35.0)), (85, 10, 5))[0]
        return self._rng.uniform(low, high)


def create_report(call: Call) -> Answer:
    """POST /analytics/reports."""
    ask, account = bodies.one(call, "reports"), call.account
    bodies.need(ask, "organization", "start", "end")
    bodies.known(account.organizations, ask, "organization")
    start, end = bodies.integer(ask, "start") or 0, bodies.integer(ask, "end") or 0
    if end <= start:
        raise invalid("'end' must be after 'start'")
    bodies.text(ask, "time_zone")
    for name, shelf in (("teams", account.teams), ("users", account.users), ("shared_labels", account.labels)):
        bodies.known(shelf, {name: bodies.strings(ask, name)}, name, name.removesuffix("s"))
    bodies.known(account.channels, {"accounts": bodies.strings(ask, "accounts")}, "accounts", "account")
    for type in bodies.strings(ask, "account_types"):
        if type not in ACCOUNT_TYPES:
            raise invalid(f"'account_types' must be among {', '.join(ACCOUNT_TYPES)}")
    report = call.simulator.reports.create(account.new_id(), ask)
    return answer("reports", {"id": report.id}, 201)


def get_report(call: Call) -> Answer:
    """GET /analytics/reports/:id: an empty 404 for one that is not ready, expired or unknown."""
    report = call.simulator.reports.get(call.path["id"])
    return Answer(404) if report is None else answer("reports", compute(call.account, report.ask))


def compute(account: Account, ask: JSON) -> JSON:
    """Return the tree of a report; the previous period is as long as the selected one and ends where it starts."""
    start, end = ask["start"], ask["end"]
    threads = list(_threads(account, ask))
    return {
        "start": start,
        "end": end,
        "time_zone": ask.get("time_zone") or "UTC",
        "selected_period": {"global": {"totals": _totals(threads, ask, start, end)}},
        "previous_period": {"global": {"totals": _totals(threads, ask, 2 * start - end, start)}},
    }


def _threads(account: Account, ask: JSON) -> Iterator[list[Entry]]:
    """Give the messages, oldest first, of each conversation that the filters let pass."""
    accounts = {account.channels.records[id].data["type"] for id in ask.get("accounts") or ()}
    types = set(ask.get("account_types") or ()) | {type.partition("_")[0] for type in accounts}
    for conversation in account.conversations:
        if conversation.counts.messages and _passes(conversation, ask):
            messages = sorted(account.children(conversation).messages, key=lambda message: message.at)
            kind = messages[0].data["type"]
            if not types or (kind.partition("_")[0] if kind.startswith("custom") else kind) in types:
                yield messages


def _passes(conversation: Conversation, ask: JSON) -> bool:
    if conversation.organization != ask["organization"]:
        return False
    if ask.get("teams") and conversation.team not in ask["teams"]:
        return False
    return not ask.get("shared_labels") or not set(ask["shared_labels"]).isdisjoint(conversation.labels)


class _Tally:
    """Adds up one period."""

    def __init__(self) -> None:
        self.inbound = self.outbound = self.first_inbound = 0
        self.first_replies: list[int] = []
        self.replies: list[int] = []
        self.handled: list[int] = []

    def add(self, messages: Sequence[Entry], users: Sequence[str], start: int, end: int) -> None:
        asked: int | None = None  # when the message came that waits for a reply
        replied = False
        for message in messages:
            author, now = message.data["author"], start <= message.at < end
            if author is None:
                self.inbound += now
                self.first_inbound += now and message is messages[0]
                asked = message.at if asked is None else asked
                continue
            counted = now and (not users or author["id"] in users)
            self.outbound += counted
            if asked is not None and counted:
                self.replies.append(message.at - asked)
                if not replied:
                    self.first_replies.append(message.at - asked)
                self.handled.append(message.at - messages[0].at)
            replied, asked = True, None

    def totals(self) -> JSON:
        values = {
            "inbound_count": self.inbound,
            "outbound_count": self.outbound,
            "first_inbound_count": self.first_inbound,
            "first_reply_count": len(self.first_replies),
            "reply_count": len(self.replies),
            "first_reply_time_avg": _average(self.first_replies),
            "reply_time_avg": _average(self.replies),
            "handle_time_avg": _average(self.handled),
        }
        ends = list(_BUCKETS.values())
        counts = [0] * (len(ends) + 1)
        for seconds in self.first_replies:
            counts[bisect_left(ends, seconds)] += 1
        buckets = zip((*_BUCKETS, "72h_plus"), counts, strict=True)
        return {
            "metrics": {name: {"v": value} for name, value in values.items()},
            "tallies": {"first_reply_time_counts": [{"d": name, "v": count} for name, count in buckets]},
        }


def _totals(threads: Sequence[Sequence[Entry]], ask: JSON, start: int, end: int) -> JSON:
    tally = _Tally()
    for messages in threads:
        tally.add(messages, ask.get("users") or (), start, end)
    return tally.totals()


def _average(values: Sequence[int]) -> int:
    return round(sum(values) / len(values)) if values else 0
