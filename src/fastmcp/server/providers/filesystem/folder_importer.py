"""FolderImporter: imports the Python files of a folder, and can do it anew."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


class FolderImporter:
    """A file in a package, a folder with an `__init__.py`, is a module of it; one elsewhere stands
    alone, and imports others in its folder as a script does. The folder itself is the outermost
    package.

    Names of the standard library, and of packages that are elsewhere, keep their meaning: a file or
    package that is called like one has another name. With `fresh`, bytecode is not kept, which may
    be as old as the second in which a file was written.
    """

    def __init__(self, root: Path, *, fresh: bool) -> None:
        self._root = root
        self._fresh = fresh
        self._names: set[str] = set()

    def forget(self) -> None:
        """Have everything that was imported be imported anew."""
        for name in list(sys.modules):
            if _is_in(self._names, name):
                del sys.modules[name]
        self._names.clear()
        importlib.invalidate_caches()

    def load(self, file: Path) -> ModuleType:
        """The module of a file.

        Raises:
            BaseException: whatever the file raises.
        """
        package = self._package_of(file)
        return self._load_alone(file) if package is None else self._load_member(file, package)

    def _package_of(self, file: Path) -> Path | None:
        """The outermost package that a file is in."""
        package, folder = None, file.parent
        while folder.is_relative_to(self._root) and (folder / "__init__.py").is_file():
            package, folder = folder, folder.parent
        return package

    def _load_alone(self, file: Path) -> ModuleType:
        name = file.stem
        present = sys.modules.get(name)
        if present is not None and self._is_own(present, name, file):
            return present
        if present is not None or name in sys.stdlib_module_names or "." in name:
            name = f"_fastmcp_file_{_digest(file)}"
        loader = _Fresh(name, str(file)) if self._fresh else SourceFileLoader(name, str(file))
        spec = spec_from_file_location(name, file, loader=loader)
        assert spec is not None
        module = sys.modules[name] = module_from_spec(spec)
        self._names.add(name)
        try:
            with self._finding(file.parent):
                loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        return module

    def _load_member(self, file: Path, package: Path) -> ModuleType:
        name = ".".join((*file.parent.relative_to(package.parent).parts, file.stem))
        if not self._is_free(package):
            name = f"{self._anchor(package.parent)}.{name}"
        with self._finding(package.parent):
            return importlib.import_module(name)

    def _is_free(self, package: Path) -> bool:
        """Whether the name of a package means nothing else."""
        name = package.name
        present = sys.modules.get(name)
        if present is not None:
            return self._is_own(present, name, package / "__init__.py")
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            return False
        return spec is None or spec.origin == str(package / "__init__.py")

    def _is_own(self, module: ModuleType, name: str, file: Path) -> bool:
        """Whether a module is that of a file, and may be used: what others have imported cannot be
        imported anew.
        """
        same = getattr(module, "__file__", None) == str(file)
        return same and (name in self._names or not self._fresh)

    def _anchor(self, folder: Path) -> str:
        """A package of a name of its own, whose modules are in a folder."""
        name = f"_fastmcp_folder_{_digest(folder)}"
        if name not in sys.modules:
            module = module_from_spec(ModuleSpec(name, None, is_package=True))
            module.__path__ = [str(folder)]
            sys.modules[name] = module
            self._names.add(name)
        return name

    @contextmanager
    def _finding(self, folder: Path) -> Generator[None]:
        """Inside of the block, this thread finds modules in a folder before others."""
        finder = _Finder(self._root, folder, self._fresh, self._names)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)


class _Finder:
    """Finds what is below the root, and notes its name."""

    def __init__(self, root: Path, folder: Path, fresh: bool, names: set[str]) -> None:
        self._root = root
        self._folder = folder
        self._fresh = fresh
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        if threading.get_ident() != self._thread:
            return None
        if path is None:
            if name in sys.stdlib_module_names:
                return None
            path = [str(self._folder), *sys.path]
        spec = PathFinder.find_spec(name, path)
        if spec is None or not self._is_below(spec):
            return None
        self._names.add(name)
        if self._fresh and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Fresh(spec.loader.name, str(spec.loader.path))
        return spec

    def _is_below(self, spec: ModuleSpec) -> bool:
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        return any(Path(place).is_relative_to(self._root) for place in places)


class _Fresh(SourceFileLoader):
    """Neither reads nor writes bytecode."""

    def path_stats(self, path: str) -> Any:
        raise OSError("bytecode is not kept")


def what_failed(error: BaseException, file: Path) -> str:
    """What an import raised, with the line of the file, where there is one."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return text  # it tells the line
    number: int | None = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(file):
            number = traceback.tb_lineno
        traceback = traceback.tb_next
    return text if number is None else f"line {number}: {text}"


def _is_in(packages: set[str], name: str) -> bool:
    """Whether a module is one of those, or in one of them."""
    while name not in packages and name:
        name = name.rpartition(".")[0]
    return bool(name)


def _digest(path: Path) -> str:
    return sha256(str(path).encode()).hexdigest()[:12]
