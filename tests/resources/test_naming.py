"""URIs, plain names, and what the decorator takes for one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import MODERN, request
from conversation import REVISIONS, ask
from pydantic import AnyUrl

import fastmcp.resources
from fastmcp import FastMCP
from fastmcp.exceptions import InvalidSignature, NotFoundError
from fastmcp.resources import FunctionResource, ResourceTemplate, TextResource, resource
from fastmcp.wire.resource_names import canonical_uri


def text_of(mcp: FastMCP, uri: str, revision: str = MODERN) -> str:
    answer = ask(mcp, request("resources/read", uri=uri), revision)
    return answer["result"]["contents"][0]["text"] if "result" in answer else "not found"


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("config/database", "resource://config/database"),
        ("users/{id}", "resource://users/{id}"),
        ("{name}", "resource://{name}"),
        ("/etc/a b", "resource:///etc/a b"),
        ("a/b:c", "resource://a/b:c"),
        ("1:a", "resource://1:a"),
        ("data://a", "data://a"),
        ("mailto:a@b", "mailto:a@b"),
        ("a.b+c-d:e", "a.b+c-d:e"),
        ("RESOURCE://A/../B", "RESOURCE://A/../B"),
        ("{scheme}://{path*}", "{scheme}://{path*}"),
    ],
)
def test_a_plain_name_stands_for_a_uri(written: str, uri: str) -> None:
    """What has a scheme stays as it is."""
    assert canonical_uri(written) == uri
    assert canonical_uri(uri) == uri


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_plain_name_is_listed_as_a_uri_and_read_by_both(revision: str) -> None:
    """Resources and templates alike; the contents come under the URI that was asked for."""
    mcp = FastMCP("x")
    mcp.resource("config/app", name="app")(lambda: "app")
    mcp.resource("users/{id}{?part}", name="user")(lambda id, part="all": f"{id} {part}")

    listed = ask(mcp, request("resources/list"), revision)["result"]["resources"]
    templates = ask(mcp, request("resources/templates/list"), revision)["result"]
    answer = ask(mcp, request("resources/read", uri="config/app"), revision)

    assert [each["uri"] for each in listed] == ["resource://config/app"]
    assert templates["resourceTemplates"][0]["uriTemplate"] == "resource://users/{id}{?part}"
    assert answer["result"]["contents"][0]["uri"] == "config/app"
    assert text_of(mcp, "resource://config/app", revision) == "app"
    assert text_of(mcp, "users/7?part=name", revision) == "7 name"
    assert text_of(mcp, "resource://users/7", revision) == "7 all"
    assert text_of(mcp, "other/app", revision) == "not found"


def test_the_written_name_is_kept() -> None:
    """It is also the name of a resource that has none, and stays when a copy gets another URI."""
    made = TextResource(uri="config/app", text="")
    template = ResourceTemplate(uri_template="users/{id}")

    assert (made.uri, made.written, made.name) == (
        "resource://config/app",
        "config/app",
        "config/app",
    )
    assert (template.uri_template, template.written) == ("resource://users/{id}", "users/{id}")
    assert made.model_copy(update={"uri": "data://b"}).written == "config/app"


def test_a_template_that_got_another_uri_matches_that() -> None:
    """As when a server is mounted under a name."""
    template = ResourceTemplate(uri_template="users://{id}")
    moved = template.model_copy(update={"uri_template": "users://inner/{id}"})

    assert template.matches("users://7") == {"id": "7"}
    assert moved.matches("users://inner/7") == {"id": "7"}
    assert moved.matches("users://7") is None


@pytest.mark.parametrize("spelling", ["config/app", "resource://config/app"])
def test_a_plain_name_is_one_resource_in_both_spellings(spelling: str) -> None:
    """It is replaced, hidden and removed by either."""
    mcp = FastMCP("x", on_duplicate="replace")
    mcp.resource("config/app", name="app")(lambda: "old")
    mcp.resource(spelling, name="app")(lambda: "new")

    assert text_of(mcp, "config/app") == "new"
    mcp.disable(names={spelling})
    assert text_of(mcp, "config/app") == "not found"
    mcp.local_provider.remove_resource(spelling)
    with pytest.raises(NotFoundError):
        mcp.local_provider.remove_resource(spelling)


def test_a_uri_may_be_an_object() -> None:
    """Such as pydantic's AnyUrl, whose text it is."""
    mcp = FastMCP("x")
    mcp.resource(AnyUrl("data://a"), name="a")(lambda: "a")  # type: ignore[arg-type]

    assert text_of(mcp, "data://a") == "a"


class Shelf:
    """Resources as methods, which are registered with their object."""

    def __init__(self, label: str) -> None:
        self.label = label

    @resource("shelf://label", mime_type="text/markdown")
    def tag(self) -> str:
        """The label."""
        return self.label

    @resource("book://{number}")
    @resource("shelf/books/{number}")
    async def book(self, number: int) -> str:
        return f"{self.label} {number + 1}"


def test_the_standalone_decorator_marks_functions_and_methods() -> None:
    """`mcp.add_resource` takes them with their URIs, however many there are."""
    mcp = FastMCP("x")
    shelf = Shelf("A")

    mcp.add_resource(shelf.tag)
    mcp.add_resource(shelf.book)

    [entry] = ask(mcp, request("resources/list"), MODERN)["result"]["resources"]
    assert entry == {
        "uri": "shelf://label",
        "name": "tag",
        "description": "The label.",
        "mimeType": "text/markdown",
    }
    assert [text_of(mcp, uri) for uri in ("shelf://label", "book://1", "shelf/books/2")] == [
        "A",
        "A 2",
        "A 3",
    ]
    assert Shelf.tag(shelf) == "A"


def test_an_option_that_is_unknown_is_told_at_once() -> None:
    """With the one that was meant, by a server's decorator and the standalone one."""
    for decorate in (FastMCP("x").resource, resource):
        with pytest.raises(TypeError, match="did you mean mime_type="):
            decorate("a://b", mimetype="text/x")  # type: ignore[call-arg]


def test_a_function_resource_can_be_built_by_its_class() -> None:
    """With its function, and the name of its URI."""
    mcp = FastMCP("x")
    mcp.add_resource(FunctionResource(uri="a://b", fn=lambda c="d": c))

    assert [text_of(mcp, uri) for uri in ("a://b", "a://b?c=e")] == ["d", "e"]
    with pytest.raises(InvalidSignature, match="requires c, but a://b has no parameters"):
        FunctionResource(uri="a://b", fn=lambda c: c)


def test_stacked_decorators_register_one_function_under_several_uris() -> None:
    """Each gives the function back as it was."""
    mcp = FastMCP("x")

    @mcp.resource("a://b")
    @mcp.resource("a://{name}/c")
    def read(name: str = "nobody") -> str:
        return name

    assert [text_of(mcp, uri) for uri in ("a://b", "a://x/c")] == ["nobody", "x"]
    assert read() == "nobody"


def test_a_decorator_without_a_uri_tells_what_to_write() -> None:
    """With the line of the function, from a server and standing alone."""
    mcp = FastMCP("x")

    def config() -> str:
        return ""

    line = config.__code__.co_firstlineno
    for decorate in (mcp.resource, mcp.local_provider.resource, resource):
        with pytest.raises(InvalidSignature) as caught:
            decorate(config)  # type: ignore[arg-type]
        assert f"{__file__}:{line}: " in str(caught.value)
        assert '@mcp.resource("scheme://path")' in str(caught.value)
    with pytest.raises(InvalidSignature, match="needs a URI"):
        mcp.resource("")


def test_the_module_of_that_name_can_still_be_imported() -> None:
    """`fastmcp.resources.resource` is a decorator, and a path to import from."""
    from fastmcp.resources.resource import FunctionResource as ByPath

    assert ByPath is FunctionResource
    assert fastmcp.resources.resource is resource


def test_another_resource_may_be_returned() -> None:
    """It is read in turn, with its own type."""
    mcp = FastMCP("x")

    @mcp.resource("a://b")
    def chosen() -> Any:
        return TextResource(uri="c://d", text="inner", mime_type="text/x")

    result = asyncio.run(FunctionResource.from_function(chosen, "a://b").read())

    assert text_of(mcp, "a://b") == "inner"
    assert result.contents[0].mime_type == "text/x"
