"""Redaction: what is hidden in logs, what is not, and what cannot be written."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from pydantic import BaseModel

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.middleware.redaction import (
    MASK,
    SECRET_KEYS,
    SECRET_TEXTS,
    Redactor,
    one_line,
)

redactor = Redactor()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "key",
    [
        *("password", "userPassword", "PGPASSWORD", "db_passwd", "pwd", "passphrase"),
        *("token", "accessToken", "ID_TOKEN", "csrf-token", "jwt", "client_secret", "secrets"),
        *("api_key", "apiKey", "APIKey", "apikey", "X-Api-Key", "AWS_SECRET_ACCESS_KEY"),
        *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "credentials"),
    ],
)
def test_values_of_secret_keys_are_hidden(key: str) -> None:
    """However the key is spelt, and whatever the value is."""
    for value in ("hunter2", 4711, ["a"], {"b": "c"}):
        assert redactor.data({key: value, "city": "Bern"}) == {key: MASK, "city": "Bern"}


@pytest.mark.parametrize(
    "key", ["max_tokens", "tokenizer", "monkey", "name", "keyword", "progressToken", "pwdless"]
)
def test_values_of_other_keys_are_not(key: str) -> None:
    """A short word counts only as a word of its own."""
    assert redactor.data({key: "x"}) == {key: "x"}


def test_that_a_secret_is_absent_may_be_seen() -> None:
    """Null, and yes or no, tell nothing."""
    data = {"password": None, "token": True, "cookie": {"a": 1}}

    assert redactor.data(data) == {"password": None, "token": True, "cookie": MASK}


def test_pairs_of_name_and_value_count_as_key_and_value() -> None:
    """As environments and headers are often written."""
    pairs = [{"name": "API_TOKEN", "value": "x"}, {"key": "LANG", "value": "de"}]

    assert redactor.data(pairs) == [
        {"name": "API_TOKEN", "value": MASK},
        {"key": "LANG", "value": "de"},
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"got {JWT} from it", f"got {MASK} from it"),
        ("Bearer abcdefgh12345678.x", f"Bearer {MASK}"),
        ("Authorization: Basic dTpw\nHost: x", f"Authorization: {MASK}\nHost: x"),
        ("Cookie: a=b; c=d", f"Cookie: {MASK}"),
        ("write to jane.doe+x@mail.example.com now", f"write to {MASK} now"),
        ("postgres://app:s3cr3t@db/x", f"postgres://app:{MASK}@db/x"),
        ("https://x.example/?q=1&token=abc&page=2", f"https://x.example/?q=1&token={MASK}&page=2"),
        ("error: password=hunter2, retry", f"error: password={MASK}, retry"),
        ("api_key='a b c' x", f"api_key='{MASK}' x"),
        ('{"password": "hun\\"ter2", "x": 1}', f'{{"password": "{MASK}", "x": 1}}'),
        (
            '"{\\"secret\\": \\"a b\\", \\"x\\": 1}"',
            f'"{{\\"secret\\": \\"{MASK}\\", \\"x\\": 1}}"',
        ),
        ("sk-proj-abcdefghijklmnop", MASK),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", MASK),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", MASK),
        ("max_tokens=100 at 12:30 in C:\\x", "max_tokens=100 at 12:30 in C:\\x"),
    ],
)
def test_secrets_within_texts_are_hidden(text: str, found: str) -> None:
    """And nothing around them."""
    assert redactor.text(text) == found
    assert redactor.data(["x", {"a": text}]) == ["x", {"a": found}]


def test_more_or_nothing_can_be_hidden() -> None:
    """Keys and patterns are added to those that there are, or replace them."""
    more = Redactor(keys=SECRET_KEYS | {"iban"}, texts=[*SECRET_TEXTS, r"(no\. )\d+"], mask="***")
    nothing = Redactor(keys=(), texts=())
    data = {"customerIban": "CH93", "token": "x", "note": "no. 4711, iban: CH94"}

    assert more.data(data) == {"customerIban": "***", "token": "***", "note": "no. ***, iban: ***"}
    assert nothing.data(data) == data


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Redactor(keys="iban"), "put it into a list"),
        (lambda: Redactor(texts="x"), "put it into a list"),
        (lambda: Redactor(texts=["("]), r"texts=\.\.\."),
        (lambda: Redactor.of("yes"), "True, False or a Redactor"),  # type: ignore[arg-type]
    ],
)
def test_options_that_cannot_be_are_refused(make: Any, said: str) -> None:
    """With what is wrong with them."""
    with pytest.raises(ConfigurationError, match=said):
        make()


class Silent:
    def __repr__(self) -> str:
        raise RuntimeError("I do not say")

    __hash__ = object.__hash__


class Account(BaseModel):
    name: str
    password: str


@dataclass
class Login:
    user: str
    token: str


def test_whatever_it_is_something_is_written() -> None:
    """Objects as pydantic writes them, if it can; what JSON does not know, by what it is."""
    loop: dict[str, Any] = {}
    loop["again"] = loop
    data = {
        "account": Account(name="a", password="b"),
        "login": Login("a", "b"),
        "silent": Silent(),
        "bytes": b"abc",
        "raw": Raw(b'{"token": "x"}'),
        "huge": 10**5000,
        "half": "\ud800",
        "\udc00": 1,
        "loop": loop,
        Silent(): 1,
        "nan": float("nan"),
    }

    found = json.loads(redactor.json(data))

    assert found["account"] == {"name": "a", "password": MASK}
    assert found["login"] == {"user": "a", "token": MASK}
    assert found["silent"] == "<Silent>"
    assert found["raw"] == {"token": MASK}
    assert found["bytes"] == "<3 bytes>"
    assert found["huge"] == "<a number of 16610 bits>"
    assert found["half"] == "\\ud800"
    assert found["Silent"] == 1


def test_what_is_long_is_cut() -> None:
    """Texts, lists, objects, and what is deep; a limit of the caller's is kept."""
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(5000):
        inner["a"] = inner = {}
    for data in (
        "x" * 10**6,
        ["y" * 10] * 10**5,
        {str(number): number for number in range(10**5)},
        deep,
    ):
        assert len(redactor.json(data, 500)) <= 503

    assert redactor.json({"a": "b"}, 500) == '{"a":"b"}'


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_raises(value: Any) -> None:
    """Any data becomes JSON."""
    json.loads(redactor.json(value, 10**6))


HOSTILE = [
    *("eyJ-" * 4096, "a@" * 8192, "a.@a." * 4096, "a=" * 8192, "password=" * 1800),
    *('password="\\' * 1500, "password=\\'" * 1500, "-----BEGIN PRIVATE KEY-----" * 600),
    *("bearer " * 2400, "://a:" * 3200, "token: " * 2400, "a" * 16384, "_" * 16384),
    "password" + " " * 16000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_texts_take_no_long(text: str) -> None:
    """Sixteen kibibytes, whatever is in them."""
    began = time.process_time()
    redactor.text(text)

    assert time.process_time() - began < 1


def test_a_text_stays_on_its_line() -> None:
    """What would begin another line of a log is spelt out, and the rest cut."""
    assert one_line("a\nb\r\x1b[31m ü") == "a\\nb\\r\\x1b[31m ü"
    assert redactor.line("x\npassword=y" + "z" * 50, 20) == f"x\\npassword={MASK}"[:21] + "..."
