"""Redaction: secrets and personal data are hidden in what is logged, and long things are cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, cast

from msgspec import UNSET, Raw, Struct, json

from fastmcp.exceptions import ConfigurationError

from .words import one_line, words_of

MASK = "[redacted]"
MOST = 16_384
"""How many characters of a payload are logged where nobody says."""

SECRET_KEYS = frozenset(
    {
        *("password", "passwd", "pwd", "passphrase", "passcode", "secret", "credential"),
        *("token", "jwt", "authorization", "cookie", "api_key", "access_key", "private_key"),
        *("credit_card", "card_number", "cvv", "ssn"),
        *("mcp_session_id", "fastmcp_session"),  # who knows it is taken for its session
    }
)
"""What a key contains whose value is hidden; a short one has to be a word of the key."""

_SECRETS_AND_SIGNS = (
    (
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8192}(?:-----END [A-Z ]{0,30}KEY-----)?",
        ("-----BEGIN",),
    ),
    (r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?", ("eyJ",)),  # a JWT
    (r"(?i)(\bbearer\s{1,4})[\w.~+/=-]{8,}", ("earer", "EARER")),
    (
        r"(?<![\w-])(?:sk-|[rs]k_live_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza)[\w-]{16,}",
        ("sk-", "k_live_", "gh", "glpat-", "xox", "AKIA", "AIza"),
    ),
    (r"(://[^\s/:@]{1,100}:)[^\s/@]{1,300}(?=@)", ("://",)),  # the password in a URL
    (  # what a browser is sent with when somebody signs in, a signed URI, a session of HTTP+SSE
        r"([?&](?:code|state|txn_id|request|signature|session_id)=)[^\s&#\"']{16,}",
        ("code=", "state=", "txn_id=", "request=", "signature=", "session_id="),
    ),
    (r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", ("@",)),  # an e-mail address
)
"""Each with texts of which one is wherever it is found: looking for those is cheaper."""

SECRET_TEXTS = tuple(text for text, _ in _SECRETS_AND_SIGNS)
"""What is hidden within texts; what the first group of a pattern matches stays."""

_SIGNS = dict(_SECRETS_AND_SIGNS)
_PUBLIC = "_progress_token_"
_LONG = 6  # letters from which on a word may be a part of another: "mypassword"
_DEEP = 20
_SLACK = 256
_PAIR = re.compile(r"""(?<![\w-])([\w-]{1,80})\\{0,3}["']?\s{0,4}[:=]\s{0,4}""")
_QUOTE = re.compile(r"""(\\{0,3})(["'])""")
_QUOTED = {'"': re.compile(r'(?:\\.|[^"\\])*', re.S), "'": re.compile(r"(?:\\.|[^'\\])*", re.S)}
_BARE = re.compile(r"""[^\s,;&"'<>)\]}\\]+""")
_REST_OF_LINE = re.compile(r"""[^\r\n"'\\]+""")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Redactor:
    """Hides values by their keys, and texts by their looks.

    `Redactor(keys=SECRET_KEYS | {"iban"})` hides more; `Redactor(keys=(), texts=())` nothing. Keys
    are compared by their words: `api_key` is in `X-Api-Key` and in `apiKey`. Nothing here raises,
    whatever it is given.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str] = SECRET_KEYS,
        texts: Iterable[str | re.Pattern[str]] = SECRET_TEXTS,
        mask: str = MASK,
    ) -> None:
        if isinstance(keys, str) or isinstance(texts, (str, re.Pattern)):
            raise ConfigurationError("Redactor takes several keys= and texts=: put it into a list")
        words = [_words(key) for key in keys]
        self.mask = mask
        self._words = [word for word in words if len(word) < _LONG + 2]
        self._parts = [part for word in words if len(part := word.replace("_", "")) >= _LONG]
        try:
            compiled = [re.compile(text) for text in texts]
        except re.error as error:
            raise ConfigurationError(f"Redactor(texts=...): {error}: {error.pattern!r}") from None
        self._texts = [(text, _SIGNS.get(text.pattern, ("",))) for text in compiled]
        self._hides = lru_cache(1024)(self._decide)

    @classmethod
    def of(cls, redact: Redactor | bool) -> Redactor:
        """The redactor that `redact=` of some middleware means.

        Raises:
            ConfigurationError: it means none.
        """
        if isinstance(redact, bool):
            return standard_redactor() if redact else cls(keys=(), texts=())
        if not isinstance(redact, cls):
            raise ConfigurationError(f"redact= takes True, False or a Redactor, not {redact!r}")
        return redact

    def hides(self, key: str) -> bool:
        """Whether the value under a key is hidden."""
        return self._hides(key[:200])

    def _decide(self, key: str) -> bool:
        words = _words(key)
        if words == _PUBLIC:
            return False
        squeezed = words.replace("_", "")
        return any(word in words for word in self._words) or any(
            part in squeezed for part in self._parts
        )

    def text(self, text: str) -> str:
        """A text without what is to be hidden, such as `password=...` and bearer tokens."""
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode()  # half of a surrogate pair
        if "=" in text or ":" in text:
            text = self._without_pairs(text)
        for pattern, signs in self._texts:
            for sign in signs:
                if sign in text:
                    text = pattern.sub(self._masked, text)
                    break
        return text

    def _masked(self, match: re.Match[str]) -> str:
        return (match[1] or "") + self.mask if match.re.groups else self.mask

    def _without_pairs(self, text: str) -> str:
        parts: list[str] = []
        done = 0
        for pair in _PAIR.finditer(text):
            if pair.start() < done or not self.hides(pair[1]):
                continue
            start, end = _value_at(text, pair.end(), pair[1].lower())
            if end > start:
                parts += (text[done:start], self.mask)
                done = end
        return "".join([*parts, text[done:]]) if done else text

    def line(self, text: str, limit: int = 1000) -> str:
        """A text as a part of one line of a log: nothing hidden in it, and nothing that could
        pass for another line.
        """
        found = self.text(text[: limit + _SLACK])
        return one_line(found if len(found) <= limit else f"{found[:limit]}...")

    def data(self, value: Any, limit: int = MOST) -> Any:
        """Plain data that says what a value does, up to about `limit` characters of text."""
        return self._plain(value, _Room(limit), 0)

    def json(self, value: Any, limit: int = MOST) -> str:
        """`data` as JSON, cut after `limit` characters."""
        text = json.encode(self.data(value, limit)).decode()
        return text if len(text) <= limit else f"{text[:limit]}..."

    def _plain(self, value: Any, room: _Room, depth: int) -> Any:
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, str):
            found = value[: max(room.left, 0) + _SLACK]
            room.left -= len(value)
            return self.text(found)
        if isinstance(value, int):
            return value if abs(value) < 2**63 else f"<a number of {value.bit_length()} bits>"
        if room.left <= 0 or depth > _DEEP:
            return "..."
        if isinstance(value, Struct):
            value = _members(value)
        if isinstance(value, Mapping):
            return self._members(cast("Mapping[Any, Any]", value), room, depth)
        if isinstance(value, (list, tuple, set, frozenset)):
            return self._items(cast("Iterable[Any]", value), room, depth)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"<{len(cast('bytes', value))} bytes>"
        return self._plain(_as_data(value), room, depth + 1)

    def _members(self, value: Mapping[Any, Any], room: _Room, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        named = value.get("name", value.get("key"))
        hidden = "value" if isinstance(named, str) and self.hides(named) else None
        for key, member in value.items():
            if room.left <= 0:
                members["..."] = "..."
                break
            name = self._key(key)
            room.left -= len(name)
            secret = name == hidden or self.hides(name)
            if secret and member is not None and not isinstance(member, bool):
                members[name] = self.mask
            else:
                members[name] = self._plain(member, room, depth + 1)
        return members

    def _key(self, key: Any) -> str:
        if isinstance(key, str):
            return key if len(key) < 40 and key.isidentifier() else self.text(key[:200])
        return self.text(words_of(key)[:200])

    def _items(self, value: Iterable[Any], room: _Room, depth: int) -> list[Any]:
        items: list[Any] = []
        for item in value:
            if room.left <= 0:
                items.append("...")
                break
            room.left -= 1
            items.append(self._plain(item, room, depth + 1))
        return items


@cache
def standard_redactor() -> Redactor:
    """What redacts where nobody says how."""
    return Redactor()


class _Room:
    """How much may still be written."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


def _words(key: str) -> str:
    """The words of a key, each between underscores."""
    words = re.split(r"[\W_]+", _CAMEL.sub("_", key).lower())
    return f"_{'_'.join(word for word in words if word)}_"


def _value_at(text: str, start: int, key: str) -> tuple[int, int]:
    """Where the value of a key begins and ends, which is at or after `start`."""
    quote = _QUOTE.match(text, start)
    if quote is None:
        whole = key.endswith(("authorization", "cookie"))
        value = (_REST_OF_LINE if whole else _BARE).match(text, start)
        return (start, start) if value is None else value.span()
    if quote[1]:  # a string within a string
        end = text.find(quote[0], quote.end())
        return quote.end(), len(text) if end < 0 else end
    value = _QUOTED[quote[2]].match(text, quote.end())
    return (start, start) if value is None else value.span()


def _members(value: Struct) -> dict[str, Any]:
    """The members of a message that have a value, by their names on the wire."""
    names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    members = {name: getattr(value, attribute) for name, attribute in names}
    return {name: each for name, each in members.items() if each is not None and each is not UNSET}


def _as_data(value: Any) -> Any:
    """What pydantic would write of an object; whatever it is, something that says what it was."""
    from pydantic_core import to_jsonable_python

    try:
        if isinstance(value, Raw):
            return json.decode(value)
        return to_jsonable_python(value, fallback=str)
    except Exception:
        return f"<{type(value).__name__}>"
