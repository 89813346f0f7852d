"""What the fixture `mcp_snapshot` gives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .catalogue import assert_catalogue, assert_compatible


class CatalogueSnapshot:
    """Compares a server's catalogue with a file: `mcp_snapshot(mcp)`, or `(mcp, "tools.json")`.

    A relative path is one beside the test's file. Without a path the file is named after the test,
    in `__snapshots__` beside its file.
    """

    def __init__(self, module: Path, test: str, *, update: bool) -> None:
        self._module = module
        self._test = test
        self._update = update

    def __call__(self, target: Any, path: str | Path | None = None) -> None:
        __tracebackhide__ = True
        assert_catalogue(target, self.path(path), update=self._update)

    def assert_compatible(self, target: Any, path: str | Path | None = None) -> None:
        """Let pass what is new, and fail only for what breaks clients of the kept catalogue."""
        __tracebackhide__ = True
        kept = self.path(path)
        if self._update or not kept.exists():
            assert_catalogue(target, kept, update=True)
        else:
            assert_compatible(kept, target)

    def path(self, path: str | Path | None = None) -> Path:
        """Where the file is."""
        if path is not None:
            return self._module.parent / path
        name = re.sub(r"[^\w.\-]+", "_", self._test).strip("_")
        return self._module.parent / "__snapshots__" / self._module.stem / f"{name}.json"
