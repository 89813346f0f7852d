"""The command that a child process runs: its name for people, and why it would not start."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Mapping, Sequence

from msgspec import Struct

# What a child inherits unless told otherwise: nothing that could be a secret (PROTOCOL 5).
_POSIX = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
_WINDOWS = (
    "APPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "USERNAME",
    "USERPROFILE",
)
_LONGEST = 120


def default_environment() -> dict[str, str]:
    """The variables that a child process inherits by default."""
    names = _WINDOWS if sys.platform == "win32" else _POSIX
    found = {name: os.environ[name] for name in names if name in os.environ}
    # A value that begins so is a function that an old shell would run.
    return {name: value for name, value in found.items() if not value.startswith("()")}


class Command(Struct, frozen=True):
    """What to run, with which variables, and in which directory (by default in ours)."""

    program: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: str | None = None

    def __str__(self) -> str:
        return as_text(self.program, self.arguments)

    def line(self) -> list[str]:
        """The program and its arguments, as the operating system takes them."""
        program = self.program
        if sys.platform == "win32":
            # Only a whole path leads to a script such as npx.cmd.
            program = shutil.which(program, path=self._path) or program
        return [program, *self.arguments]

    @property
    def _path(self) -> str:
        return self.environment.get("PATH", os.defpath)

    def obstacle(self, error: Exception) -> str:
        """Why starting it failed with `error`, in words."""
        return (
            self._folder_obstacle()
            or self._program_obstacle()
            or (isinstance(error, OSError) and self._system_obstacle(error))
            or str(error)
        )

    def _folder_obstacle(self) -> str | None:
        folder = self.folder
        if folder is None:
            return None
        if not os.path.exists(folder):
            return f"its working directory {folder!r} does not exist"
        if not os.path.isdir(folder):
            return f"its working directory {folder!r} is not a directory"
        if not os.access(folder, os.X_OK):
            return f"its working directory {folder!r} may not be entered"
        return None

    def _program_obstacle(self) -> str | None:
        program = self.program
        if not program:
            return "the command is empty"
        if os.path.basename(program) == program:
            if shutil.which(program, path=self._path) is None:
                return f"there is no command {program!r} on PATH{self._alike()}"
            return None
        file = os.path.join(self.folder or "", program)
        if not os.path.exists(file):
            return f"there is no file {program!r}"
        if os.path.isdir(file):
            return f"{program!r} is a directory"
        if not os.access(file, os.X_OK):
            return f"{program!r} is not executable"
        return None

    def _system_obstacle(self, error: OSError) -> str | None:
        if error.errno == errno.ENOEXEC:
            return f"{self.program!r} is no program: its first line must name one, after '#!'"
        if error.errno == errno.ENOENT:
            return f"the program that the first line of {self.program!r} names does not exist"
        return error.strerror

    def _alike(self) -> str:
        from difflib import get_close_matches

        names: set[str] = set()
        for folder in self._path.split(os.pathsep):
            if folder and os.path.isdir(folder) and os.access(folder, os.R_OK):
                names.update(os.listdir(folder))
        found = get_close_matches(self.program, names, n=1, cutoff=0.75)
        if found:
            return f"; did you mean {found[0]!r}?"
        return "; install it, or give its whole path"


def as_text(program: str, arguments: Sequence[str]) -> str:
    """A command for people, up to the first word after it: what follows may be secret."""
    words = [program]
    for argument in arguments:
        if "=" in argument or "://" in argument:
            break
        words.append(argument)
        if not argument.startswith("-") and argument != "run":
            break
    text = " ".join(words)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
