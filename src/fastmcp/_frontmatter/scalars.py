"""What a plain scalar means, one without quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

Scalars: TypeAlias = Callable[[str], Any]

_CORE: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FORMER: Final = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# What begins so without quotes is no text in YAML.
_INDICATORS: Final = tuple("&*!%@`[]{},|>")
# What JSON can say exactly, wherever it is read.
_DIGITS: Final = 18


def as_text(text: str) -> str:
    """Every scalar as the text that it is."""
    return text


def as_yaml(text: str) -> Any:
    """Null, a boolean, a number or a text, by the core schema of YAML 1.2.

    Raises:
        ValueError: it is an anchor, a tag or something else that is not read here.
    """
    if text in _CORE:
        return _CORE[text]
    if text.startswith(_INDICATORS):
        raise ValueError(f"{text!r} is YAML that is not read here: write it in quotes")
    if len(text) <= _DIGITS and _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def as_former_yaml(text: str) -> Any:
    """As YAML 1.1 has it, which many readers still speak: `yes` and `off` are booleans, too."""
    return _FORMER[text] if text in _FORMER else as_yaml(text)
