"""A real Prometheus that scrapes servers of a test, and what it answers to queries."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from deploying import DEPLOY, installed
from processes import SECONDS, free_port, listening

FILES = DEPLOY / "prometheus"


class Prometheus:
    """A running one."""

    def __init__(self, base: str) -> None:
        self._http = httpx2.Client(base_url=f"{base}/api/v1", timeout=SECONDS)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What it answers now."""
        return self._ask("query", query=expression)["result"]

    def exemplars(self, expression: str) -> list[dict[str, Any]]:
        """Those that it keeps."""
        now = time.time()
        return self._ask("query_exemplars", query=expression, start=now - 600, end=now + 60)

    def rules(self) -> list[dict[str, Any]]:
        """Those that it evaluates."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def _ask(self, what: str, **query: Any) -> Any:
        answer = self._http.get(f"/{what}", params=query).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def close(self) -> None:
        self._http.close()


@contextmanager
def prometheus_server(directory: Path, scraped: str) -> Generator[Prometheus]:
    """Run it by the configuration that `deploy/prometheus` ships, but that it scrapes the server
    at that URL, and every second.
    """
    config = (FILES / "prometheus.yml").read_text("utf-8")
    shipped = ("scrape_interval: 15s", "localhost:8000", "rules.yml")
    assert all(config.count(text) == 1 for text in shipped)
    for text, ours in zip(
        shipped,
        (
            "scrape_interval: 1s\n  evaluation_interval: 1s",
            scraped.removeprefix("http://"),
            str(FILES / "rules.yml"),
        ),
        strict=True,
    ):
        config = config.replace(text, ours)
    path = directory / "prometheus.yml"
    path.write_text(config, "utf-8")
    port = free_port()
    command = [
        installed("prometheus", "prometheus"),
        f"--config.file={path}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
    ]
    with listening(command, directory / "prometheus.log", port, cwd=directory):
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        try:
            yield prometheus
        finally:
            prometheus.close()


def promtool(*arguments: str | Path, cwd: Path | None = None) -> str:
    """What its tool says; fails unless it agrees."""
    done = subprocess.run(
        [installed("promtool", "prometheus"), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
