"""A real nginx in front of servers, with the configuration that `deploy/nginx` ships."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploying import DEPLOY, installed
from processes import free_port, listening

# What a machine has around the files of conf.d, here in one folder and on loopback.
MAIN = """\
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


class NginxServer:
    """A running nginx; `base` is its URL, `url` that of the MCP endpoint behind it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.url = f"{self.base}/mcp"
        self._folder = folder

    @property
    def errors(self) -> str:
        """What it has logged so far, besides requests."""
        return (self._folder / "error.log").read_text("utf-8")


@contextmanager
def nginx_server(
    directory: Path, upstreams: Sequence[int], *, port: int | None = None, site: str | None = None
) -> Generator[NginxServer]:
    """Run nginx in front of the servers on these loopback ports, asked in turn.

    What it writes is in `directory`; `site` is another configuration than `site.conf`.
    """
    port = free_port() if port is None else port
    folder = directory / "nginx"
    (folder / "conf.d").mkdir(parents=True)
    user = "" if os.geteuid() else "user root;"  # who may read the folders of tests
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user=user), "utf-8")
    shipped = (DEPLOY / "nginx" / "site.conf").read_text("utf-8")
    site = _replaced(r"^( *listen) 80;$", rf"\1 127.0.0.1:{port};", site or shipped)
    (folder / "conf.d" / "site.conf").write_text(site, "utf-8")
    _write_upstreams(folder, upstreams)
    program = installed("nginx", "nginx")
    command = [program, "-p", folder, "-c", main, "-e", folder / "error.log"]
    with listening(command, folder / "output.log", port) as server:
        yield NginxServer(server.process, port, folder)


def _write_upstreams(folder: Path, ports: Iterable[int]) -> None:
    """`upstream.conf` with other servers, told to be what its own are."""
    shipped = (DEPLOY / "nginx" / "upstream.conf").read_text("utf-8")
    lines = re.findall(r"^ *server 127\.0\.0\.1:\d+(.*)\n", shipped, re.M)
    assert lines and len(set(lines)) == 1
    own = "".join(f"    server 127.0.0.1:{port}{lines[0]}\n" for port in ports)
    text = _replaced(r"(^ *server .*\n)+", own, shipped)
    (folder / "conf.d" / "upstream.conf").write_text(text, "utf-8")


def _replaced(pattern: str, new: str, text: str) -> str:
    text, times = re.subn(pattern, new, text, flags=re.M)
    assert times == 1, f"{pattern!r} is {times} times in the configuration"
    return text
