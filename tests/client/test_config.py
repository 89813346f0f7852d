"""Configurations of servers: what is read, what is refused, and what is changed on the way."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import served
from processes import run_python
from pydantic import AnyUrl

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import (
    FastMCPTransport,
    NodeStdioTransport,
    PythonStdioTransport,
    StdioTransport,
    StreamableHttpTransport,
    infer_transport,
)
from fastmcp.client.transports.config import MCPConfigTransport
from fastmcp.exceptions import ConfigurationError, McpError, ToolError
from fastmcp.mcp_config import (
    CanonicalMCPConfig,
    MCPConfig,
    RemoteMCPServer,
    StdioMCPServer,
    TransformingRemoteMCPServer,
    TransformingStdioMCPServer,
    infer_transport_type_from_url,
    update_config_file,
)

URL = "http://127.0.0.1:9/mcp"
ENTRY = {"command": "python", "args": ["server.py"]}
SERVER = """
import os, sys
from fastmcp import FastMCP

mcp = FastMCP("echo")

@mcp.tool
def about() -> dict:
    return {"arguments": sys.argv[1:], "token": os.environ.get("TOKEN"), "cwd": os.getcwd()}

mcp.run()
"""


def one(entry: dict[str, Any]) -> Any:
    """The server of a configuration that has one."""
    return MCPConfig.from_dict({"mcpServers": {"one": entry}}).mcpServers["one"]


def refusal(config: Any) -> str:
    """The one line with which a configuration is refused."""
    with pytest.raises(ConfigurationError) as caught:
        MCPConfigTransport(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def used(target: Any, use: Callable[[Client], Any], **options: Any) -> Any:
    """Open a client, use it, close it; bounded in time."""

    async def main() -> Any:
        async with asyncio.timeout(40), Client(target, **options) as client:
            return await use(client)

    return asyncio.run(main())


# Models


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (ENTRY, StdioMCPServer),
        ({"url": URL}, RemoteMCPServer),
        ({**ENTRY, "tools": {"add": {"name": "plus"}}}, TransformingStdioMCPServer),
        ({"url": URL, "include_tags": ["math"]}, TransformingRemoteMCPServer),
        ({**ENTRY, "tools": {}}, StdioMCPServer),
        ({"httpUrl": URL}, RemoteMCPServer),
        ({"command": "x", "url": URL, "type": "http"}, RemoteMCPServer),
        ({"command": "x", "url": URL}, StdioMCPServer),
    ],
)
def test_an_entry_becomes_the_model_of_its_kind(entry: dict[str, Any], kind: type[Any]) -> None:
    """By what it has: a command or a URL, with changes or without."""
    assert type(one(entry)) is kind


def test_a_configuration_that_is_canonical_has_no_changes() -> None:
    """There `tools` is a key of somebody else's, and kept."""
    config = CanonicalMCPConfig.from_dict({"mcpServers": {"one": {**ENTRY, "tools": {"a": {}}}}})

    assert type(config.mcpServers["one"]) is StdioMCPServer
    assert config.to_dict()["mcpServers"]["one"]["tools"] == {"a": {}}


@pytest.mark.parametrize(
    "data",
    [
        {"mcpServers": {"one": ENTRY}},
        {"one": ENTRY},
        {"$schema": "x", "one": ENTRY},
        {"servers": {"one": ENTRY}, "inputs": []},
        {"mcp": {"servers": {"one": ENTRY}}},
        {"permissions": {}, "mcpServers": {"one": ENTRY}},
    ],
)
def test_servers_are_found_where_programs_put_them(data: dict[str, Any]) -> None:
    """Under mcpServers, at the root, and where VS Code has them; other keys are kept."""
    config = MCPConfig.from_dict(data)

    assert {name: server.command for name, server in config.mcpServers.items()} == {"one": "python"}
    for key in data.keys() & {"$schema", "inputs", "permissions"}:
        assert config.to_dict()[key] == data[key]


def test_a_configuration_survives_being_written(tmp_path: Path) -> None:
    """What was said comes back, keys of editors and letters of all the world included."""
    config = MCPConfig.from_dict(
        {
            "mcpServers": {"wetter": {**ENTRY, "description": "Ä € 漢", "autoApprove": ["x"]}},
            "theme": "dark",
        }
    )
    config.add_server("web", RemoteMCPServer(url=URL))
    path = tmp_path / "made" / "mcp.json"

    config.write_to_file(path)

    assert MCPConfig.from_file(path) == config
    assert json.loads(path.read_bytes()) == {
        "theme": "dark",
        "mcpServers": {
            "wetter": {**ENTRY, "description": "Ä € 漢", "autoApprove": ["x"]},
            "web": {"url": URL},
        },
    }


def test_models_are_pydantic_models() -> None:
    """Dumps, copies and validation work as everywhere."""
    server = StdioMCPServer.model_validate({**ENTRY, "mine": 1})

    assert server.model_dump(exclude_none=True) == {
        **ENTRY,
        "env": {},
        "transport": "stdio",
        "mine": 1,
    }
    assert MCPConfig.model_validate({"mcpServers": {"one": server}}).mcpServers["one"] == server
    assert server.model_copy(update={"command": "x"}).command == "x"


def test_secrets_are_not_shown() -> None:
    """Neither by models nor by transports."""
    entries = {
        "one": {**ENTRY, "env": {"TOKEN": "s3cret"}},
        "two": {"url": URL, "headers": {"Authorization": "s3cret"}, "auth": "s3cret"},
        "three": {"url": URL, "authentication": {"password": "s3cret"}},
    }

    for target in (MCPConfig.from_dict(entries), MCPConfigTransport(entries)):
        assert "s3cret" not in repr(target) + str(target)


def test_pydantic_is_loaded_when_a_configuration_is_used() -> None:
    """The names alone do not need it."""
    program = (
        "import sys, fastmcp.mcp_config, fastmcp.client.transports.config;"
        "from fastmcp.client.transports import infer_transport; infer_transport('http://x/mcp');"
        "assert 'pydantic' not in sys.modules; from fastmcp.mcp_config import MCPConfig"
    )

    assert run_python("-c", program).stderr == ""


# Files


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_is_read_as_utf8_whatever_the_locale(tmp_path: Path, mark: bytes) -> None:
    """With a byte order mark or without, and comments and commas where editors allow them."""
    path = tmp_path / "mcp.json"
    text = '{ // ours\n "servers": {"ü": {"command": "x//y", "args": ["a, ]",], /* more */}, },}'
    path.write_bytes(mark + text.encode())
    program = (
        f"from fastmcp.mcp_config import MCPConfig; c = MCPConfig.from_file({str(path)!r});"
        "print(ascii({name: (s.command, s.args) for name, s in c.mcpServers.items()}))"
    )

    run = run_python("-c", program, env={"PYTHONUTF8": "0", "LC_ALL": "C", "LANG": "C"})

    assert run.stdout.strip() == ascii({"ü": ("x//y", ["a, ]"])})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no "),
        (b"", "is empty"),
        (b'{"mcpServers": ', "is not JSON: "),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b"[1]", "it holds no object"),
        (b"{}", "No MCP servers defined in the config"),
        (b'{"mcpServers": {"a": {"command": 1}}}', "server 'a': command: "),
    ],
)
def test_a_bad_file_is_told_in_a_line_that_names_it(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    """As the path that is given to a client, too."""
    path = tmp_path / "mcp.json"
    if content is not None:
        path.write_bytes(content)

    if content is not None:
        with pytest.raises(ConfigurationError) as caught:
            Client(path)
        assert said in str(caught.value)
    text = refusal(path)
    assert said in text
    assert str(path) in text


def test_an_entry_is_updated_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    """Members that only the editor knows stay with their server; a new server is added."""
    path = tmp_path / "mcp.json"
    other = {"command": "other", "extra": {"deep": [1, None]}}
    path.write_text(
        json.dumps({"servers": {"o": other, "a": {**ENTRY, "dev": True}}, "inputs": []})
    )

    update_config_file(path, "a", StdioMCPServer(command="uv", args=["run"]))
    update_config_file(path, "b", RemoteMCPServer(url=URL))

    assert json.loads(path.read_text()) == {
        "servers": {
            "o": other,
            "a": {"command": "uv", "args": ["run"], "dev": True},
            "b": {"url": URL},
        },
        "inputs": [],
    }
    assert [each.name for each in tmp_path.iterdir()] == ["mcp.json"]


def test_a_file_that_is_not_there_is_made_by_an_update(tmp_path: Path) -> None:
    """With the one server."""
    update_config_file(tmp_path / "new" / "mcp.json", "a", StdioMCPServer(command="uv"))

    assert json.loads((tmp_path / "new" / "mcp.json").read_text()) == {
        "mcpServers": {"a": {"command": "uv"}}
    }


def test_comments_of_others_are_not_lost(tmp_path: Path) -> None:
    """A file that has some is left alone, and the error says what to do."""
    path = tmp_path / "mcp.json"
    path.write_text('{"mcpServers": {} /* mine */}')

    with pytest.raises(ConfigurationError, match="has comments, which writing it would lose"):
        update_config_file(path, "a", StdioMCPServer(command="uv"))

    assert path.read_text() == '{"mcpServers": {} /* mine */}'


# Mistakes


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"comand": "x"}, "server 'a': unknown key 'comand'; did you mean 'command'?"),
        ({**ENTRY, "evn": {}}, "server 'a': unknown key 'evn'; did you mean 'env'?"),
        ({"url": URL, "header": {}}, "server 'a': unknown key 'header'; did you mean 'headers'?"),
        ({**ENTRY, "keepAlive": True}, "server 'a': unknown key 'keepAlive'; did you mean"),
        ({"args": []}, "server 'a': needs command (a program to run) or url"),
        ("npx x", "server 'a': must be an object with command"),
        ({**ENTRY, "args": "x"}, "server 'a': args: "),
        ({**ENTRY, "env": {"A": {}}}, "server 'a': env: A must be a text, a number"),
        ({**ENTRY, "transport": "http"}, "server 'a': transport: 'http' is none of stdio"),
        ({"url": URL, "type": "websocket"}, "type: 'websocket' is none of http, streamable-http, "),
        ({"url": URL, "mode": "new"}, "server 'a': mode: 'new' is none of auto, legacy, "),
        ({**ENTRY, "timeout": -1}, "server 'a': timeout: "),
        ({"url": "localhost:8000"}, "server 'a': Invalid URL: 'localhost:8000'"),
        (
            {**ENTRY, "tools": {"add": {"nme": "x"}}},
            "server 'a': tools: add: unknown key 'nme'; did you mean 'name'?",
        ),
        (
            {**ENTRY, "tools": {"add": {"arguments": {"a": {"hidden": True}}}}},
            "server 'a': tools: add.arguments.a: unknown key 'hidden'; did you mean 'hide'?",
        ),
    ],
)
def test_a_mistake_is_told_with_server_and_key(entry: Any, said: str, tmp_path: Path) -> None:
    """In one line, and with the file where there is one."""
    config = {"mcpServers": {"good": ENTRY, "a": entry}}
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps(config))

    assert said in refusal(config)
    assert refusal(path).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "No MCP servers defined in the config: it needs mcpServers with a server"),
        ({"mcpServers": {}}, "No MCP servers defined in the config"),
        ({"mcpServer": {"a": ENTRY}}, "unknown key 'mcpServer'; did you mean 'mcpServers'?"),
        ({"mcpServers": {"a": {**ENTRY, "disabled": True}}}, "a server that is not disabled"),
        ({"mcpServers": {"a": {**ENTRY, "enabled": False}}}, "a server that is not disabled"),
        ({"mcpServers": [ENTRY]}, "mcpServers: "),
    ],
)
def test_a_configuration_without_servers_says_what_is_missing(
    config: dict[str, Any], said: str
) -> None:
    """A key that is nearly right is named."""
    assert said in refusal(config)


def test_keys_of_editors_are_no_mistakes() -> None:
    """Whatever they are called; only a slip of one of ours is refused."""
    foreign = {
        "alwaysAllow": [],
        "autoApprove": [],
        "dev": {},
        "disabledTools": [],
        "envFile": ".env",
        "gallery": True,
        "oauth": {},
        "path": "x",
        "tags": ["x"],
        "trust": True,
        "version": "1",
    }

    assert one({**ENTRY, **foreign}).model_extra == foreign


def test_servers_that_are_disabled_are_left_out() -> None:
    """Their user has said so in the editor."""
    config = {"mcpServers": {"a": {**ENTRY, "disabled": True}, "b": {**ENTRY, "disabled": False}}}

    assert list(MCPConfigTransport(config).transports) == ["b"]


# Transports and variables


@pytest.mark.parametrize(
    "named",
    [
        {"transport": "http"},
        {"transport": "streamable-http"},
        {"type": "http"},
        {"type": "streamableHttp"},
        {"transport": "http", "type": "sse"},
        {},
    ],
)
def test_every_name_of_streamable_http_is_known(named: dict[str, str]) -> None:
    """The transport comes before the type."""
    assert isinstance(one({"url": URL, **named}).to_transport(), StreamableHttpTransport)


@pytest.mark.parametrize(
    ("url", "named"),
    [(URL, {"transport": "sse"}), (URL, {"type": "sse"}), ("http://127.0.0.1:9/sse", {})],
)
def test_sse_is_asked_for_or_seen_in_the_url(url: str, named: dict[str, str]) -> None:
    """As a part of its path."""
    transport = one({"url": url, **named}).to_transport()

    assert type(transport).__name__ == "SSETransport"


def test_a_type_is_kept_as_an_editor_wrote_it() -> None:
    """It has to read the file again."""
    assert one({"url": URL, "type": "streamableHttp"}).model_dump()["type"] == "streamableHttp"


def test_variables_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every place where a secret or a path may stand, with an alternative after `:-`."""
    monkeypatch.setenv("PEER", "there")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("ABSENT", raising=False)
    local = one(
        {
            "command": "${PEER}/bin",
            "args": [
                "--at=${PEER}",
                "${ABSENT:-else}",
                "${EMPTY:-else}",
                "[${EMPTY}]",
                "$PEER $(x)",
            ],
            "env": {"A": "${env:PEER}", "B": "${ABSENT:-}", "N": 1, "T": True, "GONE": None},
            "cwd": "/${PEER}",
        }
    ).to_transport()
    remote = one({"url": "http://${PEER}/mcp", "headers": {"X-Key": "k ${PEER}"}}).to_transport()

    assert isinstance(local, StdioTransport)
    assert (local.command, local.cwd) == ("there/bin", "/there")
    assert local.args == ["--at=there", "else", "else", "[]", "$PEER $(x)"]
    assert local.env == {"A": "there", "B": "", "N": "1", "T": "true"}
    assert isinstance(remote, StreamableHttpTransport)
    assert (remote.url, dict(remote.headers)) == ("http://there/mcp", {"X-Key": "k there"})


def test_a_variable_that_is_not_set_is_told_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names server, key and variable."""
    monkeypatch.delenv("ABSENT", raising=False)
    config = {"mcpServers": {"a": {"command": "x", "args": ["-", "${ABSENT}", "${input:key}"]}}}

    transport = MCPConfigTransport(config).transports["a"]

    assert isinstance(transport, StdioTransport)
    assert transport.args == ["-", "${ABSENT}", "${input:key}"]
    assert [record.getMessage() for record in caplog.records] == [
        "server 'a': args[1] needs the environment variable ABSENT, which is not set; its text is "
        "left as it is",
        "server 'a': args[2] needs the environment variable input:key, which is not set; its text "
        "is left as it is",
    ]


@pytest.mark.parametrize("key", ["headers", "auth"])
def test_a_header_is_not_sent_with_the_name_of_a_variable(
    monkeypatch: pytest.MonkeyPatch, key: str, tmp_path: Path
) -> None:
    """The error names file, server, header and variable."""
    monkeypatch.delenv("ABSENT", raising=False)
    value: Any = "${ABSENT}" if key == "auth" else {"Authorization": "Bearer ${ABSENT}"}
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"a": {"url": URL, key: value}}}))

    text = refusal(path)

    assert text.startswith(f"{path}: server 'a': the header Authorization")
    assert "needs the environment variable ABSENT, which is not set" in text


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, None), (0, None), (30_000, 30.0), (30, 30.0), (0.5, 0.5)]
)
def test_a_timeout_is_in_milliseconds_unless_it_would_be_none(
    given: float | None, seconds: float | None
) -> None:
    """Below a second it is taken for seconds, as some editors have it."""
    assert one({**ENTRY, "timeout": given}).patience == seconds


def test_a_server_has_its_own_timeout_and_mode(tmp_path: Path) -> None:
    """They come before those of the client, and a call's own comes before both."""
    mcp = FastMCP("slow")

    @mcp.tool
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "late"

    async def use(client: Client) -> None:
        assert client.protocol_version == "2025-11-25"
        with pytest.raises(McpError, match=r"0\.2 seconds"):
            await client.call_tool("slow", {"seconds": 20})
        assert (await client.call_tool("slow", {"seconds": 0.4}, timeout=20)).data == "late"

    with served(mcp.http_app()) as base:
        entry = {"url": f"{base}/mcp", "timeout": 0.2, "mode": "legacy"}
        used({"mcpServers": {"a": entry}}, use, timeout=30)


def test_one_server_is_as_if_it_were_reached_directly() -> None:
    """Its names, its description and its channel are its own."""
    mcp = FastMCP("mine", "Ask nicely")
    mcp.tool(lambda: "pong", name="ping")

    async def use(client: Client) -> None:
        assert (client.server_info.name, client.instructions) == ("mine", "Ask nicely")
        assert [tool.name for tool in await client.list_tools()] == ["ping"]
        assert (await client.call_tool("ping")).data == "pong"

    with served(mcp.http_app()) as base:
        config = {"mcpServers": {"a": {"url": f"{base}/mcp"}}}
        used(config, use)
        used(MCPConfig.from_dict(config), use)


def test_auth_of_a_client_is_for_all_servers_over_http() -> None:
    """A configuration without any has nobody to give it to."""
    config = {"mcpServers": {"a": {"url": URL}, "b": ENTRY}}
    client = Client(config, auth="token")

    assert client.transport.transports["a"].auth is not None  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="for servers over HTTP"):
        Client({"mcpServers": {"b": ENTRY}}, auth="token")


# Inference


def test_a_target_is_recognized(tmp_path: Path) -> None:
    """Each kind by its own transport; a transport is itself."""
    (python := tmp_path / "server.py").write_text("")
    (node := tmp_path / "server.mjs").write_text("")
    (config := tmp_path / "mcp.json").write_text(json.dumps({"one": ENTRY}))
    expected: list[tuple[Any, type[Any]]] = [
        (FastMCP("x"), FastMCPTransport),
        (python, PythonStdioTransport),
        (str(python), PythonStdioTransport),
        (node, NodeStdioTransport),
        (config, MCPConfigTransport),
        (str(config), MCPConfigTransport),
        ({"one": ENTRY}, MCPConfigTransport),
        (MCPConfig.from_dict({"one": ENTRY}), MCPConfigTransport),
        (URL, StreamableHttpTransport),
        ("HTTPS://example.com/mcp", StreamableHttpTransport),
        (AnyUrl(URL), StreamableHttpTransport),
        (f"{sys.executable} -m server", StdioTransport),
    ]

    for target, kind in expected:
        assert type(infer_transport(target)) is kind, target
    transport = StdioTransport("x")
    assert infer_transport(transport) is transport


def test_a_command_line_is_split_as_a_shell_does() -> None:
    """Quotation marks hold words together."""
    transport = infer_transport(f"{sys.executable} -m server --name 'a b' \"c d\"")

    assert isinstance(transport, StdioTransport)
    assert transport.command == sys.executable
    assert transport.args == ["-m", "server", "--name", "a b", "c d"]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://x/mcp", "http"),
        ("http://x/sse", "sse"),
        ("https://x/sse/", "sse"),
        ("http://x/a/sse/b?c", "sse"),
        ("http://x/sse?key=1", "sse"),
        ("http://x/assess", "http"),
        ("http://x/ssee", "http"),
        ("http://sse/mcp", "http"),
        ("http://x/mcp?a=/sse", "http"),
    ],
)
def test_a_url_of_sse_has_that_as_a_part(url: str, kind: str) -> None:
    """A whole one, of the path alone."""
    assert infer_transport_type_from_url(url) == kind
    assert (
        type(infer_transport(url)).__name__
        == {
            "sse": "SSETransport",
            "http": "StreamableHttpTransport",
        }[kind]
    )


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("localhost:8000/mcp", "did you mean 'http://localhost:8000/mcp'?"),
        ("example.com/mcp", "did you mean 'http://example.com/mcp'?"),
        ("htp://example.com/mcp", "did you mean 'http://example.com/mcp'?"),
        ("ws://example.com/mcp", "MCP is not spoken over WebSockets"),
        ("file:///tmp/server.py", "give the path of the file without file://"),
        ("htps:/example.com", "did you mean 'https://example.com'?"),
        ("gopher://example.com", "not by gopher://"),
        ("http://", "it names no host"),
        ("http://x:port/mcp", "is no URL: "),
        ("no_such_server.py", "there is no such file"),
        (Path("no_such_server.py"), "there is no such file"),
        ("no_such_config.json", "there is no such file"),
        ("no-such-program --flag", "no program 'no-such-program' on PATH"),
        ("", "it is empty"),
        ("\0", "there is no such file"),
        (Path("/"), "it is a directory"),
        (None, "Cannot tell how to reach None. Give a FastMCP server"),
        (42, "Cannot tell how to reach 42. Give a FastMCP server"),
    ],
)
def test_what_is_no_target_is_told_in_one_line(target: Any, hint: str) -> None:
    """With what was probably meant."""
    with pytest.raises(ValueError) as caught:
        Client(target)

    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scripts_of_other_languages_are_run_by_a_command(tmp_path: Path) -> None:
    """The error shows how."""
    (typescript := tmp_path / "server.ts").write_text("")
    (python := tmp_path / "server.py").write_text("")

    with pytest.raises(ValueError, match="npx -y tsx"):
        Client(typescript)
    with pytest.raises(ValueError, match=r"give a script with arguments as a command: 'python "):
        Client(f"{python} --flag")


def test_a_server_of_the_official_sdk_is_not_reached_in_memory() -> None:
    """The error says how it is reached."""
    from mcp.server.lowlevel import Server

    with pytest.raises(ValueError, match="a server of the official SDK is not reached in memory"):
        Client(Server("theirs"))


# Changed tools


def shop() -> FastMCP:
    """A server whose parts have tags."""
    mcp = FastMCP("shop", list_page_size=2)

    @mcp.tool(tags={"math"}, meta={"kept": 1})
    def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    @mcp.tool(tags={"text"})
    def shout(text: str) -> str:
        return text.upper()

    @mcp.tool
    async def plain(ctx: Context) -> str:
        await ctx.info("said")
        return "plain"

    mcp.resource("data://math", tags={"math"}, name="math")(lambda: "math")
    mcp.resource("data://text", tags={"text"}, name="text")(lambda: "text")
    mcp.resource("sum://{a}", tags={"math"}, name="sum")(lambda a: f"sum {a}")
    mcp.resource("say://{a}", tags={"text"}, name="say")(lambda a: f"say {a}")
    mcp.prompt(lambda: "hi", name="greet", tags={"text"})
    return mcp


def changed(use: Callable[[Client], Any], **entry: Any) -> Any:
    """Use the shop by a configuration that changes it."""
    with served(shop().http_app()) as base:
        return used({"mcpServers": {"shop": {"url": f"{base}/mcp", **entry}}}, use)


def test_a_tool_is_listed_and_called_as_it_was_changed() -> None:
    """By its new name, with its new arguments; the old name is gone, and the rest stays."""
    tools = {
        "add": {
            "name": "plus",
            "title": "Plus",
            "description": "Sum up",
            "tags": ["sums"],
            "arguments": {
                "a": {"name": "first", "description": "the first"},
                "b": {"hide": True, "default": 10},
            },
        }
    }

    async def use(client: Client) -> None:
        assert (await client.call_tool("plus", {"first": 1})).data == 11
        plus, *others = await client.list_tools()
        assert [tool.name for tool in others] == ["shout", "plain"]
        assert (plus.name, plus.title, plus.description) == ("plus", "Plus", "Sum up")
        assert plus.input_schema["required"] == ["first"]
        assert plus.input_schema["properties"] == {
            "first": {"type": "integer", "description": "the first"}
        }
        assert plus.meta == {"kept": 1, "fastmcp": {"tags": ["sums"]}}
        for arguments in ({"a": 1}, {"first": 1, "b": 2}, {}):
            with pytest.raises(ToolError, match=r"is not a parameter|is required"):
                await client.call_tool("plus", arguments)
        with pytest.raises(ToolError, match="Unknown tool: 'add'"):
            await client.call_tool("add", {"a": 1})
        assert (await client.call_tool("plain")).data == "plain"

    changed(use, tools=tools)


def test_a_new_default_is_sent_and_makes_an_argument_optional() -> None:
    """And `required` takes a default away."""

    async def use(client: Client) -> None:
        schema = (await client.list_tools())[0].input_schema
        assert schema["required"] == ["b"]
        assert schema["properties"]["a"]["default"] == 5
        assert (await client.call_tool("add", {"b": 1})).data == 6
        with pytest.raises(ToolError, match="b: is required"):
            await client.call_tool("add", {})

    changed(use, tools={"add": {"arguments": {"a": {"default": 5}, "b": {"required": True}}}})


def test_a_tool_can_be_switched_off() -> None:
    """It is neither listed nor called."""

    async def use(client: Client) -> None:
        assert [tool.name for tool in await client.list_tools()] == ["shout", "plain"]
        with pytest.raises(ToolError, match="Unknown tool: 'add'"):
            await client.call_tool("add", {"a": 1})

    changed(use, tools={"add": {"enabled": False}})


@pytest.mark.parametrize(
    "entry", [{"include_tags": ["math"]}, {"exclude_tags": ["text", "other"], "include_tags": []}]
)
def test_tags_say_what_is_shown_of_each_kind(entry: dict[str, Any]) -> None:
    """What is hidden cannot be used, either."""
    everything = "include_tags" not in entry or not entry["include_tags"]

    async def use(client: Client) -> None:
        tools = [tool.name for tool in await client.list_tools()]
        assert tools == (["add", "plain"] if everything else ["add"])
        assert [each.uri for each in await client.list_resources()] == ["data://math"]
        templates = await client.list_resource_templates()
        assert [each.uri_template for each in templates] == ["sum://{a}"]
        assert await client.list_prompts() == []
        assert (await client.read_resource("data://math"))[0].text == "math"
        assert (await client.read_resource("sum://1"))[0].text == "sum 1"
        for uri in ("data://text", "say://1"):
            with pytest.raises(McpError, match=f"Resource not found: {uri}"):
                await client.read_resource(uri)
        with pytest.raises(McpError, match="Unknown prompt: 'greet'"):
            await client.get_prompt("greet")
        with pytest.raises(ToolError, match="Unknown tool: 'shout'"):
            await client.call_tool("shout", {"text": "x"})

    changed(use, **entry)


def test_tags_are_those_after_the_change() -> None:
    """A tool that gets a tag is included for it."""

    async def use(client: Client) -> None:
        assert [tool.name for tool in await client.list_tools()] == ["shout"]

    changed(use, tools={"shout": {"tags": ["new"]}}, include_tags=["new"])


def test_a_change_of_no_tool_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """With the nearest name that the server has, once all pages were seen."""

    async def use(client: Client) -> None:
        assert len(await client.list_tools()) == 3

    changed(use, tools={"shuot": {"name": "x"}, "plain": {"description": "known"}})

    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["server 'shop': tools: the server has no tool 'shuot'; did you mean 'shout'?"]


def test_a_change_that_does_not_fit_is_told_with_the_tool() -> None:
    """When the tools are listed: before, nobody knows them."""

    async def use(client: Client) -> None:
        said = r"server 'shop': tools.add: transform_args names 'c', which is no argument"
        with pytest.raises(ConfigurationError, match=said):
            await client.list_tools()

    changed(use, tools={"add": {"arguments": {"c": {"name": "x"}}}})


def test_a_changed_tool_takes_the_name_of_another(caplog: pytest.LogCaptureFixture) -> None:
    """Which is hidden, with a warning."""

    async def use(client: Client) -> None:
        assert [tool.name for tool in await client.list_tools()] == ["shout", "plain"]
        assert (await client.call_tool("shout", {"a": 1})).data == 2

    changed(use, tools={"add": {"name": "shout"}})

    assert "another tool has the name 'shout'" in caplog.text


def test_the_process_gets_what_the_entry_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments, environment and directory, with variables; changes of its tools, too."""
    monkeypatch.setenv("SECRET_OF_OURS", "s3cret")
    (tmp_path / "server.py").write_text(SERVER)
    entry = {
        "command": sys.executable,
        "args": [str(tmp_path / "server.py"), r"C:\temp\new", "ü ß"],
        "env": {"TOKEN": "${SECRET_OF_OURS}"},
        "cwd": str(tmp_path),
        "tools": {"about": {"name": "self"}},
    }

    async def use(client: Client) -> Any:
        return (await client.call_tool("self")).data

    assert used({"mcpServers": {"a": entry}}, use) == {
        "arguments": [r"C:\temp\new", "ü ß"],
        "token": "s3cret",
        "cwd": str(tmp_path),
    }
