"""Prompts over plain HTTP: rendered by a query, and by a body."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from fastmcp import FastMCP

from .reached import message, rest


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    mcp = FastMCP("prompts")

    @mcp.prompt
    def review(language: str, strict: bool = False, files: list[str] | None = None) -> str:
        """Review code."""
        return f"{language} {strict} {files}"

    @mcp.prompt(name="team/hello")
    def hello() -> str:
        return "Hello"

    with rest(mcp) as client:
        yield client


def test_prompts_are_listed(client: httpx2.Client) -> None:
    """With their arguments."""
    review, hello = client.get("/prompts").json()

    assert (review["name"], review["description"]) == ("review", "Review code.")
    assert review["arguments"][0] == {"name": "language", "required": True}
    assert hello["name"] == "team/hello"


def test_a_prompt_is_rendered_by_body_and_by_query(client: httpx2.Client) -> None:
    """Arguments are texts; other JSON in the body becomes the text of it."""
    posted = client.post(
        "/prompts/review", json={"language": "Python", "strict": True, "files": ["a", "b"]}
    )
    got = client.get("/prompts/review?language=C&language=C%2B%2B&strict=yes")

    assert (posted.status_code, got.status_code) == (200, 200)
    assert posted.json() == {
        "description": "Review code.",
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "Python True ['a', 'b']"}}
        ],
    }
    assert got.json()["messages"][0]["content"]["text"] == "C++ True None"
    assert got.headers["cache-control"] == "no-store"
    assert client.get("/prompts/team/hello").json()["messages"]


def test_what_cannot_be_rendered_is_said(client: httpx2.Client) -> None:
    """404, 405, 415 and 422, as with tools."""
    unknown = client.get("/prompts/nope")
    missing = client.post("/prompts/review", json={"strict": "perhaps"})
    form = client.post("/prompts/review", data={"language": "C"})
    deleted = client.delete("/prompts/review")

    assert (unknown.status_code, message(unknown)) == (404, "Unknown prompt: 'nope'")
    assert missing.status_code == 422
    assert [each["path"] for each in missing.json()["error"]["details"]] == [
        ["language"],
        ["strict"],
    ]
    assert form.status_code == 415
    assert (deleted.status_code, deleted.headers["allow"]) == (405, "GET, HEAD, POST")
