"""The budget: what may be sent now, and who waits."""

from missive_async.limits.local import LocalLimiter
from missive_async.limits.model import (
    Budget,
    BudgetSnapshot,
    Feedback,
    Lane,
    Limiter,
    Permit,
    RateLimits,
    Window,
    WindowSnapshot,
)

__all__ = [
    "Budget",
    "BudgetSnapshot",
    "Feedback",
    "Lane",
    "Limiter",
    "LocalLimiter",
    "Permit",
    "RateLimits",
    "Window",
    "WindowSnapshot",
]
