"""`fastmcp install`: have a program use a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..parsing import add_command, show_examples
from .arguments import add_launch_arguments

if TYPE_CHECKING:
    from .launching import Server
    from .programs.description import Place, Program

FILES: Final = {
    "claude-desktop": "claude_desktop_config.json",
    "claude-code": ".mcp.json",
    "cursor": "mcp.json",
    "vscode": "mcp.json",
    "gemini-cli": "settings.json",
    "goose": "config.yaml",
}
"""What the configuration of a program is called in the folder that --config-path names."""
SCOPES: dict[str, tuple[str, ...]] = {
    "claude-code": ("local", "user", "project"),
    "gemini-cli": ("project", "user"),
}
WORKSPACES: Final = {"cursor": ".cursor", "vscode": ".vscode"}
LINKS: Final = ("cursor", "goose")
_TARGETS: Final = {
    "claude-desktop": ("enter it into the configuration of Claude Desktop", "--config-path ."),
    "claude-code": ("have Claude Code enter it", "--config-path .mcp.json"),
    "cursor": ("have Cursor ask whether to use it, or enter it for a workspace", "--workspace ."),
    "gemini-cli": ("have Gemini CLI enter it", "--config-path .gemini/settings.json"),
    "goose": ("have Goose ask whether to use it", "--print"),
    "vscode": ("enter it into the configuration of VS Code", "--workspace ."),
    "mcp-json": ("print the entry that other programs take", "--env LEVEL=debug"),
    "stdio": ("print the command line that starts it", "--with pandas"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add a command for each program."""
    commands = parser.add_subparsers(
        title="programs", metavar="PROGRAM", required=True, dest="program"
    )
    for name, (what, example) in _TARGETS.items():
        command = add_command(commands, name, what, f"{what[0].upper()}{what[1:]}.")
        add_launch_arguments(command, env=name != "stdio")
        _add_own_arguments(command, name)
        command.set_defaults(act=act)
        show_examples(command, f"fastmcp install {name} server.py {example}")
    show_examples(
        parser,
        "fastmcp install mcp-json server.py --name weather",
        "fastmcp install cursor server.py --print",
        "fastmcp install claude-desktop server.py --config-path . --env API_KEY=secret",
    )


def _add_own_arguments(command: argparse.ArgumentParser, name: str) -> None:
    if name in FILES:
        command.add_argument(
            "--config-path",
            metavar="FILE",
            help=f"write this file; in a folder, its {FILES[name]}",
        )
    if name in SCOPES:
        command.add_argument("--scope", choices=SCOPES[name], help="whose server it is to be")
    if name in WORKSPACES:
        command.add_argument(
            "--workspace",
            metavar="FOLDER",
            help=f"enter it into the {WORKSPACES[name]}/mcp.json of this folder",
        )
    if name in LINKS:
        command.add_argument(
            "--print", action="store_true", help="print the link, and do not open it"
        )
    if name not in FILES:
        command.add_argument(
            "--copy", action="store_true", help="copy it to the clipboard, and do not print it"
        )


def act(options: argparse.Namespace) -> int:
    """Install the server; 1 when a link was printed because nothing here opens it."""
    from .launching import server_of

    place = _named_place(options)
    server = server_of(options)
    if options.program == "mcp-json":
        return _hand_over(_as_json(server), options)
    if options.program == "stdio":
        return _hand_over(_as_line([server.launch.command, *server.launch.args]), options)
    if place is not None:
        return _enter(place, options, server)
    if options.program in LINKS:
        return _link(options, server)
    return _enter_by_default(options, server)


def _named_place(options: argparse.Namespace) -> Place | None:
    """The file that the options name; None where they name none."""
    named = {each: getattr(options, each, None) for each in ("config_path", "workspace", "scope")}
    given = [f"--{each.replace('_', '-')}" for each, value in named.items() if value is not None]
    if len(given) > 1:
        from ..failing import WrongUsage

        raise WrongUsage(f"{' and '.join(given)} both say where the server is entered: one will do")
    if not given or named["scope"] is not None:
        return None
    from .programs import PROGRAMS
    from .programs.description import Place, Surroundings

    if named["config_path"] is None:
        file = _folder(options.workspace) / WORKSPACES[options.program] / "mcp.json"
    else:
        file = Path(options.config_path).expanduser().absolute()
        file = file / FILES[options.program] if file.is_dir() else file
    usual = PROGRAMS[options.program].place(Surroundings(), "user")
    return Place("named", file, usual.keys)


def _folder(given: str) -> Path:
    folder = Path(given).expanduser().absolute()
    if not folder.is_dir():
        from fastmcp.exceptions import ConfigurationError

        raise ConfigurationError(f"There is no folder {folder}")
    return folder


def _enter_by_default(options: argparse.Namespace, server: Server) -> int:
    """Where the program has its servers: by its own command, unless one of that name is there."""
    from fastmcp.exceptions import ConfigurationError

    from .configurations import entry_at
    from .programs import PROGRAMS
    from .programs.description import Surroundings

    program = PROGRAMS[options.program]
    place = program.place(Surroundings(), getattr(options, "scope", None))
    if program.command is None:
        if not place.path.parent.is_dir():
            raise ConfigurationError(
                f"{program.title} was not found: there is no {place.path.parent}; start it once, "
                "or name its file with --config-path"
            )
        return _enter(place, options, server)
    if entry_at(place, program, server.name) is not None:
        return _enter(place, options, server)
    from .commands import add_by_command

    add_by_command(program, server, options.scope)
    _say(f"{server.name!r} was installed in {program.title}")
    return 0


def _enter(place: Place, options: argparse.Namespace, server: Server) -> int:
    from .configurations import enter
    from .programs import PROGRAMS

    program: Program = PROGRAMS[options.program]
    change = enter(place, program, server.name, server.launch)
    if not change.changed:
        _say(f"{server.name!r} is installed in {change.path} as it is; nothing was changed")
        return 0
    done = "was changed" if change.was_there else "was installed"
    kept = "" if change.kept is None else f"; what was there before is in {change.kept}"
    _say(f"{server.name!r} {done} in {change.path}{kept}")
    return 0


def _link(options: argparse.Namespace, server: Server) -> int:
    from .links import cursor_link, goose_link, open_link
    from .programs import PROGRAMS

    makers: dict[str, Callable[[Any], str]] = {"cursor": cursor_link, "goose": goose_link}
    link = makers[options.program](server)
    title = PROGRAMS[options.program].title
    if options.print:
        print(link)
        return 0
    if open_link(link):
        _say(f"{title} asks whether {server.name!r} is to be installed")
        return 0
    print(link)
    values = "; it has the values of " + ", ".join(server.launch.env) if server.launch.env else ""
    _say(f"nothing here opens the link above; open it where {title} is{values}")
    return 1


def _hand_over(text: str, options: argparse.Namespace) -> int:
    if not options.copy:
        print(text)
        return 0
    from .clipboard import copy

    copy(text)
    _say("it is in the clipboard")
    return 0


def _as_json(server: Server) -> str:
    import json

    from .programs.description import usual_entry

    return json.dumps({server.name: usual_entry(server.name, server.launch)}, indent=2)


def _as_line(command: Sequence[str]) -> str:
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline(command)
    import shlex

    return shlex.join(command)


def _say(text: str) -> None:
    print(f"fastmcp: {text}", file=sys.stderr)
