"""The contenders: ours, the peer in an environment made here, and the floor."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from process import REPOSITORY, BenchError, log, output_of

Role = Literal["ours", "peer", "floor"]

PEER = "fastmcp==4.1.2"
PEERS = REPOSITORY / ".peers"

PACKAGES = [
    "peregrine-mcp",
    "fastmcp",
    "uvicorn",
    "pydantic",
    "msgspec",
    "uvloop",
    "httptools",
]
PROBE = """
import importlib.metadata as metadata, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Contender:
    role: Role
    python: Path
    versions: dict[str, str]

    @classmethod
    def at(cls, role: Role, python: Path) -> Contender:
        return cls(role, python, json.loads(output_of(python, "-c", PROBE, *PACKAGES)))

    def __str__(self) -> str:
        packages = [f"{name} {version}" for name, version in self.versions.items()]
        return f"{self.role}: {', '.join(packages)}"


@dataclass(frozen=True)
class ServerSettings:
    """uvicorn's, the same for every contender."""

    loop: str
    http: str

    @classmethod
    def common_to(cls, contenders: list[Contender]) -> ServerSettings:
        """uvloop and httptools only where every contender has them."""

        def everywhere(package: str) -> bool:
            return all(package in contender.versions for contender in contenders)

        return cls(
            loop="uvloop" if everywhere("uvloop") else "asyncio",
            http="httptools" if everywhere("httptools") else "h11",
        )

    @property
    def options(self) -> list[str]:
        return ["--loop", self.loop, "--http", self.http]


def contenders(ours: Path, *, peer: bool) -> list[Contender]:
    """In the order in which they take turns. The floor runs on the bench's own environment."""
    found = [Contender.at("ours", ours)]
    if peer:
        found.append(Contender.at("peer", peer_python()))
    return [*found, Contender.at("floor", Path(sys.executable))]


def peer_python() -> Path:
    """The interpreter of the peer's environment, which is installed on first use."""
    home = PEERS / PEER.replace("==", "-")
    complete = home / ".complete"
    if not complete.exists():
        log(f"installing {PEER} into {home.relative_to(REPOSITORY)}")
        PEERS.mkdir(exist_ok=True)
        (PEERS / ".gitignore").write_text("*\n")
        install(home, PEER)
        complete.touch()
    return python_of(home)


def install(home: Path, requirement: str) -> None:
    """Make a fresh environment with one package and what it depends on."""
    uv("venv", "--quiet", "--clear", "--python", sys.executable, str(home))
    uv("pip", "install", "--quiet", "--python", str(python_of(home)), requirement)


def count_packages(python: Path) -> int:
    """Distributions in an environment, the package itself included, installers not."""
    listed = json.loads(uv("pip", "list", "--python", str(python), "--format", "json"))
    names = {entry["name"] for entry in listed}
    return len(names - {"pip", "setuptools", "wheel", "uv"})


def python_of(home: Path) -> Path:
    return home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def uv(*arguments: str) -> str:
    program = shutil.which("uv")
    if program is None:
        raise BenchError("uv is not installed")
    command = [program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    if done.returncode:
        tail = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise BenchError(f"uv {arguments[0]} failed: {tail}")
    return done.stdout
