"""Requirements of packages: those of `fastmcp` are met by this package, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fastmcp.exceptions import ConfigurationError

from .installed import DISTRIBUTION

_FASTMCP: Final = re.compile(r"fastmcp\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?:$|[<>=!~;@#,(])", re.I)
_COMMENT: Final = re.compile(r"(^|\s)#.*")
_OPTION_OR_PLACE: Final = re.compile(r"-|\.|/|\\|file:")


def of_others(requirements: Iterable[str]) -> Iterator[str]:
    """The requirements without those of `fastmcp`; its extras are asked of this package."""
    for each in requirements:
        found = _FASTMCP.match(each.strip())
        if found is None:
            yield each
        elif extras := found["extras"]:
            yield f"{DISTRIBUTION}[{extras}]"


def read_plain(path: Path) -> list[str] | None:
    """The requirements in a file; None when it has more than requirements of packages by name, such
    as options and paths, which are for uv to read.

    Raises:
        ConfigurationError: there is no such file, or among the rest it has `fastmcp`.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"The environment needs {path}: {error.strerror}") from None
    joined = text.replace("\\\n", " ")
    lines = [_COMMENT.sub("", line).strip() for line in joined.splitlines()]
    lines = [line for line in lines if line]
    if not any(_OPTION_OR_PLACE.match(line) or " --" in line for line in lines):
        return lines
    if any(_FASTMCP.match(line) for line in lines):
        raise ConfigurationError(
            f"{path} requires fastmcp, which is what {DISTRIBUTION} is imported as: take that line "
            "out of it"
        )
    return None
