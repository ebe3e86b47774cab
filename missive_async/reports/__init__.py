"""Reports that are made while one waits: asked for in the background until they are there."""

from missive_async.reports.future import ReportFuture
from missive_async.reports.rounds import watch
from missive_async.reports.run import FinishedReport, run
from missive_async.reports.timing import Timing

__all__ = ["FinishedReport", "ReportFuture", "Timing", "run", "watch"]
