"""The commands, all in one place; each is imported when it is called."""

from importlib.metadata import version

from cyclopts import App, Parameter

COMMANDS = ("export", "whoami", "list", "get", "api", "report", "limits", "doctor", "webhook")


def _default(value: object) -> object:
    """What help says that an option is when it is not given: nothing of what is off or empty."""
    return None if value is False or value in (None, ()) else value


app: App = App(
    name="missive-async",
    help="Work with a Missive account: export all of it, look into it, change it.\n\n"
    "The API token is read from MISSIVE_API_TOKEN (Missive: Settings > API), and from nowhere else.",
    version=version("missive-async"),
    help_format="plaintext",
    default_parameter=Parameter(show_default=_default),
)

for _name in COMMANDS:
    app.command(f"missive_async.cli.{_name}:{_name}", name=_name)


def describe() -> None:
    """Import every command, for a list that says what each one does."""
    for name in COMMANDS:
        app[name]
