"""Secrets: found when used, shown never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctoolkit.errors import OperatorError, SpecError
from cctoolkit.secret import Secret, SecretRef, fingerprint, parse_ref, resolve, resolve_text, reveal_all


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "",
        "env:",
        "env:A B",
        "env:1A",
        "file:",
        "file:a\nb",
        "file:a\0b",
        "file:<<x>>",
        "age:x",
        "ENV:A",
        "env:A\n",
    ],
)
def test_no_reference(tmp_path, text):
    """What is no reference is refused without a word of it: it may be the secret itself."""
    with pytest.raises(SpecError) as error:
        parse_ref(text, tmp_path)
    assert str(error.value) == "not a reference to a secret; expected env:NAME or file:PATH"


def test_references(tmp_path):
    """A variable keeps its name, a file stands beside the spec unless its path is absolute."""
    assert parse_ref("env:A_1", tmp_path) == SecretRef("env", "A_1")
    assert parse_ref("file:a/b", tmp_path) == SecretRef("file", f"{tmp_path}/a/b")
    assert parse_ref("file:/etc/x", tmp_path) == SecretRef("file", "/etc/x")


def test_masked():
    """A secret prints as stars in every way of printing."""
    secret = Secret("hunter2")
    assert {str(secret), repr(secret), f"{secret}", f"{secret!s:>8}"} == {"********"}
    assert secret.reveal() == "hunter2"


def test_resolve(tmp_path, monkeypatch):
    """The value is read at the moment of use."""
    monkeypatch.setenv("CCT_T", "one")
    (tmp_path / "s").write_text("two\n", encoding="utf-8")
    refs = [SecretRef("env", "CCT_T"), SecretRef("file", str(tmp_path / "s"))]
    text = f"a={refs[0].placeholder()} b={refs[1].placeholder()}"
    assert reveal_all(text, resolve) == "a=one b=two"


def test_a_secret_of_several_lines(tmp_path, monkeypatch):
    """A private key is text of several lines, and stands in no configuration: there it is refused."""
    (tmp_path / "key").write_text("-----BEGIN\n;\nEND-----\n", encoding="utf-8")
    monkeypatch.setenv("CCT_T", "a\nb")
    file = SecretRef("file", str(tmp_path / "key"))
    assert resolve_text(file).reveal() == "-----BEGIN\n;\nEND-----"
    assert resolve_text(SecretRef("env", "CCT_T")).reveal() == "a\nb"
    with pytest.raises(OperatorError, match="control character"):
        resolve(file)


@pytest.mark.parametrize("raw", [None, b"", b"\n", b"a;b", b"a\nb", b"\xff\xfe", b"a\x00b"])
def test_unusable(tmp_path, raw):
    """A file that is missing, empty, not text or would break its line is an operator's error that shows none of it."""
    path = tmp_path / "s"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(OperatorError) as error:
        resolve(SecretRef("file", str(path)))
    assert error.value.__cause__ is None or isinstance(error.value.__cause__, OSError)
    assert "a;b" not in str(error.value)


def test_unset(monkeypatch):
    """A variable that is not set is named, with the command that sets it."""
    monkeypatch.delenv("CCT_T", raising=False)
    with pytest.raises(OperatorError, match=r"export CCT_T="):
        resolve(SecretRef("env", "CCT_T"))


@given(st.text(min_size=1), st.binary(min_size=16))
def test_fingerprint(value, key):
    """A fingerprint tells values apart under one key, and says nothing of the value."""
    shown = fingerprint(value, key)
    assert len(shown) == len("hmac:") + 12
    assert shown == fingerprint(value, key) != fingerprint(value + "x", key)
