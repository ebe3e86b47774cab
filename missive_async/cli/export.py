"""`missive-async export`: a whole account to files."""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from missive_async._retry import RetryPolicy
from missive_async.cli._client import BaseUrl, client, simulated
from missive_async.cli._export_view import view
from missive_async.cli._failures import clean
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError
from missive_async.export import STREAMS, Manifest, export_account
from missive_async.export.plan import Plan

_PATIENT = RetryPolicy(attempts=7)
"""Once it is known that there is a Missive, half a minute without an answer is borne."""

Size = Literal["tiny", "small", "large"]


def export(
    *streams: Annotated[str, Parameter(help=f"What to export, everything if not given: {', '.join(STREAMS)}.")],
    out: Annotated[Path, Parameter(help="The folder to write to: one JSON Lines file per stream, and manifest.json.")],
    bodies: Annotated[
        bool, Parameter(negative="--no-bodies", help="Messages with their bodies, or only as lists have them.")
    ] = True,
    restart: Annotated[
        bool, Parameter(negative=(), help="Discard the export that is in the folder, and begin anew.")
    ] = False,
    simulate: Annotated[
        bool, Parameter(negative=(), help="Export a made-up account from a Missive simulated on this machine.")
    ] = False,
    seed: Annotated[int, Parameter(help="Which made-up account.")] = 1,
    size: Annotated[Size, Parameter(help="How large the made-up account is.")] = "small",
    speed: Annotated[float, Parameter(help="How many times faster than real time the simulated Missive runs.")] = 1.0,
    base_url: BaseUrl = None,
) -> None:
    """Write a whole account to a folder: every record once, exactly as Missive sends it.

    Interrupted or killed, the same command goes on where it was.

    Example: missive-async export contacts messages --out export

    Example: missive-async export --simulate --out export
    """
    Plan.of(streams)
    if not simulate and (seed != 1 or size != "small" or speed != 1.0):
        raise ConfigurationError("--seed, --size and --speed are for --simulate")
    if simulate and base_url is not None:
        raise ConfigurationError("--simulate has a URL of its own: leave --base-url away")
    if not (math.isfinite(speed) and speed > 0):
        raise ConfigurationError(f"--speed must be a number above zero, not {speed:g}")
    with _source(base_url, simulation=(seed, size, speed) if simulate else None) as missive:
        work = _export(missive, streams, out, bodies=bodies, restart=restart)
        manifest = run(work, interrupted=f"interrupted: what was read is in {out}, and the same command goes on")
    _report(manifest, out)


@contextmanager
def _source(base_url: str | None, simulation: tuple[int, str, float] | None) -> Iterator[AsyncMissive]:
    if simulation is None:
        yield client(base_url)
        return
    with simulated(*simulation) as (missive, url):
        sys.stderr.write(f"Missive is simulated at {url}\n")
        yield missive


async def _export(
    missive: AsyncMissive, streams: tuple[str, ...], out: Path, *, bodies: bool, restart: bool
) -> Manifest:
    async with missive, view(missive, Plan.of(streams).streams) as listener:
        return await export_account(
            missive, out, streams=streams or None, bodies=bodies, restart=restart, retry=_PATIENT, progress=listener
        )


def _report(manifest: Manifest, out: Path) -> None:
    if manifest.notes:
        first = manifest.notes[0]
        whose = " ".join(f"{name} {id}" for name, id in first.parent.items())
        example = clean(f"{first.stream} {whose}: {first.message}")
        sys.stderr.write(f"warning: {len(manifest.notes)} could not be read, see notes in manifest.json ({example})\n")
    size = sum(stream["bytes"] for stream in manifest.streams.values()) / 1e6
    sys.stdout.write(
        f"exported {manifest.records:,} records of {len(manifest.streams)} streams ({size:,.1f} MB) to {out}\n"
        f"{manifest.requests:,} requests in {manifest.seconds:,.0f} s, {manifest.refused:,} of them refused (429)\n"
    )
