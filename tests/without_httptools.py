"""What the client does over HTTP where httptools is not installed: a plugin for a whole run of
pytest (`PYTHONPATH=tests pytest -p without_httptools …`), and what hides it from one test.
"""

from __future__ import annotations

import sys

import pytest

USERS = [f"fastmcp.client.transports.http1{part}" for part in ("", "_connection", "_parsing")]


def hide_httptools(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it cannot be imported."""
    monkeypatch.setitem(sys.modules, "httptools", None)
    for module in USERS:
        monkeypatch.delitem(sys.modules, module, raising=False)


def pytest_configure(config: pytest.Config) -> None:
    """Hide it for the whole run."""
    patch = pytest.MonkeyPatch()
    hide_httptools(patch)
    config.add_cleanup(patch.undo)
