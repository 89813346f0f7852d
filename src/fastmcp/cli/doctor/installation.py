"""What can be wrong with the installation: Python, this package, and what it needs."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastmcp._version import VERSION
from fastmcp.configuration.installed import DISTRIBUTION, PACKAGE, requirement_of_itself
from fastmcp.exceptions import ConfigurationError

from .findings import Finding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_EXTRAS: Final = {
    "anthropic": "sampling answered by Anthropic's models",
    "cli": "tables and colours on terminals",
    "code-mode": "tools that run code in a sandbox",
    "gemini": "sampling answered by Google's models",
    "openai": "sampling answered by OpenAI's models",
    "prometheus": "metrics for Prometheus",
    "redis": "sessions and events shared by several processes",
    "speed": "a faster event loop",
    "tasks": "background tasks in Redis",
    "telemetry": "traces by OpenTelemetry",
}
_UPGRADE: Final = f"pip install --upgrade {DISTRIBUTION}"
_OURS: Final = Path(PACKAGE).name


def findings_of_installation() -> Iterator[Finding]:
    """Python, this package, others that are in its way, dependencies and extras."""
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        installed = None
    if find_spec("packaging") is None:
        yield Finding("Dependencies", "error", "packaging is missing", _UPGRADE)
        return
    yield _python(installed)
    yield _package(installed)
    yield from _rivals()
    if installed is not None:
        yield from _dependencies(installed)
        yield from _extras(installed)


def _python(installed: Distribution | None) -> Finding:
    from packaging.specifiers import SpecifierSet

    version = platform.python_version()
    text = f"{platform.python_implementation()} {version}, {sys.executable}"
    wanted = () if installed is None else installed.metadata.get_all("Requires-Python") or ()
    for versions in wanted:
        if not SpecifierSet(versions).contains(version, prereleases=True):
            cure = f"{DISTRIBUTION} needs Python {versions}: install it there"
            return Finding("Python", "error", text, cure)
    return Finding("Python", "ok", text)


def _package(installed: Distribution | None) -> Finding:
    text = f"{DISTRIBUTION} {VERSION}, {PACKAGE}"
    again = f"pip install --force-reinstall {DISTRIBUTION}"
    if installed is not None and installed.version != VERSION:
        text = f"{text}; what is known of it is of {installed.version}"
        return Finding("Package", "error", text, again)
    try:
        requirement_of_itself()
    except ConfigurationError as error:
        return Finding("Package", "warning", f"{text}; {error}", again)
    return Finding("Package", "ok", text)


def _rivals() -> Iterator[Finding]:
    """Other distributions with a package of the same name: whichever came last wrote over it."""
    from packaging.utils import canonicalize_name

    for each in distributions():
        name = canonicalize_name(each.metadata["Name"] or "")
        if name == DISTRIBUTION or not _has_package(each):
            continue
        yield Finding(
            "Package",
            "error",
            f"{name} {each.version} has a package {_OURS!r}, too, in {each.locate_file('')}",
            f"pip uninstall {name}, then pip install --force-reinstall {DISTRIBUTION}",
        )


def _has_package(found: Distribution) -> bool:
    return any(file.parts[:2] == (_OURS, "__init__.py") for file in found.files or ())


def _dependencies(installed: Distribution) -> Iterator[Finding]:
    seen: set[str] = set()
    lacks = list(_lacks(installed, "", seen))
    if lacks:
        yield from (Finding("Dependencies", "error", text, _UPGRADE) for text in lacks)
    else:
        yield Finding("Dependencies", "ok", f"all {len(seen)} are there")


def _extras(installed: Distribution) -> Iterator[Finding]:
    for extra in installed.metadata.get_all("Provides-Extra") or ():
        what = f"[{extra}]{f': {_EXTRAS[extra]}' if extra in _EXTRAS else ''}"
        lacks = list(_lacks(installed, extra, set()))
        if not lacks:
            yield Finding("Extras", "ok", what)
        else:
            cure = f"to have it: pip install '{DISTRIBUTION}[{extra}]'"
            yield Finding("Extras", "note", f"{what}; {', '.join(lacks)}", cure)


def _lacks(installed: Distribution, extra: str, seen: set[str]) -> Iterator[str]:
    """What is missing or of a wrong version among what a distribution needs, and what that needs in
    turn; with an `extra`, of what comes with that alone. What was looked at goes to `seen`.
    """
    from packaging.requirements import Requirement

    for text in installed.requires or ():
        needed = Requirement(text)
        if not _applies(needed, extra):
            continue
        found = _installed(needed.name)
        if found is None:
            yield f"{needed.name} is missing"
            continue
        if not needed.specifier.contains(found.version, prereleases=True):
            yield (
                f"{needed.name} is {found.version}, and {installed.metadata['Name']} needs "
                f"{needed.specifier}"
            )
        if needed.name not in seen:
            seen.add(needed.name)
            for part in ("", *needed.extras):
                yield from _lacks(found, part, seen)


def _applies(needed: Requirement, extra: str) -> bool:
    """Whether a requirement is of this extra; "" is none."""
    if needed.marker is None:
        return not extra
    if extra and needed.marker.evaluate({"extra": ""}):
        return False
    return needed.marker.evaluate({"extra": extra})


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
