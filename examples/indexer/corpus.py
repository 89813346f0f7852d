"""Where documents come from in bulk: the standard library's docstrings, or a folder of Markdown."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from .documents import Draft


class Corpus(Protocol):
    """Files with documents in them. All of it blocks, and is called in a thread."""

    name: str

    def version(self) -> str:
        """Another one when there may be other documents."""
        ...

    def files(self) -> list[Path]:
        """What `read` is called with."""
        ...

    def read(self, file: Path) -> list[Draft]:
        """The documents of a file."""
        ...


class Folder:
    """The Markdown files below a folder; their ids are their paths from `root`."""

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path.resolve()
        self.root = self.path.parent if root is None else root.resolve()
        self.name = str(self.path)
        # A link may lead anywhere, and a model may ask for anything.
        if not self.path.is_relative_to(self.root):
            raise ValueError(f"{path} is not below {self.root}")
        if not self.path.is_dir():
            raise ValueError(f"There is no folder {path}")

    def version(self) -> str:
        stats = ((file, file.stat()) for file in self.files())
        state = [f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in stats]
        return sha256("\n".join(state).encode()).hexdigest()

    def files(self) -> list[Path]:
        found = sorted(_visible(self.path, ".md"))
        return [file for file in found if file.resolve().is_relative_to(self.path)]

    def read(self, file: Path) -> list[Draft]:
        text = file.read_text("utf-8", errors="replace")
        headings = (line.lstrip("#").strip() for line in text.splitlines() if line[:1] == "#")
        id = file.relative_to(self.root).as_posix()
        return [Draft(id, next(headings, file.stem), text)]


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class StandardLibrary:
    """The docstrings of Python's own modules, classes, methods and functions, where public."""

    name = "stdlib"
    # Tests, and programs that nobody imports.
    left_out = frozenset({"test", "tests", "site-packages", "idlelib", "lib2to3", "turtledemo"})

    def __init__(self) -> None:
        self.path = Path(sysconfig.get_path("stdlib"))

    def version(self) -> str:
        return sys.version

    def files(self) -> list[Path]:
        return sorted(_visible(self.path, ".py", self.left_out))

    def read(self, file: Path) -> list[Draft]:
        parts = file.relative_to(self.path).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        drafts = _documented(ast.parse(file.read_bytes()), module, module)
        return list({draft.id: draft for draft in drafts}.values())  # the last definition wins


def _visible(folder: Path, suffix: str, left_out: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The files below a folder, but for those whose name says that they are private."""
    for entry in folder.iterdir():
        private = entry.name[0] in "._" and entry.name != "__init__.py"
        if private or entry.name in left_out:
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _visible(entry, suffix, left_out)
        elif entry.suffix == suffix and entry.is_file():
            yield entry


def _documented(node: ast.Module | Definition, id: str, title: str) -> Iterator[Draft]:
    if text := ast.get_docstring(node):
        yield Draft(id, title, f"{title}\n\n{text}")
    if not isinstance(node, ast.Module | ast.ClassDef):
        return
    for child in node.body:
        if isinstance(child, Definition) and not child.name.startswith("_"):
            name = f"{id}.{child.name}"
            yield from _documented(child, name, name + _parameters(child))


def _parameters(node: Definition) -> str:
    return "" if isinstance(node, ast.ClassDef) else f"({ast.unparse(node.args)})"
