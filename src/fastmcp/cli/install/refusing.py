"""What may not go into a link, onto a command line or into a configuration.

A program that is started by a `.cmd` file, or a link that a desktop opens, may pass through a shell
whatever way it was handed over (CVE-2025-62801, CVE-2025-64340): what a shell could take for its
own is refused, and so is a value that a program could take for an option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fastmcp.exceptions import ConfigurationError

LONGEST_NAME: Final = 100
_NAME = re.compile(r"\w(?:[\w .-]*[\w.-])?")
_PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]*\s*(?:\[[\w\s.,-]*\])?\s*(?:(?:[<>=!~;(]|@\s).*)?")
_PYTHON = re.compile(r"[\w~<>=/](?:[\w.+@:/\\~<>=!,* -]*)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHELL: Final = frozenset("&|;<>^%!$`\"'")
_SHELL_IN_PACKAGE: Final = frozenset("&|^`$")
_IN_BATCH = re.compile(r"[\w ./:\\@=+,~#-]*")


def checked_name(name: str) -> str:
    """A server's name, which ends up on command lines and in links.

    Raises:
        ConfigurationError: it has other characters than letters, digits, `_`, `-`, `.` and spaces.
    """
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be a server's name: use letters, digits, spaces, -, _ and ., and "
            "begin with a letter or digit; --name gives another"
        )
    return name


def safe_name(name: str) -> str:
    """A name as near as possible to what a server calls itself; perhaps an empty one."""
    kept = re.sub(r"[^\w .-]+", " ", name)
    return re.sub(r"\s+", " ", kept).strip(" .-")[:LONGEST_NAME].rstrip(" .-")


def checked_package(package: str) -> str:
    """A requirement (PEP 508), or the absolute path of a folder or file that is one.

    Raises:
        ConfigurationError: it is neither, or has what a shell could take for its own.
    """
    path = Path(package).expanduser()
    is_path = package.startswith((".", "~")) or "/" in package.partition("@")[0] or "\\" in package
    if is_path and not package.startswith("-") and path.exists():
        return checked_path(path)
    odd = not package.isprintable() or _SHELL_IN_PACKAGE & set(package)
    if odd or not _PACKAGE.fullmatch(package):
        raise ConfigurationError(
            f"--with {package!r} is no requirement of a package, such as 'pandas>=2'"
        )
    return package


def checked_path(path: Path) -> str:
    """A path, absolute.

    Raises:
        ConfigurationError: it has characters that cannot be printed.
    """
    whole = str(path.expanduser().resolve())
    if not whole.isprintable():
        raise ConfigurationError(f"{whole!r} has characters that no configuration can hold")
    return whole


def checked_python(version: str) -> str:
    """What uv takes for a version of Python.

    Raises:
        ConfigurationError: it cannot be one.
    """
    if not version.isascii() or not _PYTHON.fullmatch(version):
        raise ConfigurationError(f"--python {version!r} is no version, such as 3.12")
    return version


def checked_variable(name: str, origin: str) -> str:
    """The name of a variable of the environment.

    Raises:
        ConfigurationError: it cannot be one. The text has neither it nor its value, since whoever
            leaves the name away gives a secret in its place.
    """
    if not _VARIABLE.fullmatch(name):
        raise ConfigurationError(
            f"{origin} takes NAME=VALUE, where NAME has letters, digits and _; what is given is not"
        )
    return name


def refuse_shell(paths: Sequence[str], where: str) -> None:
    """Refuse paths with what a shell could take for its own.

    Raises:
        ConfigurationError: one has that.
    """
    for path in paths:
        if odd := sorted(_SHELL & set(path)):
            raise ConfigurationError(
                f"{path} has {' '.join(odd)}, which could be taken for a shell's in {where}; "
                "rename it, or write a file with --config-path"
            )


def refuse_batch(command: Sequence[str]) -> None:
    """Refuse to hand to a `.cmd` or `.bat` file what cmd.exe would read its own way.

    Raises:
        ConfigurationError: one of the arguments is such. The text does not have it, since values of
            the environment are among them.
    """
    if not command[0].lower().endswith((".cmd", ".bat")):
        return
    for number, each in enumerate(command[1:], 1):
        if not _IN_BATCH.fullmatch(each) or each.endswith("\\"):
            raise ConfigurationError(
                f"{command[0]} is run by cmd.exe, to which argument {number} could be a command; "
                "write the file of that program with --config-path"
            )
