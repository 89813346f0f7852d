"""How large and of what characters the values may be that clients give."""

from __future__ import annotations

import re
from typing import Any, cast

from fastmcp.exceptions import ConfigurationError

from .assertions import Path

# All but tabs and the ends of lines; what is cut out of a pair of surrogates is no text, either.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# What JSON has where there is one of them, and in some other places.
_CONTROL_WRITTEN = re.compile(rb"\\u|\\[bf]|\x7f|\xc2[\x80-\x9f]")


class ArgumentLimits:
    """Finds the first value that is too deep, too long, too many, or no text.

    Raises:
        ConfigurationError: a limit that is not positive.
    """

    def __init__(
        self, max_depth: int, max_items: int, max_length: int, allow_control_characters: bool
    ) -> None:
        for name, limit in (
            ("max_depth", max_depth),
            ("max_items", max_items),
            ("max_length", max_length),
        ):
            if limit <= 0:
                raise ConfigurationError(f"{name} must be positive, got {limit}")
        self._depth = max_depth
        self._items = max_items
        self._length = max_length
        self._find_control = None if allow_control_characters else _CONTROL.search
        self.too_deep: str = f"is nested deeper than the {max_depth} levels that are allowed"

    def surely_hold(self, written: bytes) -> bool:
        """Whether nothing in this JSON can be beyond the limits; without a look at its values."""
        if len(written) > self._length or len(written) > self._items:
            return False
        if written.count(b"{") + written.count(b"[") > self._depth:
            return False
        return self._find_control is None or _CONTROL_WRITTEN.search(written) is None

    def problem_of(self, value: Any) -> tuple[Path, str] | None:
        """Where the first problem is, and what it is; None if there is none."""
        waiting: list[tuple[Any, Path, int]] = [(value, (), 0)]
        seen = 0
        while waiting:
            value, path, depth = waiting.pop()
            if isinstance(value, str) and (problem := self._of_text(value)) is not None:
                return path, problem
            if not isinstance(value, (dict, list)):
                continue
            held = cast("dict[Any, Any] | list[Any]", value)
            seen += len(held)
            if seen > self._items:
                return (), f"There are more values than the {self._items} that are allowed"
            if depth >= self._depth:
                return (), f"Something {self.too_deep}"
            named = held.items() if isinstance(held, dict) else enumerate(held)
            for name, each in named:
                if isinstance(name, str) and (problem := self._of_text(name)) is not None:
                    return path, f"has a name that {problem}"
                waiting.append((each, (path, name), depth + 1))
        return None

    def _of_text(self, text: str) -> str | None:
        if len(text) > self._length:
            return f"has more than the {self._length} characters that are allowed"
        if self._find_control is not None and self._find_control(text) is not None:
            return "has control characters, which are not allowed"
        return None
