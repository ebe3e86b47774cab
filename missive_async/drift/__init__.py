"""What Missive's answers have that the models do not know: found before it is missed."""

from missive_async.drift.compare import Difference, differences, merged
from missive_async.drift.probe import REQUESTS, Drift, probe

__all__ = ["REQUESTS", "Difference", "Drift", "differences", "merged", "probe"]
