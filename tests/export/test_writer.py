import asyncio
import contextlib
import threading

import pytest

from missive_async.export.checkpoint import Position
from missive_async.export.plan import Plan
from missive_async.export.store import Piece
from missive_async.export.writer import Writer


def piece(number):
    return Piece(stream="users", lines=(b'{"id":"%d"}' % number,), position=Position(step=0, cursor=str(number)))


@pytest.fixture
async def writer(tmp_path):
    writer = Writer(dict, lambda _: None)
    store = await writer.open(tmp_path / "out", Plan.of(["users"]), restart=False)
    facts = {"account": {"organizations": [], "user": None}}
    store.folder.clear()
    store._checkpoint.begin(facts, ["users"])
    store.facts, store.saved = facts, store._checkpoint.streams()
    store._sink.open("users", 0)
    yield writer
    await writer.do(store.close)
    writer.close()


async def test_a_flush_that_is_cancelled_before_it_begins_loses_nothing(writer):
    busy = threading.Event()
    blocked = asyncio.ensure_future(writer.do(busy.wait))
    await writer.take(piece(1))
    flush = asyncio.ensure_future(writer.flush())
    await asyncio.sleep(0)
    flush.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await flush
    busy.set()
    await blocked
    await writer.take(piece(2))
    await writer.do(writer.write_rest)
    assert list(writer.store.rows("users")) == [b'{"id":"1"}\n', b'{"id":"2"}\n']
    assert writer.store.saved["users"].position.cursor == "2"


async def test_nothing_is_written_behind_a_write_that_failed(writer, monkeypatch):
    def full(*_):
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(writer.store._sink, "write", full)
        await writer.take(piece(1))
        with pytest.raises(OSError, match="full"):
            await writer.flush()
    await writer.take(piece(2))
    with pytest.raises(OSError, match="earlier write failed"):
        await writer.flush()
    await writer.take(piece(3))
    await writer.do(writer.write_rest)
    assert writer.store._checkpoint.streams()["users"].records == 0


async def test_what_waits_is_written_when_it_is_much(writer):
    big = Piece(stream="users", lines=(b'{"id":"1","x":"%s"}' % (b"x" * 5_000_000),))
    await writer.take(big)
    assert writer.store.saved["users"].records == 1
