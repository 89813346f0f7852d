"""FileSystemProvider: what the files of a folder define."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.server.providers.filesystem import FileSystemProvider


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """What a test has imported is gone after it."""
    before, path, finders = dict(sys.modules), list(sys.path), list(sys.meta_path)
    yield
    assert (sys.path, sys.meta_path) == (path, finders)
    for name in set(sys.modules) - set(before):
        if "site-packages" not in str(getattr(sys.modules[name], "__file__", "site-packages")):
            del sys.modules[name]


def written(root: Path, **files: str) -> Path:
    """Files whose names are `folder__name`."""
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    return root


def offered(provider: Any) -> dict[str, list[str]]:
    """What a client sees of it."""

    async def main() -> dict[str, list[str]]:
        async with Client(FastMCP("x", providers=[provider])) as client:
            return {
                "tools": [tool.name for tool in await client.list_tools()],
                "resources": [str(each.uri) for each in await client.list_resources()],
                "templates": [t.uri_template for t in await client.list_resource_templates()],
                "prompts": [prompt.name for prompt in await client.list_prompts()],
            }

    return asyncio.run(main())


def called(provider: Any, *tools: str) -> list[Any]:
    """What tools without arguments give."""

    async def main() -> list[Any]:
        async with Client(FastMCP("x", providers=[provider])) as client:
            return [(await client.call_tool(tool)).data for tool in tools]

    return asyncio.run(main())


EVERYTHING = """
    from fastmcp.prompts import Prompt, prompt
    from fastmcp.resources import TextResource, resource
    from fastmcp.tools import Tool, tool

    @tool
    def plain() -> str:
        return "plain"

    @tool(name="named", description="Has options", tags={"a"})
    async def function() -> str:
        return "named"

    @resource("data://x")
    @resource("data://{y}")
    def both(y: str = "x") -> str:
        return y

    @prompt("ask")
    def question(topic: str) -> str:
        return topic

    made = Tool.from_function(lambda: "made", name="made")
    text = TextResource(uri="data://text", text="text")
    _private = Tool.from_function(lambda: "no", name="private")

    def not_decorated():
        return 1
"""


def test_decorated_functions_and_objects_are_offered(tmp_path: Path) -> None:
    """Of every kind, with their options, in the order in which they are written."""
    provider = FileSystemProvider(written(tmp_path, everything=EVERYTHING))

    assert offered(provider) == {
        "tools": ["plain", "named", "made"],
        "resources": ["data://x", "data://text"],
        "templates": ["data://{y}"],
        "prompts": ["ask"],
    }
    assert called(provider, "plain", "named", "made") == ["plain", "named", "made"]
    tools = asyncio.run(provider.list_tools())
    assert (tools[1].description, tools[1].tags) == ("Has options", {"a"})
    assert dict(provider.failed_files) == {}


TOOL = """
    from fastmcp.tools import tool

    @tool(name="{name}")
    def function() -> str:
        return "{name}"
"""


def test_folders_are_searched_and_some_are_not(tmp_path: Path) -> None:
    """Hidden ones, caches and environments are left out, and loops of links do no harm."""
    names = ("one", "deep__er__two", "odd-name__three", "__pycache__x", ".hidden__no", ".no")
    root = written(tmp_path / "root", **{name: TOOL.format(name=name[-3:]) for name in names})
    written(root / ".venv" / "lib", module=TOOL.format(name="venv"))
    written(root / "env", module=TOOL.format(name="env"))
    (root / "env" / "pyvenv.cfg").touch()
    written(root / "node_modules", module=TOOL.format(name="node"))
    outside = written(tmp_path / "outside", linked=TOOL.format(name="linked"))
    (root / "loop").symlink_to(root)
    (root / "folder").symlink_to(outside)
    (root / "file.py").symlink_to(outside / "linked.py")
    (root / "itself.py").symlink_to(root / "itself.py")
    (root / "notes.txt").write_text("no")

    provider = FileSystemProvider(root)

    assert sorted(offered(provider)["tools"]) == sorted(["one", "two", "ree", "linked"])
    assert [path.name for path in provider.failed_files] == ["itself.py"]


def test_one_file_may_be_the_root(tmp_path: Path) -> None:
    """Nothing else of its folder is imported."""
    written(tmp_path, one=TOOL.format(name="one"), two=TOOL.format(name="two"))

    assert offered(FileSystemProvider(tmp_path / "one.py"))["tools"] == ["one"]


def test_a_root_that_is_no_folder_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Unless it is a Python file."""
    (tmp_path / "notes.txt").write_text("x")
    FileSystemProvider(tmp_path / "notes.txt")
    assert f"{tmp_path / 'notes.txt'} is no folder, nor a Python file" in caplog.text


def test_a_root_that_is_missing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And offers nothing."""
    assert offered(FileSystemProvider(tmp_path / "none"))["tools"] == []
    assert f"There is nothing at {tmp_path / 'none'}" in caplog.text


def test_packages_have_relative_and_absolute_imports(tmp_path: Path) -> None:
    """A folder with an `__init__.py` is one, the root, too."""
    root = written(
        tmp_path / "toolbox",
        values="VALUE = []",
        sub__tools="""
            from fastmcp.tools import tool
            from toolbox.values import VALUE as absolute
            from ..values import VALUE as relative
            from . import near

            @tool
            def same() -> list:
                return [relative is absolute, near.NEAR, __name__]
        """,
        sub__near="NEAR = 5",
    )
    (root / "__init__.py").write_text("")
    (root / "sub" / "__init__.py").write_text("")

    assert called(FileSystemProvider(root), "same") == [[True, 5, "toolbox.sub.tools"]]


def test_files_without_a_package_import_their_neighbours(tmp_path: Path) -> None:
    """Each folder its own, and each file is executed once."""
    tools = """
        import helpers
        from fastmcp.tools import tool

        @tool(name=helpers.NAME)
        def function() -> int:
            return helpers.COUNT
    """
    helper = "import builtins\nbuiltins.count = COUNT = getattr(builtins, 'count', 0) + 1\nNAME = "
    root = written(
        tmp_path, a__tools=tools, a__helpers=f"{helper}'a'", a__later="import tools, helpers"
    )

    provider = FileSystemProvider(root)

    assert dict(provider.failed_files) == {}
    assert called(provider, "a") == [1]


def test_names_of_the_standard_library_keep_their_meaning(tmp_path: Path) -> None:
    """A file that is called like one of its modules is loaded, and shadows nothing."""
    root = written(
        tmp_path,
        calendar=TOOL.format(name="calendar"),
        colorsys=TOOL.format(name="colorsys"),
        uses="""
            import calendar, colorsys
            from fastmcp.tools import tool

            @tool
            def uses() -> list:
                return [calendar.isleap(2024), hasattr(colorsys, "rgb_to_hsv")]
        """,
    )
    for name in ("calendar", "colorsys"):
        sys.modules.pop(name, None)

    assert called(FileSystemProvider(root), "calendar", "colorsys", "uses") == [
        "calendar",
        "colorsys",
        [True, True],
    ]
    import calendar

    assert calendar.isleap(2024)


def test_a_folder_may_be_called_like_an_installed_package(tmp_path: Path) -> None:
    """Its files import that package, and each other relatively."""
    root = written(
        tmp_path / "pytest_timeout",
        tools="""
            import pytest_timeout
            from fastmcp.tools import tool
            from .names import NAME

            @tool(name=NAME)
            def function() -> bool:
                return hasattr(pytest_timeout, "pytest_addoption")
        """,
        names="NAME = 'mine'",
    )
    (root / "__init__.py").write_text("")

    provider = FileSystemProvider(root)

    assert dict(provider.failed_files) == {}
    assert called(provider, "mine") == [True]


def test_two_folders_may_have_files_of_the_same_names(tmp_path: Path) -> None:
    """Also two packages, in two providers."""
    for folder in ("a", "b"):
        package = written(tmp_path / folder / "pkg", tools=TOOL.format(name=f"{folder}_pkg"))
        (package / "__init__.py").write_text("")
        written(tmp_path / folder, tools=TOOL.format(name=folder))

    first, second = (FileSystemProvider(tmp_path / folder) for folder in ("a", "b"))

    assert offered(first)["tools"] == ["a_pkg", "a"]
    assert offered(second)["tools"] == ["b_pkg", "b"]


BAD = {
    "raises": ("x = 1\nraise ValueError('no')", "line 2: ValueError: no"),
    "syntax": ("def f(:", r"SyntaxError.*line 1"),
    "ends": ("import sys\nsys.exit('bye')", "line 2: SystemExit: bye"),
    "missing": ("import no_such_module", "No module named 'no_such_module'"),
    "signature": ("from fastmcp.tools import tool\n@tool\ndef f(*a): pass", "f"),
    "versions": (
        "from fastmcp.tools import tool\n@tool(name='v')\ndef f(): pass\n"
        "@tool(name='v', version='2')\ndef g(): pass",
        "both with a version and without",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_fails_is_told_of_and_the_others_are_offered(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log once, and in `failed_files`."""
    text, said = BAD[name]
    root = written(tmp_path, bad=text, good=TOOL.format(name="good"))
    provider = FileSystemProvider(root)
    names = offered(provider)["tools"]

    [(path, why)] = provider.failed_files.items()

    assert path == root / "bad.py"
    assert re.search(said, why), why
    assert "good" in names
    assert caplog.text.count("bad.py cannot be imported") == 1


def test_the_later_file_wins_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is merely imported from another file is no second one."""
    root = written(
        tmp_path,
        a=TOOL.format(name="same").replace("return", "return 'a' +"),
        b=TOOL.format(name="same").replace("return", "return 'b' +"),
        c="from b import function as again\nfrom a import function",
    )

    assert called(FileSystemProvider(root), "same") == ["bsame"]
    assert caplog.text.count("takes the place of that of") == 1


def test_strange_objects_in_a_module_do_no_harm(tmp_path: Path) -> None:
    """Those that answer every question, and those that answer none."""
    text = """
        from unittest.mock import MagicMock, call
        mock = MagicMock()

        class Closed:
            def __getattr__(self, name):
                raise RuntimeError("not now")

        closed = Closed()
        module_like = __import__("os")
    """
    root = written(tmp_path, strange=text, good=TOOL.format(name="good"))

    provider = FileSystemProvider(root)

    assert dict(provider.failed_files) == {}
    assert offered(provider)["tools"] == ["good"]


def test_a_namespace_and_visibility_apply(tmp_path: Path) -> None:
    """As to every provider."""
    mcp = FastMCP("x")
    provider = FileSystemProvider(written(tmp_path, everything=EVERYTHING))
    provider.disable(names={"made"})
    mcp.add_provider(provider, namespace="ns")

    async def main() -> list[str]:
        async with Client(mcp) as client:
            return [tool.name for tool in await client.list_tools()]

    assert asyncio.run(main()) == ["ns_plain", "ns_named"]
