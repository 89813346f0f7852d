"""What has to be installed for an environment: its own needs, and this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fastmcp.exceptions import ConfigurationError

from .installed import requirement_of_itself
from .requirements import of_others, read_plain

if TYPE_CHECKING:
    from .environment import UVEnvironment


class Needs(NamedTuple):
    """Packages by requirement, folders of packages that are edited, and a file for uv to read."""

    requirements: list[str]
    editable: list[str]
    file: str | None


def needs_of(environment: UVEnvironment) -> Needs:
    """What an environment with absolute paths needs.

    Raises:
        ConfigurationError: a file or folder that it names is missing.
    """
    requirements = list(environment.dependencies or ())
    editable = list(environment.editable or ())
    for folder in editable:
        if not Path(folder).is_dir():
            raise ConfigurationError(f"The environment needs the folder {folder}, which is missing")
    file = environment.requirements
    if file is not None and (plain := read_plain(Path(file))) is not None:
        requirements += plain
        file = None
    option, itself = requirement_of_itself()
    (editable if option == "--with-editable" else requirements).insert(0, itself)
    return Needs(list(dict.fromkeys(of_others(requirements))), list(dict.fromkeys(editable)), file)
