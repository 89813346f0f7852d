"""Completion in zsh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from .commands import Command

_SCRIPT = r"""#compdef fastmcp
# Completion of fastmcp in zsh: a file _fastmcp in a folder of $fpath; or, after compinit,
# eval "$(fastmcp completion zsh)"
_fastmcp() {
    local at='' word
    local -a commands flags
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$at $word" in
            @STEPS@) at="${at:+$at }$word" ;;
        esac
    done
    case "$at ${words[CURRENT-1]}" in
@VALUES@
    esac
    case "$at" in
@COMMANDS@
    esac
    if [[ ${words[CURRENT]} == -* ]]; then
        _describe -o flag flags
    elif (( $#commands )); then
        _describe command commands
    else
        case "$at" in
            @SERVERS@) compadd -- ${(f)"$(fastmcp discover --names 2>/dev/null)"} ;;
        esac
        _files -g '*.(py|json|js)'
    fi
}
if [[ ${funcstack[1]} == _fastmcp ]]; then
    _fastmcp "$@"
else
    compdef _fastmcp fastmcp
fi
"""


def script(commands: Sequence[Command]) -> str:
    """The script."""
    steps = [f"{each.at} {name}" for each in commands for name, _ in each.commands]
    return (
        _SCRIPT.replace("@STEPS@", " | ".join(map(quote, steps)))
        .replace("@SERVERS@", " | ".join(quote(each.at) for each in commands if each.takes_server))
        .replace("@COMMANDS@", "\n".join(map(_of_command, commands)))
        .replace("@VALUES@", "\n".join(line for each in commands for line in _values(each)))
    )


def _of_command(command: Command) -> str:
    flags = _entries((name, flag.help) for flag in command.flags for name in flag.names)
    names = _entries((*command.commands, *((choice, "") for choice in command.choices)))
    return (
        f"        {quote(command.at)})\n"
        f"            flags=({flags})\n            commands=({names})\n            ;;"
    )


def _entries(found: Iterable[tuple[str, str]]) -> str:
    return " ".join(quote(f"{name}:{help}" if help else name) for name, help in found)


def _values(command: Command) -> Iterator[str]:
    """What follows each flag that takes a value: one of its choices, or any file."""
    for names, choices in (*command.with_choices, (command.with_files, ())):
        if names:
            cases = " | ".join(quote(f"{command.at} {name}") for name in names)
            does = f"compadd -- {' '.join(map(quote, choices))}" if choices else "_files"
            yield f"        {cases}) {does}; return ;;"
