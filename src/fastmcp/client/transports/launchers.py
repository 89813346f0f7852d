"""Servers that well-known programs run: Python, Node, uv, npx and our own command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastmcp.exceptions import ConfigurationError

from .stderr import StderrHandler
from .stdio import StdioTransport


class PythonStdioTransport(StdioTransport):
    """Runs a Python script, with this interpreter unless `python_cmd` says otherwise.

    Raises:
        FileNotFoundError: there is no such script.
        ConfigurationError: it is not a `.py` file.
    """

    def __init__(
        self,
        script_path: str | Path,
        args: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        python_cmd: str = sys.executable,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.script_path: Path = _script(script_path, ".py")
        line = [str(self.script_path), *(args or ())]
        env = {**_UTF8, **(env or {})}
        super().__init__(python_cmd, line, env, cwd, keep_alive, log_file, stderr_handler)


class FastMCPStdioTransport(StdioTransport):
    """Runs a server's file by `fastmcp run`; `args` are the file's own.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigurationError: it is not a `.py` file.
    """

    def __init__(
        self,
        script_path: str | Path,
        args: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.script_path: Path = _script(script_path, ".py")
        line = ["run", str(self.script_path), *(["--", *args] if args else ())]
        env = {**_UTF8, **(env or {})}
        super().__init__("fastmcp", line, env, cwd, keep_alive, log_file, stderr_handler)


class NodeStdioTransport(StdioTransport):
    """Runs a JavaScript file with `node`.

    Raises:
        FileNotFoundError: there is no such file.
        ConfigurationError: it is not a `.js`, `.mjs` or `.cjs` file.
    """

    def __init__(
        self,
        script_path: str | Path,
        args: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        node_cmd: str = "node",
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.script_path: Path = _script(script_path, ".js", ".mjs", ".cjs")
        line = [str(self.script_path), *(args or ())]
        super().__init__(node_cmd, line, env, cwd, keep_alive, log_file, stderr_handler)


class UvStdioTransport(StdioTransport):
    """Runs a command, or a Python module, by `uv run`.

    With `env_vars` or `project_directory` it inherits all of our variables.

    Raises:
        NotADirectoryError: there is no such project directory.
    """

    def __init__(
        self,
        command: str,
        args: Sequence[str] | None = None,
        module: bool = False,
        project_directory: str | Path | None = None,
        python_version: str | None = None,
        with_packages: Sequence[str] | None = None,
        with_requirements: str | Path | None = None,
        env_vars: Mapping[str, str] | None = None,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        line = ["run", *_option("--python", python_version)]
        line += _option("--directory", _folder(project_directory))
        line += _options("--with", with_packages)
        line += _option("--with-requirements", with_requirements)
        line += ["--module"] if module else []
        if project_directory:
            env_vars = {"UV_PROJECT_DIR": str(project_directory), **(env_vars or {})}
        line += [command, *(args or ())]
        env = _all_of_ours(env_vars)
        super().__init__("uv", line, env, None, keep_alive, log_file, stderr_handler)


class UvxStdioTransport(StdioTransport):
    """Runs a tool of a Python package by `uvx`, in `project_directory` if there is one.

    With `env_vars` it inherits all of our variables.

    Raises:
        NotADirectoryError: there is no such project directory.
    """

    def __init__(
        self,
        tool_name: str,
        tool_args: Sequence[str] | None = None,
        project_directory: str | Path | None = None,
        python_version: str | None = None,
        with_packages: Sequence[str] | None = None,
        from_package: str | None = None,
        env_vars: Mapping[str, str] | None = None,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.tool_name = tool_name
        line = _option("--python", python_version) + _option("--from", from_package)
        line += _options("--with", with_packages)
        line += [tool_name, *(tool_args or ())]
        env, folder = _all_of_ours(env_vars), _folder(project_directory)
        super().__init__("uvx", line, env, folder, keep_alive, log_file, stderr_handler)


class NpxStdioTransport(StdioTransport):
    """Runs a package of npm by `npx`, in `project_directory` if there is one.

    `use_package_lock` prefers what is installed or cached already. With `env_vars` it inherits all
    of our variables.

    Raises:
        NotADirectoryError: there is no such project directory.
    """

    def __init__(
        self,
        package: str,
        args: Sequence[str] | None = None,
        project_directory: str | Path | None = None,
        env_vars: Mapping[str, str] | None = None,
        use_package_lock: bool = True,
        keep_alive: bool | None = None,
        log_file: Any = None,
        stderr_handler: StderrHandler | None = None,
    ) -> None:
        self.package = package
        line = ["--prefer-offline"] if use_package_lock else []
        line += [package, *(args or ())]
        env, folder = _all_of_ours(env_vars), _folder(project_directory)
        super().__init__("npx", line, env, folder, keep_alive, log_file, stderr_handler)


# Whatever the code page of the system is, Python is to write what we read.
_UTF8 = {"PYTHONUTF8": "1"}


def _script(path: str | Path, *suffixes: str) -> Path:
    script = Path(path).resolve()
    if script.suffix not in suffixes:
        raise ConfigurationError(f"{script} is not a {' or '.join(suffixes)} file")
    if not script.is_file():
        raise FileNotFoundError(f"There is no script {script}")
    return script


def _folder(path: str | Path | None) -> str | None:
    if not path:
        return None
    if not os.path.isdir(path):
        raise NotADirectoryError(f"There is no project directory {path}")
    return str(path)


def _option(name: str, value: str | Path | None) -> list[str]:
    return [name, str(value)] if value else []


def _options(name: str, values: Sequence[str] | None) -> list[str]:
    return [part for value in values or () for part in (name, value)]


def _all_of_ours(more: Mapping[str, str] | None) -> dict[str, str] | None:
    return {**os.environ, **more} if more else None
