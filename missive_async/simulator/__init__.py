"""A Missive to run on loopback: stateful, the same for the same seed, with Missive's limits and faults by choice.

    from missive_async.simulator import Simulator, make_account, serve

    simulator = Simulator(make_account(seed=1))
    with serve(simulator) as base_url:
        ...  # point a client at base_url, with simulator.token
    assert simulator.stats.refused_429 == 0

It is an ASGI application too, for httpx.ASGITransport; python -m missive_async.simulator runs it as a program.
"""

from missive_async.simulator.app import Simulator
from missive_async.simulator.faults import Fault, Faults
from missive_async.simulator.limits import ServerLimits
from missive_async.simulator.seed import make_account
from missive_async.simulator.server import serve
from missive_async.simulator.state import Account

__all__ = ["Account", "Fault", "Faults", "ServerLimits", "Simulator", "make_account", "serve"]
