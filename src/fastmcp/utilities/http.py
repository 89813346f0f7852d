"""What tests and programs need of the network."""

from __future__ import annotations

import socket


def find_available_port(host: str = "127.0.0.1") -> int:
    """A port of that address which nothing listens on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
