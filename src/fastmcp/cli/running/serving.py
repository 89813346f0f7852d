"""Serving what was loaded, as the command line, then a fastmcp.json, then the settings say."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from fastmcp.configuration.program import NotLoaded, awaited, require_module, run_module
from fastmcp.server.event_loop import loop_factory
from fastmcp.settings import Settings, settings

from ..failing import WrongUsage
from ..loading import Target, loading, print_cause, split

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

FOR_HTTP: Final = ("host", "port", "path", "workers", "stateless", "health")
"""The options that mean nothing on standard input and output."""


def serve(target: Target, options: argparse.Namespace) -> int:
    """Load it, and serve it until the end; the exit code."""
    if target.module and split(target.spec)[1] is None:
        return _serve_itself(target.spec, options)
    with loading():
        _keep_place(target, options)
        found = target.load(options.arguments)
    how = _how(target, options)
    if isawaitable(found):
        _serve_made(found, how)
    else:
        found.run(**how)
    return 0


def _how(target: Target, options: argparse.Namespace) -> dict[str, Any]:
    """The keywords of `run`."""
    how: dict[str, Any] = {}
    if target.document is not None:
        how.update(target.document.deployment.run_options())
    for name in ("transport", "log_level"):
        if (value := getattr(options, name)) is not None:
            how[name] = value
    given = _given(options)
    if how.setdefault("transport", settings.transport) == "stdio":
        _refuse(given, "--transport http")
        how = {name: how[name] for name in how if name not in FOR_HTTP}
    how.update(given)
    if how.pop("stateless", False):
        how["stateless_http"] = True
    if options.no_banner:
        how["show_banner"] = False
    return how


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The options for HTTP that the command line has."""
    given = {name: getattr(options, name) for name in FOR_HTTP}
    return {name: value for name, value in given.items() if _is_given(value)}


def _is_given(value: Any) -> bool:
    return value is not None and value is not False


def _refuse(given: dict[str, Any], what: str) -> None:
    if given:
        names = ", ".join(f"--{name}" for name in given)
        raise WrongUsage(f"{names} {'needs' if len(given) == 1 else 'need'} {what}")


def _serve_made(found: Awaitable[FastMCP], how: dict[str, Any]) -> None:
    """Serve in the loop in which the server is made, so that what is made with it is at home."""

    async def serve() -> None:
        with loading():
            server = await awaited(found)
        await server.run_async(**how)

    runner = asyncio.Runner(loop_factory=loop_factory("auto"))
    with contextlib.suppress(KeyboardInterrupt), runner:
        runner.run(serve())


def _serve_itself(name: str, options: argparse.Namespace) -> int:
    """Run a module that serves by itself: what it leaves open is as the command line says."""
    given = _given(options)
    _refuse(
        {key: given[key] for key in given if key in ("workers", "health")}, "MODULE:OBJECT with -m"
    )
    with loading():
        require_module(name)
    for key, setting in (
        ("transport", "transport"),
        ("host", "host"),
        ("port", "port"),
        ("path", "sse_path" if options.transport == "sse" else "streamable_http_path"),
        ("log_level", "log_level"),
        ("stateless", "stateless_http"),
    ):
        if _is_given(value := getattr(options, key)):
            field = vars(Settings)[setting]
            setattr(settings, setting, field.check(value, f"--{key.replace('_', '-')} "))
    if options.no_banner:
        settings.show_server_banner = False
    try:
        run_module(name, options.arguments or ())
    except NotLoaded as failure:
        print_cause(failure)
        raise
    return 0


def _keep_place(target: Target, options: argparse.Namespace) -> None:
    """Have workers, which run this command again, find the file from another working folder."""
    document = target.document
    several = options.workers is not None and options.workers > 1
    if document is None or document.deployment.cwd is None or not several:
        return
    path = str(document.path)
    if options.spec is None:
        sys.orig_argv.insert(sys.orig_argv.index("run") + 1, path)
    else:
        sys.orig_argv[sys.orig_argv.index(options.spec)] = path
