"""Variables in a configuration: `${NAME}` and `${NAME:-otherwise}`, from the environment (C34)."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from typing import Final

from fastmcp.exceptions import ConfigurationError

logger: Final = logging.getLogger("fastmcp.client")

# Editors write `${env:NAME}` for the same. An `${input:id}` of theirs is asked of their user, so
# it is never set here; it is recognized in order that it be told, and never sent.
_VARIABLE = re.compile(
    r"\$\{(?:(?:env:)?(?P<name>[A-Za-z_]\w*)(?::-(?P<otherwise>[^}]*))?|(?P<input>input:[^}]+))\}"
)


def expand(text: str, label: str, key: str) -> str:
    """`text` with its variables; one that is not set is left as it is, with a warning that names
    the server and the key, never a value.
    """

    def leave(variable: str) -> None:
        logger.warning(
            "%s: %s needs the environment variable %s, which is not set; its text is left as it is",
            label,
            key,
            variable,
        )

    return _expanded(text, leave)


def expand_header(text: str, label: str, name: str) -> str:
    """A header's value with its variables.

    Raises:
        ConfigurationError: one is not set, and its bare name must not be sent for a secret.
    """

    def refuse(variable: str) -> None:
        raise ConfigurationError(
            f"{label}: the header {name} needs the environment variable {variable}, which is not "
            f"set; set it, or write ${{{variable}:-otherwise}}"
        )

    return _expanded(text, refuse)


def _expanded(text: str, unset: Callable[[str], None]) -> str:
    def value(found: re.Match[str]) -> str:
        name, otherwise = found["name"], found["otherwise"]
        if name is None:
            unset(found["input"])
            return found[0]
        known = os.environ.get(name)
        if otherwise is not None:
            return known or otherwise  # as a shell has it: also for a variable that is empty
        if known is None:
            unset(name)
            return found[0]
        return known

    return _VARIABLE.sub(value, text)
