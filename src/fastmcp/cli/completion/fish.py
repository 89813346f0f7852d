"""Completion in fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .commands import Command, Flag

_SCRIPT = r"""# Completion of fastmcp in fish: ~/.config/fish/completions/fastmcp.fish
function __fastmcp_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case @STEPS@
                set at (string trim -- "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end
function __fastmcp_files
    __fish_complete_path (commandline -ct) | string match -r '^[^\t]*(?:/|\.py|\.json|\.js)(?=\t|$)'
end
function __fastmcp_servers
    type -q fastmcp; and fastmcp discover --names 2>/dev/null
end
complete -c fastmcp -f
@LINES@
"""


def script(commands: Sequence[Command]) -> str:
    """The script."""
    steps = [f"{each.at} {name}" for each in commands for name, _ in each.commands]
    return _SCRIPT.replace("@STEPS@", " ".join(map(_quoted, steps))).replace(
        "@LINES@", "\n".join(line for each in commands for line in _lines(each))
    )


def _lines(command: Command) -> Iterator[str]:
    begin = f"complete -c fastmcp -n {_quoted(f'__fastmcp_at {_quoted(command.at)}')}"
    for name, help in command.commands:
        yield f"{begin} -a {_quoted(name)} -d {_quoted(help)}"
    if command.choices:
        yield f"{begin} -a {_quoted(' '.join(command.choices))}"
    elif not command.commands:
        yield f"{begin} -a '(__fastmcp_files)'"
    if command.takes_server:
        yield f"{begin} -a '(__fastmcp_servers)' -d 'a configured server'"
    for flag in command.flags:
        yield f"{begin} {_of_flag(flag)}"


def _of_flag(flag: Flag) -> str:
    words: list[str] = []
    for name in flag.names:
        words += ("-l", name[2:]) if name.startswith("--") else ("-s", name[1:])
    if flag.takes_value:
        words += ("-x", "-a", _quoted(" ".join(flag.choices))) if flag.choices else ("-r", "-F")
    return " ".join((*words, "-d", _quoted(flag.help)))


def _quoted(text: str) -> str:
    """A word in single quotes, in which fish knows two escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
