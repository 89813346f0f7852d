"""The example monitoring/: a real Prometheus collects what its server tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from deploying import documents, pinned, run
from settled import wait_until

FOLDER = Path(__file__).parents[2] / "examples" / "monitoring"
COMPOSE = FOLDER / "compose.yaml"


@pytest.mark.timeout(240)
def test_prometheus_collects_what_the_server_tells(example: Callable[[str], Any]) -> None:
    """By the configuration of deploy/, but that it asks every second: calls, failures, and the
    server's own figure.
    """
    monitoring = example("monitoring")
    config = monitoring.folder.parents[1] / "deploy" / "prometheus" / "prometheus.yml"
    text = config.read_text("utf-8")
    assert text.count("15s") == 1
    config.write_text(text.replace("15s", "1s"), "utf-8")
    _, prometheus = [monitoring.start(line) for line in monitoring.services]
    api = f"http://127.0.0.1:{prometheus.port}/api/v1/query"

    def value(query: str) -> float:
        answer = httpx2.get(api, params={"query": query}, timeout=20).json()
        return sum(float(each["value"][1]) for each in answer["data"]["result"])

    monitoring.ask("python load.py 20")
    wait_until(lambda: value("shop_sold_total") == 18)

    assert value('up{job="mcp"}') == 1
    calls = 'fastmcp_requests_total{method="tools/call",component="sell",outcome='
    assert value(calls + '"ok"}') == 18
    assert value(calls + '"tool_error"}') == 2


def test_the_official_schema_accepts_the_compose_file() -> None:
    """That of the Compose specification."""
    run(pinned("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_what_the_compose_file_names_is_there() -> None:
    """Files, volumes, configurations; and Prometheus finds the server where it looks for it."""
    [compose] = documents(COMPOSE)
    services = compose["services"]
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (FOLDER / source).is_file(), source
        for config in service.get("configs", ()):
            assert config["source"] in compose["configs"]
    copied = services["server"]["build"]["dockerfile_inline"]
    assert (FOLDER / services["server"]["build"]["context"] / "src").is_dir()
    assert "COPY src ./src" in copied
    assert services["prometheus"]["network_mode"] == "service:server"
    shipped = (FOLDER / "../../deploy/prometheus/prometheus.yml").read_text("utf-8")
    assert 'targets: ["localhost:8000"]' in shipped
