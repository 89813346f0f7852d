"""What a SERVER argument means: a file, a module, a configuration, or servers elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator, Sequence
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fastmcp._spelling import nearest
from fastmcp.configuration.program import NotLoaded, awaited, load_file, load_module
from fastmcp.exceptions import ConfigurationError

if TYPE_CHECKING:
    from fastmcp.configuration.program import Found
    from fastmcp.configuration.server_config import MCPServerConfig
    from fastmcp.server.server import FastMCP

FILES: Final = ("fastmcp.json", "server.py", "main.py", "app.py")
"""Where the server of a folder is looked for, in this order."""


class Target(NamedTuple):
    """What a SERVER argument means; a `fastmcp.json` has been read, and no program been run."""

    spec: str
    module: bool = False
    document: MCPServerConfig | None = None

    def load(self, arguments: Sequence[str] | None = None) -> Found:
        """Its server, or what is to be awaited for it. `arguments` are the program's; without any,
        those of the `fastmcp.json`, whose variables and working folder are set first.

        Raises:
            ConfigurationError: there is none, or its program failed.
        """
        if self.document is not None:
            return self.document.load(arguments)
        if self.module:
            return load_module(*split(self.spec), arguments or ())
        if is_url(self.spec) or Path(self.spec).suffix == ".json":
            from fastmcp.server import create_proxy

            return create_proxy(self.spec)
        path, name = split(self.spec)
        return load_file(Path(path), name, arguments or ())


def load_server(
    spec: str | None = None, *, module: bool = False, arguments: Sequence[str] | None = None
) -> FastMCP:
    """The server that a SERVER argument means: `FILE[:OBJECT]`, where OBJECT may be a function that
    makes one; a module; a `fastmcp.json`; of a URL and of a file with `mcpServers`, a proxy; None
    is what the current folder has.

    Raises:
        ConfigurationError: there is none, or its program failed; then its traceback was printed.
    """
    with loading():
        found = target_of(spec, module=module).load(arguments)
        if not isawaitable(found):
            return found
        import asyncio

        return asyncio.run(awaited(found))


@contextlib.contextmanager
def loading() -> Generator[None]:
    """What a program prints while it is loaded goes to standard error, and so does its traceback
    when it fails, without our own frames.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except NotLoaded as failure:
        print_cause(failure)
        raise


def target_of(spec: str | None, *, module: bool = False) -> Target:
    """What a SERVER argument means.

    Raises:
        ConfigurationError: it is None and the current folder has no server, or the `fastmcp.json`
            is wrong.
    """
    from .failing import WrongUsage

    if spec is None:
        if module:
            raise WrongUsage("-m needs the name of a module")
        spec = next((name for name in FILES if Path(name).is_file()), None)
        if spec is None:
            raise ConfigurationError(
                f"There is none of {', '.join(FILES)} in {Path.cwd()}; name the server"
            )
    if not module:
        spec = os.path.expanduser(spec)  # programs that start servers have no shell
    if module or is_url(spec) or Path(spec).suffix != ".json" or _has_servers(Path(spec)):
        return Target(spec, module)
    from fastmcp.configuration.server_config import MCPServerConfig

    return Target(spec, document=MCPServerConfig.from_file(spec))


def _has_servers(path: Path) -> bool:
    """Whether a file is about servers elsewhere, and not a `fastmcp.json`."""
    from fastmcp.client.config.json_file import read_object

    if not path.is_file() or path.name.endswith(FILES[0]):
        return False
    data, _ = read_object(path)
    return nearest("source", data, cutoff=0.8) is None


def is_url(spec: str) -> bool:
    """Whether a SERVER argument is the address of a server."""
    return spec.lower().startswith(("http://", "https://"))


def split(spec: str) -> tuple[str, str | None]:
    """The file or module, and the object in it, if one is named."""
    head, colon, tail = spec.rpartition(":")
    if colon and tail.isidentifier() and not Path(spec).exists():
        return head, tail
    return spec, None


def print_cause(failure: NotLoaded) -> None:
    """Print the traceback of a program that could not be loaded, without our own frames, and
    without what led to an error of ours whose text says it all.
    """
    import importlib
    from traceback import TracebackException

    import fastmcp

    assert failure.__cause__ is not None
    whole = TracebackException.from_exception(failure.__cause__)
    ours = (os.path.join(os.path.dirname(fastmcp.__file__), ""), "<frozen ", importlib.__file__)
    told: TracebackException | None = whole
    while told is not None:
        told.stack[:] = [frame for frame in told.stack if not frame.filename.startswith(ours)]
        before = told.__cause__ or told.__context__
        if before and all(frame.filename.startswith(ours) for frame in before.stack):
            told.__cause__ = told.__context__ = before = None
        told = before
    print("".join(whole.format()), file=sys.stderr, end="")
