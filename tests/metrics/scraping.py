"""What a server exposes, read by the parsers of prometheus_client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


class Samples:
    """The samples of a scrape."""

    def __init__(self, families: Iterable[Any]) -> None:
        self.all = [sample for family in families for sample in family.samples]

    def __call__(self, name: str, /, **labels: str) -> float:
        """The sum of those that have this name and these labels."""
        return sum(sample.value for sample in self.of(name, **labels))

    def of(self, name: str, /, **labels: str) -> list[Any]:
        """Those that have this name and these labels."""
        return [s for s in self.all if s.name == name and labels.items() <= s.labels.items()]

    def values(self, label: str) -> set[str]:
        """What a label is in all of them."""
        return {sample.labels[label] for sample in self.all if label in sample.labels}


def scrape(base: str) -> Samples:
    """What Prometheus would get, in the older format."""
    response = httpx2.get(f"{base}/metrics", timeout=20)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain")
    return Samples(text_string_to_metric_families(response.text))


def scrape_openmetrics(base: str) -> Samples:
    """What Prometheus would get, in the format that has exemplars."""
    response = httpx2.get(f"{base}/metrics", headers={"accept": OPENMETRICS}, timeout=20)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    return Samples(openmetrics_families(response.text))
