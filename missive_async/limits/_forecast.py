"""When the n-th call of the line will have its turn."""

from collections.abc import Sequence

from missive_async.limits._bucket import Bucket


def forecast(
    position: int,
    start: float,
    *,
    buckets: Sequence[tuple[Bucket, int]],
    places: tuple[int, int],
    exchange: float,
) -> float:
    """The time at which the call at `position` (1 is next) would be let in, if exchanges take `exchange` seconds.

    The line moves from `start` on. Each bucket comes with the tokens that this lane must leave alone; `places` are
    those free to it, and all. A call that needs a token spent by an earlier one of the line waits for that one's turn,
    its exchange and the window.
    """
    turns: dict[int, float] = {}
    for n in sorted(_chain(position, buckets)):
        tokens = (_token(n, start, bucket, held, exchange, turns) for bucket, held in buckets)
        turns[n] = max([_place(n, start, places, exchange), *tokens])
    return turns[position]


def _chain(position: int, buckets: Sequence[tuple[Bucket, int]]) -> set[int]:
    """The positions whose tokens this one waits for, theirs, and so on, and itself."""
    found = {position}
    open_ = [position]
    while open_:
        n = open_.pop()
        earlier = {n + held - bucket.requests for bucket, held in buckets if n + held > bucket.requests} - found
        found |= earlier
        open_ += earlier
    return found


def _token(n: int, start: float, bucket: Bucket, held: int, exchange: float, turns: dict[int, float]) -> float:  # noqa: PLR0917 - all of one sum
    missing = n + held - bucket.free
    if missing <= 0:
        return start
    if missing <= len(bucket.due):
        return bucket.due[missing - 1]
    return turns.get(n + held - bucket.requests, start) + exchange + bucket.seconds


def _place(n: int, start: float, places: tuple[int, int], exchange: float) -> float:
    free, total = places
    if n <= free:
        return start
    return start + exchange * -(-(n - max(free, 0)) // total)
