"""The commands of daily use, against a simulated account."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from missive_async.cli import app
from missive_async.simulator import ServerLimits, Simulator, make_account, serve


@pytest.fixture(scope="module")
def simulator():
    return Simulator(make_account(1), limits=ServerLimits.none())


@pytest.fixture(scope="module")
def url(simulator):
    with serve(simulator) as url:
        yield url


@pytest.fixture
def missive(simulator, url, monkeypatch, capsys):
    """Runs a command; gives what it printed."""
    monkeypatch.setenv("MISSIVE_BASE_URL", url)
    monkeypatch.setenv("MISSIVE_API_TOKEN", simulator.token)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        assert app.run(list(map(str, arguments))) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(missive, capsys):
    """Runs a command that cannot do what it is told; gives its one line."""

    def run(*arguments):
        assert app.run(list(map(str, arguments))) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        return shown.err.removeprefix("error: ").rstrip()

    return run


@pytest.fixture
def conversation(simulator):
    return next(one for one in simulator.account.conversations if one.counts.messages > 12)


def test_whoami_names_the_owner_and_the_organizations(missive, simulator):
    me = simulator.account.users.records[simulator.account.me].data
    found = json.loads(missive("whoami"))
    assert (found["id"], found["email"]) == (me["id"], me["email"])
    assert found["organizations"] == [one.data for one in simulator.account.organizations]


def test_a_list_is_printed_as_it_was_received(missive, simulator):
    lines = missive("list", "tasks").splitlines()
    wanted = {one.id: one.data for one in simulator.account.tasks}
    assert {json.loads(line)["id"]: json.loads(line) for line in lines} == wanted


def test_a_list_can_be_filtered(missive, simulator):
    found = [json.loads(line) for line in missive("list", "tasks", "-p", "state=todo").splitlines()]
    assert {row["id"] for row in found} == {one.id for one in simulator.account.tasks if one.data["state"] == "todo"}


@pytest.mark.parametrize("due", ["1760000000", "2025-10-09T08:53:20", "2025-10-09T10:53:20+02:00"])
def test_times_are_unix_seconds_or_written_out(missive, simulator, due):
    found = missive("list", "tasks", "-p", f"due_at_gteq={due}").splitlines()
    late = [one for one in simulator.account.tasks if (one.data["due_at"] or 0) >= 1_760_000_000]
    assert len(found) == len(late)


@pytest.mark.parametrize("most", [0, 1, 50, 51, 63])
def test_no_more_is_printed_or_asked_for_than_was_wanted(missive, simulator, most):
    before = simulator.stats.requests
    assert len(missive("list", "tasks", "--max", most).splitlines()) == most
    assert simulator.stats.requests - before <= -(-most // 50)


@pytest.mark.parametrize("stream", ["messages", "comments", "posts", "drafts"])
def test_a_conversation_has_lists_of_its_own(missive, simulator, conversation, stream):
    rows = missive("list", stream, "-p", f"conversation={conversation.id}").splitlines()
    wanted = {one.id for one in getattr(simulator.account.children(conversation), stream)}
    assert {json.loads(row)["id"] for row in rows} == wanted


def test_records_as_one_json_array(missive):
    assert len(json.loads(missive("list", "users", "--json"))) == 9
    assert json.loads(missive("list", "users", "--json", "--max", 0)) == []


def test_records_as_csv_with_all_their_attributes(missive, simulator):
    rows = list(csv.DictReader(io.StringIO(missive("list", "users", "--csv"))))
    names = {name for one in simulator.account.users for name in one.data}
    assert set(rows[0]) == names
    assert [row["email"] for row in rows] == [one.data["email"] for one in simulator.account.users]
    assert (rows[0]["me"], rows[1]["me"]) == ("true", "")


def test_only_the_columns_that_were_asked_for(missive):
    row = json.loads(missive("list", "conversations", "-p", "all=true", "--max", 1, "--columns", "id,team.name"))
    assert list(row) == ["id", "team.name"]


def test_a_table_shows_ids_and_times_whole(missive, monkeypatch, conversation):
    monkeypatch.setenv("COLUMNS", "60")
    shown = missive("list", "messages", "-p", f"conversation={conversation.id}", "--table").splitlines()
    assert shown[0].startswith("id ")
    assert all(len(row.split()[0]) == 36 for row in shown[1:])
    assert all(row.split()[2].endswith("Z") for row in shown[1:])


def test_a_table_obeys_nothing_that_is_in_a_record(missive, simulator):
    label = next(iter(simulator.account.labels))
    held = label.data["name_with_parent_names"]
    label.change(name_with_parent_names="\x1b]0;owned\x07[red]Orders\n\rLate")
    try:
        shown = missive("list", "shared_labels", "--table")
    finally:
        label.change(name_with_parent_names=held)
    assert "]0;owned[red]Orders Late" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("resource", ["contacts", "conversations", "messages", "responses", "tasks"])
def test_one_record_is_printed_as_it_was_received(missive, simulator, conversation, resource):
    account = simulator.account
    message = next(iter(account.children(conversation).messages))
    task, response = next(iter(account.tasks)), next(iter(account.responses))
    book = next(iter(account.books)).id
    contact = json.loads(missive("list", "contacts", "-p", f"contact_book={book}", "--max", 1))["id"]
    ids = {
        "contacts": contact,
        "conversations": conversation.id,
        "messages": message.id,
        "responses": response.id,
        "tasks": task.id,
    }
    assert json.loads(missive("get", resource, ids[resource]))["id"] == ids[resource]


def test_one_record_as_a_table_has_a_line_for_each_attribute(missive, conversation):
    shown = missive("get", "conversations", conversation.id, "--table")
    assert f"id                         {conversation.id}" in shown


def test_any_path_can_be_asked_for(missive, simulator):
    found = json.loads(missive("api", "get", "/users?limit=2", "-F", "offset=1"))
    assert [row["id"] for row in found["users"]] == [one.id for one in simulator.account.users][1:3]


def test_all_pages_of_a_path(missive, simulator, conversation):
    found = missive("api", "GET", "/tasks?limit=2", "--paginate").splitlines()
    assert len(found) == len(simulator.account.tasks)
    found = missive("api", "GET", f"/conversations/{conversation.id}/messages", "--paginate").splitlines()
    assert len(found) == conversation.counts.messages


def test_fields_are_sent_as_json(missive, simulator, conversation):
    task = json.loads(
        missive("api", "POST", "/tasks", "-F", "tasks.title=Call", "-F", f"tasks.conversation={conversation.id}",
                "-F", "tasks.subtask=true", "-F", "tasks.due_at=1770000000", "-F", "tasks.description=null")
    )["tasks"]  # fmt: skip
    held = simulator.account.tasks.records[task["id"]].data
    assert (held["title"], held["due_at"], held["description"]) == ("Call", 1_770_000_000, None)


def test_a_file_is_sent_as_json(missive, tmp_path, simulator):
    label = next(iter(simulator.account.labels))
    file = tmp_path / "labels.json"
    file.write_text(json.dumps({"shared_labels": [{"id": label.id, "color": "#112233"}]}))
    missive("api", "PATCH", f"/shared_labels/{label.id}", "--input", file)
    assert label.data["color"] == "#112233"


def test_standard_input_is_sent_as_json(simulator, url):
    label = next(iter(simulator.account.labels))
    result = subprocess.run(
        [sys.executable, "-m", "missive_async", "api", "PATCH", f"/shared_labels/{label.id}", "--input", "-"],
        env={**os.environ, "MISSIVE_BASE_URL": url, "MISSIVE_API_TOKEN": simulator.token},
        input=json.dumps({"shared_labels": [{"id": label.id, "color": "#445566"}]}).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(result.stdout)["shared_labels"][0]["color"] == "#445566"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["list", "pigeons"], "no list 'pigeons': choose from organizations, "),
        (["list", "contacts"], "contacts need contact_book=..."),
        (["list", "comments"], "comments need conversation=ID"),
        (["list", "messages"], "messages need conversation=ID or email_message_id=ID"),
        (["list", "tasks", "-p", "colour=red"], "tasks have no filter colour: choose from "),
        (["list", "tasks", "-p", "colour"], "expected name=value, not 'colour'"),
        (["list", "tasks", "-p", "state=open"], "state is one of"),
        (["list", "tasks", "-p", "due_at_gteq=soon"], "due_at_gteq is Unix seconds or a time as"),
        (["list", "conversations", "-p", "inbox=maybe"], "inbox is true or false, not 'maybe'"),
        (["list", "users", "--csv", "--json"], "choose one of --json, --csv"),
        (["list", "users", "--max", "-1"], "--max must be zero or more"),
        (["get", "users", "1"], "no single 'users' can be asked for: choose from "),
        (["get", "contacts", "../users"], "not an id"),
        (["api", "FETCH", "/users"], "not a method"),
        (["api", "GET", "/../users"], "not a path"),
        (["api", "GET", "https://example.com/users"], "a path below the base URL"),
        (["api", "GET", "/users", "--input", "x"], "--input is for what is sent"),
        (["api", "GET", "/users", "--table"], "--csv, --table and --columns are for --paginate"),
        (["api", "POST", "/users", "--paginate"], "--paginate is for GET"),
        (["api", "GET", "/analytics/reports/1", "--paginate"], "/analytics/reports/1 is no list"),
        (["api", "POST", "/posts", "-F", "a=1", "-F", "a.b=2"], "a in a.b has a value already"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_costs_nothing(refused, simulator, arguments, wanted):
    before = simulator.stats.requests
    assert refused(*arguments).startswith(wanted)
    assert simulator.stats.requests == before


def test_a_file_that_is_no_json_is_one_line(refused, tmp_path):
    (tmp_path / "post.json").write_text("{")
    assert "post.json is not JSON" in refused("api", "POST", "/posts", "--input", tmp_path / "post.json")


def test_a_reader_who_has_had_enough_ends_it_quietly(simulator, url):
    listing = f"{sys.executable} -m missive_async list conversations -p all=true"
    result = subprocess.run(
        ["/bin/bash", "-c", listing + " | head -1 >/dev/null; echo ${PIPESTATUS[0]}"],
        env={**os.environ, "MISSIVE_BASE_URL": url, "MISSIVE_API_TOKEN": simulator.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.stderr == ""
    assert result.stdout.strip() in {"0", "141"}
