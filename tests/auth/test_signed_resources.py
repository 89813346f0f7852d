"""Resources that only a signed URI opens, for a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from apps import http, served

from fastmcp import Client, Context, FastMCP
from fastmcp.exceptions import AuthorizationError, ConfigurationError, McpError
from fastmcp.security import ResourceSigner

SECRET = "a secret of more than sixteen bytes"


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def server(signer: ResourceSigner) -> FastMCP:
    """A server with signed resources of every kind."""
    mcp = FastMCP("x")

    @signer.resource(mcp, "secure/config", mime_type="application/json")
    def config() -> dict[str, str]:
        """The configuration."""
        return {"key": "k"}

    @signer.resource(mcp, "reports://{year}/{name*}")
    async def report(year: int, name: str, ctx: Context) -> str:
        return f"{name} of {year} for {ctx.client_id}"

    return mcp


async def read(target: Any, *uris: str) -> list[str]:
    """What is at these URIs: the text, or what the error says."""
    found: list[str] = []
    async with Client(target) as client:
        for uri in uris:
            try:
                contents: Any = await client.read_resource(uri)
                found.append(contents[0].text)
            except McpError as error:
                found.append(str(error))
    return found


def reached(over: str, signer: ResourceSigner, *uris: str) -> list[str]:
    """What a server has at these URIs, in memory or behind a socket."""
    mcp = server(signer)
    if over == "memory":
        return asyncio.run(read(mcp, *uris))
    with served(mcp.http_app()) as base:
        return asyncio.run(read(f"{base}/mcp", *uris))


REFUSED = "The signature of this URI is missing, wrong, or out of date"


@pytest.mark.parametrize("over", ["memory", "http"])
def test_a_signed_uri_opens_its_resource(over: str) -> None:
    """A fixed one, under its name and its URI, and one with parameters."""
    signer = ResourceSigner(SECRET)
    uris = ["secure/config", "resource://secure/config", "reports://2024/a/b%20c"]

    told = reached(over, signer, *map(signer.sign, uris))

    assert told[0] == told[1] == '{"key":"k"}'
    assert told[2].startswith("a/b c of 2024 for")


@pytest.mark.parametrize("over", ["memory", "http"])
def test_nothing_else_opens_it(over: str) -> None:
    """No signature, half of one, another's, or one of another URI, time or secret."""
    signer, stranger = ResourceSigner(SECRET), ResourceSigner(SECRET + "!")
    signed = signer.sign("reports://2024/a")
    expires = int(signed.partition("expires=")[2].partition("&")[0])
    signature = signed.partition("signature=")[2]
    uris = [
        "reports://2024/a",
        f"reports://2024/a?expires={expires}",
        f"reports://2024/a?signature={signature}",
        f"reports://2025/a?expires={expires}&signature={signature}",
        f"reports://2024/b?expires={expires}&signature={signature}",
        f"reports://2024/a?expires={expires + 1}&signature={signature}",
        f"reports://2024/a?expires={expires}&signature={signature[:-1]}",
        f"reports://2024/a?expires={expires}&signature={signature}%C3%A9",
        signer.sign("reports://2024/a", expires_in=-1),
        stranger.sign("reports://2024/a"),
        "secure/config",
        f"secure/config?expires={expires}&signature={signature}",
        stranger.sign("secure/config"),
    ]

    assert reached(over, signer, *uris) == [REFUSED] * len(uris)


def test_a_signature_ends_at_its_time() -> None:
    """To the second."""
    clock = Clock()
    signer = ResourceSigner(SECRET, clock=clock)
    uris = [signer.sign("a://b", expires_in=each) for each in (60, timedelta(hours=1))]

    def valid() -> list[bool]:
        outcome: list[bool] = []
        for uri in uris:
            try:
                outcome.append(signer.verify(uri) == "a://b")
            except AuthorizationError:
                outcome.append(False)
        return outcome

    assert valid() == [True, True]
    clock.now += 60
    assert valid() == [False, True]
    clock.now += 3600
    assert valid() == [False, False]


def test_earlier_secrets_are_still_taken() -> None:
    """And sign nothing any more."""
    old, new = ResourceSigner("old " + SECRET), ResourceSigner("new " + SECRET, "old " + SECRET)

    assert new.verify(old.sign("a://b")) == "a://b"
    with pytest.raises(AuthorizationError):
        old.verify(new.sign("a://b"))


def test_a_function_can_verify_by_itself() -> None:
    """By parameters of its own."""
    signer = ResourceSigner(SECRET)
    mcp = FastMCP("x")

    @mcp.resource("files://{name}{?expires,signature}")
    def file(name: str, expires: int = 0, signature: str = "") -> str:
        signer.verify(f"files://{name}", expires, signature)
        return name

    uris = [signer.sign("files://a"), "files://a", signer.sign("files://b").replace("b", "a", 1)]
    assert asyncio.run(read(mcp, *uris)) == ["a", REFUSED, REFUSED]


def test_it_holds_below_a_mount_and_over_rest() -> None:
    """A URI is signed as the server that has it knows it."""
    signer = ResourceSigner(SECRET)
    outer = FastMCP("outer")
    outer.mount(server(signer), "inner")
    signed = signer.sign("reports://2024/a").replace("reports://", "reports://inner/")

    told = asyncio.run(read(outer, signed, signed.replace("/a?", "/b?")))

    assert told[0].startswith("a of 2024")
    assert told[1] == REFUSED
    with http(server(signer), rest=True) as client:
        query = signer.sign("secure/config").partition("?")[2]
        url = f"{client.base}/resources/secure/config"
        assert client.client.get(f"{url}?{query}").json() == {"key": "k"}
        assert client.client.get(url).status_code == 403


async def test_lists_show_that_it_is_signed() -> None:
    """A fixed one as it is, a template with its signature, and both with their descriptions."""
    async with Client(server(ResourceSigner(SECRET))) as client:
        resources = await client.list_resources()
        templates = await client.list_resource_templates()

    assert [(str(r.uri), r.description) for r in resources] == [
        ("resource://secure/config", "The configuration.")
    ]
    assert [t.uri_template for t in templates] == ["reports://{year}/{name*}{?expires,signature}"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ResourceSigner("short"), "16 bytes"),
        (lambda: ResourceSigner(SECRET, ""), "16 bytes"),
        (lambda: ResourceSigner(7), "16 bytes"),  # type: ignore[arg-type]
        (lambda: ResourceSigner(SECRET).sign("a://b?c=d"), "query"),
        (lambda: ResourceSigner(SECRET).resource(FastMCP("x"), "a://{b}{?c}"), "query"),
        (
            lambda: ResourceSigner(SECRET).resource(FastMCP("x"), "a://b")(lambda expires: 0),
            "expires",
        ),
    ],
)
def test_what_cannot_be_is_refused(make: Any, words: str) -> None:
    """When it is asked for, with the cure."""
    with pytest.raises(ConfigurationError, match=words):
        make()
