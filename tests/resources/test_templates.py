"""Functions behind templates: which parameters a URI fills, and what is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal

import pytest
from apps import MODERN, request
from conversation import ask
from pydantic import BaseModel

from fastmcp import Context, FastMCP
from fastmcp.exceptions import InvalidSignature, ValidationError
from fastmcp.resources import Resource, ResourceTemplate
from fastmcp.resources.template import FunctionResourceTemplate
from fastmcp.wire.features import ResourceTemplate as WireTemplate


def arguments(uri_template: str, uri: str, function: Callable[..., Any]) -> Any:
    """What a function is called with when a URI is read."""
    template = ResourceTemplate.from_function(function, uri_template, name="t")
    values = template.values_of(uri)
    return None if values is None else asyncio.run(template.read(values))


class Filter(BaseModel):
    owner: str
    size: int = 0


def collect(x: str, tags: list[str] | None = None, sizes: set[int] = frozenset()) -> Any:  # type: ignore[assignment]
    return x, tags, sorted(sizes)


def typed(x: int, y: float = 0.5, on: bool = False, kind: Literal["a", "b"] = "a") -> Any:
    return x, y, on, kind


def filtered(x: str, f: Filter | None = None) -> Any:
    return x, f


def mapped(x: str, rest: dict[str, int] | None = None) -> Any:
    return x, rest


def text(x: str = "none") -> str:
    return x


def parts(x: list[str]) -> list[str]:
    return x


@pytest.mark.parametrize(
    ("function", "uri_template", "uri", "result"),
    [
        (typed, "x://{x}/{y}", "x://1/2", (1, 2.0, False, "a")),
        (typed, "x://{x}{?on,kind}", "x://1?kind=b&on=yes", (1, 0.5, True, "b")),
        (
            collect,
            "x://{x}{?tags,sizes}",
            "x://a?tags=b,c%2Cd&sizes=2,1",
            ("a", ["b", "c,d"], [1, 2]),
        ),
        (collect, "x://{x}{?tags*}", "x://a?tags=b&tags=c,d", ("a", ["b", "c,d"], [])),
        (collect, "x://{x}{?tags*}", "x://a", ("a", None, [])),
        (collect, "x://{x}{/tags*}", "x://a/b/c", ("a", ["b", "c"], [])),
        (parts, "x://{x*}", "x://a,b/c", ["a", "b/c"]),
        (parts, "x://y{/x*}", "x://y/a/b", ["a", "b"]),
        (text, "x://{x*}", "x://a,b/c", "a,b/c"),
        (text, "x://y{/x*}", "x://y/a/b", "a/b"),
        (text, "x://y{/x*}", "x://y", "none"),
        (text, "x://y{?x*}", "x://y?x=a&x=b", "a"),
        (filtered, "x://{x}{?f}", "x://a?f=owner,b,size,3", ("a", Filter(owner="b", size=3))),
        (filtered, "x://{x}{?f*}", "x://a?owner=b", ("a", Filter(owner="b"))),
        (filtered, "x://{x}{?f}", "x://a?f=%7B%22owner%22:%22b%22%7D", ("a", Filter(owner="b"))),
        (mapped, "x://{x}{?rest*}", "x://a?b=1&c=2", ("a", {"b": 1, "c": 2})),
        (mapped, "x://{x}{;rest*}", "x://a;b=1;c=2", ("a", {"b": 1, "c": 2})),
    ],
)
def test_values_become_what_the_function_takes(
    function: Callable[..., Any], uri_template: str, uri: str, result: Any
) -> None:
    """Numbers, truth values, choices, lists, sets, models and mappings, all from text."""
    assert arguments(uri_template, uri, function) == result


def test_a_required_parameter_makes_its_segment_required() -> None:
    """`{/x}` may be absent from a URI only where the function has a default."""

    def required(x: str) -> str:
        return x

    assert arguments("x://y{/x}", "x://y", text) == "none"
    assert arguments("x://y{/x}", "x://y", required) is None
    assert arguments("x://y{/x}", "x://y/1", required) == "1"


def test_what_has_no_parameter_goes_to_the_keywords() -> None:
    """With `**kwargs` the URI alone names them, hyphens as underscores."""

    def read(x: int, **rest: str) -> Any:
        return x, rest

    found = arguments("x://{x}/{user-id}{?page,q}", "x://1/2?q=a", read)

    assert found == (1, {"user_id": "2", "q": "a"})


def test_every_kind_of_function_can_stand_behind_a_template() -> None:
    """Plain, async, a generator, a method, one with a context."""
    mcp = FastMCP("x")

    class Owner:
        def method(self, x: str) -> str:
            return f"method {x}"

    @mcp.resource("async://{x}")
    async def coroutine(x: str, ctx: Context) -> str:
        return f"async {x} {ctx.request_id}"

    @mcp.resource("generator://{x}")
    def generator(x: str) -> Any:
        yield from x

    mcp.resource("method://{x}")(Owner().method)

    def read(uri: str) -> str:
        answer = ask(mcp, request("resources/read", uri=uri), MODERN)
        return answer["result"]["contents"][0]["text"]

    assert [read(f"{kind}://ab") for kind in ("async", "generator", "method")] == [
        "async ab 1",
        '["a","b"]',
        "method ab",
    ]


def test_a_value_that_does_not_fit_is_an_error_that_names_it() -> None:
    """The URI is of the right form, and its value is not."""
    mcp = FastMCP("x")
    mcp.resource("x://{x}", name="t")(typed)

    answer = ask(mcp, request("resources/read", uri="x://one"), MODERN)

    assert answer["error"]["code"] == -32602
    assert "x: " in answer["error"]["message"]
    with pytest.raises(ValidationError):
        arguments("x://{x}", "x://one", typed)


MISTAKES: list[tuple[str, Callable[..., Any], str]] = [
    ("x://{y}", text, r"text\(\) has no parameter y, which x://\{y\} names; add it"),
    ("x://{x}{?y}", text, r"text\(\) has no parameter y"),
    ("x://{a-b}/{x}", text, r"text\(\) has no parameter a_b"),
    ("x://{y}", lambda x, y: "", r"requires x, which x://\{y\} does not fill.*add \{x\}"),
    ("x://{y}{?x}", lambda x, y: "", r"requires x, which the query .* may leave out; give a def"),
    ("x://y", lambda x: "", r"requires x, but x://y has no parameters.*\{x\}"),
    ("x://{a-b}/{a_b}", lambda a_b: "", r"\{a-b\} and \{a_b\}.*rename"),
    ("x://{x", lambda x: "", r"without its partner"),
    ("x://{x}{?y}/z", lambda x, y="": "", r"'/z' within its query"),
    ("x://{x}", lambda x, *y: "", r"takes \*y"),
]


@pytest.mark.parametrize(("uri", "function", "text"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_a_mistake_is_told_when_it_is_made(
    uri: str, function: Callable[..., Any], text: str
) -> None:
    """With the function's file and line, what is wrong, and the cure."""
    line = function.__code__.co_firstlineno

    with pytest.raises(InvalidSignature, match=text) as caught:
        FastMCP("x").resource(uri, name="t")(function)

    assert str(caught.value).startswith(f"{__file__}:{line}: ")


def test_a_resource_can_be_made_from_a_template() -> None:
    """With the template's members, under its own URI."""
    template = ResourceTemplate.from_function(
        lambda x: {"x": x}, "x://{x}", name="t", title="T", mime_type="application/y", tags={"a"}
    )

    made = asyncio.run(template.create_resource("x://1", {"x": "1"}))

    assert isinstance(template, FunctionResourceTemplate)
    assert (made.uri, made.name, made.title, made.tags) == ("x://1", "t", "T", {"a"})
    result = made.convert_result(asyncio.run(made.read()))
    assert [(each.content, each.mime_type) for each in result.contents] == [
        ('{"x":"1"}', "application/y")
    ]


def test_a_template_may_make_resources_instead_of_reading() -> None:
    """A subclass that overrides `create_resource` alone is read through it."""

    class Echo(Resource, kw_only=True):
        async def read(self) -> str:
            return f"echo of {self.uri}"

    class Echoes(ResourceTemplate, kw_only=True):
        async def create_resource(self, uri: str, params: dict[str, Any]) -> Resource:
            return Echo(uri=uri)

    mcp = FastMCP("x")
    mcp.add_template(Echoes(uri_template="echo://{x}"))

    answer = ask(mcp, request("resources/read", uri="echo://1"), MODERN)
    assert answer["result"]["contents"][0]["text"] == "echo of echo://1"
    with pytest.raises(NotImplementedError, match="must implement read"):
        asyncio.run(ResourceTemplate(uri_template="x://{x}").read({"x": "1"}))


def test_a_template_of_another_server_is_shown_even_if_it_is_none() -> None:
    """What cannot be matched is not found, and breaks nothing."""
    known = WireTemplate(uri_template="x://{x}", name="t", description="d")
    broken = WireTemplate(uri_template="x://{x", name="t")

    template = ResourceTemplate.from_mcp_template(known)

    assert template.matches("x://1") == {"x": "1"}
    assert template.to_mcp_template().model_dump() == {
        **known.model_dump(),
        "mimeType": "text/plain",
    }
    assert ResourceTemplate.from_mcp_template(broken).uri_template == "x://{x"
    assert ResourceTemplate.from_mcp_template(broken).matches("x://1") is None


def test_the_first_template_that_matches_is_read() -> None:
    """In the order of registration, whatever their URIs begin with; exact URIs come first."""
    mcp = FastMCP("x")
    uris = ["a://b/{x}/c", "a://{x*}", "{y}://b/c", "a://b/{x}", "z://{x}"]
    for position, uri in enumerate(uris):
        mcp.resource(uri, name=f"t{position}")(lambda p=position, **rest: str(p))
    mcp.resource("a://b/fixed", name="fixed")(lambda: "fixed")

    def read(uri: str) -> str:
        answer = ask(mcp, request("resources/read", uri=uri), MODERN)
        return answer["result"]["contents"][0]["text"] if "result" in answer else "none"

    found = [read(uri) for uri in ("a://b/1/c", "a://b/1", "y://b/c", "z://1", "a://b/fixed")]
    assert found == ["0", "1", "2", "4", "fixed"]
    assert read("q://1") == "none"


def test_many_templates_do_not_slow_a_lookup_down() -> None:
    """Only those that begin as the URI does are asked."""
    few, many = FastMCP("few"), FastMCP("many")
    for mcp, count in ((few, 1), (many, 2000)):
        for number in range(count):
            mcp.add_template(ResourceTemplate(uri_template=f"kind{number}://{{x}}/end"))

    def seconds(mcp: FastMCP) -> float:
        mcp._parts.catalogue.find_resource("kind0://1/end")
        best = 1.0
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(100):
                assert mcp._parts.catalogue.find_resource("kind0://1/end") is not None
            best = min(best, time.perf_counter() - started)
        return best

    assert seconds(many) < 10 * seconds(few)


def test_a_wrapper_without_wraps_is_held_to_the_parameters_behind_it() -> None:
    """That the wrapper itself takes anything does not make up a parameter."""

    def item(name: str) -> str:
        return name

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return item(*args, **kwargs)

    with pytest.raises(InvalidSignature, match="has no parameter typo"):
        FastMCP("x").resource("data://{name}/{typo}")(wrapper)
