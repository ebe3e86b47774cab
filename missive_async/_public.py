"""Public names that are imported when they are first used: most programs need few of the models."""

from importlib import import_module
from typing import Any

_HOMES = {
    "FinishedReport": "missive_async.reports",
    "ReportFuture": "missive_async.reports",
    "WebhookEvent": "missive_async.webhooks",
    "WebhookRule": "missive_async.webhooks",
}


def __getattr__(name: str) -> Any:
    """A public name of the package, for the package itself to look up where it has not got it."""
    if name[:1].isupper():  # not a submodule, which is asked for here before it is imported
        home = import_module(_HOMES.get(name, "missive_async.models"))
        if name in home.__all__:
            return getattr(home, name)
    raise AttributeError(f"module 'missive_async' has no attribute {name!r}")
