"""Who may use an inspector, and what its page may do."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx2
import pytest

from .running import Running, User, enter

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:{port}", "[::1].evil", ""]
)
def test_another_host_is_refused(shared: tuple[Running, str], host: str) -> None:
    """A name that was rebound to this machine reaches nothing, not even the page."""
    headers = {"host": host.format(port=shared[0].url.rpartition(":")[2])}

    for path in ("/", "/main.js", "/api/connect", "/api/events"):
        assert httpx2.get(shared[0].url + path, headers=headers).status_code in (400, 421)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_another_origin_is_refused(running: Running, origin: str) -> None:
    """A page that knew the key could not use it; that the token is not spent by it, either."""
    refused = httpx2.post(
        f"{running.url}/api/enter", json={"token": running.token}, headers={"origin": origin}
    )
    key = httpx2.post(
        f"{running.url}/api/enter", json={"token": running.token}, headers={"origin": running.url}
    ).json()["key"]
    headers = {"authorization": f"Bearer {key}", "origin": origin}

    assert refused.status_code == 403
    assert httpx2.post(f"{running.url}/api/forget", json={}, headers=headers).status_code == 403
    assert httpx2.get(f"{running.url}/api/events", headers=headers).status_code == 403


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer x", "Basic eDp4"])
def test_nothing_is_done_without_the_key(
    shared: tuple[Running, str], authorization: str | None, tmp_path: Path
) -> None:
    """No command is started for somebody who only reaches the port."""
    headers = JSON if authorization is None else {**JSON, "authorization": authorization}
    target = {"transport": "stdio", "command": f"touch {tmp_path / 'owned'}"}
    body = {"target": target, "call": "1"}

    for action in ("connect", "reconnect", "request", "answer", "show-app", "nothing"):
        posted = httpx2.post(f"{shared[0].url}/api/{action}", json=body, headers=headers)
        assert posted.status_code == 401
    assert httpx2.get(f"{shared[0].url}/api/events", headers=headers).status_code == 401
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"token":"\xff"}', b"[" * 1000, b'{"token":"%s"}' % (b"a" * 2000)]
)
def test_what_is_no_token_is_refused(shared: tuple[Running, str], body: bytes) -> None:
    """Whoever reaches the port can send anything; it is no failure, and little of it is read."""
    answer = httpx2.post(f"{shared[0].url}/api/enter", content=body, headers=JSON)

    assert (answer.status_code, answer.text) == (400, "No token was given")


def test_a_link_is_good_for_one_browser(running: Running) -> None:
    """A token is exchanged once; shown again, another is printed, and that works."""
    enter(running).close()

    again = [
        httpx2.post(f"{running.url}/api/enter", json={"token": running.token}) for _ in range(2)
    ]
    link = running.errors.split("a new one: ")[1].split()[0]
    renewed = httpx2.post(f"{running.url}/api/enter", json={"token": link.partition("#token=")[2]})

    assert [each.status_code for each in again] == [401, 401]
    assert running.errors.count("a new one") == 1
    assert renewed.status_code == 200


def test_what_is_no_action_is_refused(shared: tuple[Running, str], user: User) -> None:
    """By its name, its parameters, its kind of body."""
    headers = {"authorization": f"Bearer {user.key}", "content-type": "text/plain"}
    form = httpx2.post(f"{shared[0].url}/api/forget", content=b"{}", headers=headers)

    assert form.status_code == 415
    assert user.refusal("nothing")[0] == 404
    assert user.refusal("request", call=1)[0] == 400
    assert user.refusal("answer", id=99, answer={}) == (
        400,
        "Nobody waits for this answer any more",
    )


def test_the_page_runs_only_its_own_scripts(shared: tuple[Running, str]) -> None:
    """Its policy allows neither markup of others nor other places."""
    answer = httpx2.get(shared[0].url)
    policy = answer.headers["content-security-policy"]

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in answer.text and "style=" not in answer.text


@pytest.mark.parametrize(
    "path", ["/../app.py", "/%2e%2e/app.py", "//etc/passwd", "/views/../../app.py", "/app/x"]
)
def test_only_the_page_is_served(shared: tuple[Running, str], path: str) -> None:
    """No path leads to another file."""
    host, port = shared[0].url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as made:
        made.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        answer = made.recv(65536)

    assert answer.startswith(b"HTTP/1.1 404")


def test_an_app_has_an_origin_that_nobody_else_has(shared: tuple[Running, str], user: User) -> None:
    """It is served in a sandbox, and reaches only what its resource declares."""
    domains = ["https://api.example.com", "https://*.example.org", "javascript:alert(1)", "*; x"]
    path = user.act("show-app", html="<p>an app", policy={"connectDomains": domains})

    answer = httpx2.get(shared[0].url + path)
    policy = answer.headers["content-security-policy"].split("; ")

    assert answer.text == "<p>an app"
    assert "sandbox allow-scripts" in policy
    assert "connect-src https://api.example.com https://*.example.org" in policy
    assert "default-src 'none'" in policy and "frame-src 'none'" in policy
