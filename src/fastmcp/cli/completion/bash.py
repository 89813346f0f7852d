"""Completion in bash, 3.2 and later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from .commands import Command

_SCRIPT = r"""# Completion of fastmcp in bash; in ~/.bashrc: eval "$(fastmcp completion bash)"
_fastmcp() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local at='' word flags='' commands='' choices='' IFS=$' \t\n'
    for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
        case "$at $word" in
            @STEPS@) at="${at:+$at }$word" ;;
        esac
    done
    case "$at" in
@COMMANDS@
    esac
    case "$at $previous" in
@VALUES@
    esac
    if [[ $choices == '*' ]]; then
        IFS=$'\n'
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
    elif [[ $choices ]]; then
        COMPREPLY=($(compgen -W "$choices" -- "$current"))
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$current"))
    elif [[ $commands ]]; then
        COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
        IFS=$'\n'
        compopt -o filenames 2>/dev/null
        case "$at" in
            @SERVERS@)
                # compgen expands words, so that a name must not be more than one
                word=$(fastmcp discover --names 2>/dev/null | grep -E '^[A-Za-z0-9_.-]+$') ;;
            *) word='' ;;
        esac
        COMPREPLY=($(
            compgen -W "$word" -- "$current"
            compgen -d -- "$current"
            for word in py json js; do compgen -f -X "!*.$word" -- "$current"; done
        ))
    fi
}
complete -F _fastmcp fastmcp
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
    flags = " ".join(name for flag in command.flags for name in flag.names)
    names = " ".join((*(name for name, _ in command.commands), *command.choices))
    return f"        {quote(command.at)}) flags={quote(flags)} commands={quote(names)} ;;"


def _values(command: Command) -> Iterator[str]:
    """What follows each flag that takes a value: one of its choices, or any file."""
    for names, choices in (*command.with_choices, (command.with_files, "*")):
        if names:
            cases = " | ".join(quote(f"{command.at} {name}") for name in names)
            yield f"        {cases}) choices={quote(' '.join(choices))} ;;"
