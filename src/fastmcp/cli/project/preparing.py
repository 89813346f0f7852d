"""`fastmcp project prepare`: an environment that is installed once, and used again."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from pathlib import Path

from fastmcp.configuration.server_config import NAME, MCPServerConfig
from fastmcp.exceptions import ConfigurationError


def act(options: argparse.Namespace) -> int:
    """Install it."""
    folder = options.out or options.output_dir
    if folder is None:
        raise ConfigurationError(
            f"Name the folder of the project, as in: fastmcp project prepare {NAME} --output-dir "
            "environment"
        )
    if options.config is None and MCPServerConfig.find_config() is None:
        raise ConfigurationError(f"There is no {NAME} in {Path.cwd()}; name the file")
    path = options.config or NAME
    config = MCPServerConfig.from_file(path)
    asyncio.run(config.prepare(options.skip_source, Path(folder)))
    print(f"{folder} has the environment; use it with:")
    print(f"  {shlex.join(['fastmcp', 'run', path, '--project', folder])}")
    return 0
