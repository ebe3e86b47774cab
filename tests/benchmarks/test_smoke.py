import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
TINY = {
    "decode": ["--rounds", "1", "--repeats", "1"],
    "export_memory": ["--contacts", "500", "--settled", "1", "--rounds", "1"],
    "export_requests": ["--conversations", "2"],
    "fairness": ["--requests", "320", "--seeds", "1"],
    "import_time": ["--rounds", "1"],
    "limiter": ["--scale", "0.01", "--phases", "1", "--rounds", "1", "--tasks", "50"],
    "request_cost": ["--rounds", "1", "--calls", "5"],
}
LAST_LINE = re.compile(r"\d+ of \d+ targets reached, Python \d.*\n\Z")

if not SCRIPTS.is_dir():
    pytest.skip("the scripts are not beside the tests", allow_module_level=True)
for name in ("aiolimiter", "orjson", "pydantic", "pyrate_limiter"):
    pytest.importorskip(name)


def test_every_script_is_run_here():
    assert sorted(TINY) == sorted(path.stem for path in SCRIPTS.glob("[!_]*.py"))


@pytest.mark.parametrize("name", TINY)
def test_a_script_runs_to_its_end_and_says_how_many_targets_were_reached(name):
    command = [sys.executable, "-W", "error", str(SCRIPTS / f"{name}.py"), *TINY[name]]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert LAST_LINE.search(done.stdout)


@pytest.mark.parametrize("name", TINY)
def test_a_script_says_how_it_is_run(name):
    assert f"python benchmarks/{name}.py" in (SCRIPTS / f"{name}.py").read_text()
    assert f"`{name}.py`" in (SCRIPTS / "README.md").read_text()
