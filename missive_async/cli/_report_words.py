"""Metrics of a report in words and readable amounts."""

from missive_async.resources._report import MetricChange

METRIC_LABELS = {
    "inbound_count": "Messages received",
    "outbound_count": "Messages sent",
    "first_inbound_count": "Conversations begun",
    "first_reply_count": "First replies",
    "reply_count": "Replies",
    "first_reply_time_avg": "Average time to first reply",
    "reply_time_avg": "Average time to reply",
    "handle_time_avg": "Average time to handle",
}
_TALLY_LABELS = {"first_reply_time_counts": "First replies by time taken"}


def label(name: str) -> str:
    """A metric or tally in words; one that is not known by its own name."""
    return METRIC_LABELS.get(name) or _TALLY_LABELS.get(name) or name.replace("_", " ").capitalize()


def amount(name: str, value: float | None) -> str:
    """A value as people read it: averages are lengths of time."""
    if value is None:
        return "-"
    if name.endswith("_avg"):
        return length(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def length(seconds: float) -> str:
    """A length of time by its two largest units, as `1 h 30 min`."""
    rest = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def change_text(change: MetricChange) -> str:
    """How a metric changed, as `▲ 12 % (from 80)`."""
    if change.previous is None or change.delta is None:
        return "nothing to compare with"
    before = f"(from {amount(change.name, change.previous)})"
    if not change.delta:
        return f"unchanged {before}"
    arrow = "▲" if change.delta > 0 else "▼"
    part = (
        f"{abs(change.change):.0%}".replace("%", " %")
        if change.change is not None
        else amount(change.name, change.delta)
    )
    return f"{arrow} {part} {before}"
