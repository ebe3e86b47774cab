import hmac
import io
import json
import sys

import pytest

from missive_async.cli.app import run
from missive_async.webhooks import parse

SECRET = "the-secret-of-the-hook"
BODY = json.dumps(
    {
        "rule": {"id": "r1", "description": "Notify", "type": "new_comment"},
        "conversation": {"id": "c1", "subject": "A private matter"},
        "message": {"id": "m1", "type": "email"},
        "comment": {"id": "k1", "body": "Nobody's business"},
    }
).encode()


def signed(body=BODY, secret=SECRET):
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)


@pytest.fixture
def delivery(tmp_path):
    path = tmp_path / "body.json"
    path.write_bytes(BODY)
    return str(path)


def verify(*arguments):
    return run(["webhook", "verify", *arguments])


@pytest.fixture
def lines(capsys):
    def read():
        return capsys.readouterr().out.splitlines()

    return read


def test_a_signed_delivery_is_valid_and_said_to_be_what_it_is(delivery, lines):
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(), delivery) == 0
    assert lines() == [
        "valid: a rule's event",
        "rule: r1, new_comment (Notify)",
        "conversation: c1",
        "message: m1",
        "comment: k1",
        f"key: {parse(BODY).key}",
    ]


def test_the_same_may_be_had_as_json(delivery, capsys):
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(), "--json", delivery) == 0
    assert json.loads(capsys.readouterr().out) == {
        "valid": True,
        "signed": True,
        "kind": "rule",
        "rule": {"id": "r1", "type": "new_comment", "description": "Notify"},
        "conversation": "c1",
        "message": "m1",
        "comment": "k1",
        "key": parse(BODY).key,
    }


def test_what_is_invalid_is_so_in_json_too(delivery, capsys):
    assert verify("--secret-env", "HOOK_SECRET", "--signature", "", "--jsonl", delivery) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["valid"], found["signed"]) == (False, False)


@pytest.mark.parametrize("file", [["-"], []])
def test_the_body_may_come_on_standard_input(monkeypatch, lines, file):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BODY)))
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(), *file) == 0
    assert lines()[0] == "valid: a rule's event"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_the_secret_may_come_from_a_file_with_or_without_a_line_break(tmp_path, delivery, lines, ending):
    path = tmp_path / "secret"
    path.write_bytes(f"{SECRET}{ending}".encode())
    assert verify("--secret-file", str(path), "--signature", signed(), delivery) == 0
    assert lines()[0] == "valid: a rule's event"


def test_of_several_secrets_one_is_enough(monkeypatch, delivery):
    monkeypatch.setenv("NEW_SECRET", "new")
    assert verify("--secret-env", "NEW_SECRET", "--secret-env", "HOOK_SECRET", "--signature", signed(), delivery) == 0


def test_the_header_may_be_given_whole(delivery):
    assert verify("--secret-env", "HOOK_SECRET", "--signature", f"X-Hook-Signature: {signed()}", delivery) == 0


@pytest.mark.parametrize(
    ("signature", "line"),
    [
        (signed(secret="another"), "invalid: the signature does not belong to this body and any of the secrets"),
        (signed(BODY + b"\n"), "invalid: the signature does not belong to this body and any of the secrets"),
        ("sha1=00", "invalid: X-Hook-Signature is not sha256= and 64 hexadecimal digits"),
        ("", "invalid: the delivery is not signed: it has no X-Hook-Signature"),
    ],
)
def test_any_other_signature_is_invalid_and_the_exit_code_says_so(delivery, lines, signature, line):
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signature, delivery) == 1
    assert lines() == [line]


@pytest.mark.parametrize("body", [b"[]", b"", b"nothing"])
def test_a_signed_body_that_is_no_delivery_is_not_taken_for_one(tmp_path, lines, body):
    path = tmp_path / "body"
    path.write_bytes(body)
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(body), str(path)) == 1
    assert lines()[0].startswith("signed, but not a delivery of Missive's: ")


def test_the_check_of_a_new_rule_is_valid(tmp_path, lines):
    path = tmp_path / "body"
    path.write_bytes(b"{}")
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(b"{}"), str(path)) == 0
    assert lines()[0] == "valid: the check of a new rule's URL, with nothing in it"


def test_control_characters_of_a_delivery_do_not_reach_the_terminal(tmp_path, capsys):
    body = json.dumps({"rule": {"id": "r\x1b[2J", "description": "a\nb"}}).encode()
    path = tmp_path / "body"
    path.write_bytes(body)
    assert verify("--secret-env", "HOOK_SECRET", "--signature", signed(body), str(path)) == 0
    shown = capsys.readouterr().out
    assert (shown.count("\x1b"), shown.splitlines()[1]) == (0, "rule: r[2J, no type (a b)")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "error: no secret: name its environment variable (--secret-env) or its file (--secret-file)"),
        (["--secret-env", "NOT_SET"], "error: the environment variable NOT_SET is not set"),
        (["--secret-env", "EMPTY"], "error: a webhook secret is empty: anybody could sign with it"),
    ],
)
def test_without_a_secret_nothing_is_said_of_the_signature(monkeypatch, delivery, capsys, arguments, said):
    monkeypatch.setenv("EMPTY", "")
    assert verify(*arguments, "--signature", signed(), delivery) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"{said}\n")


def test_a_secret_given_as_an_argument_is_not_repeated(delivery, capsys):
    assert verify("--secret-env", SECRET, "--signature", signed(), delivery) == 2
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err


@pytest.mark.parametrize("missing", ["secret", "body"])
def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path, delivery, capsys, missing):
    absent = str(tmp_path / "absent")
    secret = ["--secret-file", absent] if missing == "secret" else ["--secret-env", "HOOK_SECRET"]
    body = absent if missing == "body" else delivery
    assert verify(*secret, "--signature", signed(), body) == 1
    assert capsys.readouterr().err == f"error: {absent}: No such file or directory\n"
