"""What `import missive_async` costs, beside importing what it depends on.

python benchmarks/import_time.py [--rounds 15] [--slowest 12]

Fresh interpreters in turn, the seconds of the import statement in each; the ratio is the median over the rounds. Then
the package's own modules that take longest, by `-X importtime`.
"""

import argparse
import statistics
import subprocess
import sys

from _report import finish, ratio_line

_OURS = "import missive_async"
_DEPENDENCIES = "import anyio, attrs, cattrs, httpx, msgspec, sniffio"
_USED = "from missive_async import AsyncMissive; AsyncMissive('benchmark', base_url='http://127.0.0.1:9')"
_ALL = "import missive_async; [getattr(missive_async, name) for name in missive_async.__all__]"
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def _seconds(statement: str) -> float:
    command = [sys.executable, "-W", "ignore", "-c", _TIMED.format(statement)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def _own_modules() -> list[tuple[float, str]]:
    """Milliseconds of each module of the package, what it imports left out."""
    command = [sys.executable, "-X", "importtime", "-c", f"{_DEPENDENCIES}; {_OURS}"]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if line.count("|") == 2]
    return sorted(((int(row[0]) / 1000, row[2].strip()) for row in rows if "missive_async" in row[2]), reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--slowest", type=int, default=12)
    arguments = parser.parse_args()
    _seconds(_OURS)  # so that all is compiled
    pairs = [(_seconds(_OURS), _seconds(_DEPENDENCIES)) for _ in range(arguments.rounds)]
    ours, theirs = zip(*pairs, strict=True)
    reached = ratio_line("import, 'other' is the dependencies alone", ours, theirs, 1.3)
    for what, statement in (("import, and a first client made", _USED), ("import, and every public name used", _ALL)):
        seconds = statistics.median(_seconds(statement) for _ in range(-(-arguments.rounds // 3)))
        print(f"{what:<44} ours {seconds * 1e6:9.2f} µs")
    print()
    modules = _own_modules()
    print(f"{sum(milliseconds for milliseconds, _ in modules):8.2f} ms in {len(modules)} modules of the package")
    for milliseconds, name in modules[: arguments.slowest]:
        print(f"{milliseconds:8.2f} ms {name}")
    finish([reached])


if __name__ == "__main__":
    main()
