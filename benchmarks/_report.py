"""What every benchmark prints: both sides of the same run, the ratio, and the target beside it."""

import statistics
import sys
from collections.abc import Sequence


def ratio_line(what: str, ours: Sequence[float], theirs: Sequence[float], target: float, *, unit: str = "µs") -> bool:
    """Print the medians of two interleaved series and the median of their ratios; whether the target is reached."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    scale = 1e6 if unit == "µs" else 1.0
    mine, other = statistics.median(ours) * scale, statistics.median(theirs) * scale
    print(
        f"{what:<46} ours {mine:9.2f} {unit}   other {other:9.2f} {unit}   "
        f"ratio {ratio:5.2f} [{min(ratios):.2f}-{max(ratios):.2f}]   target ≤ {target:.2f}   {verdict(ratio <= target)}"
    )
    return ratio <= target


def value_line(what: str, value: float, target: float, *, unit: str, at_least: bool = False) -> bool:
    """Print one figure beside its target; whether it is reached."""
    reached = value >= target if at_least else value <= target
    sign = "≥" if at_least else "≤"
    print(f"{what:<60} {value:10.3f} {unit:<4}  target {sign} {target:g}   {verdict(reached)}")
    return reached


def verdict(reached: bool) -> str:
    """One word."""
    return "reached" if reached else "MISSED"


def finish(results: Sequence[bool]) -> None:
    """Say how many targets were reached; the exit status stays 0, for a noisy machine proves nothing."""
    print(f"\n{sum(results)} of {len(results)} targets reached, Python {sys.version.split()[0]}")
