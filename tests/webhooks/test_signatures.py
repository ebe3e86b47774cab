import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import ConfigurationError, InvalidSignature
from missive_async.webhooks import receive, verify

BODY = b'{"rule":{"id":"r1","type":"label_change"},"conversation":{"id":"c1"}}'
SECRET = "a-secret"


def hex_of(body=BODY, secret=SECRET, algorithm="sha256"):
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, body, algorithm).hexdigest()


def signed(body=BODY, secret=SECRET):
    return f"sha256={hex_of(body, secret)}"


def test_the_event_of_a_signed_body_is_received():
    assert receive(BODY, signed(), SECRET).conversation.id == "c1"


@pytest.mark.parametrize(
    "signature",
    [hex_of(), f"sha256={hex_of().upper()}", signed().encode()],
    ids=["without prefix", "in capitals", "as bytes"],
)
def test_a_signature_may_be_written_otherwise(signature):
    assert verify(BODY, signature, SECRET) is None


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        b"",
        "sha256=",
        hex_of()[:-1],
        hex_of() + "0",
        f" {signed()}",
        f"{signed()}\n",
        f"sha256= {hex_of()}",
        f"sha1={hex_of(algorithm='sha1')}",
        f"sha512={hex_of(algorithm='sha512')}",
        hex_of(algorithm="sha512"),
        hex_of(algorithm="md5"),
        f"sha1={hex_of()}",
        f"sha256=sha256={hex_of()}",
        f"sha256={'z' * 64}",
        f"sha256={'é' * 64}",
        "sha256=" + "٣" * 64,
        "sha256=" + "\ud800" * 64,
        b"sha256=\xff" + hex_of().encode(),
        f"{signed()},{signed()}",
        signed(secret="another"),
        signed(BODY + b" "),
        f"sha256={hashlib.sha256(BODY).hexdigest()}",
        f"sha256={'0' * 64}",
        [signed()],
        7,
    ],
    ids=repr,
)
def test_any_other_signature_is_refused(signature):
    with pytest.raises(InvalidSignature):
        receive(BODY, signature, SECRET)


@pytest.mark.parametrize("signature", [None, "short", signed(secret="another")])
def test_a_refusal_tells_neither_the_secret_nor_the_right_signature(signature):
    with pytest.raises(InvalidSignature) as caught:
        verify(BODY, signature, SECRET)
    text = f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert [found for found in (SECRET, hex_of()) if found in text] == []


def test_the_signature_is_looked_at_before_the_body():
    with pytest.raises(InvalidSignature):
        receive(b"no JSON", signed(), SECRET)


@pytest.mark.parametrize("secret", ["old", "new"])
@pytest.mark.parametrize("secrets", [["old", "new"], ("new", "old"), [b"old", "new"], {"old", "new"}])
def test_while_a_secret_is_replaced_both_are_good(secret, secrets):
    assert verify(BODY, signed(secret=secret), secrets) is None


def test_a_secret_that_is_no_more_among_them_is_bad():
    with pytest.raises(InvalidSignature):
        verify(BODY, signed(secret="old"), ["new", "newer"])


def test_a_secret_may_be_bytes_that_are_no_text():
    assert verify(BODY, signed(secret=b"\xff\x00"), b"\xff\x00") is None


def test_a_secret_beyond_ascii_is_taken_as_utf_8():
    assert verify(BODY, signed(secret="sécret"), "sécret") is None


@pytest.mark.parametrize(
    "secrets", [None, "", b"", " \n", [], (), ["good", ""], ["good", None], [None], {}, {"good": 1}, 5, ["good", 5]]
)
@pytest.mark.parametrize("signature", [signed(), signed(secret=""), None])
def test_without_a_secret_nothing_passes(secrets, signature):
    with pytest.raises(ConfigurationError):
        receive(BODY, signature, secrets)


@pytest.mark.parametrize("secrets", [["a-secret", ""], ["a-secret", 5], "\ud800-secret-"])
def test_bad_settings_do_not_give_the_good_secrets_away(secrets):
    with pytest.raises(ConfigurationError) as caught:
        verify(BODY, signed(), secrets)
    assert [found for found in ("a-secret", "secret-") if found in repr(caught.value)] == []


@pytest.mark.parametrize("body", [BODY.decode(), {"conversation": {"id": "c1"}}, None, [BODY], 3], ids=repr)
def test_a_body_that_is_not_raw_is_a_mistake_of_the_program(body):
    with pytest.raises(TypeError, match="raw request body"):
        receive(body, signed(), SECRET)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_body_may_be_in_any_kind_of_bytes(kind):
    assert receive(kind(BODY), signed(), SECRET).rule.id == "r1"


@given(body=st.binary(), secret=st.binary(min_size=1).filter(bytes.strip))
def test_whatever_is_signed_passes(body, secret):
    assert verify(body, signed(body, secret), secret) is None


@given(body=st.binary(min_size=1), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_bit_of_the_body_makes_it_another(body, place, bit):
    changed = bytearray(body)
    changed[place % len(body)] ^= 1 << bit
    with pytest.raises(InvalidSignature):
        verify(bytes(changed), signed(body), SECRET)


@given(signature=st.one_of(st.none(), st.text(), st.binary(), st.from_regex(r"(sha256=)?[0-9a-f]{64}")))
def test_no_guess_passes_or_crashes(signature):
    with pytest.raises(InvalidSignature):
        verify(BODY, signature, SECRET)
