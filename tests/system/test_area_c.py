"""Area C: resources, row by row."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from apps import served
from pydantic import AnyUrl

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError

NAMES = [
    "config/database",
    "templates/email",
    "system/status",
    "logs/recent",
    "docs/api",
    "config/environment",
    "api/docs",
    "secure/config",
    "test/data",
    "config/production",
    "monitoring/dashboard",
    "database/schema",
    "email/config",
    "events/types",
]
SECRET = b"secret"
SIGNATURE = hmac.new(SECRET, b"secure/config", hashlib.sha256).hexdigest()
TEMPLATE = "Hello {user_name}, welcome to {app_name}: {{not}} {"


def server() -> FastMCP:
    """Resources under URIs and under plain names."""
    mcp = FastMCP("resources")

    @mcp.resource("config://app")
    def app_config() -> str:
        """How the application is set up."""
        return json.dumps({"debug": False, "name": "Demo"})

    @mcp.resource("templates/email")
    def email_template() -> str:
        return TEMPLATE

    @mcp.resource("system/status")
    def status() -> dict[str, int]:
        return {"now": time.perf_counter_ns()}

    @mcp.resource("config/environment")
    def environment() -> str:
        return f"{os.getenv('ENVIRONMENT', 'none')} {Path('settings.txt').read_text()}"

    @mcp.resource("secure/config")
    def secure(signature: str | None = None) -> dict[str, Any]:
        if signature is None or not hmac.compare_digest(signature, SIGNATURE):
            return {"error": "A valid signature is required"}
        return {"database": "postgres"}

    return mcp


@pytest.fixture(params=["memory", "http"])
def reach(request: pytest.FixtureRequest) -> Iterator[Callable[[FastMCP], Any]]:
    """How to reach a server: in this process, and behind a socket."""
    if request.param == "memory":
        yield lambda mcp: mcp
        return
    with ExitStack() as stack:
        yield lambda mcp: f"{stack.enter_context(served(mcp.http_app()))}/mcp"


def used(target: Any, use: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    async def main() -> Any:
        async with Client(target, timeout=20, **options) as client:
            return await use(client)

    return asyncio.run(main())


def text_of(target: Any, uri: str) -> str:
    [content] = used(target, lambda client: client.read_resource(uri))
    return content.text


def test_s050_a_function_is_listed_and_read(reach: Callable[[FastMCP], Any]) -> None:
    """Its name and its docstring are the resource's."""
    target = reach(server())

    listed = {each.uri: each for each in used(target, lambda client: client.list_resources())}

    entry = listed["config://app"]
    assert (entry.name, entry.description) == ("app_config", "How the application is set up.")
    assert json.loads(text_of(target, "config://app"))["name"] == "Demo"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("name", NAMES)
def test_s051_a_name_without_a_scheme_is_a_resource(name: str, mode: str) -> None:
    """Lists show a URI that any client takes; both spellings are read."""
    mcp = FastMCP("x")

    @mcp.resource(name)
    def content() -> str:
        return f"content of {name}"

    async def use(client: Client) -> list[str]:
        [entry] = await client.list_resources()
        spellings = [entry.uri, name, AnyUrl(entry.uri)]
        return [entry.uri, *[(await client.read_resource(uri))[0].text for uri in spellings]]

    uri, *texts = used(mcp, use, mode=mode)

    assert uri == str(AnyUrl(uri)) == f"resource://{name}"
    assert texts == [f"content of {name}"] * 3


def test_s051_names_without_a_scheme_are_templates_too(reach: Callable[[FastMCP], Any]) -> None:
    """In both spellings."""
    mcp = FastMCP("x")
    mcp.resource("users/{id}/profile", name="profile")(lambda id: f"profile of {id}")
    target = reach(mcp)

    [entry] = used(target, lambda client: client.list_resource_templates())

    assert entry.uri_template == "resource://users/{id}/profile"
    for uri in ("users/7/profile", "resource://users/7/profile"):
        assert text_of(target, uri) == "profile of 7"


def test_s052_both_spellings_are_the_same(reach: Callable[[FastMCP], Any]) -> None:
    """Also for the server's own lookup. The REST view and the simple clients come with theirs."""
    mcp = server()
    target = reach(mcp)

    short, whole = (text_of(target, f"{scheme}templates/email") for scheme in ("", "resource://"))
    found = [asyncio.run(mcp.get_resource(f"{s}templates/email")) for s in ("", "resource://")]

    assert short == whole == TEMPLATE
    assert found[0] is found[1] is not None


def test_s053_text_is_one_text_content(reach: Callable[[FastMCP], Any]) -> None:
    """Plain text unless it is said otherwise; JSON text stays text."""
    contents = used(reach(server()), lambda client: client.read_resource("config://app"))

    assert [content.mime_type for content in contents] == ["text/plain"]
    assert json.loads(contents[0].text) == {"debug": False, "name": "Demo"}


def test_s054_braces_in_content_are_only_text(reach: Callable[[FastMCP], Any]) -> None:
    """Content is never interpolated."""
    assert text_of(reach(server()), "templates/email") == TEMPLATE


def test_s055_content_is_made_at_each_read(reach: Callable[[FastMCP], Any]) -> None:
    """There is no cache that nobody asked for."""
    target = reach(server())

    first, second = (json.loads(text_of(target, "system/status"))["now"] for _ in range(2))

    assert first < second


def test_s056_a_blocking_function_leaves_the_server_free(reach: Callable[[FastMCP], Any]) -> None:
    """It runs in a thread: the server answers a ping in the meantime."""
    mcp = FastMCP("x")
    begun, proceed = threading.Event(), threading.Event()

    @mcp.resource("logs/recent")
    def logs() -> str:
        begun.set()
        assert proceed.wait(20)
        return "lines"

    async def use(client: Client) -> str:
        reading = asyncio.create_task(client.read_resource("logs/recent"))
        assert await asyncio.to_thread(begun.wait, 20)
        assert await client.ping()
        assert not reading.done()
        proceed.set()
        return (await reading)[0].text

    assert used(reach(mcp), use, mode="legacy") == "lines"


def test_s057_a_read_sees_the_process_as_it_is(
    reach: Callable[[FastMCP], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its working directory, and its environment."""
    target = reach(server())
    seen: list[str] = []
    for stage in ("staging", "production"):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "settings.txt").write_text(f"settings of {stage}")
        monkeypatch.chdir(tmp_path / stage)
        monkeypatch.setenv("ENVIRONMENT", stage)
        seen.append(text_of(target, "config/environment"))

    assert seen == ["staging settings of staging", "production settings of production"]


@pytest.mark.parametrize("scheme", ["", "resource://"])
def test_s058_an_optional_parameter_is_given_in_the_query(
    reach: Callable[[FastMCP], Any], scheme: str
) -> None:
    """The resource stays a fixed one, and is listed as that."""
    target = reach(server())

    plain = json.loads(text_of(target, f"{scheme}secure/config"))
    wrong = json.loads(text_of(target, f"{scheme}secure/config?signature=00"))
    right = json.loads(text_of(target, f"{scheme}secure/config?other=1&signature={SIGNATURE}"))
    listed = used(target, lambda client: client.list_resources())
    templates = used(target, lambda client: client.list_resource_templates())

    assert plain == wrong == {"error": "A valid signature is required"}
    assert right == {"database": "postgres"}
    assert "resource://secure/config" in [each.uri for each in listed]
    assert templates == []


class DatabasePlugin:
    """Registers what it offers when it is told to."""

    def __init__(self, path: str) -> None:
        self.path = path

    def register(self, mcp: FastMCP) -> None:
        @mcp.resource(self.path)
        def offered() -> dict[str, str]:
            return {"from": self.path}


def test_s059_a_plugin_registers_resources_at_any_time(reach: Callable[[FastMCP], Any]) -> None:
    """Also while clients are connected, which hear of it."""
    mcp = FastMCP("x")
    DatabasePlugin("database/schema").register(mcp)

    async def use(client: Client) -> list[str]:
        before = await client.list_resources()
        DatabasePlugin("email/config").register(mcp)
        async with asyncio.timeout(20):
            await changed.wait()
        after = await client.list_resources()
        text = (await client.read_resource("email/config"))[0].text
        return [*(each.uri for each in (*before, *after)), text]

    changed = asyncio.Event()

    def hear(notification: Any) -> None:
        if notification.method == "notifications/resources/list_changed":
            changed.set()

    seen = used(reach(mcp), use, mode="legacy", message_handler=hear)

    schema, email = "resource://database/schema", "resource://email/config"
    assert seen == [schema, schema, email, '{"from":"email/config"}']


def test_s060_list_entries_have_a_name_a_uri_and_a_description(
    reach: Callable[[FastMCP], Any],
) -> None:
    """As attributes of the low-level client's entries, and as mappings when they are dumped; the
    simple clients, whose entries are mappings, come with theirs.
    """
    entries = used(reach(server()), lambda client: client.list_resources())

    dumped = [entry.model_dump() for entry in entries]
    assert [entry["name"] for entry in dumped] == [entry.name for entry in entries]
    assert [entry.name for entry in entries] == [
        "app_config",
        "email_template",
        "status",
        "environment",
        "secure",
    ]
    assert dumped[0]["uri"] == "config://app"
    assert dumped[0]["description"] == "How the application is set up."


@pytest.mark.parametrize("uri", ["nope", "nope://nope", "config://app/nope", "config://app?nope=1"])
def test_s061_an_unknown_resource_is_an_error_that_names_it(
    reach: Callable[[FastMCP], Any], uri: str
) -> None:
    """With the code of its era: -32602 since 2026-07-28, -32002 before."""
    target = reach(server())

    async def use(client: Client) -> tuple[int, str]:
        with pytest.raises(McpError) as caught:
            await client.read_resource(uri)
        return caught.value.code, caught.value.message

    legacy = used(target, use, mode="legacy")
    modern = used(target, use, mode="auto")

    assert legacy == (-32002, f"Resource not found: {uri}")
    assert modern == (-32602, f"Resource not found: {uri}")
