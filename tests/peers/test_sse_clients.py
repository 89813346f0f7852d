"""The clients of others use our server over HTTP+SSE, which has the handshake era alone."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import free_port

from .conftest import OUR_SERVER
from .environments import NodePackages, python_packages
from .processes import output_of, serving
from .test_official_clients import HANDSHAKE, HEARD, OFFERED, STEPS

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve `server.py` over HTTP+SSE for all tests of the module."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    with serving([*OUR_SERVER, "sse", str(port)], port, log) as server:
        yield server.url.removesuffix("/mcp") + "/sse"
    print(log.read_text(errors="replace"), file=sys.stderr)


@pytest.mark.parametrize(
    ("program", "mode"),
    [
        ("sdk1.py", "legacy"),
        ("sdk2.py", "legacy"),
        ("sdk2.py", "auto"),
        ("ts_sdk.mjs", "legacy"),
        ("ts_client.mjs", "legacy"),
        ("ts_client.mjs", "auto"),
        ("framework.py 3", "legacy"),
        ("framework.py 4", "auto"),
    ],
)
def test_a_client_sees_and_uses_all_that_the_server_offers(
    home: Path, node_packages: NodePackages, sdk1_python: str, url: str, program: str, mode: str
) -> None:
    """Both lines of the official SDKs and of FastMCP; those that try the modern era go back."""
    program, _, line = program.partition(" ")
    if line:
        version = {"3": "3.4.10", "4": "4.1.2"}[line]
        interpreter = python_packages(f"fastmcp{line}", f"fastmcp=={version}")
    else:
        interpreter = {"sdk1.py": sdk1_python, "sdk2.py": sys.executable}.get(
            program, node_packages.node(22)
        )

    seen = json.loads(output_of([interpreter, program, mode, "sse", url], home=home))

    steps = seen.pop("progress")
    heard: dict[str, Any] = HEARD if program.startswith("sdk") else {}
    assert seen == {**OFFERED, "protocol": HANDSHAKE, **heard}
    # The TypeScript SDKs drop progress that they read together with the result.
    assert steps == (STEPS[: len(steps)] if program.endswith(".mjs") else STEPS)
