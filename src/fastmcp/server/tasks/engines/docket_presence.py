"""Docket, which is an extra."""

from __future__ import annotations

from importlib.util import find_spec

from fastmcp.exceptions import ConfigurationError


def demand_docket(what: str) -> None:
    """Raises:
    ConfigurationError: `what` needs Docket, which cannot be imported.
    """
    try:  # what finds it does not load it, which takes a second or two
        found = find_spec("docket") is not None
    except ValueError:  # somebody keeps it from being imported
        found = False
    if not found:
        raise ConfigurationError(f"{what} needs pydocket: pip install 'peregrine-mcp[tasks]'")
