"""Builds images without an engine: the steps of a Dockerfile, done in folders of this machine.

An image is a folder that stands for its root. Absolute paths in commands are led into it, a base
image of Python is a virtual environment, and what comes from another image has to be here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from deploying import installed, read
from processes import HttpServer, environment, free_port, listening

STRANGER = 10_001
"""The user that images run as; not a user of this machine."""
PORT = "8000"


@dataclass
class Image:
    """What the steps of one stage have made."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / os.path.join(self.folder, path).lstrip("/")

    def here(self, text: str) -> str:
        """A command or value whose absolute paths lie in the image."""
        return re.sub(r"(?<![\w.:/])/(?=app\b)", f"{self.root}/", text)

    def variables(self, port: int | None = None) -> dict[str, str]:
        """The environment of its processes; they listen on `port` instead of their own."""
        ours = environment({"PATH": self.path, "UV_PYTHON": interpreter()})
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT"):
            ours.pop(name, None)
        own = {name: self.here(value) for name, value in self.environment.items()}
        if port is not None:
            own = {name: value.replace(PORT, str(port)) for name, value in own.items()}
        return {**ours, **own}

    @property
    def path(self) -> str:
        """Where programs are found: in the image, and then where this machine has them."""
        return f"{self.root}/usr/local/bin{os.pathsep}{os.environ['PATH']}"


@cache
def interpreter() -> str:
    """An interpreter that every user of this machine can run."""
    ours = [os.path.realpath(sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"]
    for path in ours:
        try:
            done = subprocess.run(
                [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], **as_stranger()
            )
        except OSError:
            continue
        if done.returncode == 0:
            return path
    raise AssertionError(f"no user but root can run {', '.join(ours)}: apt-get install python3")


def as_stranger() -> dict[str, Any]:
    """What has a process run as the user of the image; ours, where we may not choose."""
    if os.geteuid():
        return {}
    return {"user": STRANGER, "group": STRANGER, "extra_groups": ()}


def build(dockerfile: Path, context: Path, home: Path) -> dict[str, Image]:
    """Do the steps of a Dockerfile with the files of `context`; its stages.

    One without a name, which is the last, has the empty one.
    """
    stages: dict[str, Image] = {}
    image = Image(home)
    for number, step in enumerate(read("dockerfile", dockerfile)):
        name, values, flags = step["name"].upper(), step["values"], step["flags"]
        if name == "FROM":
            image = _started(values[0], stages, home / str(number))
            stages[values[-1] if len(values) > 1 else ""] = image
        elif name == "COPY":
            _copy(image, values, flags, context, stages)
        elif name == "RUN":
            _run(image, values[0])
        elif name == "ENV":
            pairs = dict(zip(values[::2], values[1::2], strict=True))
            image.environment |= {
                key: value.replace("$PATH", image.path) for key, value in pairs.items()
            }
        elif name == "WORKDIR":
            image.folder = os.path.join(image.folder, values[0])
            image.inside("").mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            image.user = values[0]
        elif name == "EXPOSE":
            image.ports += values
        elif name in ("CMD", "HEALTHCHECK"):
            assert step["exec"], f"{name} has to be a list: a shell keeps signals to itself"
            if name == "CMD":
                image.command = values
            else:
                image.health = values[1:]
        else:
            raise AssertionError(f"{dockerfile.name} has a step {name}, which is not known here")
    return stages


def _started(name: str, stages: Mapping[str, Image], root: Path) -> Image:
    if name in stages:
        return replace(stages[name], environment=dict(stages[name].environment))
    assert name.startswith("python:"), f"no machine is like {name} here"
    image = Image(root)
    root.mkdir(parents=True)
    uv = shutil.which("uv")
    assert uv, "`uv` is missing: python3 -m pip install uv"
    _checked(
        [uv, "venv", "--quiet", "--seed", "--python", interpreter(), str(image.root / "usr/local")],
        image,
    )
    return image


def _copy(
    image: Image, values: Sequence[str], flags: Sequence[str], context: Path, stages: dict[str, Any]
) -> None:
    *sources, target = values
    source_image = next((flag.removeprefix("--from=") for flag in flags), None)
    if source_image is not None and source_image not in stages:
        for source in sources:
            assert shutil.which(Path(source).name), f"`{source}` of {source_image} is missing"
        return
    to = image.inside(target)
    for source in sources:
        origin = stages[source_image].root / source[1:] if source_image else context / source
        assert origin.exists(), f"COPY {source}: it is not there, or .dockerignore leaves it out"
        if origin.is_dir():
            shutil.copytree(origin, to, symlinks=True, dirs_exist_ok=True)
        else:
            place = to / origin.name if target.endswith("/") else to
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, place)


def _run(image: Image, command: str) -> None:
    _checked([installed("sh", "dash"), "-ec", image.here(command)], image)


def _checked(command: list[str], image: Image) -> None:
    done = subprocess.run(
        command,
        cwd=image.inside(""),
        env=image.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{shlex.join(command)} failed:\n{done.stdout}"


@contextmanager
def container(image: Image, log: Path) -> Generator[HttpServer]:
    """Run an image's command as its user, on a free port."""
    port = free_port()
    command = [image.here(word).replace(PORT, str(port)) for word in image.command]
    variables = image.variables(port)
    program = shutil.which(command[0], path=variables["PATH"])
    assert program, f"{command[0]} is not in the image"
    with listening(
        [program, *command[1:]],
        log,
        port,
        cwd=image.inside(""),
        env=variables,
        **as_stranger(),
    ) as server:
        yield server


def probe(image: Image, command: Sequence[str], port: int) -> int:
    """Run a health check of the image as it does; its exit code."""
    variables = image.variables(port)
    words = [word.replace(PORT, str(port)) for word in command]
    program = shutil.which(words[0], path=variables["PATH"])
    assert program, f"{words[0]} is not in the image"
    return subprocess.run(
        [program, *words[1:]],
        cwd=image.inside(""),
        env=variables,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=10,
        **as_stranger(),
    ).returncode
