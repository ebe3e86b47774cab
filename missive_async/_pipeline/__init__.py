"""The life of one request, and what the requests of one client share."""

from missive_async._pipeline.call import MAX_BODY, Options, Params, Pipeline, query
from missive_async._pipeline.core import Core
from missive_async._pipeline.exchange import Transport
from missive_async._pipeline.pool import Pool, Single

__all__ = [
    "MAX_BODY",
    "Core",
    "Options",
    "Params",
    "Pipeline",
    "Pool",
    "Single",
    "Transport",
    "query",
]
