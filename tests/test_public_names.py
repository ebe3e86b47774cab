import builtins
import importlib
import importlib.metadata
import inspect
import pkgutil
import subprocess
import sys
import textwrap

import pytest

import missive_async
from missive_async import errors, models, webhooks

ERRORS = {
    "APIError",
    "BadRequest",
    "BudgetExceeded",
    "ClientClosed",
    "ConfigurationError",
    "DecodeError",
    "Forbidden",
    "InvalidPayload",
    "InvalidRequest",
    "InvalidSignature",
    "MissiveError",
    "NotFound",
    "OutcomeUnknown",
    "PartiallyApplied",
    "PayloadTooLarge",
    "RateLimited",
    "ReportExpired",
    "ReportFailed",
    "ReportTimedOut",
    "ServerError",
    "TimedOut",
    "TransportFailed",
    "Unauthorized",
    "Unprocessable",
    "WebhookError",
}
PROMISED = ERRORS | {
    "UNSET",
    "AsyncMissive",
    "Attachment",
    "BudgetSnapshot",
    "Lane",
    "Limiter",
    "LocalLimiter",
    "Page",
    "Pager",
    "RateLimits",
    "ReportFuture",
    "RequestInfo",
    "RetryPolicy",
    "WebhookEvent",
    "Window",
    "WindowSnapshot",
    "to_dict",
}
RESOURCES = {
    "analytics": {"create_report", "get_report", "run_reports", "watch_report"},
    "contact_books": {"list"},
    "contact_groups": {"list"},
    "contacts": {"create", "get", "list", "update"},
    "conversations": {"comments", "drafts", "get", "list", "merge", "messages", "posts", "update"},
    "drafts": {"create", "delete"},
    "hooks": {"create", "delete"},
    "messages": {"create", "download", "get", "get_many", "list"},
    "organizations": {"list"},
    "posts": {"create", "delete"},
    "responses": {"create", "delete", "get", "list", "update"},
    "shared_labels": {"create", "list", "update"},
    "tasks": {"create", "get", "list", "update"},
    "teams": {"create", "list", "update"},
    "users": {"list", "me"},
}
REQUIRED = {"anyio", "attr", "attrs", "cattr", "cattrs", "httpcore", "httpx", "msgspec", "sniffio"}


def isort_style(name):
    """Constants, then classes, then functions, as the linter sorts."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def blocked(names, code):
    """Run code in a fresh interpreter in which these packages cannot be imported."""
    block = f"""
        import sys
        sys.modules.update(dict.fromkeys({sorted(names)!r}))
    """
    program = textwrap.dedent(block) + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-W", "error", "-c", program], check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def extras():
    """The packages that only the extras bring."""
    found = set()
    for requirement in importlib.metadata.requires("missive-async") or ():
        if "extra ==" in requirement:
            name = requirement.split(";")[0].strip()
            found.add(name[: next((at for at, letter in enumerate(name) if letter in "<>=~![ "), len(name))])
    return {name.replace("-", "_") for name in found} | {"starlette", "uvicorn", "rich", "cyclopts", "redis", "fastapi"}


@pytest.mark.parametrize("module", [missive_async, models, webhooks], ids=lambda module: module.__name__)
def test_public_names_are_sorted(module):
    assert list(module.__all__) == sorted(module.__all__, key=isort_style)


@pytest.mark.parametrize("module", [missive_async, models, webhooks], ids=lambda module: module.__name__)
def test_public_names_are_there_once(module):
    assert ([name for name in module.__all__ if not hasattr(module, name)], len(set(module.__all__))) == (
        [],
        len(module.__all__),
    )


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_promised_name_comes_from_the_package_itself(name):
    assert name in missive_async.__all__


def test_every_error_is_public():
    kinds = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert kinds - set(dir(builtins)) == ERRORS


def test_nothing_else_is_public():
    shown = {name for name in vars(missive_async) if not name.startswith("_")}
    modules = {module.name for module in pkgutil.iter_modules(missive_async.__path__)}
    assert shown - modules - {"TYPE_CHECKING"} <= set(missive_async.__all__)


def test_what_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="'missive_async' has no attribute 'Resources'"):
        _ = missive_async.Resources


def test_webhooks_come_with_the_package():
    assert missive_async.webhooks.receive is webhooks.receive


@pytest.mark.parametrize("module", [missive_async, models, webhooks], ids=lambda module: module.__name__)
def test_every_public_name_says_what_it_is(module):
    silent = []
    for name in module.__all__:
        value = getattr(module, name)
        documented = inspect.isclass(value) or inspect.isroutine(value)
        if documented and not (value.__doc__ or "").strip().endswith((".", "`")):
            silent.append(name)
    assert silent == []


@pytest.mark.parametrize(("resource", "verbs"), RESOURCES.items())
async def test_every_resource_has_its_verbs(resource, verbs):
    async with missive_async.AsyncMissive("token") as missive:
        found = getattr(missive, resource)
    public = {name for name in dir(found) if not name.startswith("_")}
    assert verbs <= public


@pytest.mark.parametrize(("resource", "verbs"), RESOURCES.items())
def test_every_verb_says_what_it_does_and_which_part_of_the_reference_it_is(resource, verbs):
    kind = importlib.import_module(f"missive_async.resources.{resource}")
    cls = next(value for name, value in vars(kind).items() if name == resource.title().replace("_", ""))
    undocumented = [verb for verb in verbs if not (getattr(cls, verb).__doc__ or "").strip()]
    assert undocumented == []


def test_the_package_needs_no_extra(extras):
    done = blocked(
        extras,
        """
        import missive_async, missive_async.webhooks, missive_async.drift, missive_async.export, missive_async.reports
        for name in missive_async.__all__:
            getattr(missive_async, name)
        """,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_imports_nothing_that_it_does_not_need():
    done = blocked(
        (),
        f"""
        import {", ".join(sorted(REQUIRED))}
        needed = {{name.split(".")[0] for name in sys.modules}}
        import missive_async
        ours = {{name.split(".")[0] for name in sys.modules}} - needed - set(sys.stdlib_module_names)
        print(sorted(name for name in ours if not name.startswith("_")))
        """,
    )
    assert (done.stdout.strip(), done.stderr) == ("['missive_async']", "")


def test_the_command_line_without_its_extra_says_how_to_get_it():
    done = blocked({"cyclopts", "rich"}, "from missive_async.cli.app import main; main(['--help'])")
    assert (done.returncode, done.stderr) == (
        1,
        "error: the command line needs its extra: pip install 'missive-async[cli]'\n",
    )
