"""JSON files as editors have them: UTF-8, perhaps with a byte order mark, comments and commas."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")


def read_object(path: Path) -> tuple[dict[str, Any], bool]:
    """The object in a file, and whether it is plain JSON; an empty file has an empty object.

    Raises:
        ConfigurationError: there is no such file, or no JSON object in it.
    """
    text = _read_text(path)
    if not text.strip():
        return {}, True
    try:
        found, plain = _read_json(text)
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from None
    except RecursionError:
        raise ConfigurationError(f"{path} is not read: it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ConfigurationError(
            f'{path} is no configuration: it holds no object, such as {{"mcpServers": …}}'
        )
    return cast("dict[str, Any]", found), plain


def _read_json(text: str) -> tuple[Any, bool]:
    try:
        return json.loads(text), True
    except ValueError:
        return json.loads(_without_comments(text)), False


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, so that who reads it never finds half of it."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if target.exists():
            new.chmod(target.stat().st_mode)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path} is not UTF-8 (byte {error.start}); save it in that encoding"
        ) from None
    except FileNotFoundError:
        raise ConfigurationError(
            f"No MCP servers defined in the config: there is no {path}"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None


def _without_comments(text: str) -> str:
    def blank(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return found[0]
        return "\n" * found[0].count("\n") or " "  # lines keep their numbers, for messages

    return _TRAILING_COMMA.sub(blank, _COMMENT.sub(blank, text))
