"""Parameters in every style of OpenAPI, as text that is safe where it goes."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote, unquote

from fastmcp._components.writing import to_json
from fastmcp.exceptions import ValidationError

from .document import Json
from .media_types import is_json
from .route import ParameterInfo

_DECODINGS = 8
"""How often a value may be percent-encoded upon itself."""
_ALLOWED = ":/?[]@!$'()*,;"
"""Reserved characters that can stay as they are in a value of the query without ending it."""
_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


def scalar(value: Any) -> str:
    """A value as text; what has parts is written as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return to_json(value).decode()


def in_path(parameter: ParameterInfo, value: Any) -> str:
    """The text in place of `{name}`.

    Raises:
        ValidationError: it would lead elsewhere.
    """
    name = parameter.name
    if parameter.content_type is not None:
        return _segment(name, _document(parameter, value))
    style, explode = parameter.style or "simple", parameter.explode is True
    if isinstance(value, dict):
        members = cast("Json", value)
        pairs = [(_segment(name, key), _segment(name, one)) for key, one in members.items()]
        return _members_in_path(name, style, explode, pairs)
    items = cast("list[Any]", value) if isinstance(value, (list, tuple)) else [value]
    texts = [_segment(name, one) for one in items]
    if not texts or texts == [""]:
        raise ValidationError(f"The path parameter {name!r} must not be empty")
    if style == "label":
        return "." + (".".join(texts) if explode else ",".join(texts))
    if style == "matrix":
        key = quote(name, safe="")
        return "".join(f";{key}={t}" for t in texts) if explode else f";{key}={','.join(texts)}"
    return ",".join(texts)


def _members_in_path(name: str, style: str, explode: bool, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        raise ValidationError(f"The path parameter {name!r} must not be empty")
    joined = [f"{key}={one}" if explode else f"{key},{one}" for key, one in pairs]
    if style == "label":
        return "." + (".".join(joined) if explode else ",".join(joined))
    if style == "matrix":
        return ";" + (";".join(joined) if explode else f"{quote(name, safe='')}={','.join(joined)}")
    return ",".join(joined)


def _segment(name: str, value: Any) -> str:
    """A value as part of a segment."""
    text = scalar(value)
    if has_dots(text, f"Path parameter {name!r}"):
        raise ValidationError(f"Path parameter {name!r} cannot contain dot segments")
    return quote(text, safe="")


def has_dots(decoded: str, what: str) -> bool:
    """Whether a path has dots that mean "up", however they are encoded: nobody knows how often the
    server and what is before it decode, or whether one of them leaves out what follows a semicolon.

    Raises:
        ValidationError: it is encoded so often that nobody can tell.
    """
    for _ in range(_DECODINGS):
        parts = decoded.replace("\\", "/").split("/")
        if any(part.partition(";")[0] in (".", "..") for part in parts):
            return True
        again = unquote(decoded)
        if again == decoded:
            return False
        decoded = again
    raise ValidationError(f"{what} has too many encoding layers")


def in_query(parameter: ParameterInfo, value: Any) -> list[str]:
    """The `name=value` pairs, encoded."""
    if parameter.location == "querystring":
        return _whole_query(parameter, value)
    name = quote(parameter.name, safe="")
    safe = _ALLOWED if parameter.allow_reserved else ""
    if parameter.content_type is not None:
        return [f"{name}={quote(_document(parameter, value), safe='')}"]
    style = parameter.style or "form"
    if isinstance(value, dict):
        return _members_in_query(name, style, parameter.explode, cast("Json", value), safe)
    if not isinstance(value, (list, tuple)):
        return [f"{name}={quote(scalar(value), safe=safe)}"]
    texts = [quote(scalar(one), safe=safe) for one in cast("list[Any]", value)]
    if not texts:
        return []
    if parameter.explode if parameter.explode is not None else style not in _SEPARATORS:
        return [f"{name}={text}" for text in texts]
    return [f"{name}={_SEPARATORS.get(style, ',').join(texts)}"]


def _members_in_query(
    name: str, style: str, explode: bool | None, members: Json, safe: str
) -> list[str]:
    if style == "deepObject":
        return [pair for key, one in members.items() for pair in _deep(f"{name}%5B", key, one)]
    pairs = [(quote(key, safe=""), quote(scalar(one), safe=safe)) for key, one in members.items()]
    if explode is not False:
        return [f"{key}={text}" for key, text in pairs]
    joined = _SEPARATORS.get(style, ",").join(text for pair in pairs for text in pair)
    return [f"{name}={joined}"] if joined else []


def _deep(before: str, key: str, value: Any) -> list[str]:
    """`name[key]=value`, and so on inside of it; lists have their indices."""
    name = f"{before}{quote(key, safe='')}%5D"
    if isinstance(value, dict):
        inner = cast("Json", value).items()
        return [pair for each, one in inner for pair in _deep(f"{name}%5B", each, one)]
    if isinstance(value, list):
        items = enumerate(cast("list[Any]", value))
        return [pair for index, one in items for pair in _deep(f"{name}%5B", str(index), one)]
    return [f"{name}={quote(scalar(value), safe='')}"]


def _whole_query(parameter: ParameterInfo, value: Any) -> list[str]:
    if isinstance(value, dict) and not is_json(parameter.content_type or ""):
        return _members_in_query("", "form", True, cast("Json", value), "")
    return [quote(scalar(value), safe="=&+" if isinstance(value, str) else "")]


def in_header(parameter: ParameterInfo, value: Any) -> str:
    """The value of a header.

    Raises:
        ValidationError: it would end the header.
    """
    text = _simple(parameter, value)
    if any(ord(character) < 32 or character == "\x7f" for character in text):
        raise ValidationError(f"The header parameter {parameter.name!r} has control characters")
    return text.strip()


def in_cookie(parameter: ParameterInfo, value: Any) -> str:
    """The value of a cookie; what would begin another one is percent-encoded."""
    return quote(_simple(parameter, value), safe="!#$&'()*+-./:<=>?@[]^_`{|}~,")


def _simple(parameter: ParameterInfo, value: Any) -> str:
    if parameter.content_type is not None:
        return _document(parameter, value)
    if isinstance(value, dict):
        sign = "=" if parameter.explode else ","
        members = cast("Json", value).items()
        return ",".join(f"{key}{sign}{scalar(one)}" for key, one in members)
    if isinstance(value, (list, tuple)):
        return ",".join(map(scalar, cast("list[Any]", value)))
    return scalar(value)


def _document(parameter: ParameterInfo, value: Any) -> str:
    if is_json(parameter.content_type or "") or not isinstance(value, str):
        return to_json(value).decode()
    return value
