"""Build the distributions, and use them where nothing else is installed.

    python release/run.py [PYTHON…]

The sdist, and from it the wheel, are built into `dist/`. The wheel is installed into an empty
environment for each PYTHON (3.11 and every newer one that uv has or can fetch), once with the
newest versions of what it needs and once with the lowest that it allows, and `smoke.py` is run
there with warnings as errors. Prints a line for each; exits with 1 if one of them failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DIST = ROOT / "dist"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
RESOLUTIONS = ("highest", "lowest-direct")
SECONDS = 300
PROMISED = ("fastmcp/py.typed", "fastmcp/inspector/page/index.html", "licenses/LICENSE")
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PYTHON", "FASTMCP_", "VIRTUAL_ENV"))
}


class Failed(Exception):
    """A command did not do what it should; its output is the message."""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    ran = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS
    )
    if ran.returncode:
        raise Failed(f"{' '.join(map(str, command))}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def build() -> Path:
    """The wheel, which was made from the sdist."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("uv", "build", "--quiet", "--out-dir", DIST)
    (wheel,) = DIST.glob("*.whl")
    names = ZipFile(wheel).namelist()
    if missing := [each for each in PROMISED if not any(name.endswith(each) for name in names)]:
        raise Failed(f"{wheel.name} lacks {', '.join(missing)}")
    return wheel


def found(python: str) -> str | None:
    """Where that version of Python is, fetched if need be; None where it cannot be had."""
    for command in (("find",), ("install",), ("find",)):
        try:
            return run("uv", "python", *command, python).strip() or None
        except Failed:
            continue
    return None


def try_out(wheel: Path, python: str, resolution: str) -> str:
    """What the smoke test says of an environment with the wheel and what it needs."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        there = place / "venv" / "bin"
        needs = place / "needs.txt"
        compiled = ("--quiet", "--no-header", "--python", python, "--resolution", resolution)
        install = ("uv", "pip", "install", "--quiet", "--python", there / "python")
        run("uv", "pip", "compile", *compiled, "pyproject.toml", "--output-file", needs)
        run("uv", "venv", "--quiet", "--python", python, place / "venv")
        run(*install, "--requirement", needs)
        run(*install, "--no-deps", wheel)
        shutil.copy(HERE / "smoke.py", place / "smoke.py")
        version = run(there / "python", "-W", "error", "smoke.py", "all", cwd=place).strip()
        called = run(there / "fastmcp", "call", "smoke.py", "add", "a=2", "b=3", cwd=place)
        if called != "5\n":
            raise Failed(f"fastmcp call printed {called!r}")
        count = len(run("uv", "pip", "freeze", "--python", there / "python").splitlines())
    return f"Python {version}, {resolution} versions, {count} packages: works"


def main(pythons: Sequence[str]) -> int:
    wheel = build()
    for each in sorted(DIST.glob("peregrine*")):
        print(f"{each.name}: {each.stat().st_size / 1e6:.1f} MB")
    failed = 0
    for python in pythons or PYTHONS:
        if (there := found(python)) is None:
            print(f"Python {python}: neither here nor to be fetched, not tried")
            continue
        for resolution in RESOLUTIONS:
            try:
                print(try_out(wheel, there, resolution), flush=True)
            except Failed as error:
                failed += 1
                print(f"Python {python}, {resolution} versions: failed\n{error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
