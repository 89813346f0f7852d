"""The server in a Python file or module: run, and looked for by name or by custom."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Generator, Mapping, Sequence
from contextlib import contextmanager
from inspect import isawaitable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fastmcp._spelling import nearest
from fastmcp.exceptions import ConfigurationError
from fastmcp.server.running import loading

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

    Found: TypeAlias = FastMCP | Awaitable[FastMCP]
    """A server, or what has to be awaited for it where a coroutine function makes it."""

NAMES: Final = ("mcp", "server", "app")
"""What servers are called by custom, in the order in which they are looked for."""


class NotLoaded(ConfigurationError):
    """A program failed while its server was loaded; what it raised is the cause."""


def load_file(path: Path, entrypoint: str | None, arguments: Sequence[str]) -> Found:
    """Run a file, not as `__main__`, and find its server: the object of that name, or what the
    function of that name makes. For the program, `sys.argv` is `[path, *arguments]` from now on.

    Raises:
        ConfigurationError: there is no such file, or no such server in it.
        NotLoaded: the program failed.
    """
    _require_file(path)
    return _server_in(_run_file(path, arguments), entrypoint, str(path))


def load_module(name: str, entrypoint: str | None, arguments: Sequence[str]) -> Found:
    """The same of a module that is imported; the current folder is importable.

    Raises:
        ConfigurationError: there is no such module, or no such server in it.
        NotLoaded: the program failed.
    """
    from importlib import import_module

    sys.argv = [require_module(name), *arguments]
    with _failing(name), loading(name):
        module = import_module(name)
    return _server_in(vars(module), entrypoint, name)


def run_module(name: str, arguments: Sequence[str]) -> None:
    """Run a module as `python -m` does, to its end.

    Raises:
        ConfigurationError: there is no such module.
        NotLoaded: it failed.
    """
    from runpy import run_module as run

    require_module(name)
    sys.argv = [name, *arguments]  # runpy puts the path of its file there
    with _failing(name, "failed"):
        run(name, run_name="__main__", alter_sys=True)


async def awaited(found: Found) -> FastMCP:
    """The server that was found, when it has been made."""
    return await found if isawaitable(found) else found


def require_module(name: str) -> str:
    """The path of a module's file; the packages that it is in are imported.

    Raises:
        ConfigurationError: there is no such module.
        NotLoaded: one of its packages failed.
    """
    from importlib.util import find_spec

    if Path(name).is_file():
        raise ConfigurationError(f"There is no module {name}; a file goes without -m")
    _make_importable(Path.cwd())
    with _failing(name):
        try:
            spec = find_spec(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            spec = None
    if spec is None:
        raise ConfigurationError(f"There is no module {name}")
    return spec.origin or name


def _require_file(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder; name the file in it that has the server")
    if path.is_symlink() and not path.exists():
        raise ConfigurationError(f"{path} is a link to {path.readlink()}, which is missing")
    if path.exists():
        raise ConfigurationError(f"{path} is no regular file")
    raise ConfigurationError(f"There is no file {path}{_meant(path)}")


def _meant(path: Path) -> str:
    near = None
    if path.parent.is_dir():
        near = nearest(path.name, [each.name for each in path.parent.glob("*.py")])
    if near is not None:
        return f"; did you mean {path.with_name(near)}?"
    parts = str(path).split(".")
    if all(map(str.isidentifier, parts)) and Path(*parts).with_suffix(".py").is_file():
        return f"; the module {path} goes with -m"
    return ""


def _run_file(path: Path, arguments: Sequence[str]) -> Mapping[str, Any]:
    """Run it as a module of its own name, so that its neighbours can import it by that."""
    from importlib.util import module_from_spec, spec_from_file_location

    whole = path.resolve()
    name = path.stem if path.stem not in sys.modules else f"server_in_{path.stem}"
    spec = spec_from_file_location(name, whole)
    if spec is None or spec.loader is None:
        raise ConfigurationError(f"{path} is not a Python file")
    _make_importable(whole.parent)
    sys.argv = [str(path), *arguments]
    module = module_from_spec(spec)
    sys.modules[name] = module
    with _failing(str(path)), loading(str(path)):
        spec.loader.exec_module(module)
    return vars(module)


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@contextmanager
def _failing(label: str, how: str = "could not be loaded") -> Generator[None]:
    try:
        yield
    except Exception as error:
        text = str(error).partition("\n")[0]
        kind = type(error).__name__
        whole = f"{kind}{f': {text}' if text else ''}{_cure(error, text)}"
        raise NotLoaded(f"{label} {how}: {whole}") from error


def _cure(error: Exception, text: str) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "; --with PACKAGE installs one"
    if isinstance(error, ImportError) and text.startswith("attempted relative import"):
        return "; a module of a package goes with -m, as in -m PACKAGE.MODULE:OBJECT"
    return ""


def _server_in(namespace: Mapping[str, Any], entrypoint: str | None, label: str) -> Found:
    if entrypoint is None:
        return _usual(namespace, label)
    whole = f"{label}:{entrypoint}"
    if entrypoint not in namespace:
        known = [name for name in namespace if not name.startswith("_")]
        near = nearest(entrypoint, known)
        servers = ", ".join(name for name in known if _is_server(namespace[name]))
        hint = f"; its servers: {servers}" if servers else ""
        hint = hint if near is None else f"; did you mean {near!r}?"
        raise ConfigurationError(f"{label} has no {entrypoint!r}{hint}")
    found = namespace[entrypoint]
    if callable(found) and not _is_server(found):
        with _failing(whole):
            found = found()
        if isawaitable(found):
            return _awaited(found, whole)
    return _checked(found, whole)


async def _awaited(made: Awaitable[Any], label: str) -> FastMCP:
    with _failing(label):
        found = await made
    return _checked(found, label)


def _checked(found: Any, label: str) -> FastMCP:
    if _is_server(found):
        return found
    if _is_foreign(found):
        raise ConfigurationError(_foreign(label))
    raise ConfigurationError(f"{label} is {type(found).__name__}, not a FastMCP server")


def _usual(namespace: Mapping[str, Any], label: str) -> FastMCP:
    for name in NAMES:
        if _is_server(namespace.get(name)):
            return namespace[name]
    servers = {name: value for name, value in namespace.items() if _is_server(value)}
    if len({id(server) for server in servers.values()}) == 1:
        return next(iter(servers.values()))
    if servers:
        raise ConfigurationError(
            f"{label} has several FastMCP servers ({', '.join(servers)}); "
            f"name one: {label}:{[*servers][-1]}, or call it mcp"
        )
    foreign = next((name for name, value in namespace.items() if _is_foreign(value)), None)
    if foreign is not None:
        raise ConfigurationError(_foreign(f"{label}:{foreign}"))
    raise ConfigurationError(
        f'{label} has no FastMCP server, as in: mcp = FastMCP("name"); the function that makes one '
        f"is named so: {label}:FUNCTION"
    )


def _is_server(value: Any) -> bool:
    from fastmcp.server.server import FastMCP

    return isinstance(value, FastMCP)


def _is_foreign(value: Any) -> bool:
    """Whether it is a server of the official SDK."""
    of = [kind for kind in type(value).__mro__ if kind.__module__.startswith("mcp.server.")]
    return not isinstance(value, ModuleType) and any(hasattr(kind, "run") for kind in of)


def _foreign(label: str) -> str:
    return (
        f"{label} is a server of the package mcp; `from fastmcp import FastMCP` makes one that can "
        "be served here"
    )
