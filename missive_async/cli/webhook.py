"""`missive-async webhook`: deliveries looked at by hand."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from missive_async.cli._failures import clean
from missive_async.cli._output import Output
from missive_async.errors import ConfigurationError, InvalidPayload, InvalidSignature
from missive_async.webhooks import parse
from missive_async.webhooks import verify as verify_signature

STANDARD_INPUT = Path("-")
_HEADER = re.compile(r"\s*x-hook-signature\s*:", re.IGNORECASE)

_KINDS = {
    "rule": "a rule's event",
    "custom_channel": "a custom channel's message",
    "validation": "the check of a new rule's URL, with nothing in it",
}

webhook: App = App(name="webhook", help="Look at the webhooks that Missive sends.", help_format="plaintext")


@webhook.command
def verify(
    file: Annotated[
        Path,
        Parameter(help="The request body exactly as it was received; - is standard input.", allow_leading_hyphen=True),
    ] = STANDARD_INPUT,
    /,
    *,
    signature: Annotated[
        str, Parameter(help="The delivery's X-Hook-Signature: its value, or the header's whole line.")
    ],
    secret_env: Annotated[
        tuple[str, ...],
        Parameter(negative=(), show_default=False, help="The environment variable with the secret; may be repeated."),
    ] = (),
    secret_file: Annotated[
        tuple[Path, ...],
        Parameter(
            negative=(), show_default=False, help="The file with the secret (a line break at its end does not count)."
        ),
    ] = (),
    output: Output | None = None,
) -> int:
    """Say whether a delivery was signed with the secret, and what it is; exit 0 if so, 1 if not.

    The secret is never an argument, which other users of the machine could
    read. Nothing is sent. Prints lines to read, unless a form is chosen.

    Example: missive-async webhook verify --secret-env HOOK_SECRET --signature sha256=0f31... body.json

    Example: missive-async webhook verify --secret-file secret.txt --signature sha256=0f31... < body.json
    """
    secrets = [*map(_from_environment, secret_env), *map(_from_file, secret_file)]
    if not secrets:
        raise ConfigurationError("no secret: name its environment variable (--secret-env) or its file (--secret-file)")
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is read
    body = sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
    found = _judged(body, _HEADER.sub("", signature).strip(), secrets)
    if form.asked_for:
        form.write_one(found)
    else:
        sys.stdout.writelines(_lines(found))
    return 0 if found["valid"] else 1


def _judged(body: bytes, signature: str, secrets: Sequence[bytes]) -> dict[str, Any]:
    """What there is to say of a delivery, without what people wrote in it."""
    try:
        verify_signature(body, signature, secrets)
    except InvalidSignature as error:
        return {"valid": False, "signed": False, "error": str(error)}
    try:
        event = parse(body)
    except InvalidPayload as error:
        return {"valid": False, "signed": True, "error": f"not a delivery of Missive's: {error}"}
    rule = event.rule and {"id": event.rule.id, "type": event.rule.type, "description": event.rule.description}
    return {
        "valid": True,
        "signed": True,
        "kind": event.kind,
        "rule": rule,
        "conversation": event.conversation and event.conversation.id,
        "message": event.message and event.message.id,
        "comment": event.comment and event.comment.id,
        "key": event.key,
    }


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["valid"]:
        yield clean(f"{'signed, but' if found['signed'] else 'invalid:'} {found['error']}") + "\n"
        return
    yield f"valid: {_KINDS[found['kind']]}\n"
    if found["rule"] is not None:
        type, description = (found["rule"][name] or f"no {name}" for name in ("type", "description"))
        yield clean(f"rule: {found['rule']['id']}, {type} ({description})") + "\n"
    for name in ("conversation", "message", "comment", "key"):
        if found[name] is not None:
            yield clean(f"{name}: {found[name]}") + "\n"


def _from_environment(name: str) -> bytes:
    """A name that is none may be the secret itself, so it is not repeated."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or (name not in os.environ and name != name.upper()):
        raise ConfigurationError("--secret-env takes the name of an environment variable that is set, not the secret")
    if name not in os.environ:
        raise ConfigurationError(f"the environment variable {name} is not set")
    return os.fsencode(os.environ[name])


def _from_file(path: Path) -> bytes:
    secret = path.read_bytes()
    return secret.removesuffix(b"\n").removesuffix(b"\r")
