"""The command that runs a simulator: python -m missive_async.simulator --port 8765."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from threading import Event

from missive_async.simulator.app import Simulator
from missive_async.simulator.faults import Fault, Faults
from missive_async.simulator.limits import ServerLimits
from missive_async.simulator.seed import EXTENTS, make_account
from missive_async.simulator.server import serve


def parser() -> ArgumentParser:
    """Return the command line's options."""
    parser = ArgumentParser(
        prog="python -m missive_async.simulator",
        description="Run a Missive on this machine: stateful, the same for the same seed, with Missive's own limits.",
        epilog="Example: python -m missive_async.simulator --port 8765 --size small --latency 0.05 0.2",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    add("--port", type=int, default=8765, help="0 takes a free one (%(default)s)")
    add("--seed", type=int, default=1, help="the same seed makes the same account (%(default)s)")
    add("--size", choices=sorted(EXTENTS), default="small", help="of the account (%(default)s)")
    add("--token", default="missive_pat-simulated", help="the only token that is let in (%(default)s)")
    add("--windows", choices=["sliding", "fixed"], default="sliding", help="how requests are counted (%(default)s)")
    add("--no-limits", action="store_true", help="admit everything")
    add("--latency", type=float, nargs="+", default=[0.0], metavar="SECONDS", help="of every answer, or a range of it")
    add("--speed", type=float, default=1.0, metavar="N", help="run windows, reports and webhook retries N times faster")
    add("--fail", type=float, default=0.0, metavar="SHARE", help="answer this share of requests with 503")
    add("--reset", type=float, default=0.0, metavar="SHARE", help="reset the connection of this share of requests")
    add("--hook-secret", default=None, help="sign webhooks with it")
    return parser


def build(options: Namespace) -> Simulator:
    """Return the simulator that the options ask for."""
    low, high = options.latency[0], options.latency[-1]
    return Simulator(
        make_account(options.seed, size=options.size),
        seed=options.seed,
        token=options.token,
        limits=ServerLimits.none() if options.no_limits else ServerLimits(kind=options.windows),
        latency=low if low == high else (low, high),
        faults=Faults(
            [Fault("status", probability=options.fail), Fault("reset", probability=options.reset)], seed=options.seed
        ),
        time_scale=options.speed,
        hook_secret=options.hook_secret,
    )


def main(arguments: Sequence[str] | None = None, *, until: Event | None = None) -> int:
    """Serve until it is interrupted, or until the event is set."""
    options = parser().parse_args(arguments)
    if options.speed <= 0 or len(options.latency) > 2:
        parser().error("--speed must be above 0, and --latency takes one or two numbers")
    simulator = build(options)
    try:
        with serve(simulator, host=options.host, port=options.port) as url:
            _say(f"Missive is simulated at {url}: {simulator.account}")
            _say("Point a client at it, and end it with ctrl-C:")
            _say(f"  export MISSIVE_BASE_URL={url} MISSIVE_API_TOKEN={options.token}")
            (until or Event()).wait()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    _say(f"\n{simulator.stats.requests} requests, {simulator.stats.refused_429} of them answered 429")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has started us in the background
        signal.signal(number, signal.default_int_handler)
    raise SystemExit(main())
