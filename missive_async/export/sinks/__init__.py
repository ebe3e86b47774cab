"""Where the records of an export go."""

from missive_async.export.sinks._sink import Sink
from missive_async.export.sinks.jsonl import JsonLines

__all__ = ["JsonLines", "Sink"]
