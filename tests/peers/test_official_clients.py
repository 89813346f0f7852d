"""The clients of others use our server, over stdio and over HTTP, in both protocol eras."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .environments import NodePackages
from .processes import output_of

pytestmark = pytest.mark.timeout(300, func_only=True)

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"

OFFERED: dict[str, Any] = {
    "server": "peers",
    "tools": ["add", "change", "echo", "fail", "progress", "structured"],
    "resources": ["config://app"],
    "templates": ["greet://{name}"],
    "prompts": ["review"],
    "add": ["5", {"result": 5}],
    "fail": [True, "out of paper"],
    "structured": {"city": "Zürich", "degrees": -3.5},
    "config": "debug=false",
    "greet": "Hello, Ada!",
    "review": "Please review: x = 1",
}
STEPS = [[1, 3], [2, 3], [3, 3]]
HEARD: dict[str, Any] = {
    "completed": ["x=1", "x=2"],
    "changes": [
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/tools/list_changed",
    ],
}


@pytest.mark.parametrize(
    ("program", "mode", "protocol"),
    [
        ("sdk1.py", "legacy", HANDSHAKE),
        ("sdk2.py", "legacy", HANDSHAKE),
        ("sdk2.py", "auto", MODERN),
        ("ts_sdk.mjs", "legacy", HANDSHAKE),
        ("ts_client.mjs", "legacy", HANDSHAKE),
        ("ts_client.mjs", "auto", MODERN),
    ],
)
def test_an_official_sdk_sees_and_uses_all_that_the_server_offers(
    home: Path,
    node_packages: NodePackages,
    sdk1_python: str,
    our_server: list[str],
    program: str,
    mode: str,
    protocol: str,
) -> None:
    """Both lines of the official Python and TypeScript SDKs list and use everything."""
    interpreter = {"sdk1.py": sdk1_python, "sdk2.py": sys.executable}.get(
        program, node_packages.node(22)
    )

    seen = json.loads(output_of([interpreter, program, mode, *our_server], home=home))
    steps = seen.pop("progress")

    heard = HEARD if program.endswith(".py") else {}
    assert seen == {**OFFERED, "protocol": protocol, **heard}
    # Over stdio the TypeScript SDKs drop progress that arrives in one chunk with the result.
    lossy = program.endswith(".mjs") and our_server[0] == "stdio"
    assert steps == (STEPS[: len(steps)] if lossy else STEPS)


@pytest.mark.parametrize(
    ("era", "protocol"), [("legacy", HANDSHAKE), ("auto", MODERN), ("modern", MODERN)]
)
def test_the_inspector_sees_and_uses_all_that_the_server_offers(
    home: Path, node_packages: NodePackages, our_server: list[str], era: str, protocol: str
) -> None:
    """The command line of the official Inspector lists and uses everything in every era."""
    launcher = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
    inspector = [node_packages.node(22), node_packages.program(launcher), "--cli"]
    transport, *target = our_server
    options = ["--transport", transport, "--protocol-era", era, "--format", "json", "--method"]

    def ask(method: str, *arguments: str, exit_code: int = 0) -> Any:
        command = [*inspector, *target, *options, method, *arguments]
        return json.loads(output_of(command, home=home, exit_code=exit_code))["result"]

    greeted = ask("initialize")
    add = ask("tools/call", "--tool-name", "add", "--tool-arg", "a=2", "b=3")
    fail = ask("tools/call", "--tool-name", "fail", exit_code=5)
    structured = ask("tools/call", "--tool-name", "structured")
    config = ask("resources/read", "--uri", "config://app")
    greet = ask("resources/read", "--uri", "greet://Ada")
    review = ask("prompts/get", "--prompt-name", "review", "--prompt-args", "code=x = 1")
    templates = ask("resources/templates/list")["resourceTemplates"]

    assert {
        "protocol": greeted["protocolVersion"],
        "server": greeted["serverInfo"]["name"],
        "tools": sorted(tool["name"] for tool in ask("tools/list")["tools"]),
        "resources": [resource["uri"] for resource in ask("resources/list")["resources"]],
        "templates": [template["uriTemplate"] for template in templates],
        "prompts": [prompt["name"] for prompt in ask("prompts/list")["prompts"]],
        "add": [add["content"][0]["text"], add["structuredContent"]],
        "fail": [fail["isError"], fail["content"][0]["text"]],
        "structured": structured["structuredContent"],
        "config": config["contents"][0]["text"],
        "greet": greet["contents"][0]["text"],
        "review": review["messages"][0]["content"]["text"],
    } == {**OFFERED, "protocol": protocol}


def test_mcporter_lists_and_calls_the_tools(
    home: Path, node_packages: NodePackages, our_server: list[str]
) -> None:
    """`mcporter list` and `mcporter call` work, and a failing tool fails the command."""
    mcporter = [node_packages.node(24), node_packages.program("mcporter/dist/cli.js")]
    transport, *target = our_server
    if transport == "http":
        server = ["--http-url", *target, "--allow-http"]
    else:
        server = ["--stdio", target[0], "--stdio-arg", target[1]]
    server += ["--name", "peer", "--output", "json"]

    def ask(command: str, *arguments: str, exit_code: int = 0) -> Any:
        line = [*mcporter, command, *server, *arguments]
        return json.loads(output_of(line, home=home, exit_code=exit_code))

    assert sorted(tool["name"] for tool in ask("list")["tools"]) == OFFERED["tools"]
    assert ask("call", "add", "a:2", "b:3") == {"result": 5}
    assert ask("call", "structured") == OFFERED["structured"]
    failed = ask("call", "fail", exit_code=1)
    assert [failed["isError"], failed["content"][0]["text"]] == OFFERED["fail"]
