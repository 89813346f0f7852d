"""Plugins in a file: the file is imported, and what it defines is found."""

from __future__ import annotations

import inspect
import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from fastmcp.exceptions import ConfigurationError
from fastmcp.server.providers.filesystem.folder_importer import what_failed

from .plugin import MCPPlugin


def plugins_in(path: Path) -> list[MCPPlugin]:
    """The plugins that a Python file, or a package in a folder, defines: the objects at its top
    level, and one of each class that there is no object of. Names with an underscore are private.

    Raises:
        ConfigurationError: it is no such file, cannot be imported, or defines no plugin.
    """
    module = _imported(path)
    members = [each for name, each in vars(module).items() if not name.startswith("_")]
    found = list(dict.fromkeys(each for each in members if isinstance(each, MCPPlugin)))
    known = {type(each) for each in found}
    for member in dict.fromkeys(each for each in members if inspect.isclass(each)):
        if _is_own_plugin(member, module) and member not in known:
            found.append(_made(member, path))
    if not found:
        raise ConfigurationError(
            f"{path} defines no plugin: it has no subclass of fastmcp.plugins.MCPPlugin"
        )
    return found


def plugin_of(given: Any, where: str) -> MCPPlugin:
    """A plugin from an object, a class, or a function that makes one.

    Raises:
        ConfigurationError: it is none of these, or cannot be made.
    """
    if not isinstance(given, MCPPlugin) and callable(given):
        given = _made(given, where)
    if not isinstance(given, MCPPlugin):
        raise ConfigurationError(
            f"{where} is no plugin, but {given!r}; write a subclass of fastmcp.plugins.MCPPlugin"
        )
    return given


def _is_own_plugin(member: type, module: ModuleType) -> bool:
    """Whether a class is a plugin of this module, and not one that it imports to derive from."""
    inside = member.__module__ == module.__name__ or member.__module__.startswith(
        f"{module.__name__}."
    )
    return inside and issubclass(member, MCPPlugin) and not inspect.isabstract(member)


def _made(make: Any, where: Any) -> Any:
    try:
        return make()
    except Exception as error:
        name = getattr(make, "__qualname__", repr(make))
        raise ConfigurationError(
            f"{where}: {name}() failed: {type(error).__name__}: {error}"
        ) from error


def _imported(path: Path) -> ModuleType:
    file = path / "__init__.py" if path.is_dir() else path
    if not file.is_file():
        raise ConfigurationError(f"There is no plugin at {path}: no such file")
    if file.suffix != ".py":
        raise ConfigurationError(f"{path} is no plugin: it is not a Python file (.py)")
    name = f"fastmcp_plugin_{sha256(str(file).encode()).hexdigest()[:16]}"
    folders = [str(path)] if path.is_dir() else None
    spec = spec_from_file_location(name, file, submodule_search_locations=folders)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    before = set(sys.modules)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        for loaded in set(sys.modules) - before:
            if loaded == name or loaded.startswith(f"{name}."):
                del sys.modules[loaded]
        raise ConfigurationError(
            f"{path} cannot be imported: {what_failed(error, file)}"
        ) from error
    return module
