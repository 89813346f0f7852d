"""The OpenAPI document: valid, complete, and true of what the server then does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import httpx2
import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.routing import Mount

from fastmcp import FastMCP
from fastmcp.resources import ResourceTemplate

from .reached import at, rest


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Archive(ResourceTemplate):
    async def read(self, arguments: dict[str, Any]) -> str:
        return f"{arguments}"


def server(**options: Any) -> FastMCP:
    mcp = FastMCP("The shop", "Sells things.", version="2.5", **options)

    @mcp.tool
    def add(a: int, b: Annotated[int, Field(description="The other")] = 2) -> int:
        """Add two numbers."""
        return a + b

    @mcp.tool(name="trees/{odd} ~name".replace(" ", "_"), title="Grow")
    def grow(root: Node) -> Node:
        return root

    @mcp.tool
    def forest() -> list[Node]:
        return [Node(name="a", children=[Node(name="b")])]

    @mcp.tool
    def say(word: str) -> str:
        return word

    @mcp.resource("config/{section}")
    def config(section: Literal["a", "b"], verbose: bool = False) -> str:
        """A section."""
        return section

    @mcp.resource("status", mime_type="application/json")
    def status(since: int = 0) -> dict[str, int]:
        return {"since": since}

    @mcp.resource("data://items")
    def items() -> bytes:
        return b"1"

    mcp.add_template(Archive(uri_template="archive://{year}{?month}", name="archive"))

    @mcp.prompt
    def review(language: Annotated[str, Field(description="Of the code")], depth: int = 1) -> str:
        return f"{language} {depth}"

    return mcp


@pytest.fixture(scope="module", params=[True, False], ids=["inlined", "references"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    with rest(server(dereference_schemas=request.param)) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: httpx2.Client) -> Any:
    return client.get("/openapi.json").json()


def schema_at(document: Any, path: str, *, of_body: bool) -> dict[str, Any]:
    """A schema of a path's POST, with the document around it for its references."""
    operation = document["paths"][path]["post"]
    holder = operation["requestBody"] if of_body else operation["responses"]["200"]
    return {**document, **holder["content"]["application/json"]["schema"]}


def test_the_document_is_valid(document: Any) -> None:
    """By the schema of OpenAPI 3.1, and every reference in it leads somewhere."""
    OpenAPIV31SpecValidator(document).validate()

    operations = [
        each["operationId"] for path in document["paths"].values() for each in path.values()
    ]
    assert len(set(operations)) == len(operations)


def test_it_says_who_the_server_is(document: Any) -> None:
    """Name, version, what it is for."""
    assert document["openapi"].startswith("3.1.")
    assert document["info"] == {
        "title": "The shop",
        "version": "2.5",
        "description": "Sells things.",
    }
    assert document["servers"] == [{"url": "/"}]


def test_everything_has_its_path(document: Any) -> None:
    """Lists, each tool, each resource, each template by its name, each prompt."""
    assert list(document["paths"]) == [
        "/tools",
        "/resources",
        "/resource-templates",
        "/prompts",
        "/tools/add",
        "/tools/trees/%7Bodd%7D_~name",
        "/tools/forest",
        "/tools/say",
        "/resources/config",
        "/resources/archive",
        "/resources/status",
        "/resources/data://items",
        "/prompts/review",
    ]
    add = document["paths"]["/tools/add"]["post"]
    assert (add["summary"], add["description"]) == ("add", "Add two numbers.")
    assert set(add["responses"]) == {
        *("200", "400", "403", "404", "413", "415", "422", "500", "501", "503", "504")
    }
    config, archive, status, review = (
        {each["name"]: each["required"] for each in document["paths"][path]["get"]["parameters"]}
        for path in (
            "/resources/config",
            "/resources/archive",
            "/resources/status",
            "/prompts/review",
        )
    )
    assert config == {"section": True, "verbose": False}
    assert archive == {"month": False, "year": True}
    assert status == {"since": False}
    assert review == {"language": True, "depth": False}


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/tools/add", {"a": 1}),
        ("/tools/trees/%7Bodd%7D_~name", {"root": {"name": "a", "children": [{"name": "b"}]}}),
        ("/tools/forest", {}),
        ("/tools/say", {"word": "Hi"}),
    ],
)
def test_what_a_path_takes_and_gives_is_as_described(
    client: httpx2.Client, document: Any, path: str, arguments: Any
) -> None:
    """The arguments fit the schema of the body, and the value that of the answer."""
    taken = schema_at(document, path, of_body=True)
    given = schema_at(document, path, of_body=False)

    answer = client.post(path, json=arguments)

    jsonschema.validate(arguments, taken, jsonschema.Draft202012Validator)
    jsonschema.validate(answer.json(), given, jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"unknown": 1}, taken, jsonschema.Draft202012Validator)


def test_an_error_is_as_described(client: httpx2.Client, document: Any) -> None:
    """One shape for all."""
    schema = document["components"]["schemas"]["Error"]
    for answer in (
        client.post("/tools/add", json={"a": "x"}),
        client.post("/tools/nope", json={}),
        client.post("/tools/add", content=b"{}"),
    ):
        jsonschema.validate(answer.json(), schema)


@pytest.mark.parametrize(
    "path",
    [
        "/resources/config?section=a",
        "/resources/archive?year=1999&month=5",
        "/resources/status?since=5",
        "/resources/data://items",
        "/prompts/review?language=C",
    ],
)
def test_every_path_that_is_read_can_be_read(client: httpx2.Client, path: str) -> None:
    """As the document has it, with its parameters in the query."""
    assert client.get(path).status_code == 200


def test_the_document_follows_the_server_and_the_mount() -> None:
    """What is added later is in it; under a mount, `servers` has the path to it."""
    mcp = server()
    app = mcp.http_app(rest=True)
    outer = Starlette(routes=[Mount("/api", app)], lifespan=app.lifespan)
    with at(outer, "/api") as client:
        before = client.get("/openapi.json")
        mcp.tool(lambda: 1, name="later")
        after = client.get("/openapi.json")
        unchanged = client.get("/openapi.json", headers={"if-none-match": after.headers["etag"]})

    assert before.json()["servers"] == [{"url": "/api"}]
    assert "/tools/later" not in before.json()["paths"]
    assert "/tools/later" in after.json()["paths"]
    assert unchanged.status_code == 304
