"""Values in URIs that could lead a file access elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from apps import MODERN, request
from conversation import ask

from fastmcp import FastMCP
from fastmcp.exceptions import NotFoundError, ResourceSecurityError
from fastmcp.resources import ResourceSecurity, ResourceTemplate

HOSTILE = {
    "a segment upwards": "../secret",
    "upwards in the middle": "a/../../secret",
    "upwards at the end": "a/..",
    "upwards alone": "..",
    "with backslashes": "a\\..\\..\\secret",
    "mixed separators": "a\\../secret",
    "blanks that Windows drops": "a/.. /secret",
    "encoded once more": "%2e%2e/secret",
    "encoded twice more": "%252e%252e%252fsecret",
    "encoded backslash": "..%5csecret",
    "absolute": "/etc/passwd",
    "absolute, encoded": "%2Fetc/passwd",
    "drive": "C:\\Windows",
    "drive without a separator": "C:secret",
    "network share": "\\\\host\\share",
    "device": "//?/C:/secret",
    "null": "a\0.txt",
    "null, encoded": "a%00.txt",
}
HARMLESS = ["a..b", "...", ".hidden", "a/./b", "x.tar.gz", "100%", "12:30", "ab:c", "Zürich", ""]


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("shape", [str, lambda v: [v], lambda v: {"k": v}, lambda v: {v: "x"}])
def test_a_value_that_leads_elsewhere_is_named(value: str, shape: Any) -> None:
    """As text, in a list and in a mapping."""
    assert ResourceSecurity().validate({"fine": "x", "path": shape(value)}) == "path"


@pytest.mark.parametrize("value", HARMLESS)
def test_other_values_pass(value: str) -> None:
    """Dots within names and colons in later places lead nowhere."""
    assert ResourceSecurity().validate({"path": value}) is None


@pytest.mark.parametrize(
    ("policy", "value"),
    [
        (ResourceSecurity(reject_path_traversal=False), "../a"),
        (ResourceSecurity(reject_absolute_paths=False), "/etc"),
        (ResourceSecurity(reject_null_bytes=False), "a\0"),
        (ResourceSecurity(exempt_params={"path"}), "/../\0"),
    ],
)
def test_each_check_can_be_switched_off(policy: ResourceSecurity, value: str) -> None:
    """By a policy's own keywords, and for single parameters."""
    assert policy.validate({"path": value}) is None
    assert ResourceSecurity().validate({"path": value}) == "path"


def server(**options: Any) -> FastMCP:
    """A template that inherits the server's policy, one without any, and one with its own."""
    mcp = FastMCP("x", **options)
    forms: dict[str, dict[str, Any]] = {
        "inherits": {},
        "open": {"security": None},
        "strict": {"security": ResourceSecurity()},
        "exempt": {"security": ResourceSecurity(exempt_params={"path"})},
    }
    for name, given in forms.items():
        mcp.resource(f"{name}://{{path*}}{{?also}}", name=name, **given)(
            lambda path, also="": path + also
        )
    mcp.resource("fixed://a", name="fixed")(lambda also="": also)
    return mcp


def outcome(mcp: FastMCP, uri: str) -> str:
    answer = ask(mcp, request("resources/read", uri=uri), MODERN)
    if "result" in answer:
        return answer["result"]["contents"][0]["text"]
    assert answer["error"]["message"] == f"Resource not found: {uri}"
    return "not found"


@pytest.mark.parametrize(
    ("options", "uri", "text"),
    [
        ({}, "inherits://../a", "not found"),
        ({}, "inherits://a?also=../b", "not found"),
        ({}, "inherits://%252e%252e/a", "not found"),
        ({}, "open://../a", "../a"),
        ({}, "strict://../a", "not found"),
        ({}, "exempt://../a", "../a"),
        ({}, "exempt://../a?also=/b", "not found"),
        ({}, "fixed://a?also=/b", "not found"),
        ({}, "fixed://a?also=b", "b"),
        ({"resource_security": None}, "inherits://../a", "../a"),
        ({"resource_security": None}, "strict://../a", "not found"),
        ({"resource_security": None}, "fixed://a?also=/b", "/b"),
        (
            {"resource_security": ResourceSecurity(reject_path_traversal=False)},
            "inherits://../a",
            "../a",
        ),
    ],
)
def test_a_template_has_its_own_policy_or_else_the_servers(
    options: dict[str, Any], uri: str, text: str
) -> None:
    """On by default; the client hears only that there is no such resource."""
    assert outcome(server(**options), uri) == text


def test_the_refusal_is_an_error_of_its_own() -> None:
    """For code that matches URIs itself; it is a NotFoundError, too."""
    template = ResourceTemplate.from_function(lambda path: path, "x://{path}", name="t")

    with pytest.raises(ResourceSecurityError, match="Resource not found") as caught:
        template.values_of("x://..")

    assert isinstance(caught.value, NotFoundError)
    assert template.matches("x://..") == {"path": ".."}
    assert template.values_of("x://..", None) == {"path": ".."}
    assert asyncio.run(template.read({"path": ".."})) == ".."
