"""The contenders: ours, the others in environments made here, and the floor."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from process import BENCH, REPOSITORY, SERVERS, BenchError, log, output_of

sys.path.insert(0, str(REPOSITORY))

from tests.peers.environments import npm_packages

Role = Literal["ours", "peer", "sdk", "sdk-plain", "ts", "floor"]
FASTMCP: tuple[Role, ...] = ("ours", "peer", "floor")
"""Who can run what is written for FastMCP, and the floor."""
EVERYONE: tuple[Role, ...] = ("ours", "peer", "sdk", "sdk-plain", "ts", "floor")

PEER = "fastmcp==4.1.2"
SDK = "mcp==2.3.0"
PEERS = REPOSITORY / ".peers"

PACKAGES = [
    "peregrine-mcp",
    "fastmcp",
    "mcp",
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


TIMED_IMPORT = """
import sys
from time import perf_counter
begin = perf_counter()
{}
print(perf_counter() - begin, len(sys.modules), "pydantic" in sys.modules)
"""
TIMED_NODE_IMPORT = """
const begin = performance.now();
await import({});
console.log((performance.now() - begin) / 1000, 0, 'False');
"""


@dataclass(frozen=True)
class Contender:
    role: Role
    interpreter: Path
    """Of Python, or Node."""
    versions: dict[str, str]
    app: Path = SERVERS / "app.py"
    """The server that is measured; it takes `stdio`, or `http` and options."""
    imports: str = "from fastmcp import FastMCP"
    """What the first line of a server's program is."""

    @classmethod
    def at(
        cls,
        role: Role,
        python: Path,
        app: str = "app.py",
        imports: str = "from fastmcp import FastMCP",
    ) -> Contender:
        versions = json.loads(output_of(python, "-c", PROBE, *PACKAGES))
        return cls(role, python, versions, SERVERS / app, imports)

    @property
    def timed_import(self) -> list[str]:
        """Arguments of the interpreter: it prints seconds, modules, and whether pydantic is one."""
        if self.role == "ts":
            return ["--input-type=module", "-e", TIMED_NODE_IMPORT.format(self.imports)]
        return ["-c", TIMED_IMPORT.format(self.imports)]

    def __str__(self) -> str:
        packages = [f"{name} {version}" for name, version in self.versions.items()]
        return f"{self.role}: {', '.join(packages)}"


@dataclass(frozen=True)
class ServerSettings:
    """uvicorn's, the same for every contender that is written in Python."""

    loop: str
    http: str

    @classmethod
    def common_to(cls, contenders: list[Contender]) -> ServerSettings:
        """uvloop and httptools only where every contender has them."""

        def everywhere(package: str) -> bool:
            return all(
                package in contender.versions for contender in contenders if contender.role != "ts"
            )

        return cls(
            loop="uvloop" if everywhere("uvloop") else "asyncio",
            http="httptools" if everywhere("httptools") else "h11",
        )

    @property
    def options(self) -> list[str]:
        return ["--loop", self.loop, "--http", self.http]


def contenders(ours: Path, *, peer: bool, sdks: bool) -> list[Contender]:
    """In the order in which they take turns. The floor runs on the bench's own environment."""
    found = [Contender.at("ours", ours)]
    if peer:
        found.append(Contender.at("peer", python_with(PEER)))
    if sdks:
        found += official_sdks()
    return [*found, Contender.at("floor", Path(sys.executable))]


def official_sdks() -> list[Contender]:
    """The Python SDK, by what it recommends and by its plain server, and the TypeScript SDK."""
    python = python_with(SDK)
    recommended = "from mcp.server.mcpserver import MCPServer"
    plain = "from mcp.server.lowlevel import Server"
    return [
        Contender.at("sdk", python, "sdk_app.py", recommended),
        Contender.at("sdk-plain", python, "sdk_plain_app.py", plain),
        typescript(),
    ]


def typescript() -> Contender:
    """The server of the TypeScript SDK, which lies beside the packages that it needs."""
    packages = npm_packages(BENCH / "typescript")
    app = Path(shutil.copy(BENCH / "typescript" / "app.mjs", packages.modules.parent))
    node = Path(packages.node(24))
    server = packages.modules / "@modelcontextprotocol" / "server"
    versions = {
        "node": output_of(node, "--version").strip().removeprefix("v"),
        "@modelcontextprotocol/server": json.loads((server / "package.json").read_text())[
            "version"
        ],
    }
    return Contender("ts", node, versions, app, json.dumps(str(server / "dist" / "index.mjs")))


def python_with(requirement: str) -> Path:
    """The interpreter of an environment with that, which is installed on first use."""
    home = PEERS / requirement.replace("==", "-")
    complete = home / ".complete"
    if not complete.exists():
        log(f"installing {requirement} into {home.relative_to(REPOSITORY)}")
        PEERS.mkdir(exist_ok=True)
        (PEERS / ".gitignore").write_text("*\n")
        install(home, requirement)
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


def count_node_packages(app: Path) -> int:
    """Packages beside a program for Node, without those that bring Node itself."""
    lock = json.loads((app.parent / "node_modules" / ".package-lock.json").read_text())
    names = {path.rpartition("node_modules/")[2] for path in lock["packages"]}
    return len({name for name in names if not name.startswith("node24") and "node-bin" not in name})


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
