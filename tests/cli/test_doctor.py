import json

import attrs
import httpx
import pytest

from missive_async import AsyncMissive, LocalLimiter, RateLimits, RetryPolicy
from missive_async.cli import app, doctor
from missive_async.drift import REQUESTS
from missive_async.simulator import ServerLimits, Simulator, make_account, serve
from virtual import run_virtual

TOKEN = "missive_pat-not-to-be-seen"
ROWS = {
    "users": [{"id": "u1"}, {"id": "u2", "me": True, "name": "Robin Vale", "email": "robin@example.com"}],
    "organizations": [{"id": "o1", "name": "Example"}, {"id": "o2", "name": "Other\x1b[2J"}],
    "teams": [{"id": f"t{number}"} for number in range(200)],
    "shared_labels": [],
    "contact_books": [{"id": "b1"}],
    "responses": [],
}


@pytest.fixture
def server(monkeypatch):
    """The command, against a server whose answers a test can change, in time of its own."""
    answers = {f"/v1/{key}": httpx.Response(200, json={key: rows}) for key, rows in ROWS.items()}
    asked = []

    def handle(request):
        asked.append((request.method, request.url.path))
        answer = answers.get(request.url.path)
        if isinstance(answer, Exception):
            raise answer
        return answer or httpx.Response(200, json={request.url.path.rpartition("/")[2]: []})

    def client(base_url):
        retry = RetryPolicy(attempts=1)
        return AsyncMissive(TOKEN, base_url=base_url, transport=httpx.MockTransport(handle), retry=retry)

    monkeypatch.setattr(doctor, "client", client)
    monkeypatch.setattr(doctor, "run", run_virtual)
    answers["asked"] = asked
    return answers


def run(*arguments):
    return app.run(["doctor", *arguments])


def test_an_account_that_is_well_is_said_to_be_line_by_line(server, capsys):
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "✓ token: Robin Vale, robin@example.com",
        "✓ organizations: 2 (Example, Other[2J)",
        "✓ teams: 200 and more",
        "✓ shared labels: 0",
        "✓ contact books: 1",
        "✓ responses: 0",
        "✓ limits: 5 at once, 294 of 300 in 60 s, 894 of 900 in 15 min left after 6 requests, none refused",
    ]


@pytest.mark.parametrize("form", ["--json", "--jsonl", "--csv", "--table"])
def test_checks_may_be_had_in_any_form(server, capsys, form):
    server["/v1/teams"] = httpx.Response(403, json={"error": {"message": "not on this plan"}})
    assert run(form) == 1
    shown = capsys.readouterr().out
    assert [shown.count(word) for word in ("Robin Vale", "not on this plan", "✓")] == [1, 1, 0]


def test_a_check_is_a_record(server, capsys):
    assert run("--jsonl") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first == {"check": "token", "ok": True, "found": "Robin Vale, robin@example.com"}


def test_of_two_forms_one_has_to_be_chosen_before_anything_is_asked(server):
    assert (run("--json", "--csv"), server["asked"]) == (2, [])


def test_checks_are_a_few_reads(server):
    run()
    assert ({method for method, _ in server["asked"]}, len(server["asked"])) == ({"GET"}, 6)


def test_a_token_that_is_not_let_in_ends_it_there(server, capsys):
    server["/v1/users"] = httpx.Response(401, json={"error": {"message": "invalid or revoked"}})
    assert run("--drift") == 1
    assert capsys.readouterr().out == "✗ token: invalid or revoked (401): check MISSIVE_API_TOKEN\n"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.ConnectError("refused"), "refused"),
        (httpx.Response(200, content=b"<html>"), "a body that is not JSON"),
        (httpx.Response(503), "503"),
        (httpx.Response(200, json={"users": [{"id": "u1"}]}), "no user is marked as the owner"),
    ],
    ids=str,
)
def test_a_server_that_does_not_say_whose_the_token_is_is_a_failed_check(server, capsys, answer, said):
    server["/v1/users"] = answer
    assert run() == 1
    shown = capsys.readouterr().out
    assert (shown.startswith("✗ token: "), said in shown, shown.count("\n"), TOKEN in shown) == (True, True, 1, False)


def test_a_budget_that_is_spent_is_said_and_not_waited_for(server, capsys):
    server["/v1/users"] = httpx.Response(429, headers={"retry-after": "312"})
    assert run() == 1
    shown = capsys.readouterr().out
    assert (shown.startswith("✗ limits: spent, perhaps by another program"), "312" in shown) == (True, True)


def test_a_list_that_may_not_be_read_fails_and_the_others_are_checked(server, capsys):
    server["/v1/teams"] = httpx.Response(403, json={"error": {"message": "not on this plan"}})
    assert run() == 1
    lines = capsys.readouterr().out.splitlines()
    assert (lines[2], len(lines)) == ("✗ teams: 403 for GET /teams: not on this plan", 7)


def test_without_a_token_it_says_what_to_set(capsys):
    assert run() == 2
    assert capsys.readouterr().err.startswith("error: no API token")


def budget(**changes):
    fresh = LocalLimiter().budget("account", RateLimits.parse("5,300/60")).snapshot()
    return attrs.evolve(fresh, windows=(attrs.evolve(fresh.windows[0], free=290),), **changes)


@pytest.mark.parametrize(
    ("spent", "refused", "line"),
    [
        (10, 0, "✓ limits: 5 at once, 290 of 300 in 60 s left after 10 requests, none refused"),
        (
            4,
            0,
            "✓ limits: 5 at once, 290 of 300 in 60 s left after 4 requests, none refused; another program has spent 6",
        ),
        (10, 2, "✗ limits: 2 of 10 requests refused (429): another program may be using the same token"),
    ],
)
def test_the_limits_are_judged_by_what_was_refused(spent, refused, line):
    assert doctor._limits(budget(spent=spent, refused=refused)).line().startswith(line)


def test_drift_is_news_by_path_and_type_and_never_shows_data(server, capsys):
    server["/v1/contact_books"] = httpx.Response(200, json={"contact_books": [{"id": "b1", "mood": "private"}]})
    assert run("--drift") == 1
    captured = capsys.readouterr()
    assert captured.err == f"reading a page of everything: at most {REQUESTS} requests\n"
    assert captured.out.splitlines()[-2:] == [
        "✗ drift: contact_books[].mood: new field, str",
        "✗ drift: 1 in 205 records are news to this version",
    ]
    assert "private" not in captured.out


def test_what_could_not_be_read_for_drift_is_said(server, capsys):
    server["/v1/tasks"] = httpx.Response(403, json={"error": {"message": "no"}})
    assert run("--drift") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "- drift: GET /tasks: not read, 403 for GET /tasks: no" in lines
    assert lines[-1] == "✓ drift: none in 205 records"


def test_a_connection_lost_while_looking_for_drift_is_an_error(server, capsys):
    server["/v1/tasks"] = httpx.ReadError("lost")
    assert run("--drift") == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: GET /tasks: ")


def test_a_simulated_account_has_the_drift_that_the_simulator_makes(monkeypatch, capsys):
    simulator = Simulator(make_account(1), limits=ServerLimits.none())
    with serve(simulator) as url:
        monkeypatch.setenv("MISSIVE_API_TOKEN", simulator.token)
        assert run("--drift", "--base-url", url) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[0] for line in lines[:7]] == ["✓"] * 7
    assert "✗ drift: conversations[].pinned: new field, bool" in lines
    assert "✗ drift: contacts[].infos[].kind: new value, matrix" in lines
