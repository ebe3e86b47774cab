import csv
import io
import json
from contextlib import contextmanager

import httpx
import pytest

from missive_async import AsyncMissive
from missive_async.cli import app, report
from missive_async.simulator import Fault, Faults, Simulator, make_account
from virtual import now, run_virtual

JANUARY = ["--from", "2025-08-01", "--to", "2025-10-01"]


@pytest.fixture
def missive(monkeypatch):
    """The command, whose reports take no real time."""
    simulator = Simulator(make_account(1), report_delay=7.0, clock=now)

    @contextmanager
    def source(*_, **__):
        yield AsyncMissive(simulator.token, transport=httpx.ASGITransport(simulator))

    monkeypatch.setattr(report, "source", source)
    monkeypatch.setattr(report, "run", run_virtual)
    monkeypatch.setenv("COLUMNS", "120")
    return simulator


def ask(*arguments):
    return app.run(["report", *JANUARY, *arguments])


def test_a_report_is_a_table_with_bars(missive, capsys):
    assert ask("--organization", "Harbour Studio") == 0
    shown = capsys.readouterr().out
    assert "2025-08-01 00:00 to 2025-10-01 00:00 (UTC)" in shown
    assert "Messages received" in shown
    assert "First replies by time taken" in shown
    assert "━" in shown


def test_json_is_the_answer_as_received(missive, capsys):
    assert ask("--organization", "Harbour Studio", "--json") == 0
    answer = json.loads(capsys.readouterr().out)["reports"]
    assert (answer["start"], answer["end"]) == (1754006400, 1759276800)
    assert set(answer["selected_period"]["global"]["totals"]) == {"metrics", "tallies"}


def test_csv_has_a_line_for_each_metric_and_each_bucket(missive, capsys):
    assert ask("--organization", "Harbour Studio", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["period", "kind", "name", "bucket", "value"]
    assert [row["name"] for row in rows if row["period"] == "selected" and row["kind"] == "metric"][:2] == [
        "inbound_count",
        "outbound_count",
    ]
    assert sum(row["kind"] == "tally" for row in rows) == 42


def test_by_user_there_is_a_line_for_each(missive, capsys):
    assert ask("--organization", "Harbour Studio", "--by", "user", "--csv") == 0
    written = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(written.out)))
    people = {row["name"] for row in rows}
    assert len(people) > 1
    assert f"report {len(people)} of {len(people)}" in written.err


def test_times_are_of_the_time_zone(missive, capsys):
    assert ask("--organization", "Harbour Studio", "--time-zone", "America/Montreal", "--json") == 0
    assert json.loads(capsys.readouterr().out)["reports"]["start"] == 1754006400 + 4 * 3600


def test_the_page_needs_nothing_from_outside(missive, tmp_path, capsys):
    file = tmp_path / "report.html"
    assert ask("--organization", "Harbour Studio", "--by", "team", "--html", str(file)) == 0
    page = file.read_text()
    assert page.startswith("<!doctype html>")
    assert "Messages received" in page
    assert '<script src="http' not in page
    assert "<link" not in page
    assert f"written to {file}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "which organization? there are: Harbour Studio, Lighthouse Supplies"),
        (["--organization", "Nobody"], "no organization is called 'Nobody'"),
        (["--organization", "Harbour Studio", "--team", "Nobody"], "no team is called 'Nobody'"),
        (["--from", "2025-13-01"], "--from"),
        (["--from", "2025-10-01"], "--from must be before --to"),
        (["--time-zone", "Moon/Sea"], "no such time zone"),
        (["--json", "--csv"], "choose one of --json, --csv"),
        (["--html", "/nowhere/at/all.html"], "there is no folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(missive, capsys, arguments, said):
    assert app.run(["report", *(JANUARY if "--from" not in arguments else JANUARY[2:]), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert said in error


def test_reports_that_fail_are_told_and_the_exit_code_says_so(missive, capsys):
    missive.faults = Faults([Fault("status", status=403, path="/analytics/reports")])
    assert ask("--organization", "Harbour Studio") == 1
    written = capsys.readouterr()
    assert "403" in written.err
    assert written.out == ""
