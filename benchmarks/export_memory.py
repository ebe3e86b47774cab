"""How much memory grows while 200,000 contacts stream through the client, beside raw httpx reading the same pages.

python benchmarks/export_memory.py [--contacts 200000] [--settled 100] [--rounds 3]

Each run is a process of its own, against a loopback server in another one that makes up pages of 200 contacts with ids
of their own; the limits are far away. Growth is that of the resident set from page 100 to the last one, after a garbage
collection at both; the median of some interleaved runs.
"""

import argparse
import asyncio
import gc
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from _loopback import serving
from _report import finish, value_line

from missive_async import AsyncMissive, RateLimits

_PAGE = 200
_BOOK = "c5d1b3f0-5d55-4f2c-9a52-1f2a9be0d1aa"
_WINDOWS = RateLimits.parse("5,100000000/60,300000000/900")
_MIB = 1024 * 1024


def _contact() -> bytes:
    """One contact with a place for its number."""
    contact = {
        "id": "8a2d3c44-0000-4000-8000-%012d",
        "contact_book": _BOOK,
        "modified_at": 1_700_000_000,
        "deleted": False,
        "starred": False,
        "prefix": None,
        "first_name": "Robin",
        "middle_name": None,
        "last_name": "Vale",
        "suffix": None,
        "nickname": "",
        "notes": "Met at the harbour, asked for the large one",
        "infos": [
            {"kind": "email", "label": "work", "value": "robin.vale%d@example.net", "custom_label": None},
            {"kind": "phone_number", "label": "mobile", "value": "+15550100", "custom_label": None},
        ],
        "memberships": [
            {"group": {"id": "0d51c4a2-77b4-4f3c-8a2c-0c1d2e3f4a5b", "name": "Example Org", "kind": "organization"}}
        ],
    }
    return json.dumps(contact, separators=(",", ":")).encode()


def pages(total: int) -> Callable[[str], bytes]:
    """What the server answers to a target: the contacts from its `offset` on."""
    contact = _contact()

    def page(target: str) -> bytes:
        offset = int(parse_qs(urlsplit(target).query).get("offset", ["0"])[0])
        rows = [contact % (number, number) for number in range(offset, min(offset + _PAGE, total))]
        return b'{"contacts":[%b]}' % b",".join(rows)

    return page


def _resident() -> int:
    """Bytes of this process that are in memory now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class _Watch:
    """Notes the size of the process when so many records have come, and at the end."""

    def __init__(self, settled: int) -> None:
        self.records = 0
        self.settled = settled
        self.size = 0

    def record(self) -> None:
        self.records += 1
        if self.records == self.settled:
            self.size = _resident()

    def report(self) -> None:
        json.dump({"records": self.records, "growth": _resident() - self.size}, sys.stdout)


async def _ours(url: str, watch: _Watch) -> None:
    async with AsyncMissive("benchmark", base_url=url, limits=_WINDOWS) as missive:
        async for contact in missive.contacts.list(contact_book=_BOOK):
            assert contact.id
            watch.record()


async def _raw(url: str, watch: _Watch) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        while watch.records % _PAGE == 0:
            params: dict[str, str | int] = {"contact_book": _BOOK, "limit": _PAGE, "offset": watch.records}
            rows = (await client.get("/contacts", params=params)).json()["contacts"]
            if not rows:
                break
            for contact in rows:
                assert contact["id"]
                watch.record()


_READERS = {"ours": _ours, "raw httpx": _raw}


def _growth(name: str, url: str, contacts: int, settled: int) -> float:
    """MiB by which a process of its own grew."""
    command = [sys.executable, __file__, "--settled", str(settled), "--child", name, url]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert found["records"] == contacts
    return float(found["growth"]) / _MIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--contacts", type=int, default=200_000)
    parser.add_argument("--settled", type=int, default=100, help="the page from which on growth counts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, url = arguments.child
        watch = _Watch(arguments.settled * _PAGE)
        asyncio.run(_READERS[name](url, watch))
        watch.report()
        return
    growth: dict[str, list[float]] = {name: [] for name in _READERS}
    with serving(pages(arguments.contacts)) as url:
        for _ in range(arguments.rounds):
            for name in _READERS:
                growth[name].append(_growth(name, url, arguments.contacts, arguments.settled))
    print(f"{arguments.contacts} contacts in pages of {_PAGE}; growth of the process after page {arguments.settled}")
    for name, values in growth.items():
        print(f"  {name:<20}" + " ".join(f"{value:7.2f} MiB" for value in values))
    finish([value_line("ours", statistics.median(growth["ours"]), 0.5, unit="MiB")])


if __name__ == "__main__":
    main()
