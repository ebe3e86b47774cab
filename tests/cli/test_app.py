import re
import shlex
import subprocess
import sys

import pytest
from cyclopts import App, CycloptsError

from missive_async.cli import app
from missive_async.cli._failures import Interrupted, exit_code, line
from missive_async.cli.commands import COMMANDS
from missive_async.cli.commands import app as program
from missive_async.errors import ConfigurationError, MissiveError, RequestInfo, TransportFailed


def commands(parent, names=()):
    """Every command, those below others included."""
    for name in sorted(parent):
        if not name.startswith("-"):
            inner = parent[name]
            below = [one for one in inner if not one.startswith("-")]
            yield from commands(inner, (*names, name)) if below else [(*names, name)]


ALL = list(commands(program))


def helped(capsys, names):
    assert app.run([*names, "--help"]) == 0
    return capsys.readouterr().out


def test_there_is_a_command_for_everything():
    assert {names[0] for names in ALL} == set(COMMANDS)


@pytest.mark.parametrize("names", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(capsys, names):
    shown = " ".join(helped(capsys, names).split())
    assert f"Example: missive-async {' '.join(names)}" in shown


@pytest.mark.parametrize("names", ALL, ids=" ".join)
def test_every_example_can_be_typed(names):
    examples = re.findall(r"Example: missive-async (.+)", inspected(names).replace("\\\n", " "))
    assert examples
    for example in examples:
        words = shlex.split(re.split(r" [<>|] ?", example)[0])
        program.parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("names", ALL, ids=" ".join)
def test_every_option_says_what_it_is_for(capsys, names):
    options = re.findall(r"^│ (?:\*  |   )?(--?[a-z]\S*.*?)│$", helped(capsys, names), re.MULTILINE)
    assert [option for option in options if not re.search(r"\S  +\S", option)] == []


def inspected(names):
    one: App = program
    for name in names:
        one = one[name]
    return one.default_command.__doc__


def test_without_a_command_it_lists_them(capsys):
    assert app.run([]) == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if not re.search(rf"│ {name}  +\w", shown)] == []


def test_it_says_its_version(capsys):
    assert app.run(["--version"]) == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["exprt"], ["--nope"], ["export", "--speed", "x"], ["get", "contacts"]])
def test_what_cannot_be_understood_is_one_line(capsys, arguments):
    assert app.run(arguments) == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n"), shown.err[:7]) == ("", 1, "error: ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("no"), 2),
        (CycloptsError(msg="no"), 2),
        (MissiveError("no"), 1),
        (OSError("no"), 1),
        (KeyboardInterrupt(), 130),
        (Interrupted(15), 143),
    ],
)
def test_the_exit_code_tells_whose_turn_it_is(error, code):
    assert exit_code(error) == code


def test_an_error_is_one_line_that_no_terminal_obeys():
    assert line(MissiveError("first\nsecond \x1b[31mred")) == "error: first second [31mred"


def test_a_lost_connection_names_the_request():
    error = TransportFailed("could not connect: refused", request=RequestInfo(method="GET", path="/users"))
    assert line(error) == "error: GET /users: could not connect: refused"


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(OSError, match="nowhere") as caught:
        open("/nowhere/at/all")  # noqa: PTH123, SIM115
    assert line(caught.value) == "error: /nowhere/at/all: No such file or directory"


def test_a_missing_extra_is_named():
    code = "import sys; sys.modules['cyclopts'] = None; from missive_async.cli.app import main; main(['--version'])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr.splitlines()) == (
        1,
        ["error: the command line needs its extra: pip install 'missive-async[cli]'"],
    )


def test_a_missing_simulator_is_named(tmp_path):
    code = f"""if True:
        import sys; sys.modules['uvicorn'] = sys.modules['uvicorn.config'] = None
        from missive_async.cli.app import main; main(['export', '--simulate', '--out', {str(tmp_path / "out")!r}])"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr.splitlines()) == (
        1,
        ["error: the simulator needs its extra: pip install 'missive-async[simulator]'"],
    )
