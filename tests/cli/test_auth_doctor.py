"""`fastmcp auth doctor`: what is wrong with how clients are authorized, named with its cure."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from apps import served
from joserfc.jwk import RSAKey
from processes import free_port, run_python
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fastmcp import FastMCP
from fastmcp.cli import main
from fastmcp.server.auth import RemoteAuthProvider, StaticTokenVerifier
from fastmcp.server.auth.oauth.options import ClientRegistrationOptions
from fastmcp.server.auth.providers.debug import DebugTokenVerifier
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

RESOURCE = "/.well-known/oauth-protected-resource/mcp"
SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
KEY = {
    **RSAKey.generate_key(2048).as_dict(private=False),
    "kid": "1",
    "use": "sig",
    "alg": "RS256",
}

Change = Callable[["World"], Any]


class World:
    """A server and its authorization server at one origin, healthy until something is changed:
    documents by their paths, and what the endpoint answers.
    """

    def __init__(self) -> None:
        self.status = 401
        self.challenge: str | None = f'Bearer resource_metadata="BASE{RESOURCE}", scope="read"'
        self.headers = {"access-control-allow-origin": "*"}
        self.token: tuple[int, Any] = (400, {"error": "invalid_request"})
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.seen: list[Request] = []
        self.resource: dict[str, Any] = {
            "resource": "BASE/mcp",
            "authorization_servers": ["BASE"],
            "scopes_supported": ["read"],
        }
        self.server: dict[str, Any] = {
            "issuer": "BASE",
            "authorization_endpoint": "BASE/authorize",
            "token_endpoint": "BASE/token",
            "registration_endpoint": "BASE/register",
            "jwks_uri": "BASE/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["read", "offline_access"],
        }
        self.keys: list[dict[str, Any]] = [KEY]
        self.documents: dict[str, Any] = {
            RESOURCE: self.resource,
            SERVER: self.server,
            "/jwks": {"keys": self.keys},
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self.seen.append(request)
        base = f"http://127.0.0.1:{request.url.port}"
        await self._answer(request, base)(scope, receive, send)

    def _answer(self, request: Request, base: str) -> Response:
        path = request.url.path
        if path in self.answers:
            status, body = self.answers[path]
            leads = {"location": "/elsewhere?secret=x"} if 300 <= status < 400 else {}
            return Response(body, status, {**self.headers, **leads})
        if path == "/mcp" and request.method == "OPTIONS":
            return Response(status_code=204, headers=self.headers)
        if path == "/mcp":
            told = {} if self.challenge is None else {"www-authenticate": self.challenge}
            told = {name: value.replace("BASE", base) for name, value in told.items()}
            return Response(status_code=self.status, headers=told)
        if path == "/token":
            return JSONResponse(self.token[1], self.token[0], self.headers)
        if path in self.documents:
            text = json.dumps(self.documents[path]).replace("BASE", base)
            return Response(text, 200, self.headers, "application/json")
        return Response("nothing", 404, self.headers)


@contextmanager
def world(change: Change | None = None) -> Generator[tuple[World, str]]:
    """It, and the URL of its endpoint."""
    made = World()
    if change is not None:
        change(made)
    with served(made, lifespan="off") as base:
        yield made, f"{base}/mcp"


def doctor(
    url: str, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is said as JSON."""
    code = main(["auth", "doctor", url, "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def levels(report: dict[str, Any], level: str) -> list[str]:
    return [f["text"] + " -> " + f["fix"] for f in report["findings"] if f["level"] == level]


def test_a_healthy_server_has_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Every step is told of, and every kind of client gets what it needs."""
    with world() as (_, url):
        code, report = doctor(url, capsys)

    assert code == 0
    assert report["ok"] is True
    assert (levels(report, "error"), levels(report, "warning")) == ([], [])
    steps = list(dict.fromkeys(f["step"].partition(" http")[0] for f in report["findings"]))
    assert steps == [
        "MCP endpoint",
        "Challenge",
        "Protected resource metadata",
        "Authorization server",
        "Keys",
    ]
    assert {client["level"] for client in report["clients"]} == {"ok"}
    ours = report["clients"][0]["text"]
    assert f"a token for {url}" in ours
    assert "with the scopes read" in ours


def changing(name: str, **members: Any) -> Change:
    """Members of a document that are otherwise; None for without."""

    def change(made: World) -> None:
        document = getattr(made, name)
        document |= members
        for member in [member for member, value in members.items() if value is None]:
            del document[member]

    return change


def setting(**attributes: Any) -> Change:
    def change(made: World) -> None:
        for name, value in attributes.items():
            setattr(made, name, value)

    return change


def answering(path: str, status: int, body: bytes = b"") -> Change:
    return lambda made: made.answers.update({path: (status, body)})


def key(**members: Any) -> Change:
    return lambda made: made.keys.__setitem__(0, {**KEY, **members})


ERRORS: dict[str, tuple[Change, str]] = {
    "open": (setting(status=200), "whoever calls is let in -> if that is not meant, give FastMCP"),
    "forbidden": (setting(status=403), "answered 403, not 401 -> answer 401 to who has no token"),
    "no endpoint": (setting(status=404), "404, not 401 -> look at the path"),
    "redirect": (answering("/mcp", 307), "307, a redirect to /elsewhere, not 401"),
    "broken": (setting(status=502), "502, not 401 -> look at the log"),
    "no challenge": (setting(challenge=None), "the 401 has no header WWW-Authenticate"),
    "other challenge": (setting(challenge='Basic realm="x"'), 'Basic realm="x", without Bearer'),
    "pointer elsewhere": (
        setting(challenge='Bearer resource_metadata="http://inside.example/m"'),
        "http://inside.example/m, is not one to go to",
    ),
    "pointer to nothing": (
        setting(challenge='Bearer resource_metadata="BASE/nothing"'),
        "/nothing answers 404, although the challenge points there",
    ),
    "no resource metadata": (lambda w: w.documents.pop(RESOURCE), "there is none; looked at"),
    "resource metadata fails": (answering(RESOURCE, 500), "answers 500"),
    "resource metadata is a page": (answering(RESOURCE, 200, b"<html>"), "is no JSON object"),
    "resource metadata is malformed": (
        changing("resource", resource=5),
        "is malformed: Expected `str`, got `int`",
    ),
    "resource is another server": (
        changing("resource", resource="https://other.example/mcp"),
        "resource is https://other.example/mcp, and not this server",
    ),
    "resource is another path": (changing("resource", resource="BASE/other"), "not this server"),
    "no authorization server": (
        changing("resource", authorization_servers=[]),
        "authorization_servers names nobody",
    ),
    "no header": (
        changing("resource", bearer_methods_supported=["body"]),
        "bearer_methods_supported does not have header",
    ),
    "authorization server in the clear": (
        changing("resource", authorization_servers=["http://as.example"]),
        "http://as.example, is not one to go to",
    ),
    "no metadata": (lambda w: w.documents.pop(SERVER), "it has no metadata; looked at"),
    "metadata fail": (answering(SERVER, 503), "answers 503 -> clients go no further"),
    "metadata are malformed": (changing("server", token_endpoint=[]), "is malformed"),
    "issuer is another": (
        changing("server", issuer="https://other.example"),
        "it calls itself https://other.example: clients compare each character",
    ),
    "issuer has a slash": (changing("server", issuer="BASE/"), "with the slash as it has it"),
    "no authorization endpoint": (
        changing("server", authorization_endpoint=None),
        "it has no authorization_endpoint",
    ),
    "no token endpoint": (changing("server", token_endpoint=None), "it has no token_endpoint"),
    "endpoint in the clear": (
        changing("server", authorization_endpoint="http://as.example/authorize"),
        "The authorization_endpoint, http://as.example/authorize, is not one to go to",
    ),
    "endpoint is a script": (
        changing("server", authorization_endpoint="javascript:alert(1)"),
        "The authorization_endpoint",
    ),
    "PKCE is not told of": (
        changing("server", code_challenge_methods_supported=None),
        "code_challenge_methods_supported is None, without S256: clients have to refuse",
    ),
    "PKCE by plain alone": (
        changing("server", code_challenge_methods_supported=["plain"]),
        "without S256",
    ),
    "no codes": (changing("server", response_types_supported=["token"]), "has no code"),
    "no code grant": (
        changing("server", grant_types_supported=["client_credentials"]),
        "grant_types_supported has no authorization_code",
    ),
    "token endpoint is not there": (
        setting(token=(404, {})),
        "/token answers 404 to an empty form",
    ),
    "token endpoint fails": (setting(token=(500, {})), "/token answers 500"),
    "token endpoint gives tokens": (setting(token=(200, {"access_token": "x"})), "answers 200"),
    "keys are not there": (answering("/jwks", 404), "/jwks answers 404"),
    "keys are malformed": (lambda w: w.documents.update({"/jwks": {}}), "/jwks is malformed"),
    "no keys": (lambda w: w.keys.clear(), "of the 0 keys"),
    "key is private": (key(d="x"), "has a private or secret key"),
    "key is a secret": (key(kty="oct", k="x"), "has a private or secret key"),
    "key is short": (key(n="a" * 171), "of the 1 keys"),
    "key is nonsense": (
        lambda w: w.keys.__setitem__(0, {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}),
        "none can verify a signature",
    ),
    "key is for encryption": (key(use="enc"), "none can verify a signature"),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_a_fault_that_keeps_clients_out_is_named(
    fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an error, with what to do about it, and the exit code is 1."""
    change, words = ERRORS[fault]
    with world(change) as (_, url):
        code, report = doctor(url, capsys)

    assert code == 1
    assert report["ok"] is False
    assert any(words in error for error in levels(report, "error")), report


WARNINGS: dict[str, tuple[Change, str]] = {
    "error without a token": (
        setting(challenge=f'Bearer error="invalid_token", resource_metadata="BASE{RESOURCE}"'),
        "it says error=invalid_token, although no token was sent",
    ),
    "no pointer": (setting(challenge="Bearer"), "it does not say where the metadata are"),
    "not for pages": (setting(headers={}), "pages of other origins may not call it (CORS)"),
    "no metadata for pages": (setting(headers={}), "pages of other origins may not read it"),
    "resource is the whole host": (
        changing("resource", resource="BASE"),
        "tokens are for all that is below it",
    ),
    "resource has a slash": (changing("resource", resource="BASE/mcp/"), "without a slash"),
    "offline_access of a resource": (
        changing("resource", scopes_supported=["read", "offline_access"]),
        "scopes_supported has offline_access",
    ),
    "scopes disagree": (changing("resource", scopes_supported=["write"]), "lacks read, which the"),
    "several authorization servers": (
        changing("resource", authorization_servers=["BASE", "BASE"]),
        "names 2: most clients take the first",
    ),
    "unknown scopes": (
        changing("server", scopes_supported=["openid"]),
        "scopes_supported lacks read, which the server asks for",
    ),
    "PKCE by plain too": (
        changing("server", code_challenge_methods_supported=["S256", "plain"]),
        "it accepts PKCE by plain",
    ),
    "no refreshing": (
        changing("server", grant_types_supported=["authorization_code"]),
        "it gives no refresh tokens",
    ),
    "no iss": (
        changing("server", authorization_response_iss_parameter_supported=None),
        "it does not say in its answers who it is (iss)",
    ),
    "no registration": (
        changing("server", registration_endpoint=None),
        "no client can make itself known",
    ),
    "secrets alone": (
        changing("server", token_endpoint_auth_methods_supported=["client_secret_basic"]),
        "token_endpoint_auth_methods_supported has no none",
    ),
    "errors of another kind": (setting(token=(400, {"detail": "x"})), "without an error of OAuth"),
    "nameless keys": (
        lambda w: w.keys.append({**KEY, "kid": "1"}),
        "not every key has a name of its own",
    ),
}


@pytest.mark.parametrize("fault", WARNINGS)
def test_a_fault_that_some_clients_stumble_over_is_named(
    fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a warning, with what to do about it; the exit code remains 0."""
    change, words = WARNINGS[fault]
    with world(change) as (_, url):
        code, report = doctor(url, capsys)

    assert code == 0, report
    assert any(words in warning for warning in levels(report, "warning")), report


@pytest.mark.parametrize("metadata", [SERVER, OPENID])
@pytest.mark.parametrize("order", ["{0}/tenant", "/tenant{0}"])
def test_an_issuer_with_a_path_is_found_where_clients_look(
    metadata: str, order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the specification; RFC 8414 does not have the last of the four places."""
    place = order.format(metadata)

    def change(made: World) -> None:
        made.resource["authorization_servers"] = ["BASE/tenant"]
        made.server["issuer"] = "BASE/tenant"
        made.documents[place] = made.documents.pop(SERVER)

    with world(change) as (_, url):
        code, report = doctor(url, capsys)

    found = place != f"/tenant{SERVER}"
    assert code == (0 if found else 1)
    assert any(place in f["text"] for f in report["findings"] if f["level"] == "ok") is found


def test_it_says_what_each_kind_of_client_comes_to(capsys: pytest.CaptureFixture[str]) -> None:
    """Older ones know less, and ours is told of by its own code."""

    def change(made: World) -> None:
        made.documents[OPENID] = made.documents.pop(SERVER)
        made.server["registration_endpoint"] = None

    with world(change) as (_, url):
        _, report = doctor(url, capsys)

    outlook = {client["client"]: (client["level"], client["text"]) for client in report["clients"]}
    assert outlook['Client(url, auth="oauth")'][0] == "warning"
    assert "needs OAuth(client_id=...)" in outlook['Client(url, auth="oauth")'][1]
    assert outlook["clients of 2025-11-25 and later"][0] == "ok"
    assert outlook["clients of 2025-06-18"][0] == "warning"
    assert outlook["clients of 2025-03-26"][0] == "warning"
    assert outlook["clients in a browser"][0] == "ok"

    with world(setting(headers={})) as (_, url):
        _, report = doctor(url, capsys)
    assert report["clients"][-1]["level"] == "warning"


def test_it_sends_no_credentials_and_registers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What it asks for anybody may read, and what it posts is empty."""
    with world() as (made, url):
        doctor(url, capsys)

    assert made.seen
    for request in made.seen:
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers
        assert not request.url.query
        assert request.url.path not in ("/register", "/authorize")


def test_nothing_of_a_peer_reaches_the_terminal_as_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Control characters are spelt out or left out."""
    hostile = "https://x.example/\x1b]0;title\x07\x1b[2J"
    with world(changing("server", issuer=hostile)) as (_, url):
        code = main(["auth", "doctor", url])

    said = capsys.readouterr().out
    assert code == 1
    assert "it calls itself https://x.example/" in said
    assert "\x1b" not in said
    assert "\x07" not in said


def test_it_says_on_the_terminal_what_to_do() -> None:
    """As a process: steps, findings with their cures, clients, and a count."""
    with world(changing("server", code_challenge_methods_supported=None)) as (_, url):
        ran = run_python("-m", "fastmcp", "auth", "doctor", url)

    assert ran.returncode == 1
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if "without S256" in line)
    assert lines[at].startswith("  error ")
    assert lines[at + 1].strip() == "-> check PKCE by S256, and say so"
    assert "Clients" in lines
    assert lines[-1] == "1 error, 0 warnings"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mcp.example.com/mcp", "give the URL of an MCP endpoint"),
        ("ftp://mcp.example.com", "give the URL of an MCP endpoint"),
        ("https://ann:secret@mcp.example.com/mcp", "has credentials in it"),
    ],
)
def test_what_is_no_url_of_a_server_is_refused(
    url: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, which does not repeat a secret."""
    assert main(["auth", "doctor", url]) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert "secret" not in said.err


def test_a_server_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """And so is one whose URL is not encrypted."""
    code, report = doctor(f"http://127.0.0.1:{free_port()}/mcp", capsys)
    assert code == 1
    assert "could not be reached" in levels(report, "error")[0]

    code, report = doctor("http://mcp.invalid/mcp", capsys)
    assert code == 1
    assert "is not encrypted" in levels(report, "error")[0]


def test_servers_of_ours_are_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is its own authorization server, and one that points to it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    issuer = InMemoryOAuthProvider(
        base_url=base,
        client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=["read"]),
        required_scopes=["read"],
    )
    with at_port(FastMCP("its own", auth=issuer), port):
        code, report = doctor(f"{base}/mcp", capsys)
        assert (code, levels(report, "error")) == (0, [])

        other = free_port()
        verifier = DebugTokenVerifier(required_scopes=["read"])
        remote = RemoteAuthProvider(verifier, [base], f"http://127.0.0.1:{other}")
        with at_port(FastMCP("remote", auth=remote), other):
            code, report = doctor(f"http://127.0.0.1:{other}/mcp", capsys)
            assert (code, levels(report, "error")) == (0, [])


def test_a_server_of_static_tokens_has_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """That nobody can sign in is a note; a token is tried that `--auth` gives."""
    verifier = StaticTokenVerifier({"good": {"client_id": "me", "scopes": []}})
    mcp = FastMCP("static", auth=verifier)
    with served(mcp.http_app(cors_origins=["*"])) as base:
        code, report = doctor(f"{base}/mcp", capsys)
        good, taken = doctor(f"{base}/mcp", capsys, "--auth", "good")
        bad, refused = doctor(f"{base}/mcp", capsys, "--auth", "bad")

    assert (code, levels(report, "error"), levels(report, "warning")) == (0, [], [])
    assert "need a token that they are given" in levels(report, "note")[0]
    assert [client["level"] for client in report["clients"]] == ["ok", "note"]
    assert good == 0
    assert {"Token": "the endpoint takes it"}.items() <= texts(taken).items()
    assert bad == 1
    assert texts(refused)["Token"].startswith("with it the endpoint answers 401")


def test_a_token_without_the_scopes_is_told_which_it_lacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the challenge of the 403."""
    verifier = StaticTokenVerifier(
        {"good": {"client_id": "me", "scopes": []}}, required_scopes=["write"]
    )
    with served(FastMCP("static", auth=verifier).http_app()) as base:
        code, report = doctor(f"{base}/mcp", capsys, "--auth", "good")

    assert code == 1
    assert "403" in levels(report, "error")[0]
    assert "the scopes write" in levels(report, "error")[0]


def test_a_token_has_to_be_given_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is signed in."""
    assert main(["auth", "doctor", "http://127.0.0.1/mcp", "--auth", "oauth"]) == 2
    assert "give a token" in capsys.readouterr().err


def texts(report: dict[str, Any]) -> dict[str, str]:
    """What is said last of each step."""
    return {finding["step"]: finding["text"] for finding in report["findings"]}


@contextmanager
def at_port(mcp: FastMCP, port: int) -> Generator[None]:
    """Serve a server where it says that it is."""
    from auth.peers.ours import serving

    with serving(mcp.http_app(), port):
        yield
