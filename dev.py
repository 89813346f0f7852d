#!/usr/bin/env python3
"""The project's chores, each one command. Needs nothing but Python 3.11 or newer.

    python3 dev.py demo           a real server, a real client, a printed answer
    python3 dev.py test [...]     the tests that need nothing but this package, in three minutes, or
                                  those that are named; in several processes unless -n says how
                                  many; all arguments go to pytest
    python3 dev.py test --rest    all others: with other implementations, browsers, Redis, faults
    python3 dev.py test --all     both
    python3 dev.py check          formatting, lint and types
    python3 dev.py types          whether all that a program can import has a type
    python3 dev.py fix            formatting and lint, mended where that can be done
    python3 dev.py docs           the code of the guide, put into the pages of docs/
    python3 dev.py site           the documentation as a site, in site/
    python3 dev.py rows [PAGE]    what the system has to do, row by row, with the tests and results
    python3 dev.py conformance    the official conformance suite
    python3 dev.py release        the wheel, tried out on each Python with nothing else installed
    python3 dev.py fuzz [...]     a million hostile inputs
    python3 dev.py bench [...]    the figures of bench/README.md (`bench capacity`: of many workers)

The packages come by uv, which is installed into `.tools` when the machine has none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
RUN = ("run", "--frozen", "--quiet")
LAST_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
FAILED = 1  # pytest's exit code for tests that failed
AGAIN = 10
REST = tuple(
    f"tests/{name}"
    for name in (
        *("auth/oauth_proxy", "auth/peers", "balancing", "cli", "client", "cluster", "converse"),
        *("deploy", "docs", "examples", "faults", "inspector", "mcp_apps", "metrics", "peers"),
        *("proxy", "security", "server", "system", "tasks", "telemetry", "test_imports.py"),
        *("_hydration/test_fastmcp_data.py", "corpus/test_fastmcp_schemas.py"),
        *("guide/test_deployment.py", "openapi/test_public_documents.py", "skills/test_fastmcp.py"),
    )
)
ALONE = ("-n", "--numprocesses", "-s", "--pdb", "--trace")


def uv() -> list[str]:
    """The command that runs uv, installing it first if need be."""
    found = shutil.which("uv")
    if found:
        return [found]
    program = TOOLS / "bin" / "uv"
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--root-user-action", "ignore"]
        into = ["--target", str(TOOLS), "uv"]
        if subprocess.run([*pip, *into], check=False).returncode or not program.exists():
            sys.exit("dev.py: uv is missing and pip could not install it; see docs.astral.sh/uv")
    return [str(program)]


def run(*arguments: str) -> None:
    """Run a command of uv's in the project, and end with its exit code if that is not 0."""
    code = code_of(*arguments)
    if code:
        sys.exit(code)


def code_of(*arguments: str) -> int:
    """The exit code of a command of uv's in the project."""
    path = os.pathsep.join((str(TOOLS / "bin"), os.environ.get("PATH", os.defpath)))
    environment = {**os.environ, "PATH": path, "UV_PYTHON_PREFERENCE": "system"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start thousands of processes
    command = [*uv(), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def shared(arguments: list[str]) -> list[str]:
    """What has pytest share the tests among processes, of which two keep a core busy: most tests
    wait. Nothing where the arguments say how many, or that somebody looks on.
    """
    if any(each.startswith(ALONE) for each in arguments):
        return []
    count = min(2 * (os.cpu_count() or 1), 8)
    return ["-n", str(count), "--dist", "worksteal"]


def chosen(arguments: list[str]) -> list[str]:
    """What pytest is to run: what is named, else what needs nothing but this package."""
    if "--all" in arguments:
        return [each for each in arguments if each != "--all"]
    if "--rest" in arguments:
        return [*REST, *(each for each in arguments if each != "--rest")]
    if any((ROOT / each.partition("::")[0]).exists() for each in arguments):
        return arguments
    return [*(f"--ignore={each}" for each in REST), *arguments]


def test(arguments: list[str]) -> None:
    """Run tests. Where they share a machine, one may wait longer than it was given: what fails so
    is run once more with nothing beside it, but for more than `AGAIN`, which no machine explains.
    """
    arguments = chosen(arguments)
    together = shared(arguments)
    if together:
        LAST_FAILED.unlink(missing_ok=True)
    code = code_of(*RUN, "pytest", *together, *arguments)
    if code == FAILED and together and 0 < len(failed := last_failed()) <= AGAIN:
        print(
            "dev.py: failed beside others, and are now run alone:", *failed, sep="\n  ", flush=True
        )
        code = code_of(*RUN, "pytest", "--last-failed", "-n", "0", *arguments)
    if code:
        sys.exit(code)


def last_failed() -> list[str]:
    """The names of the tests that failed in the last run."""
    try:
        return list(json.loads(LAST_FAILED.read_text("utf-8")))
    except (OSError, ValueError):
        return []


def main(arguments: list[str]) -> None:
    chore, *rest = arguments or ["help"]
    if chore == "demo":
        run(*RUN, "--no-dev", "python", "examples/demo.py", *rest)
    elif chore == "test":
        test(rest)
    elif chore == "check":
        run(*RUN, "ruff", "format", "--check", ".")
        run(*RUN, "ruff", "check", ".")
        run(*RUN, "pyright")
    elif chore == "types":
        run(*RUN, "pyright", "--verifytypes", "fastmcp", "--ignoreexternal")
    elif chore == "fix":
        run(*RUN, "ruff", "check", "--fix", ".")
        run(*RUN, "ruff", "format", ".")
    elif chore == "docs":
        run(*RUN, "python", "docs/weave.py")
    elif chore == "site":
        site = ("run", "--frozen", "--isolated", "--no-dev", "--group", "docs")
        run(*site, "mkdocs", "build", "--strict", *rest)
    elif chore == "rows":
        run(*RUN, "python", "tests/system/rows.py", *rest)
    elif chore == "conformance":
        run(*RUN, "python", "conformance/run.py", *rest)
    elif chore == "release":
        run(*RUN, "python", "release/run.py", *rest)
    elif chore == "fuzz":
        run(*RUN, "python", "fuzz/run.py", *rest)
    elif chore == "bench" and rest[:1] == ["capacity"]:
        run(*RUN, "python", "bench/capacity.py", *rest[1:])
    elif chore == "bench":
        run(*RUN, "python", "bench/run.py", *rest)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is run by whatever python3 there is
        sys.exit("dev.py: Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    main(sys.argv[1:])
