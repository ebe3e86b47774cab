"""The program: its commands, and what becomes of its errors."""

import os
import sys
from collections.abc import Sequence

from missive_async.errors import MissiveError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 when all went well, 1 when not, 2 for bad input, 130 when interrupted."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; gives the exit code. Whatever goes wrong is one line on standard error."""
    try:
        from cyclopts import CycloptsError

        from missive_async.cli._failures import Interrupted, exit_code, say
        from missive_async.cli.commands import app, describe
    except ImportError as error:
        if error.name not in {"cyclopts", "rich"}:
            raise
        sys.stderr.write("error: the command line needs its extra: pip install 'missive-async[cli]'\n")
        return 1
    try:
        if not arguments or arguments[0].startswith("-"):
            describe()
        code = app(list(arguments), exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more is to be written, not even when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (KeyboardInterrupt, Interrupted, CycloptsError, MissiveError, OSError, ImportError) as error:
        if isinstance(error, ImportError) and "pip install" not in str(error):
            raise
        say(error)
        return exit_code(error)
    return code if isinstance(code, int) else 0
