"""Tokens and the secrets behind them: how they are compared, and made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import fastmcp

PACKAGE = Path(fastmcp.__file__).parent
PLACES = ("server/auth", "client/auth", "security", "_oauth", "server/http", "server/inputs")
SOURCES = sorted(path for place in PLACES for path in (PACKAGE / place).rglob("*.py"))

_SECRET = re.compile(
    r"(secret|password|signature|digest|hmac|csrf|api_?key|verifier|nonce|token|code|state)s?$",
    re.I,
)
# Names that end like a secret and are none.
_NONE = re.compile(
    r"(status_code|error_code|\.code$|_state$|grant|method|kind|use|type|has_|is_)", re.I
)
# What is compared there is no guess of anybody's against a secret.
_OWN = {
    "nonce == self._nonces.get(place)": "a nonce of a server's, which its answers tell",
    "now != token": "a client's own token, with its own token of before",
    "token != _VERSION + base64.urlsafe_b64encode(raw).decode().rstrip('=')": "two spellings",
}
_CHANCE = {"random.random", "random.choice", "random.randint", "random.getrandbits", "uuid.uuid1"}


def test_secrets_are_compared_in_constant_time() -> None:
    """By `hmac.compare_digest`, or looked up by their hash: never by `==`, whose time tells how
    much was right.
    """
    found = [place for source in SOURCES for place in _compared(source)]

    assert found == []


def test_secrets_are_made_by_chance_that_nobody_can_tell() -> None:
    """`secrets`, not `random`, makes what nobody may guess."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_bytes())):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in _CHANCE, f"{source}:{node.lineno}"


def _compared(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_bytes())):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        if not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            continue
        sides = [node.left, node.comparators[0]]
        if any(isinstance(side, (ast.Constant, ast.Tuple, ast.List)) for side in sides):
            continue
        if ast.unparse(node) in _OWN:
            continue
        texts = [ast.unparse(side) for side in sides]
        if any(_SECRET.search(text) and not _NONE.search(text) for text in texts):
            yield f"{source.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)}"
