"""The package's names, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import fastmcp.wire as wire

MODULES = sorted(
    path.stem
    for path in Path(wire.__file__ or "").parent.glob("*.py")
    if path.stem not in ("__init__", "jsonrpc")
)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_every_public_name_of_every_module_is_exported() -> None:
    """The package's names are those of its modules, each once."""
    public = [
        name for module in MODULES for name in import_module(f"fastmcp.wire.{module}").__all__
    ]
    assert sorted(public) == wire.__all__
    assert len(set(public)) == len(public)


def test_checkers_see_every_module() -> None:
    """The block for type checkers names each module that has public names."""
    source = Path(wire.__file__ or "").read_text()
    starred = [line.split(".")[-1].split()[0] for line in source.splitlines() if "import *" in line]
    assert starred == MODULES


@pytest.mark.parametrize("name", wire.__all__)
def test_each_name_loads(name: str) -> None:
    """A name leads to the object its home module defines."""
    value = getattr(wire, name)
    assert any(
        getattr(import_module(f"fastmcp.wire.{module}"), name, None) is value for module in MODULES
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Asking for what is not there fails as in any module."""
    assert not hasattr(wire, "Nothing")
    assert set(wire.__all__) <= set(dir(wire))


def test_importing_the_package_loads_no_module_of_it() -> None:
    """Names are paid for on first use."""
    loaded = loaded_by("import fastmcp.wire")
    assert {name for name in loaded if name.startswith("fastmcp")} == {"fastmcp", "fastmcp.wire"}
    assert "msgspec" not in loaded


def test_the_whole_vocabulary_loads_nothing_but_msgspec() -> None:
    """No other library is needed to know every method."""
    loaded = loaded_by("import msgspec; before = set(sys.modules); import fastmcp.wire.methods")
    outside = {name.split(".")[0] for name in loaded} - {"fastmcp"}
    assert outside <= sys.stdlib_module_names
