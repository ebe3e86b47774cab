"""The result of a report: read whole, kept whole, and laid out as people want it."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import DecodeError, to_dict
from missive_async.models import MetricChange, Report, ReportBucket
from missive_async.resources._report import METRICS, read_report

SAMPLE = json.loads((Path(__file__).parents[1] / "samples" / "analytics-report-shape.json").read_text())["payload"]


def read(payload):
    return read_report("r1", json.dumps(payload).encode())


def payload(selected, **others):
    return {"reports": {"selected_period": selected, **others}}


def totals(**parts):
    return {"global": {"totals": parts}}


@pytest.fixture
def report():
    return read(SAMPLE)


def test_the_sample_is_read(report):
    assert isinstance(report, Report)
    assert report.id == "r1"
    assert report.start == datetime(2023, 8, 12, 4, tzinfo=UTC)
    assert report.end == datetime(2023, 8, 18, 15, 17, 47, tzinfo=UTC)
    assert report.time_zone == "America/Montreal"
    assert tuple(report.selected_period.metrics) == METRICS
    assert report.metric("inbound_count") == 120
    assert report.selected_period.metric("first_reply_time_avg") == 5400
    assert report.previous_period.metric("inbound_count") == 108
    assert report.selected_period.tallies["first_reply_time_counts"][:2] == (
        ReportBucket("1m", 0),
        ReportBucket("2m", 2),
    )


def test_everything_received_is_kept(report):
    assert report.raw == SAMPLE
    assert report.selected_period.raw == SAMPLE["reports"]["selected_period"]


def test_its_json_is_what_was_received(report):
    assert to_dict(report) == SAMPLE


def test_what_stands_beside_the_totals_is_kept():
    period = {"global": {"totals": {"metrics": {}, "charts": [1]}, "daily": [2]}, "teams": [3]}
    report = read(payload(period, warnings=[4]) | {"request_id": "5"})
    assert report.selected_period.raw == period
    assert report.raw["reports"]["warnings"] == [4]
    assert report.raw["request_id"] == "5"


@pytest.mark.parametrize(
    "wrap", [lambda report: report, lambda report: {"reports": report}, lambda report: {"reports": [report]}]
)
def test_a_report_may_come_wrapped_or_bare(wrap):
    assert read(wrap(SAMPLE["reports"])).metric("reply_count") == 80


@pytest.mark.parametrize("body", [b"", b"  \n", b"null"])
def test_an_answer_without_a_report_is_none(body):
    assert read_report("r1", body) is None


@pytest.mark.parametrize(
    ("value", "read_as"),
    [({"v": 7}, 7), (7, 7), ({"v": 1.5, "unit": "s"}, 1.5), ({"v": None}, None), (None, None), ({}, None)],
)
def test_a_metric_may_come_in_many_ways(value, read_as):
    report = read(payload(totals(metrics={"reply_count": value})))
    assert report.selected_period.metrics.get("reply_count") == read_as


def test_a_metric_that_is_missing_is_0_or_what_one_likes():
    report = read(payload({}))
    assert report.metric("reply_count") == 0
    assert report.metric("reply_time_avg", float("nan")) != report.metric("reply_time_avg", float("nan"))


@pytest.mark.parametrize(
    "period", [{}, {"global": None}, {"global": {}}, {"global": {"totals": {}}}, totals(metrics=None, tallies=None)]
)
def test_a_period_in_which_nothing_happened_is_empty(period):
    report = read(payload(period))
    assert (report.selected_period.metrics, report.selected_period.tallies) == ({}, {})
    assert report.previous_period is None


def test_metrics_and_tallies_that_nobody_knows_are_there_when_they_look_like_some():
    metrics = {"csat_avg": {"v": 4.5}, "moods": {"v": "sunny"}, "trend": [1, 2]}
    tallies = {"reply_counts": [{"d": "mon", "v": 1}], "matrix": {"a": 1}, "nothing": None}
    report = read(payload(totals(metrics=metrics, tallies=tallies)))
    assert report.selected_period.metrics == {"csat_avg": 4.5}
    assert report.selected_period.tallies == {"reply_counts": (ReportBucket("mon", 1),)}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], "$"),
        ("report", "$"),
        ({}, "$"),
        ({"reports": None}, "$.reports"),
        ({"reports": []}, "$.reports"),
        ({"reports": [1]}, "$.reports[0]"),
        ({"unexpected": [1, None, "x"]}, "$"),
        (payload(None), "$.reports"),
        (payload([]), "$.reports.selected_period"),
        (payload({}, previous_period="none"), "$.reports.previous_period"),
        (payload({}, start="2026-01-01"), "$.reports.start"),
        (payload({}, end=1e30), "$.reports.end"),
        (payload({}, time_zone=5), "$.reports.time_zone"),
        (payload({"global": [1]}), "$.reports.selected_period.global"),
        (payload({"global": {"totals": 5}}), "$.reports.selected_period.global.totals"),
        (payload(totals(metrics=[1])), "$.reports.selected_period.global.totals.metrics"),
        (payload(totals(metrics={"reply_count": "7"})), "$.reports.selected_period.global.totals.metrics.reply_count"),
        (
            payload(totals(metrics={"reply_count": {"v": True}})),
            "$.reports.selected_period.global.totals.metrics.reply_count.v",
        ),
        (
            payload(totals(tallies={"first_reply_time_counts": {}})),
            "$.reports.selected_period.global.totals.tallies.first_reply_time_counts",
        ),
        (
            payload(totals(tallies={"first_reply_time_counts": [{"v": 1}]})),
            "$.reports.selected_period.global.totals.tallies.first_reply_time_counts[0].d",
        ),
    ],
)
def test_a_shape_that_cannot_be_read_is_told_with_its_place(body, path):
    with pytest.raises(DecodeError) as caught:
        read(body)
    assert caught.value.paths == (path,)
    assert json.loads(caught.value.body) == body


KEYS = ["reports", "selected_period", "previous_period", "global", "totals", "metrics", "tallies", "reply_count"]
KEYS += ["first_reply_time_counts", "d", "v", "x"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner))


@given(JSON)
def test_whatever_json_comes_is_a_report_or_none_or_told_as_unreadable(body):
    with contextlib.suppress(DecodeError):
        report = read(body)
        assert report is None or len(report.rows()) >= len(report.compare())


def test_rows_are_a_line_for_each_metric_and_each_bucket(report):
    rows = report.rows()
    assert len(rows) == 2 * (8 + 21)
    assert rows[0] == {"period": "selected", "kind": "metric", "name": "inbound_count", "bucket": None, "value": 120}
    assert rows[9] == {
        "period": "selected",
        "kind": "tally",
        "name": "first_reply_time_counts",
        "bucket": "2m",
        "value": 2,
    }
    assert {row["period"] for row in rows[29:]} == {"previous"}
    assert {tuple(row) for row in rows} == {("period", "kind", "name", "bucket", "value")}


def test_rows_of_one_period_are_its_own():
    report = read(payload(totals(metrics={"reply_count": 3})))
    assert [row["period"] for row in report.rows()] == ["selected"]


def test_periods_are_compared_metric_by_metric(report):
    changes = report.compare()
    assert [change.name for change in changes] == list(METRICS)
    assert changes[0] == MetricChange(name="inbound_count", selected=120, previous=108, delta=12, change=12 / 108)


@pytest.mark.parametrize(
    ("name", "selected", "previous", "change"),
    [
        ("reply_count", {"v": 5}, {"v": 0}, (5, 0, 5, None)),
        ("reply_count", None, {"v": 4}, (0, 4, -4, -1.0)),
        ("reply_count", {"v": 4}, None, (4, 0, 4, None)),
        ("reply_time_avg", {"v": 60}, None, (60, None, None, None)),
        ("reply_time_avg", None, {"v": 60}, (None, 60, None, None)),
        ("reply_time_avg", {"v": 90}, {"v": 60}, (90, 60, 30, 0.5)),
    ],
)
def test_what_cannot_be_compared_is_none(name, selected, previous, change):
    report = read(payload(totals(metrics={name: selected}), previous_period=totals(metrics={name: previous})))
    (found,) = report.compare()
    assert (found.selected, found.previous, found.delta, found.change) == change


def test_without_a_previous_period_there_is_nothing_to_compare_with():
    (change,) = read(payload(totals(metrics={"reply_count": 3}))).compare()
    assert (change.selected, change.previous, change.delta, change.change) == (3, None, None, None)
