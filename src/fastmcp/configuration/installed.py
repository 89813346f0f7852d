"""How this package was installed, as uv has to be told in order to install the same again."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from fastmcp.exceptions import ConfigurationError

DISTRIBUTION: Final = "peregrine-mcp"
PACKAGE: Final = Path(__file__).parents[1]


@cache
def requirement_of_itself() -> tuple[str, ...]:
    """The arguments of `uv run` for this very package: `("--with", "peregrine-mcp==1.0")`, or the
    URL, commit or folder that it was installed from (PEP 610); a source checkout is editable.

    Raises:
        ConfigurationError: nobody can tell, or it came from a file that is gone.
    """
    installed = _own_metadata()
    if installed is None:
        return "--with-editable", str(_checkout())
    origin = installed.read_text("direct_url.json")
    if origin is None:
        return "--with", f"{DISTRIBUTION}=={installed.version}"
    return _requirement(json.loads(origin))


def _own_metadata() -> Distribution | None:
    """What is known of the installation, if it is the package that runs."""
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None
    place = Path(str(installed.locate_file(PACKAGE.name)))
    if place.exists() and place.samefile(PACKAGE):
        return installed
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable")
    return installed if editable and PACKAGE.is_relative_to(folder_of(origin["url"])) else None


def _checkout() -> Path:
    for folder in PACKAGE.parents[:2]:
        if (folder / "pyproject.toml").is_file():
            return folder
    raise ConfigurationError(
        f"{PACKAGE} was not installed by a package manager, so that it cannot be installed again "
        f"in another environment; install {DISTRIBUTION}"
    )


def _requirement(origin: dict[str, Any]) -> tuple[str, ...]:
    url: str = origin["url"]
    if url.startswith("file:") and not folder_of(url).exists():
        raise ConfigurationError(
            f"{DISTRIBUTION} was installed from {folder_of(url)}, which is gone; install it again"
        )
    if origin.get("dir_info", {}).get("editable"):
        return "--with-editable", str(folder_of(url))
    if vcs := origin.get("vcs_info"):
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    fragments = [f"{name}={value}" for name, value in _hashes(origin.get("archive_info", {}))]
    if inner := origin.get("subdirectory"):
        fragments.append(f"subdirectory={inner}")
    end = f"#{'&'.join(fragments)}" if fragments else ""
    return "--with", f"{DISTRIBUTION} @ {url}{end}"


def _hashes(archive: dict[str, Any]) -> list[tuple[str, str]]:
    hashes: dict[str, str] = archive.get("hashes") or {}
    return [("sha256", hashes["sha256"])] if "sha256" in hashes else []


def folder_of(url: str) -> Path:
    """The path in a `file:` URL."""
    return Path(url2pathname(urlsplit(url).path))
