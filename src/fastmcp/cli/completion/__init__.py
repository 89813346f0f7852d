"""`fastmcp completion`: what completes commands, flags and files in a shell."""

from __future__ import annotations

import argparse

from ..parsing import show_examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="whose script is printed")
    parser.set_defaults(act=act)
    show_examples(
        parser,
        "fastmcp completion bash >> ~/.bashrc",
        "fastmcp completion zsh > ~/_fastmcp  # in a folder of $fpath",
        "fastmcp completion fish > ~/fastmcp.fish  # in ~/.config/fish/completions",
    )


def act(options: argparse.Namespace) -> int:
    """Print the script."""
    from importlib import import_module

    from .commands import all_commands

    print(import_module(f".{options.shell}", __name__).script(all_commands()), end="")
    return 0
