"""Generated conversations: first a plan with truthful counts, later, when somebody looks, the children."""

from dataclasses import dataclass
from random import Random

from missive_async.simulator.names import SUBJECTS

HOUR = 3600
DAY = 24 * HOUR
_MESSAGES = (1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9, 9, 12)
_COMMENTS = (0, 0, 0, 0, 1, 1, 2, 3)
_POSTS = (0, 0, 0, 0, 0, 1)
_TIED = 14  # messages delivered in one second, more than a page of 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What a conversation will hold. All lists of times run from newest to oldest."""

    number: int
    channel: str
    topic: str
    last: int
    messages: tuple[int, ...]
    files: tuple[int, ...]
    comments: tuple[int, ...]
    posts: tuple[int, ...]
    drafts: tuple[int, ...]
    scheduled: int
    people: tuple[int, ...]

    @property
    def first(self) -> int:
        """The time of the oldest child."""
        return min((*self.messages[-1:], *self.comments[-1:], *self.posts[-1:], self.last))


def activity(number: int, now: int) -> int:
    """Return when conversation `number`, counted from the newest, was last active.

    The rows around each border of a page of 50, and some others, share one second.
    """
    block, place = divmod(number + 3, 50)
    shared = min(place, 5) if place < 6 else place
    slot = block * 50 + (0 if shared < 6 else shared)
    if 20 <= place < 24:
        slot = block * 50 + 20
    return now - slot * 5 * HOUR - slot * 61


def channel_of(number: int) -> str:
    """Return the kind of messages in a conversation."""
    if number % 31 == 20:
        return "telegram"  # a type that no reference names
    if number % 17 == 9:
        return "custom_text"
    return "sms" if number % 11 == 4 else "email"


def draw(number: int, seed: int, now: int, fixed: int | None = None) -> Plan:
    """Return the plan of a conversation; `fixed` sets the number of messages."""
    rng = Random(seed * 1_000_003 + number)
    last = activity(number, now)
    count, tied = _how_many(number, rng) if fixed is None else (fixed, 0)
    messages = _times(rng, last, count, tied)
    comments = _scattered(rng, last, 13 if number % 43 == 6 else rng.choice(_COMMENTS))
    if not messages and not comments:
        comments = (last,)
    if not messages:
        comments = (last, *comments[1:])
    return Plan(
        number=number,
        channel=channel_of(number),
        topic=rng.choice(SUBJECTS).format(n=1000 + number),
        last=last,
        messages=messages,
        files=tuple(2 if rng.random() < 0.05 else rng.random() < 0.18 for _ in messages),
        comments=comments,
        posts=_scattered(rng, last, rng.choice(_POSTS)),
        drafts=_scattered(rng, last, 2 if number % 24 == 17 else number % 8 == 1),
        scheduled=int(number % 24 == 17),
        people=tuple(rng.randrange(1_000_000) for _ in range(rng.choice((1, 1, 1, 2, 3)))),
    )


def _how_many(number: int, rng: Random) -> tuple[int, int]:
    if number % 19 == 13:
        return 0, 0
    if number % 40 == 3:
        return 25, _TIED
    if number % 40 == 12:
        return 31, 0
    return rng.choice(_MESSAGES), 0


def _times(rng: Random, last: int, count: int, tied: int) -> tuple[int, ...]:
    """Return descending times; `tied` of them, from the fourth on, are equal, and sometimes two neighbours are."""
    times, now = [], last
    for position in range(count):
        times.append(now)
        if not 3 <= position < 2 + tied and rng.random() > 0.06:
            now -= rng.choice((40, 600, 2 * HOUR, 9 * HOUR, DAY, 3 * DAY)) + rng.randrange(600)
    return tuple(times)


def _scattered(rng: Random, last: int, count: int) -> tuple[int, ...]:
    return tuple(sorted((last - rng.randrange(HOUR, 3 * DAY) for _ in range(count)), reverse=True))
