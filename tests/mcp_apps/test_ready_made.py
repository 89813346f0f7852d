"""Approval, Choice, FormInput and FileUpload: what their tools take, give and refuse."""

from __future__ import annotations

import base64
import sys
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel, Field

from fastmcp import Client, Context, FastMCP
from fastmcp.apps import UI_EXTENSION_ID, UI_MIME_TYPE
from fastmcp.apps.approval import Approval
from fastmcp.apps.choice import Choice
from fastmcp.apps.file_upload import FileUpload
from fastmcp.apps.form import FormInput
from fastmcp.apps.generative import GenerativeUI
from fastmcp.exceptions import ConfigurationError, ToolError
from fastmcp.testing import run_server_async

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "nobody", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "list_files",
}
SHOWS = {UI_EXTENSION_ID: {"mimeTypes": [UI_MIME_TYPE]}}


class Person(BaseModel):
    name: str = Field(min_length=2)
    age: int | None = None


def client_of(*providers: Any, **options: Any) -> Client:
    """A client that shows interfaces, of a server with these."""
    return Client(FastMCP("x", providers=list(providers)), **{"extensions": SHOWS, **options})


async def test_an_approval_is_two_buttons() -> None:
    """With the texts of the server, or those of the call; the page reaches nothing."""
    async with client_of(Approval("Gate", title="Deploy?", approve_text="Ship it")) as client:
        result = await client.call_tool("request_approval", {"summary": "v3", "reject_text": "No"})
        assert result.structured_content == {
            "title": "Deploy?",
            "text": "v3",
            "details": None,
            "stacked": False,
            "options": [
                {"label": "No", "variant": "outline", "message": '"v3" — I selected: No'},
                {"label": "Ship it", "variant": "default", "message": '"v3" — I selected: Ship it'},
            ],
        }
        [tool] = await client.list_tools()
        [contents] = await client.read_resource((tool.meta or {})["ui"]["resourceUri"])
        assert contents.mimeType == UI_MIME_TYPE
        assert contents.meta is None
        assert "http" not in contents.text.replace("https://github.com/modelcontextprotocol", "")


async def test_a_choice_is_a_button_for_each_option() -> None:
    """Their messages say what was asked, too. Beside an approval there is one page for both."""
    async with client_of(Approval(), Choice(variant="info")) as client:
        asked = {"prompt": "Which?", "options": ["a", "b"]}
        data = (await client.call_tool("choose", asked)).structured_content or {}
        assert [option["message"] for option in data["options"]] == [
            '"Which?" — I selected: a',
            '"Which?" — I selected: b',
        ]
        assert len(await client.list_resources()) == 1


async def test_a_model_hears_that_its_user_sees_nothing() -> None:
    """Where the client shows no interfaces, it has to ask in text."""
    for extensions, text in ((SHOWS, "The user sees this now"), (None, "ask them in text")):
        async with client_of(Approval(), extensions=extensions) as client:
            result = await client.call_tool("request_approval", {"summary": "v3"})
            assert text in result.content[0].text


async def test_a_form_takes_what_fits_its_model() -> None:
    """What does not is told field by field; what was made of it goes to the model."""

    async def take(person: Person) -> str:
        return f"{person.name} is {person.age}"

    async with client_of(FormInput(Person), FormInput(Person, name="b", tool_name="who")) as client:
        names = [tool.name for tool in await client.list_tools()]
        assert names == ["submit_form", "collect_person", "who"]
    async with client_of(FormInput(Person, on_submit=take)) as client:
        given = {"prompt": "Who?", "default": {"name": "Ann"}}
        data = (await client.call_tool("collect_person", given)).structured_content or {}
        assert (data["values"], data["submit"]) == ({"name": "Ann"}, "submit_form")
        assert set(data["schema"]["properties"]) == {"name", "age"}
        submitted = await client.call_tool("submit_form", {"data": {"name": "Ann", "age": 3}})
        assert submitted.data == "Ann is 3"
        with pytest.raises(ToolError, match=r"name: String.*\nage: Input"):
            await client.call_tool("submit_form", {"data": {"name": "A", "age": "x"}})
    async with client_of(FormInput(Person)) as client:
        submitted = await client.call_tool("submit_form", {"data": {"name": "Ann"}})
        assert submitted.data == '{"name":"Ann","age":null}'


async def test_a_page_calls_tools_by_the_names_that_its_host_has() -> None:
    """Of a server mounted in a namespace, in another."""
    inner = FastMCP("inner", providers=[FormInput(Person)])
    middle = FastMCP("middle")
    middle.mount(inner, namespace="b", tool_names={"submit_form": "send"})
    outer = FastMCP("outer")
    outer.mount(middle, namespace="a")

    async with Client(outer) as client:
        result = await client.call_tool("a_b_collect_person", {"prompt": "Who?"})
        data = result.structured_content or {}
        assert (data["entry"], data["submit"]) == ("a_b_collect_person", "a_b_send")


async def test_a_page_is_found_in_its_namespace() -> None:
    """Where its tool says that it is: of a provider, and of a mounted server."""
    mcp = FastMCP("x")
    mcp.add_provider(Approval(), namespace="a")
    mcp.mount(FastMCP("inner", providers=[FileUpload()]), namespace="b")

    async with Client(mcp) as client:
        tools = {tool.name: (tool.meta or {})["ui"] for tool in await client.list_tools()}
        assert tools["a_request_approval"]["resourceUri"] == "ui://a/fastmcp/choices.html"
        assert tools["b_store_files"] == {"visibility": ["app"]}
        for name in ("a_request_approval", "b_file_manager"):
            [contents] = await client.read_resource(tools[name]["resourceUri"])
            assert contents.mimeType == UI_MIME_TYPE


def file(name: str, content: bytes, **changes: Any) -> dict[str, Any]:
    """A file as the page sends it."""
    data = base64.b64encode(content).decode()
    return {"name": name, "size": len(content), "type": "text/plain", "data": data, **changes}


async def test_files_are_kept_listed_and_read() -> None:
    """A later one of the same name takes the place of the first; what is no text is cut short."""
    async with client_of(FileUpload()) as client:
        for content in (b"first", b"second"):
            await client.call_tool("store_files", {"files": [file("a.txt", content, size=10**9)]})
        stored = {"files": [file("b.bin", bytes(range(256)), type="")]}
        [first, second] = (await client.call_tool("store_files", stored)).data
        assert (first["name"], first["size"], first["size_display"]) == ("a.txt", 6, "6 B")
        assert second["type"] == "application/octet-stream"
        assert (await client.call_tool("list_files")).data == [first, second]
        read = (await client.call_tool("read_file", {"name": "a.txt"})).data
        assert read["content"] == "second"
        read = (await client.call_tool("read_file", {"name": "b.bin"})).data
        assert len(read["content_base64"]) == 203 and "content" not in read
        with pytest.raises(ToolError, match=r"no file 'c.txt'; did you mean 'a.txt'"):
            await client.call_tool("read_file", {"name": "c.txt"})
        opened = (await client.call_tool("file_manager")).structured_content or {}
        assert (opened["files"], opened["store"]) == ([first, second], "store_files")


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ([file("a", b"x" * 11)], "'a' has 11 B, and a file may have 10 B"),
        ([file("a", b"x" * 11, size=1)], "a file may have 10 B"),
        ([file("a", b"x" * 9), file("b", b"x" * 9)], "There is no room"),
        ([file("a", b"", data="?")], "The data of 'a' is no base64"),
        ([file("", b"")], "A file needs a name"),
        ([{"name": "a"}], "A file needs a name"),
    ],
)
async def test_what_cannot_be_kept_is_refused(files: list[Any], text: str) -> None:
    """All of it, whatever the page says of its size."""
    async with client_of(FileUpload(max_file_size=10, max_total_size=15)) as client:
        with pytest.raises(ToolError, match=text):
            await client.call_tool("store_files", {"files": files})
        assert (await client.call_tool("list_files")).data == []
        for name in ("a", "a", "a"):
            await client.call_tool("store_files", {"files": [file(name, b"x" * 10)]})


async def test_files_end_with_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """And make room for others."""
    now = 0.0
    monkeypatch.setattr("fastmcp.apps.uploads.time.monotonic", lambda: now)
    async with client_of(FileUpload(max_total_size=10, file_ttl_seconds=60)) as client:
        await client.call_tool("store_files", {"files": [file("a", b"x" * 10)]})
        now = 59.0
        assert len((await client.call_tool("list_files")).data) == 1
        now = 61.0
        await client.call_tool("store_files", {"files": [file("b", b"x" * 10)]})
        assert [each["name"] for each in (await client.call_tool("list_files")).data] == ["b"]


@pytest.mark.parametrize("limits", [{"max_total_size": -1}, {"file_ttl_seconds": 0}])
def test_limits_that_are_none_are_refused(limits: Any) -> None:
    """When the provider is made."""
    with pytest.raises(ConfigurationError, match=next(iter(limits))):
        FileUpload(**limits)


async def test_files_are_those_of_their_session_and_user() -> None:
    """Nobody sees another's; a request that is nobody's has none."""
    owners = {"ann": {"sub": "ann"}, "bob": {"sub": "bob"}}
    for mode in ("legacy", "auto"):
        mcp = FastMCP("x", auth=owners, providers=[FileUpload()])
        async with run_server_async(mcp) as url:
            async with Client(url, auth="ann", mode=mode) as client:
                await client.call_tool("store_files", {"files": [file("a", b"x")]})
                assert len((await client.call_tool("list_files")).data) == 1
            async with Client(url, auth="bob", mode=mode) as client:
                assert (await client.call_tool("list_files")).data == []


async def test_files_of_nobody_are_refused() -> None:
    """A request that belongs to no session and no user could never find them again."""
    async with (
        run_server_async(FastMCP("x", providers=[FileUpload()])) as url,
        httpx2.AsyncClient() as http,
    ):
        params = {"name": "list_files", "arguments": {}, "_meta": MODERN}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = await http.post(url, json=message, headers=HEADERS)
        assert (
            "Nobody can tell whose files these are" in answer.json()["result"]["content"][0]["text"]
        )


async def test_files_can_be_kept_elsewhere() -> None:
    """By methods, plain or async, that get the context."""
    kept: list[str] = []

    class Elsewhere(FileUpload):
        def on_store(self, files: list[dict[str, Any]], ctx: Context) -> list[dict[str, Any]]:
            kept.extend(each["name"] for each in files)
            return self.on_list(ctx)

        def on_list(self, ctx: Context) -> list[dict[str, Any]]:
            return [{"name": name} for name in kept]

        async def on_read(self, name: str, ctx: Context) -> dict[str, Any]:
            return {"name": name, "content": ctx.transport}

    async with client_of(Elsewhere()) as client:
        stored = await client.call_tool("store_files", {"files": [file("a", b"x")]})
        assert stored.data == [{"name": "a"}]
        assert (await client.call_tool("read_file", {"name": "a"})).data["name"] == "a"


def test_generative_interfaces_need_prefab(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are its language, and run in its sandbox."""
    monkeypatch.setitem(sys.modules, "prefab_ui", None)
    with pytest.raises(ConfigurationError, match="pip install prefab-ui"):
        GenerativeUI()
