"""Install the pinned software of others into a cache that is built once.

Stdlib only, because `conformance/run.py` uses it outside of any test environment.  Each
environment is one folder of the cache; a stamp file holds what was asked for, so a changed pin
rebuilds the folder, and a lock file makes a second process wait for the first.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("PEERS_CACHE", ROOT / ".peers"))
INSTALL_SECONDS = 600


class InstallationError(RuntimeError):
    """A peer could not be installed; the message names the cure."""


@dataclass(frozen=True)
class NodePackages:
    """An installed set of npm packages, the needed versions of Node among them."""

    modules: Path

    def node(self, major: int) -> str:
        """Return the executable that the package alias `node<major>` installed."""
        executable = self.modules / f"node{major}" / "bin" / "node"
        if not executable.exists():
            raise InstallationError(
                f"{executable} is missing: npm did not run the install script of its package; "
                f"remove {self.modules.parent} and run again with install scripts allowed"
            )
        return str(executable)

    def program(self, path: str) -> str:
        """Return the JavaScript file `path`, which starts with the name of its package."""
        return str(self.modules / path)


def npm_packages(project: Path) -> NodePackages:
    """Install the packages that `project/package.json` pins."""
    manifest = (project / "package.json").read_text()

    def install(home: Path) -> None:
        npm = _tool("npm", "install Node.js 20 or newer, which brings npm")
        (home / "package.json").write_text(manifest)
        _run([npm, "install", "--no-package-lock", "--no-audit", "--no-fund"], home)

    return NodePackages(_built(f"npm-{project.name}", manifest, install) / "node_modules")


def python_packages(name: str, *requirements: str) -> str:
    """Create a virtual environment with `requirements`; return its interpreter."""

    def install(home: Path) -> None:
        uv = _tool("uv", "install uv, see https://docs.astral.sh/uv/")
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)], ROOT)
        interpreter = str(home / "bin" / "python")
        _run([uv, "pip", "install", "--quiet", "--python", interpreter, *requirements], ROOT)

    wanted = json.dumps([sys.version, *requirements])
    return str(_built(f"python-{name}", wanted, install) / "bin" / "python")


def _built(name: str, wanted: str, install: Callable[[Path], None]) -> Path:
    home, stamp = CACHE / name, CACHE / f"{name}.stamp"
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    with _locked(CACHE / f"{name}.lock"):
        if not (stamp.exists() and stamp.read_text() == digest):
            stamp.unlink(missing_ok=True)
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            install(home)
            stamp.write_text(digest)
    return home


@contextmanager
def _locked(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n")
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tool(name: str, cure: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise InstallationError(f"`{name}` is not on PATH: {cure}")
    return path


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        timeout=INSTALL_SECONDS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise InstallationError(f"{' '.join(command)} failed:\n{done.stdout}")
