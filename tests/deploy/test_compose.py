"""`compose.yaml`: valid by the official schema, and made of parts that are there and work."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from deploying import DEPLOY, documents, installed, pinned, run
from processes import free_port, listening
from settled import wait_until

COMPOSE = DEPLOY / "compose.yaml"


@pytest.fixture(scope="module")
def compose() -> Any:
    """The file's only document."""
    [document] = documents(COMPOSE)
    return document


def test_the_official_schema_accepts_it() -> None:
    """That of the Compose specification."""
    run(pinned("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_what_it_names_is_there(compose: Any) -> None:
    """Files to build from and to mount, volumes, configurations, services to wait for."""
    services = compose["services"]
    for service in services.values():
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DEPLOY / source).is_file(), source
        for config in service.get("configs", ()):
            assert config["source"] in compose["configs"]
        for other, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] == "service_healthy"
            # That of the server is in its image.
            assert "healthcheck" in services[other] or "build" in services[other]


def test_a_server_has_the_time_to_finish(compose: Any, drain: float) -> None:
    """Before it is killed."""
    [seconds] = re.findall(r"^(\d+)s$", compose["services"]["server"]["stop_grace_period"])

    assert float(seconds) > drain


def test_nginx_accepts_its_configuration(compose: Any, tmp_path: Path) -> None:
    """The site that is shipped, behind the upstream that the file has."""
    [mount] = compose["services"]["nginx"]["volumes"]
    site = DEPLOY / mount.split(":")[0]
    upstream = compose["configs"]["upstream"]["content"]
    assert " server server:8000" in upstream  # a name that only the engine knows
    (tmp_path / "upstream.conf").write_text(upstream.replace("server:8000", "127.0.0.1:8000"))
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"events {{}} pid {tmp_path}/pid; "
        f"http {{ include {tmp_path}/upstream.conf; include {site}; access_log off; }}"
    )

    assert "is successful" in run(installed("nginx", "nginx"), "-t", "-e", "stderr", "-c", main)


def test_the_upstream_is_that_of_a_machine_but_for_the_servers(compose: Any) -> None:
    """What `nginx/upstream.conf` explains holds here, too."""

    def settings(text: str) -> list[str]:
        bare = [line.partition("#")[0].strip() for line in text.splitlines()]
        return [line for line in bare if line and not line.startswith("server ")]

    shipped = (DEPLOY / "nginx" / "upstream.conf").read_text("utf-8")

    assert settings(compose["configs"]["upstream"]["content"]) == settings(shipped)


def test_redis_starts_as_it_is_told_and_is_healthy(compose: Any, tmp_path: Path) -> None:
    """The command and the health check, run here on another port."""
    redis = compose["services"]["redis"]
    program, *options = redis["command"]
    kind, check, *arguments = redis["healthcheck"]["test"]
    assert kind == "CMD"
    port = free_port()
    command = [installed(program, "redis-server"), *options, "--port", str(port), "--bind"]
    probe = [installed(check, "redis-tools"), "-p", str(port), *arguments]

    with listening([*command, "127.0.0.1"], tmp_path / "log", port, cwd=tmp_path):
        wait_until(lambda: subprocess.run(probe, capture_output=True).stdout == b"PONG\n")
