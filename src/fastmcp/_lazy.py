"""Public names of a package that load their home module on first use."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def lazy_names(package: str, homes: Mapping[str, str]) -> None:
    """Have names of a module come from the submodules they live in, such as `".base"`. A type
    checker sees no `__getattr__`, so it knows which names there are.
    """

    def load(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(home, package), name)
        setattr(sys.modules[package], name, value)
        return value

    sys.modules[package].__dict__["__getattr__"] = load


def alias_module(name: str, *homes: str) -> None:
    """Make a module importable that has no file: its names are those of its homes, in that order.

    The package's attribute of the same name stays what it is, so that `fastmcp.tools.tool` can be
    this module in `from fastmcp.tools.tool import Tool` and a decorator everywhere else.
    """
    package = name.rpartition(".")[0]

    def load(attribute: str) -> Any:
        if not attribute.startswith("__"):
            from importlib import import_module

            for home in homes:
                module = import_module(home, package)
                if hasattr(module, attribute):
                    return getattr(module, attribute)
        raise AttributeError(f"module {name!r} has no attribute {attribute!r}")

    alias = ModuleType(name, f"The names of {', '.join(homes)}, under a path that users import.")
    alias.__package__ = package
    alias.__dict__["__getattr__"] = load
    sys.modules[name] = alias
