"""Analytics reports as tables on a terminal."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from missive_async.cli._report_page import period_text
from missive_async.cli._report_words import METRIC_LABELS, amount, change_text, label
from missive_async.resources._report import Report, ReportPeriod

_BAR = 30


def show(reports: Sequence[tuple[str, Report]], *, full: bool) -> None:
    """One report in full, or each on a line of its own."""
    console = Console()
    console.print(Text(period_text(reports[0][1]), "bold"))
    if full:
        console.print(_full(reports[0][1]))
    else:
        console.print(_lines(reports))


def _full(report: Report) -> Group:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for heading, side in (("", "left"), ("this period", "right"), ("against the one before", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for change in report.compare():
        table.add_row(label(change.name), amount(change.name, change.selected), change_text(change))
    parts: list[Text | Table] = [Text(), table]
    for name in report.selected_period.tallies:
        parts += [Text(), Text(label(name), "bold"), _tally(report.selected_period, report.previous_period, name)]
    return Group(*parts)


def _tally(selected: ReportPeriod, previous: ReportPeriod | None, name: str) -> Table:
    """A bar for each bucket, on the scale of the largest."""
    buckets = selected.tallies[name]
    before = {bucket.d: bucket.v for bucket in previous.tallies.get(name, ())} if previous else {}
    most = max([bucket.v for bucket in buckets] + [1])
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("within", justify="right")
    table.add_column("", width=_BAR)
    table.add_column("this period", justify="right")
    table.add_column("before", justify="right")
    for bucket in buckets:
        bar = ProgressBar(total=most, completed=bucket.v, width=_BAR, style="black")
        before_text = amount(name, before[bucket.d]) if bucket.d in before else ""
        table.add_row(bucket.d.replace("_plus", " +"), bar, amount(name, bucket.v), before_text)
    return table


def _lines(reports: Sequence[tuple[str, Report]]) -> Table:
    metrics = [name for name in METRIC_LABELS if any(name in report.selected_period.metrics for _, report in reports)]
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("", no_wrap=True)
    for name in metrics:
        table.add_column(label(name).lower(), justify="right")
    for who, report in reports:
        table.add_row(Text(who), *[amount(name, report.selected_period.metrics.get(name)) for name in metrics])
    return table
