"""Lengths of time as a person reads them."""


def span(seconds: float) -> str:
    """The length of a window: `60 s`, `15 min`."""
    return f"{seconds / 60:g} min" if seconds > 60 and seconds % 60 == 0 else f"{seconds:g} s"


def clock(seconds: float) -> str:
    """Seconds as a person reads them: `0.4 s`, `42 s`, `1:05 min`, `2:10 h`."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02} h"
