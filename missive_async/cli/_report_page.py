"""An analytics report as one self-contained page: what changed, how fast replies came, and all figures."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from missive_async.cli._report_words import METRIC_LABELS, amount, change_text, label
from missive_async.resources._report import Report, ReportPeriod

_SELECTED, _PREVIOUS = "#2266ed", "#b9c6dd"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2433; background: #f5f7fa; margin: 0 }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px }
h1 { font-size: 26px; margin: 0 } h2 { font-size: 19px; margin: 40px 0 12px }
.when { color: #5b6678; margin: 4px 0 24px }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 12px }
.figure, .chart { background: #fff; border: 1px solid #e1e6ee; border-radius: 8px; padding: 14px 16px }
.figure b { display: block; font-size: 24px } .figure small { color: #5b6678 }
table { border-collapse: collapse; width: 100%; background: #fff } th, td { padding: 6px 10px; text-align: right }
th:first-child, td:first-child { text-align: left } tr { border-bottom: 1px solid #e1e6ee }
"""


def page(reports: Sequence[tuple[str, Report]]) -> str:
    """The page for one report, or several by name; needs no network to be looked at.

    Raises `ImportError` when the plotting library is not installed.
    """
    script = _plotly_script()
    title = "Missive analytics"
    sections = "".join(_section(name, report, number) for number, (name, report) in enumerate(reports))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><script>{script}</script></head>'
        f"<body><main><h1>{title}</h1>{_overview(reports)}{sections}</main></body></html>"
    )


def _plotly_script() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ImportError("charts need their extra: pip install 'missive-async[charts]'") from error
    return str(get_plotlyjs())


def _section(name: str, report: Report, number: int) -> str:
    heading = f"<h2>{escape(name)}</h2>" if name else ""
    when = f'<p class="when">{escape(period_text(report))}</p>'
    figures = "".join(
        f'<div class="figure"><small>{escape(label(change.name))}</small><b>{amount(change.name, change.selected)}</b>'
        f"<small>{escape(change_text(change))}</small></div>"
        for change in report.compare()
    )
    return f'<section>{heading}{when}<div class="figures">{figures}</div>{_tallies(report, number)}</section>'


def _tallies(report: Report, number: int) -> str:
    charts = []
    for index, name in enumerate(report.selected_period.tallies):
        figure = _bars(label(name), _named(report, name))
        charts.append(
            f'<h2>{escape(label(name))}</h2><div class="chart">{_html(figure, f"tally-{number}-{index}")}</div>'
        )
    return "".join(charts)


def _named(report: Report, tally: str) -> list[tuple[str, str, list[str], list[float]]]:
    periods: list[tuple[str, str, ReportPeriod | None]] = [
        ("Selected period", _SELECTED, report.selected_period),
        ("Period before", _PREVIOUS, report.previous_period),
    ]
    return [
        (name, color, [bucket.d for bucket in period.tallies[tally]], [bucket.v for bucket in period.tallies[tally]])
        for name, color, period in periods
        if period is not None and tally in period.tallies
    ]


def _overview(reports: Sequence[tuple[str, Report]]) -> str:
    """Several reports side by side: one chart a count, one bar a report."""
    if len(reports) < 2:
        return ""
    names = [escape(name) for name, _ in reports]  # the charts' labels know tags
    series = [
        (label(metric), None, names, [report.metric(metric) for _, report in reports])
        for metric in METRIC_LABELS
        if metric.endswith("_count") and any(metric in report.selected_period.metrics for _, report in reports)
    ]
    return f'<h2>Side by side</h2><div class="chart">{_html(_bars("", series), "overview")}</div>' if series else ""


def _bars(title: str, series: Sequence[tuple[str, str | None, list[str], list[float]]]) -> Any:
    from plotly import graph_objects

    bars = [graph_objects.Bar(name=name, x=x, y=y, marker_color=color) for name, color, x, y in series]
    figure = graph_objects.Figure(bars)
    figure.update_layout(
        barmode="group",
        height=380,
        margin={"l": 40, "r": 10, "t": 20, "b": 40},
        legend={"orientation": "h", "y": 1.12},
        plot_bgcolor="#fff",
        font={"family": "system-ui, sans-serif", "color": "#1c2433"},
        yaxis={"gridcolor": "#e1e6ee", "rangemode": "tozero"},
        xaxis={"type": "category"},
        meta=title,
    )
    return figure


def _html(figure: Any, id: str) -> str:
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id=id, config={"displayModeBar": False}))


def period_text(report: Report) -> str:
    """The time that a report covers, in words and in its own time zone."""
    try:
        zone = ZoneInfo(report.time_zone or "UTC")
    except (ValueError, OSError):
        zone = ZoneInfo("UTC")

    def day(moment: datetime | None) -> str:
        return "?" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

    return f"{day(report.start)} to {day(report.end)} ({zone.key})"
