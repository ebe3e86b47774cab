import asyncio
import csv
import errno
import json
import random
from functools import partial

import pytest

from exports import Watched, everything, export, files, records, simulator
from missive_async import RetryPolicy
from missive_async.errors import ConfigurationError, DecodeError, ServerError, TransportFailed, Unauthorized
from missive_async.export import STREAMS
from missive_async.export.folder import Folder
from missive_async.export.sinks import JsonLines
from missive_async.simulator import Fault, Faults, ServerLimits, make_account
from virtual import now, others, virtual_time

FREE = ServerLimits.none()
TINY = make_account(1, size="tiny")


@virtual_time
async def test_every_record_is_written_once_and_as_it_was_sent(tmp_path):
    account = make_account(1)
    await export(simulator(account), tmp_path)
    for stream, wanted in everything(account).items():
        found = records(tmp_path, stream)
        assert len(found) == len(wanted)
        assert {record["id"]: record for record in found} == wanted


@virtual_time
async def test_the_manifest_counts_what_was_written(tmp_path):
    server = simulator(TINY)
    manifest = await export(server, tmp_path)
    written = json.loads((tmp_path / "manifest.json").read_text())
    assert written["complete"] is True
    assert list(written["streams"]) == list(STREAMS)
    assert {name: stream["records"] for name, stream in written["streams"].items()} == {
        name: len(records(tmp_path, name)) for name in STREAMS
    }
    assert (manifest.requests, manifest.refused) == (server.stats.requests, 0)


@virtual_time
async def test_a_finished_export_leaves_nothing_but_its_files(tmp_path):
    await export(simulator(TINY), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "manifest.json",
        "parents.csv",
        *(f"{stream}.jsonl" for stream in STREAMS),
    }


@virtual_time
async def test_an_account_within_the_real_limits_is_never_refused(tmp_path):
    server = simulator(make_account(1), latency=(0.05, 0.4))
    manifest = await export(server, tmp_path)
    assert server.stats.refused_429 == 0
    assert manifest.seconds < 75
    assert now() < 75


@virtual_time
async def test_every_place_that_bulk_work_may_take_is_busy_whenever_the_budget_has_room(tmp_path):
    server = simulator(make_account(1), limits=ServerLimits(windows=()), latency=0.2)
    manifest = await export(server, tmp_path)
    assert server.stats.max_concurrency in {4, 5}
    assert now() < 1.3 * 0.2 * manifest.requests / 4 + 60  # the minute's window apart


@virtual_time
async def test_long_threads_cost_little_more_than_a_request_for_ten_messages(tmp_path):
    account = make_account(1, size="tiny", conversations=8, messages_per_conversation=205)
    server = simulator(account, limits=FREE)
    await export(server, tmp_path)
    spent = (
        server.stats.by_route["GET", "/conversations/{id}/messages"] + server.stats.by_route["GET", "/messages/{ids}"]
    )
    count = len(records(tmp_path, "messages"))
    assert spent / count <= 0.13, server.stats.by_route


@virtual_time
async def test_nothing_is_asked_of_what_is_empty_by_its_own_count(tmp_path):
    account = make_account(1, size="tiny", messages_per_conversation=0)
    server = simulator(account, limits=FREE)
    await export(server, tmp_path)
    guests = sum(one.guest for one in account.conversations)
    assert server.stats.by_route["GET", "/conversations/{id}/messages"] == guests


@virtual_time
async def test_the_order_is_the_same_whatever_the_network_does(tmp_path):
    for run in range(3):
        await export(simulator(TINY, limits=FREE, latency=(0.01, 1.0 + run), seed=run), tmp_path / str(run))
    assert files(tmp_path / "1") == files(tmp_path / "0")
    assert files(tmp_path / "2") == files(tmp_path / "0")


@virtual_time
async def test_messages_without_bodies_are_as_lists_have_them(tmp_path):
    server = simulator(TINY, limits=FREE)
    await export(server, tmp_path, bodies=False)
    wanted = {id: {key: message[key] for key in message if key not in {"body", "conversation"}}
              for id, message in everything(TINY)["messages"].items()}  # fmt: skip
    assert {record["id"]: record for record in records(tmp_path, "messages")} == wanted
    assert server.stats.by_route["GET", "/messages/{ids}"] == 0


@virtual_time
async def test_a_chosen_stream_comes_with_those_that_it_needs(tmp_path):
    await export(simulator(TINY), tmp_path, streams=["contacts"])
    assert {path.name for path in tmp_path.iterdir()} == {"contact_books.jsonl", "contacts.jsonl", "manifest.json"}


@virtual_time
async def test_a_file_says_to_what_the_records_belong_that_do_not_say_so(tmp_path):
    account = make_account(1)
    await export(simulator(account, limits=FREE), tmp_path)
    with (tmp_path / "parents.csv").open(newline="") as file:
        rows = {(row["stream"], row["id"]): row for row in csv.DictReader(file)}
    comments = {row.id: one.id for one in account.conversations for row in account.children(one).comments}
    assert {id: rows["comments", id]["conversation"] for id in comments} == comments
    groups = {row.id: (row.owner, row.data["kind"]) for row in account.groups}
    found = {id: rows["contact_groups", id] for id in groups}
    assert {id: (row["contact_book"], row["kind"]) for id, row in found.items()} == groups


@virtual_time
async def test_a_conversation_that_moves_while_the_list_is_read_is_not_lost(tmp_path):
    account = make_account(1, size="tiny", conversations=130)
    last = min(
        (one for one in account.conversations if account.in_mailbox(one, "all")), key=lambda one: one.last_activity_at
    )
    last.team, last.labels = None, []
    moved = []

    def move(_, path):
        if path == "/v1/conversations" and not moved:
            moved.append(path)
        elif moved == ["/v1/conversations"]:
            last.last_activity_at = account.now + 1_000
            account.touch(last)
            moved.append("moved")

    await export(Watched(simulator(account, limits=FREE, latency=0.05), move), tmp_path, streams=["conversations"])
    assert moved[-1] == "moved"
    ids = [record["id"] for record in records(tmp_path, "conversations")]
    assert ids.count(last.id) == 1
    assert set(ids) == set(everything(account)["conversations"])


@pytest.mark.parametrize("status", [403, 404])
@virtual_time
async def test_a_list_that_missive_does_not_give_is_noted_and_left_out(tmp_path, status):
    victim = next(iter(TINY.conversations)).id
    faults = Faults([Fault("status", path=f"{victim}/comments", status=status, body='{"error": {"message": "No"}}')])
    manifest = await export(simulator(TINY, faults=faults), tmp_path)
    assert [(note.stream, note.parent, note.status, note.message) for note in manifest.notes] == [
        ("comments", {"conversation": victim}, status, "No")
    ]
    lost = {row.id for row in TINY.children(TINY.conversation(victim)).comments}
    assert {record["id"] for record in records(tmp_path, "comments")} == set(everything(TINY)["comments"]) - lost


@virtual_time
async def test_a_stream_that_the_plan_does_not_have_is_noted(tmp_path):
    faults = Faults([Fault("status", path="^/v1/tasks", status=403, body="{}")])
    manifest = await export(simulator(TINY, faults=faults), tmp_path)
    assert [(note.stream, note.status) for note in manifest.notes] == [("tasks", 403)]
    assert manifest.complete


@virtual_time
async def test_a_list_that_the_server_fails_on_for_good_is_noted(tmp_path):
    victim = next(iter(TINY.conversations)).id
    faults = Faults([Fault("status", path=f"{victim}/posts", status=500)])
    manifest = await export(simulator(TINY, faults=faults), tmp_path)
    assert [(note.stream, note.status) for note in manifest.notes] == [("posts", 500)]


@virtual_time
async def test_a_server_that_fails_for_a_moment_costs_nothing(tmp_path):
    faults = Faults([Fault("status", status=500, path="/posts", times=3)])
    manifest = await export(simulator(TINY, faults=faults), tmp_path)
    assert manifest.notes == ()


@virtual_time
async def test_a_server_that_fails_on_everything_ends_the_export(tmp_path):
    faults = Faults([Fault("status", status=500, path="/(posts|comments)")])
    with pytest.raises(ServerError):
        await export(simulator(TINY, faults=faults), tmp_path)


@virtual_time
async def test_a_message_that_is_gone_when_it_is_asked_for_is_noted(tmp_path):
    account = make_account(1, size="tiny")
    victim = next(iter(everything(account)["messages"]))
    found = account.message
    account.message = lambda wanted: None if wanted == victim else found(wanted)
    manifest = await export(simulator(account), tmp_path)
    assert [(note.stream, note.parent, note.status) for note in manifest.notes] == [
        ("messages", {"message": victim}, 404)
    ]
    assert victim not in {record["id"] for record in records(tmp_path, "messages")}


@virtual_time
async def test_a_message_that_the_server_fails_on_is_noted(tmp_path):
    victim = next(iter(everything(TINY)["messages"]))
    faults = Faults([Fault("status", path=f"^/v1/messages/.*{victim}", status=500)])
    manifest = await export(simulator(TINY, faults=faults), tmp_path)
    assert [(note.parent, note.status) for note in manifest.notes] == [({"message": victim}, 500)]
    assert len(records(tmp_path, "messages")) == len(everything(TINY)["messages"]) - 1


@virtual_time
async def test_a_revoked_token_half_way_keeps_what_was_written(tmp_path):
    await export(simulator(TINY), tmp_path / "whole")
    server = simulator(TINY)

    def revoke(number, _):
        if number == 60:
            server.token = "missive_pat-another"

    with pytest.raises(Unauthorized):
        await export(Watched(server, revoke), tmp_path / "out")
    stopped = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert stopped["complete"] is False
    assert stopped["streams"]["organizations"]["records"] == 2
    manifest = await export(simulator(TINY), tmp_path / "out")
    assert (manifest.complete, manifest.runs) == (True, 2)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@pytest.mark.parametrize("kind", ["cut", "reset", "status", "html", "bad_json"])
@virtual_time
async def test_a_network_that_fails_now_and_then_costs_no_record(tmp_path, kind):
    await export(simulator(TINY, limits=FREE), tmp_path / "whole")
    faults = Faults([Fault(kind, path="/messages|/comments|/tasks|/contacts", probability=0.1)])
    await export(simulator(TINY, limits=FREE, faults=faults), tmp_path / "out")
    assert faults.struck[0] > 0
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@pytest.mark.parametrize("seed", range(12))
@virtual_time
async def test_an_export_stopped_again_and_again_ends_with_every_record_once(tmp_path, seed):
    """Stopped at random moments, by cancellation, a lost server and a server without sense."""
    rng = random.Random(seed)
    await export(simulator(TINY, limits=FREE), tmp_path / "whole")
    out = tmp_path / "out"
    for _ in range(200):
        last = rng.choice([rng.randrange(5, 90), 9_999])
        senseless = Faults([Fault("html", nth=range(rng.choice([rng.randrange(5, 90), 9_999]), 10_000))])
        server = simulator(TINY, limits=FREE, latency=(0.0, 0.3), seed=rng.randrange(1_000), faults=senseless)
        try:
            async with asyncio.timeout(rng.uniform(0.1, 4)):
                await export(Watched(server, partial(lose, last)), out, retry=RetryPolicy.never())
            break
        except (TimeoutError, TransportFailed, DecodeError):
            continue
    assert files(out) == files(tmp_path / "whole")


@virtual_time
async def test_cancellation_leaves_no_task_behind(tmp_path):
    server = simulator(make_account(1), latency=0.1)
    task = asyncio.create_task(export(server, tmp_path))
    await asyncio.sleep(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(61)
    assert others() == []


@virtual_time
async def test_a_finished_export_is_not_done_again(tmp_path):
    await export(simulator(TINY), tmp_path)
    held, server = files(tmp_path), simulator(TINY)
    with pytest.raises(ConfigurationError, match=r"finished export of .*restart"):
        await export(server, tmp_path)
    assert (files(tmp_path), server.stats.requests) == (held, 0)


@virtual_time
async def test_an_export_killed_after_its_last_word_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(Folder, "forget", lambda _: None)
    done = await export(simulator(TINY), tmp_path)
    monkeypatch.undo()
    assert await export(simulator(TINY), tmp_path) == done
    assert not (tmp_path / ".checkpoint.db").exists()


@virtual_time
async def test_a_finished_export_is_made_anew_when_told_so(tmp_path):
    await export(simulator(TINY), tmp_path)
    (tmp_path / "tasks.jsonl").write_bytes(b"{}\n")
    await export(simulator(TINY), tmp_path, restart=True)
    assert {record["id"] for record in records(tmp_path, "tasks")} == set(everything(TINY)["tasks"])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("finished", [False, True])
@virtual_time
async def test_another_accounts_export_is_not_touched(tmp_path, restart, finished):
    if finished:
        await export(simulator(TINY), tmp_path)
    else:
        await stopped(tmp_path)
    held = files(tmp_path)
    server = simulator(make_account(2, size="tiny"))
    with pytest.raises(ConfigurationError, match=r"another account|finished export"):
        await export(server, tmp_path, restart=restart)
    assert server.stats.requests <= 2
    assert files(tmp_path) == held


@virtual_time
async def test_an_unfinished_export_goes_on_with_the_same_choice_only(tmp_path):
    await stopped(tmp_path)
    with pytest.raises(ConfigurationError, match="other streams"):
        await export(simulator(TINY), tmp_path, bodies=False)
    with pytest.raises(ConfigurationError, match="other streams"):
        await export(simulator(TINY), tmp_path, streams=["contacts"])


@virtual_time
async def test_two_exports_do_not_share_a_folder(tmp_path):
    first = asyncio.create_task(export(simulator(TINY, latency=0.5), tmp_path))
    await asyncio.sleep(2)
    with pytest.raises(ConfigurationError, match="another export is writing"):
        await export(simulator(TINY), tmp_path)
    assert (await first).complete


@virtual_time
async def test_a_folder_is_left_as_it_was_when_the_token_is_wrong(tmp_path):
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "there", tmp_path / "new"):
        with pytest.raises(Unauthorized):
            await export(simulator(TINY), out, token="missive_pat-wrong")
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


@virtual_time
async def test_a_full_disk_ends_the_export_and_it_goes_on_later(tmp_path, monkeypatch):
    await export(simulator(TINY), tmp_path / "whole")
    fail_after(monkeypatch, 3)
    with pytest.raises(OSError, match="No space"):
        await export(simulator(TINY, latency=0.3), tmp_path / "out")
    monkeypatch.undo()
    await export(simulator(TINY), tmp_path / "out")
    assert files(tmp_path / "out") == files(tmp_path / "whole")


@virtual_time
async def test_no_file_has_the_token(tmp_path):
    server = simulator(TINY)
    await export(server, tmp_path)
    assert not [path for path in tmp_path.iterdir() if server.token.encode() in path.read_bytes()]


@virtual_time
async def test_progress_ends_with_all_that_was_written(tmp_path):
    events = []
    manifest = await export(simulator(make_account(1), limits=FREE, latency=0.1), tmp_path, progress=events.append)
    last = {event.stream: event for event in events}
    assert {name: event.done for name, event in last.items()} == {
        name: stream["records"] for name, stream in manifest.streams.items()
    }
    assert {event.state for event in last.values()} == {"done"}
    assert last["conversations"].lists_done == last["conversations"].lists_total
    assert events[-1].requests == manifest.requests


@virtual_time
async def test_a_listener_that_fails_does_not_end_the_export(tmp_path, caplog):
    def listener(_):
        raise RuntimeError("listener")

    manifest = await export(simulator(TINY), tmp_path, progress=listener)
    assert manifest.complete
    assert "the progress listener failed" in caplog.text


def lose(last, number, _):
    """Be gone after the last request."""
    if number > last:
        raise ConnectionResetError("lost")


def fail_after(monkeypatch, times):
    """Let the disk be full after so many writes to files."""
    write, left = JsonLines.write, [times]

    def full(self, stream, lines):
        left[0] -= bool(lines)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, stream, lines)

    monkeypatch.setattr(JsonLines, "write", full)


async def stopped(out):
    """Stop an export half way."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await export(simulator(TINY, latency=0.5), out)
