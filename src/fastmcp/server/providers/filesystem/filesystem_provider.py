"""FileSystemProvider: what the Python files of a folder define."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from fastmcp._components.component import Component
from fastmcp._components.versions import VersionSpec
from fastmcp.exceptions import ConfigurationError

from ..base import Provider
from ..file_stamps import Stamp, stamp_of, stamps_below
from ..kinds import KINDS, Feature, Kind
from ..local import LocalProvider
from ..reloading import Reloading
from .folder_importer import FolderImporter, what_failed
from .marked_components import components_in

logger: Final = logging.getLogger("fastmcp.server")


class FileSystemProvider(Provider):
    """Imports every Python file below `root`, and offers the components that are in them: objects,
    and functions decorated with the `tool`, `resource` and `prompt` of `fastmcp.tools`,
    `fastmcp.resources` and `fastmcp.prompts`. Hidden folders and virtual environments are left out.

    A file that cannot be imported is told of in the log and in `failed_files`. With `reload=True` a
    change of any file has all of them be imported anew, before the next request is answered; what a
    file offered stays while it cannot be imported, and clients hear of what has changed.
    """

    def __init__(self, root: str | Path = ".", reload: bool = False) -> None:
        super().__init__()
        self._root = Path(root).expanduser().resolve()
        folder = self._root if self._root.is_dir() else self._root.parent
        self._importer = FolderImporter(folder, fresh=reload)
        self._reloading = Reloading(self._look) if reload else None
        self._stamps: dict[str, Stamp] | None = None
        self._by_file: dict[Path, list[Component]] = {}
        self._failed: dict[Path, str] = {}
        self._told: dict[tuple[Any, ...], Stamp | None] = {}
        self._current = LocalProvider("replace")
        if not self._root.exists():
            logger.warning("There is nothing at %s, where components are looked for", self._root)
        elif not self._root.is_dir() and self._root.suffix != ".py":
            logger.warning("%s is no folder, nor a Python file", self._root)
        self._look()

    def __repr__(self) -> str:
        return f"FileSystemProvider({str(self._root)!r}, reload={self._reloading is not None})"

    @property
    def failed_files(self) -> Mapping[Path, str]:
        """The files that could not be imported, or whose components could not be registered, and
        why.
        """
        return dict(self._failed)

    # What is on the disk

    def _look(self) -> None:
        """Take up what has changed."""
        stamps, known = self._files(), self._stamps
        if stamps == known:
            return
        self._stamps = stamps
        self._told = {key: of for key, of in self._told.items() if stamps.get(str(key[0])) == of}
        self._importer.forget()
        before = self._current
        self._load([file for file in map(Path, stamps) if file.name != "__init__.py"])
        if known is not None:
            self.changed(*_differences(before, self._current))

    def _files(self) -> dict[str, Stamp]:
        if self._root.is_dir():
            return stamps_below(self._root, _may_have_components)
        if self._root.suffix != ".py" or not self._root.exists():
            return {}
        return {str(self._root): stamp_of(self._root)}

    def _load(self, files: Sequence[Path]) -> None:
        found: dict[Path, list[Component]] = {}
        seen: dict[int, Any] = {}
        self._failed = {}
        for file in files:
            try:
                found[file] = components_in(self._importer.load(file), seen)
            except (Exception, SystemExit) as error:
                self._failed[file] = what_failed(error, file)
                found[file] = self._by_file.get(file, [])
        self._by_file = found
        self._current = self._registered(found)
        for file, why in self._failed.items():
            self._warn("%s cannot be imported: %s", file, why)

    def _registered(self, found: Mapping[Path, Sequence[Component]]) -> LocalProvider:
        registered = LocalProvider("replace")
        owners: dict[str, Path] = {}
        for file, components in found.items():
            for component in components:
                try:
                    registered.add(component)
                except ConfigurationError as error:
                    self._failed.setdefault(file, str(error))
                    continue
                other = owners.get(component.key, file)
                owners[component.key] = file
                if other != file:
                    text = "%s: its %s takes the place of that of %s"
                    self._warn(text, file, component.key, other)
        return registered

    def _warn(self, text: str, file: Path, *details: object) -> None:
        """Say it once of each version of a file."""
        if (file, *details) not in self._told:
            self._told[file, *details] = (self._stamps or {}).get(str(file))
            logger.warning(text, file, *details)

    # As a provider

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        async with self._reloading.watching() if self._reloading else nullcontext():
            yield

    def _fixed(self, kind: Kind) -> Sequence[Any] | None:
        return self._current._all_fixed(kind) if self._reloading is None else None

    async def _now(self) -> LocalProvider:
        if self._reloading is not None:
            await self._reloading.now()
        return self._current

    async def _list_tools(self) -> Sequence[Any]:
        return await (await self._now()).list_tools()

    async def _list_resources(self) -> Sequence[Any]:
        return await (await self._now()).list_resources()

    async def _list_resource_templates(self) -> Sequence[Any]:
        return await (await self._now()).list_resource_templates()

    async def _list_prompts(self) -> Sequence[Any]:
        return await (await self._now()).list_prompts()

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Any:
        return await (await self._now()).get_tool(name, version)

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await (await self._now()).get_resource(uri, version)

    async def _get_resource_template(self, uri: str, version: VersionSpec | None = None) -> Any:
        return await (await self._now()).get_resource_template(uri, version)

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Any:
        return await (await self._now()).get_prompt(name, version)


def _may_have_components(entry: os.DirEntry[str]) -> bool:
    """Whether a file is imported, or a folder searched."""
    if entry.name.startswith("."):
        return False
    if entry.is_dir(follow_symlinks=False):
        is_environment = os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
        return not is_environment and entry.name not in ("__pycache__", "node_modules")
    return entry.name.endswith(".py")


def _differences(before: LocalProvider, after: LocalProvider) -> list[Feature]:
    """The lists that clients see otherwise now."""
    features: dict[Feature, None] = {}
    for kind in KINDS:
        if _listing(before, kind) != _listing(after, kind):
            features[kind.feature] = None
    return list(features)


def _listing(provider: LocalProvider, kind: Kind) -> list[Any]:
    items: Sequence[Component] = provider._all_fixed(kind) or ()
    return [(each.key, each.enabled, each._entry(portable=False)) for each in items]
