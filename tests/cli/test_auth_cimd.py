"""`fastmcp auth cimd`: a document that was created is in order, and what is not is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import run_python

PLACE = "https://shop.example/oauth/client.json"


def cimd(*arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    """The exit code, and what was printed."""
    run = run_python("-m", "fastmcp", "auth", "cimd", *arguments, cwd=cwd)
    return run.returncode, run.stdout, run.stderr


def test_a_document_is_created_and_found_in_order(tmp_path: Path) -> None:
    """With all that was said of the client."""
    made = cimd(
        *("create", "--name", "Shop", "-r", "http://localhost:*/callback"),
        *("-r", "https://shop.example/back", "--client-id", PLACE, "--scope", "read write"),
        *("--client-uri", "https://shop.example", "-o", "client.json"),
        cwd=tmp_path,
    )
    assert made == (0, "", f"client.json is to be published at {PLACE}\n")
    document = json.loads((tmp_path / "client.json").read_text("utf-8"))
    assert document == {
        "client_id": PLACE,
        "client_name": "Shop",
        "redirect_uris": ["http://localhost:*/callback", "https://shop.example/back"],
        "client_uri": "https://shop.example",
        "scope": "read write",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    code, told, _ = cimd("validate", "client.json", cwd=tmp_path)
    assert (code, told.splitlines()) == (
        0,
        [
            f"{PLACE} is in order: Shop",
            "  http://localhost/callback",
            "  https://shop.example/back",
        ],
    )


def test_without_its_place_a_document_is_printed_with_one_to_be_replaced() -> None:
    """On one line, if it is wished so."""
    code, printed, warned = cimd(
        "create", "--name", "Shop", "-r", "http://127.0.0.1/callback", "--no-pretty"
    )

    assert code == 0
    assert printed.count("\n") == 1
    assert json.loads(printed)["client_id"] in warned


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-r", "http://shop.example/back"), "http is for the user's own machine"),
        (("-r", "https://a.example/b", "--client-id", "http://a.example/c"), "of https and with"),
        (("-r", "https://a.example/b", "--logo-uri", "data:image/png;base64,"), "logo_uri"),
    ],
)
def test_what_no_server_would_accept_is_not_created(arguments: tuple[str, ...], said: str) -> None:
    """The reason is told."""
    code, printed, told = cimd("create", "--name", "Shop", *arguments)

    assert (code, printed) == (1, "")
    assert said in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("nothing", "is not an object of JSON"),
        ("[]", "is not an object of JSON"),
        ("{}", "has no client_id"),
        (json.dumps({"client_id": PLACE, "redirect_uris": []}), "redirect_uris"),
        (json.dumps({"client_id": PLACE, "client_secret": "x"}), "has no secret"),
    ],
)
def test_a_document_that_is_not_in_order_is_refused(
    content: str, said: str, tmp_path: Path
) -> None:
    """By a line that says why."""
    (tmp_path / "client.json").write_text(content, "utf-8")

    code, printed, told = cimd("validate", "client.json", cwd=tmp_path)

    assert (code, printed) == (1, "")
    assert said in told


def test_a_document_is_fetched_from_the_public_internet_alone() -> None:
    """As servers do it."""
    code, _, told = cimd("validate", "https://127.0.0.1/client.json")

    assert code == 1
    assert "127.0.0.1" in told
