"""The gate: format, lint, import contracts, types, tests on each interpreter that is there, the built wheel."""

import pathlib
import shutil

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13"]

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.options.stop_on_first_error = True


def group(*names: str) -> list[str]:
    return list(nox.project.dependency_groups(PROJECT, *names))


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Formatting: `nox -s format -- --fix` puts it right."""
    session.install(*group("lint"))
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]), ".")


@nox.session
def lint(session: nox.Session) -> None:
    """All of ruff's rules, less those that pyproject.toml gives a reason against."""
    session.install(*group("lint"))
    session.run("ruff", "check", *(["--fix"] if "--fix" in session.posargs else []), ".")


@nox.session
def imports(session: nox.Session) -> None:
    """Imports go down the house only."""
    session.install("-e", ".", *group("lint"))
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """The package under mypy, a file that uses the whole public face under mypy and pyright, its completeness."""
    session.install("-e", ".[cli,simulator,opentelemetry,charts]", *group("types", "test"))
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "missive_async", "--ignoreexternal")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, warnings being errors; with branch coverage on the first interpreter."""
    session.install("-e", ".[cli,simulator,opentelemetry,charts]", *group("test", "bench"))
    coverage = ["--cov", "--cov-report=term"] if session.python == PYTHONS[0] else []
    session.run("pytest", "--numprocesses=auto", *coverage, *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """The built wheel passes the tests with the source tree out of reach."""
    session.install("build", *group("test"))
    out = pathlib.Path(session.create_tmp())
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(out / "dist"), silent=True)
    built = next((out / "dist").glob("*.whl"))
    session.install("--force-reinstall", "--no-deps", str(built))
    session.install(f"{built}[cli,simulator,opentelemetry,charts]")
    shutil.copytree("tests", out / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy("pyproject.toml", out)
    session.chdir(out)
    session.run("pytest", "--numprocesses=auto", *session.posargs)
