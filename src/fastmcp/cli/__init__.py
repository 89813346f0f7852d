"""The `fastmcp` command: a table of commands, of which only the one that is called is loaded."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # a command line is to begin at once: nothing is loaded that it does not need
    import argparse
    from collections.abc import Sequence

COMMANDS = {
    "run": ("running", "serve a server, from a file, a project, or a proxy to servers elsewhere"),
    "list": ("calling.listing", "list what a server offers"),
    "call": ("calling.tools", "call a tool of a server"),
    "read": ("calling.resources", "read a resource of a server"),
    "prompt": ("calling.prompts", "get a prompt of a server"),
    "inspect": ("inspecting", "tell all that there is to know of a server"),
    "discover": ("discovering", "find the servers that programs on this computer use"),
    "install": ("install", "have a program use a server"),
    "dev": ("dev", "try a server out, in a browser"),
    "generate-cli": ("generate_cli", "write a command line for a server's tools"),
    "project": ("project", "prepare the environment of a project"),
    "tasks": ("tasks", "run background tasks, and look after them"),
    "auth": ("auth", "look after authorization"),
    "doctor": ("doctor", "find what is wrong with an installation, a project or a server"),
    "completion": ("completion", "print what completes commands in a shell"),
    "version": ("version", "print the versions of this package and what it runs on"),
}
"""By its name, where a command is (`configure(parser)` adds its arguments, and the function `act`,
which takes them and returns the exit code), and what it does."""

USAGE = 2
"""The exit code of a command line that makes no sense; 1 is that of a failure."""
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None and given[:1] != ["run"]:  # closed; to `run` it is a client
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the end
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")  # its encoding may not know every character
    try:
        return _act(given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from .failing import told

        return told(error)


def _act(given: list[str]) -> int:
    if given[:1] == ["--version"]:
        from fastmcp._version import VERSION

        print(VERSION)
        return 0
    if not given or given in (["--help"], ["-h"]):
        print(overview())
        return 0 if given else USAGE
    options, unknown = make_parser(given).parse_known_args(given)
    if unknown:
        from .parsing import refuse_unknown

        refuse_unknown(options.parser, unknown)
    return options.act(options)


def overview() -> str:
    """What the commands do: the help of them all, for which no parser is needed."""
    width = max(map(len, COMMANDS)) + 2
    lines = (f"  {name:<{width}}{what}" for name, (_, what) in COMMANDS.items())
    return "\n".join(
        (
            "usage: fastmcp [--help] [--version] COMMAND ...",
            "",
            "Serve and call MCP servers.",
            "",
            "commands:",
            *lines,
            "",
            "fastmcp COMMAND --help tells more, with examples.",
        )
    )


def make_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line: with the arguments of the command that it names."""
    import argparse
    from importlib import import_module

    from .parsing import add_command

    parser = argparse.ArgumentParser(prog="fastmcp", description="Serve and call MCP servers.")
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    named = next((each for each in given if not each.startswith("-")), None)
    if named is not None and named not in COMMANDS:
        from fastmcp._spelling import nearest

        near = nearest(named, COMMANDS)
        hint = "" if near is None else f"; did you mean {near!r}?"
        parser.error(f"there is no command {named!r}{hint}")
    for name in (named,) if named in COMMANDS else COMMANDS:
        module, what = COMMANDS[name]
        command = add_command(commands, name, what)
        if name == named:
            import_module(f".{module}", __name__).configure(command)
    return parser
