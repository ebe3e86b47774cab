"""The README says what is true: its Python runs, its commands exist."""

import ast
import asyncio
import inspect
import re
from pathlib import Path

import pytest

from missive_async.simulator import Simulator, make_account, serve

README = Path(__file__).parent.parent / "README.md"
if not README.exists():
    pytest.skip("the README is not beside the tests", allow_module_level=True)

TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = re.findall(r"^\$ missive-async ([a-z]+)", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def simulated():
    simulator = Simulator(make_account(1, size="tiny"), report_delay=0.0)
    with serve(simulator) as url:
        yield simulator.token, url


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.sub(r"\W+", " ", block)[:40])
def test_the_python_in_it_runs(block, simulated, monkeypatch, capsys):
    token, url = simulated
    monkeypatch.setenv("MISSIVE_API_TOKEN", token)
    monkeypatch.setenv("MISSIVE_BASE_URL", url)
    code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running = eval(code, {})  # noqa: S307 - our own README
    if inspect.isawaitable(running):
        asyncio.run(running)
    assert capsys.readouterr().out


def test_the_commands_in_it_exist():
    from missive_async.cli.commands import app

    assert set(COMMANDS) <= {name for name in app if not name.startswith("-")}
    assert COMMANDS
