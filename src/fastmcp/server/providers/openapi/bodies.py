"""Bodies: a request's body, written as its media type asks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from fastmcp._components.writing import to_json
from fastmcp.exceptions import ValidationError

from .document import Json
from .media_types import is_json, is_text
from .request_plan import Argument, Body
from .route import ParameterInfo
from .serialization import in_query, scalar

Part: TypeAlias = tuple[str, tuple[str | None, bytes | str] | tuple[str | None, bytes | str, str]]


def written(
    body: Body, value: Any, arguments: Mapping[str, Argument]
) -> tuple[bytes | None, str | None, list[Part] | None]:
    """The content and its type, or the parts of a multipart body.

    Raises:
        ValidationError: bytes are not base64.
    """
    kind = body.media_type
    if body.writing == "json":
        return to_json(value), "application/json" if "*" in kind else kind, None
    if isinstance(value, dict) and body.writing == "multipart":
        return None, None, _parts(body, cast("Json", value), arguments)
    if isinstance(value, dict) and body.writing == "form":
        return _form(body, cast("Json", value)).encode(), kind, None
    if body.writing == "binary":
        return _bytes(body.whole or "body", value), kind, None
    return scalar(value).encode(), kind, None


def _form(body: Body, members: Json) -> str:
    """`name=value` pairs, each in the style that the document gives to it."""
    pairs: list[str] = []
    for name, value in members.items():
        encoding: Json = body.encoding.get(name) or {}
        style, explode = encoding.get("style"), encoding.get("explode")
        if isinstance(value, dict) and style is None and explode is None:
            value = to_json(value).decode()  # as the default content type of an object asks
        pairs += in_query(
            ParameterInfo(
                name=name,
                location="query",
                style=style if isinstance(style, str) else None,
                explode=explode if isinstance(explode, bool) else None,
                content_type=encoding.get("contentType") if style is None else None,
            ),
            value,
        )
    return "&".join(pairs)


def _parts(body: Body, members: Json, arguments: Mapping[str, Argument]) -> list[Part]:
    files = {each.target for each in arguments.values() if each.is_file}
    parts: list[Part] = []
    for name, value in members.items():
        encoding: Json = body.encoding.get(name) or {}
        kind: Any = encoding.get("contentType")
        kind = kind.split(",")[0].strip() if isinstance(kind, str) and "*" not in kind else None
        for one in cast("list[Any]", value) if isinstance(value, list) else [value]:
            parts.append((name, _part(name, one, kind, name in files)))
    return parts


def _part(name: str, value: Any, kind: str | None, is_file: bool) -> Any:
    if is_file:
        return name, _bytes(name, value), kind or "application/octet-stream"
    if kind is not None and not is_text(kind) and not is_json(kind):
        return name, scalar(value).encode(), kind
    if isinstance(value, (dict, list)):
        return None, to_json(value), kind or "application/json"
    text = to_json(value).decode() if kind is not None and is_json(kind) else scalar(value)
    return (None, text) if kind is None else (None, text, kind)


def _bytes(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise ValidationError(f"{name!r} must be the base64 of bytes")
