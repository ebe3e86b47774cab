"""The export as people run it: a process of its own, over real sockets, and whatever can happen to it."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exports import everything, files, records
from missive_async.export import STREAMS
from missive_async.simulator import Fault, Faults, ServerLimits, Simulator, make_account, serve

TOKEN = "missive_pat-simulated"
PROGRAM = [sys.executable, "-m", "missive_async", "export"]
SMALL = make_account(1)
TINY = make_account(1, size="tiny")


def environment(url=None, token=TOKEN, limits="5,100000/1"):
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "COVERAGE_PROCESS_START") if name in os.environ}
    given = {"MISSIVE_BASE_URL": url, "MISSIVE_API_TOKEN": token, "MISSIVE_LIMITS": limits}
    return keep | {name: value for name, value in given.items() if value is not None}


def run(*arguments, url=None, **settings):
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env=environment(url, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(*arguments, url=None, **settings):
    return subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        env=environment(url, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def errors(result):
    return [line for line in result.stderr.splitlines() if not re.match(r"\d{4}-\d\d-\d\dT", line)]


def wait_for(found, seconds=30.0):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def ended(process):
    return process.poll() is not None


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An export of the tiny account that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "out"
    with serve(Simulator(TINY, limits=ServerLimits.none())) as url:
        assert run("--out", out, url=url).returncode == 0
    return out


def test_a_simulated_account_is_exported_by_one_command(tmp_path):
    result = run("--simulate", "--speed", 200, "--out", tmp_path / "out", token=None, limits=None)
    assert (result.returncode, errors(result)[1:]) == (0, [])
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["complete"], manifest["refused"], list(manifest["streams"])) == (True, 0, list(STREAMS))
    assert f"exported {sum(s['records'] for s in manifest['streams'].values()):,} records" in result.stdout
    for stream, wanted in everything(SMALL).items():
        assert {record["id"] for record in records(tmp_path / "out", stream)} == set(wanted)


def test_a_simulated_account_goes_on_after_an_interruption(tmp_path):
    out = tmp_path / "out"
    process = start("--simulate", "--speed", 10, "--out", out, token=None, limits=None)
    wait_for(lambda: (out / "conversations.jsonl").exists() and (out / "conversations.jsonl").stat().st_size)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=30)
    assert process.returncode == 130
    assert text.splitlines()[-1] == f"interrupted: what was read is in {out}, and the same command goes on"
    result = run("--simulate", "--speed", 200, "--out", out, token=None, limits=None)
    assert result.returncode == 0
    assert {record["id"] for record in records(out, "messages")} == set(everything(SMALL)["messages"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_good_order(tmp_path, whole, number, code):
    out = tmp_path / "out"
    with serve(Simulator(TINY, limits=ServerLimits.none(), latency=0.05)) as url:
        process = start("--out", out, url=url)
        wait_for(lambda: (out / "contacts.jsonl").exists() and (out / "contacts.jsonl").stat().st_size)
        process.send_signal(number)
        _, text = process.communicate(timeout=30)
        assert (process.returncode, "Traceback" in text) == (code, False)
        assert json.loads((out / "manifest.json").read_text())["complete"] is False
        assert run("--out", out, url=url).returncode == 0
    assert files(out) == files(whole)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_ends_with_every_record_once(tmp_path, whole, seed):
    out, rng, kills = tmp_path / "out", random.Random(seed), 0
    simulator = Simulator(TINY, limits=ServerLimits.none(), latency=(0.01, 0.05), seed=seed)
    with serve(simulator) as url:
        process = start("--out", out, url=url)
        while kills < 8 and not ended(process):
            so_far = simulator.stats.requests + rng.randint(3, 25)
            wait_for(lambda so_far=so_far, process=process: simulator.stats.requests >= so_far or ended(process))
            time.sleep(rng.uniform(0.0, 0.03))
            if not ended(process):
                process.kill()
                process.communicate()
                kills += 1
                process = start("--out", out, url=url)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0 or "finished export" in told
    assert kills > 2
    assert files(out) == files(whole)


@pytest.mark.parametrize("kind", ["cut", "reset", "reset_after", "empty", "bad_json", "html"])
def test_a_network_that_fails_now_and_then_costs_no_record(tmp_path, whole, kind):
    faults = Faults([Fault(kind, path="messages|comments|contacts|tasks", probability=0.05)])
    with serve(Simulator(TINY, limits=ServerLimits.none(), faults=faults)) as url:
        result = run("--out", tmp_path / "out", url=url)
    assert (result.returncode, errors(result)) == (0, [])
    assert faults.struck[0]
    assert files(tmp_path / "out") == files(whole)


def fails(result, code, pattern):
    assert result.returncode == code
    assert len(errors(result)) == 1
    assert re.search(pattern, errors(result)[0])
    assert errors(result)[0].startswith("error: ")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("settings", "code", "pattern"),
    [
        ({"token": None}, 2, "no API token.*MISSIVE_API_TOKEN"),
        ({"token": ""}, 2, "token is empty"),
        ({"token": "two words"}, 2, "token has spaces"),
        ({"token": "missive_pat-wrong"}, 1, "401.*MISSIVE_API_TOKEN"),
        ({"limits": "many"}, 2, "limits must look like"),
        ({"url": "public.missiveapp.com"}, 2, "base URL must be like"),
        ({"url": "http://127.0.0.1:1/v1"}, 1, "could not connect"),
    ],
)
def test_bad_settings_are_one_line_and_nothing_is_made(tmp_path, settings, code, pattern):
    with serve(Simulator(TINY)) as url:
        result = run("--out", tmp_path / "out", **{"url": url, **settings})
    fails(result, code, pattern)
    assert not (tmp_path / "out").exists()
    assert settings.get("token") in {None, ""} or settings["token"] not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ([], "--out"),
        (["--out", "x", "--simulte"], "--simul"),
        (["pigeons", "--out", "x"], "no stream 'pigeons': choose from organizations, "),
        (["--out", "x", "--speed", "2"], "--simulate"),
        (["--out", "x", "--simulate", "--speed", "0"], "--speed must be"),
        (["--out", "x", "--simulate", "--speed", "nan"], "--speed must be"),
        (["--out", "x", "--simulate", "--size", "huge"], "--size"),
        (["--out", "x", "--simulate", "--base-url", "http://example.com"], "--base-url"),
    ],
)
def test_bad_arguments_are_one_line(tmp_path, monkeypatch, arguments, pattern):
    monkeypatch.chdir(tmp_path)
    fails(run(*arguments), 2, pattern)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_is_no_json_is_one_line(tmp_path):
    with serve(Simulator(TINY, faults=Faults([Fault("html")]))) as url:
        fails(run("--out", tmp_path / "out", url=url), 1, "GET /organizations.*not JSON")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        (Fault("status", status=401, nth=range(60, 9_999)), "401"),
        (Fault("html", nth=range(60, 9_999)), "not JSON"),
    ],
)
def test_what_was_read_before_a_failure_is_kept(tmp_path, whole, fault, pattern):
    out = tmp_path / "out"
    with serve(Simulator(TINY, limits=ServerLimits.none(), faults=Faults([fault]), latency=0.02)) as url:
        result = run("--out", out, url=url)
    fails(result, 1, pattern)
    assert TOKEN not in result.stderr
    assert all(json.loads(line) for stream in STREAMS for line in (out / f"{stream}.jsonl").read_bytes().splitlines())
    with serve(Simulator(TINY, limits=ServerLimits.none())) as url:
        assert run("--out", out, url=url).returncode == 0
    assert files(out) == files(whole)


def test_a_server_that_goes_away_half_way_is_one_line(tmp_path):
    out = tmp_path / "out"
    with serve(Simulator(TINY, limits=ServerLimits.none(), latency=0.1)) as url:
        process = start("--out", out, url=url)
        wait_for(lambda: (out / "contacts.jsonl").exists() and (out / "contacts.jsonl").stat().st_size)
    _, text = process.communicate(timeout=100)
    assert process.returncode == 1
    assert re.match(r"error: GET /\S+: could not connect", text.splitlines()[-1])


def test_folders_that_cannot_be_used_are_one_line_and_stay_as_they_are(tmp_path, whole):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    held = files(whole)
    with serve(Simulator(make_account(2, size="tiny"))) as url:
        fails(run("--out", tmp_path / "file", url=url), 2, "is a file")
        fails(run("--out", tmp_path / "file" / "below", url=url), 2, "Not a directory|cannot be used")
        fails(run("--out", tmp_path / "full", url=url), 2, r"no export's \(notes.txt\)")
        fails(run("--out", whole, url=url), 2, "finished export of .*--restart")
        fails(run("--out", whole, "--restart", url=url), 2, "another account's export")
    assert files(whole) == held
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is writable for root")
def test_a_folder_that_is_not_writable_is_one_line(tmp_path):
    tmp_path.chmod(0o500)
    with serve(Simulator(TINY)) as url:
        fails(run("--out", tmp_path, url=url), 2, "cannot be written")


def test_a_second_export_into_the_same_folder_is_one_line(tmp_path):
    out = tmp_path / "out"
    with serve(Simulator(TINY, limits=ServerLimits.none(), latency=0.3)) as url:
        process = start("--out", out, url=url)
        wait_for((out / "organizations.jsonl").exists)
        fails(run("--out", out, url=url), 2, "another export is writing")
        process.kill()
        process.communicate()


def test_it_says_how_far_it_is_when_nobody_watches(tmp_path):
    with serve(Simulator(TINY, limits=ServerLimits.none())) as url:
        result = run("--out", Path(tmp_path / "out"), url=url)
    done = re.findall(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (\w+): [\d,]+, done$", result.stderr, re.MULTILINE)
    assert sorted(done) == sorted(STREAMS)


def test_a_host_that_never_answers_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.settimeout(0.1)
        process = start("--out", tmp_path / "out", url=f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
        wait_for((tmp_path / "out").exists)
        process.send_signal(signal.SIGINT)
        _, text = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in text
