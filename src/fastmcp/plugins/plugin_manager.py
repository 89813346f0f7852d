"""PluginManager: loads plugins into a server, and unloads them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastmcp.exceptions import ConfigurationError, FastMCPError, NotFoundError
from fastmcp.server.providers.aggregate import AggregateProvider
from fastmcp.server.providers.kinds import KINDS, Kind
from fastmcp.server.providers.local import LocalProvider
from fastmcp.server.providers.shelf import Shelf

from .plugin import MCPPlugin
from .plugin_file import plugin_of, plugins_in
from .plugin_host import PluginHost

if TYPE_CHECKING:
    from fastmcp.server.server import FastMCP

ENTRY_POINTS = "fastmcp.plugins"


class PluginManager:
    """The plugins of a server. Its methods may be called in any thread, also while the server
    runs: clients are told that lists have changed.
    """

    def __init__(self, mcp: FastMCP) -> None:
        self.mcp = mcp
        self._loaded: dict[str, _Loaded] = {}
        self._source = AggregateProvider()
        # Reentrant: a plugin may register others.
        self._lock = threading.RLock()
        mcp.add_provider(self._source)

    def __repr__(self) -> str:
        return f"PluginManager({list(self._loaded)})"

    @property
    def plugins(self) -> Mapping[str, MCPPlugin]:
        """The plugins by name, in the order in which they were loaded."""
        return {name: loaded.plugin for name, loaded in self._loaded.items()}

    def register(self, plugin: MCPPlugin | type[MCPPlugin], *, source: str = "") -> MCPPlugin:
        """Load a plugin; of a class, one is made. `source` is what `info` says of its origin.

        Raises:
            ConfigurationError: there is one of that name, it raised, or it registers something
                whose name is taken; the server is then as it was.
        """
        plugin = plugin_of(plugin, f"register({plugin!r})")
        with self._lock:
            name = self._name_for(plugin)
            host = PluginHost(self.mcp, name)
            _have_registered(plugin, host)
            self._require_free(host)
            source = source or type(plugin).__module__
            self._loaded[name] = _Loaded(plugin, host, source)
            self._source.add_provider(host)
        return plugin

    def load_from_file(self, path: str | Path) -> list[MCPPlugin]:
        """Load what a Python file, or a package in a folder, defines: all of its plugins, or, when
        one cannot be loaded, none.

        Raises:
            ConfigurationError: as `register`; or there is no such file, it cannot be imported, or
                defines no plugin.
        """
        file = Path(path).expanduser().resolve()
        with self._lock:
            loaded: list[MCPPlugin] = []
            for plugin in plugins_in(file):
                try:
                    loaded.append(self.register(plugin, source=str(file)))
                except ConfigurationError as error:
                    for each in reversed(loaded):
                        self.unload(each.name)
                    raise ConfigurationError(f"{file}: {error}") from error
        return loaded

    def load_entry_points(self, group: str = ENTRY_POINTS) -> list[MCPPlugin]:
        """Load what installed packages offer under an entry point group: plugin classes, objects,
        or functions that make one.

        Raises:
            ConfigurationError: some cannot be loaded; the text names each. All others are.
        """
        from importlib.metadata import entry_points

        loaded: list[MCPPlugin] = []
        faults: list[Exception] = []
        for point in entry_points(group=group):
            where = f"{point.name} = {point.value}"
            try:
                loaded.append(self.register(plugin_of(point.load(), where), source=where))
            except Exception as error:
                told = error if isinstance(error, FastMCPError) else repr(error)
                faults.append(ConfigurationError(f"{where}: {told}"))
        if faults:
            raise ConfigurationError(
                "; ".join([f"Plugins of {group!r} cannot be loaded", *map(str, faults)])
            ) from ExceptionGroup("plugins that cannot be loaded", faults)
        return loaded

    def unload(self, name: str) -> None:
        """Remove what a plugin registered, and nothing else; then its `on_unload` is called.

        Raises:
            NotFoundError: there is no plugin of that name.
        """
        with self._lock:
            loaded = self._require(name)
            del self._loaded[name]
            self._source.remove_provider(loaded.host)
        loaded.plugin.on_unload()

    def info(self, name: str | None = None) -> Any:
        """What a plugin is and has registered, as JSON data; a list of that for all of them."""
        if name is None:
            return [loaded.info() for loaded in list(self._loaded.values())]
        return self._require(name).info()

    def _require(self, name: str) -> _Loaded:
        loaded = self._loaded.get(name)
        if loaded is None:
            raise NotFoundError(
                f"There is no plugin {name!r}; loaded: {', '.join(self._loaded) or 'none'}"
            )
        return loaded

    def _name_for(self, plugin: MCPPlugin) -> str:
        name: Any = plugin.name
        if not isinstance(name, str) or not name:
            raise ConfigurationError(f"{type(plugin).__name__}.name is {name!r}: give it a text")
        if name in self._loaded:
            raise ConfigurationError(f"Plugin {name!r} is registered already")
        return name

    def _require_free(self, host: PluginHost) -> None:
        taken = [self.mcp.local_provider, *(loaded.host for loaded in self._loaded.values())]
        for kind in KINDS:
            for component in _shelf(host, kind):
                if any(_shelf(owner, kind).versions(component._address) for owner in taken):
                    raise ConfigurationError(
                        f"Plugin {host.plugin!r} registers the {kind.noun} "
                        f"{component._address!r}, which is registered already; nothing of the "
                        "plugin has been loaded"
                    )


class _Loaded:
    """A plugin, and what it has registered."""

    def __init__(self, plugin: MCPPlugin, host: PluginHost, source: str) -> None:
        self.plugin = plugin
        self.host = host
        self.source = source

    def info(self) -> dict[str, Any]:
        return {
            "name": self.host.plugin,
            "version": self.plugin.version,
            "description": self.plugin.description,
            "source": self.source,
            **{kind.name: self._registered(kind) for kind in KINDS},
        }

    def _registered(self, kind: Kind) -> list[str]:
        return [getattr(each, "written", each._address) for each in _shelf(self.host, kind)]


def _shelf(provider: LocalProvider, kind: Kind) -> Shelf[Any]:
    """The components of a kind that a provider has."""
    return getattr(provider, kind.name)


def _have_registered(plugin: MCPPlugin, host: PluginHost) -> None:
    try:
        result: Any = plugin.register(host)
    except Exception as error:
        raise ConfigurationError(
            f"Plugin {host.plugin!r} could not register, and nothing of it has been loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if inspect.iscoroutine(result):
        result.close()
        raise ConfigurationError(
            f"Plugin {host.plugin!r}: register() is async; it has to be a plain function"
        )
