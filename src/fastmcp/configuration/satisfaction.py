"""Whether this interpreter has all that an environment asks for, so that none has to be built."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from .installed import folder_of
from .requirements import of_others, read_plain

if TYPE_CHECKING:
    from .environment import UVEnvironment


def is_satisfied(environment: UVEnvironment) -> bool:
    """Whether Python has the version that is asked for, and each requirement is installed in a
    version that meets it; a project is where this interpreter's environment is. Paths are to be
    absolute.
    """
    return (
        (environment.python is None or is_this_python(environment.python))
        and (environment.project is None or _is_this_project(Path(environment.project)))
        and all(map(_is_installed, of_others(environment.dependencies or ())))
        and (environment.requirements is None or _has_all_of(Path(environment.requirements)))
        and all(_is_edited(Path(each)) for each in environment.editable or ())
    )


def is_this_python(asked: str) -> bool:
    """Whether this Python has the version, or one of those, that is asked for."""
    if re.fullmatch(r"\d+(\.\d+)*", asked):
        return f"{python_version()}.".startswith(f"{asked}.")
    try:
        return SpecifierSet(asked).contains(python_version(), prereleases=True)
    except InvalidSpecifier:
        return False


def _is_this_project(folder: Path) -> bool:
    return Path(sys.prefix).resolve() == (folder / ".venv").resolve()


def _has_all_of(path: Path) -> bool:
    requirements = read_plain(path)
    return requirements is not None and all(map(_is_installed, of_others(requirements)))


def _is_installed(text: str) -> bool:
    try:
        return _is_met(Requirement(text), set())
    except InvalidRequirement:
        return False


def _is_met(requirement: Requirement, seen: set[str]) -> bool:
    """Whether it is installed, and with each of its extras what that needs."""
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return True
    try:
        found = distribution(requirement.name)
    except PackageNotFoundError:
        return False
    if requirement.url is not None:
        return False
    if not requirement.specifier.contains(found.version, prereleases=True):
        return False
    return all(_has_extra(found, extra, seen) for extra in requirement.extras)


def _has_extra(found: Distribution, extra: str, seen: set[str]) -> bool:
    key = f"{found.metadata['Name']}[{extra}]"
    if key in seen:
        return True
    seen.add(key)
    for text in found.requires or ():
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            continue  # it is needed without the extra, too
        if needed.marker.evaluate({"extra": extra}):
            needed.marker = None
            if not _is_met(needed, seen):
                return False
    return True


def _is_edited(folder: Path) -> bool:
    for each in distributions():
        origin = json.loads(each.read_text("direct_url.json") or "{}")
        edited = origin.get("dir_info", {}).get("editable")
        if edited and folder_of(origin["url"]).resolve() == folder.resolve():
            return True
    return False
