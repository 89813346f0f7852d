"""Templates: resources whose URI has parameters."""

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError


async def test_a_uri_with_parameters_is_a_template() -> None:
    """What the URI says reaches the function, converted to its types."""
    # snippet: first
    from fastmcp import Client, FastMCP

    mcp = FastMCP("Library")

    @mcp.resource("library://books/{number}/{part}")
    def book(number: int, part: str) -> dict[str, object]:
        """A part of a book."""
        return {"number": number + 1, "part": part}

    async with Client(mcp) as client:
        [template] = await client.list_resource_templates()
        [content] = await client.read_resource("library://books/41/table%20of%20contents")

    assert template.uri_template == "library://books/{number}/{part}"
    assert content.text == '{"number":42,"part":"table of contents"}'
    # end


async def test_a_parameter_may_span_segments() -> None:
    """With a star, or a plus."""
    mcp = FastMCP("Library")

    # snippet: paths
    @mcp.resource("library://files/{path*}")
    def file(path: str) -> str:
        return f"content of {path}"

    async with Client(mcp) as client:
        [content] = await client.read_resource("library://files/2026/july/report.txt")

    assert content.text == "content of 2026/july/report.txt"
    # end


async def test_optional_parameters_stand_in_the_query() -> None:
    """In any order, each with a default; a list takes several."""
    mcp = FastMCP("Library")

    # snippet: query
    @mcp.resource("library://search/{text}{?limit,language*}")
    def search(text: str, limit: int = 10, language: list[str] | None = None) -> str:
        return f"{text}, at most {limit}, in {language}"

    async with Client(mcp) as client:
        [content] = await client.read_resource(
            "library://search/tea?language=en&language=de&limit=3"
        )

    assert content.text == "tea, at most 3, in ['en', 'de']"
    # end


async def test_all_of_rfc_6570_is_understood() -> None:
    """The operators make lists and mappings, too; expanding is the way back."""
    mcp = FastMCP("Library")

    # snippet: operators
    from fastmcp.resources.template import expand_uri_template

    @mcp.resource("library://shelves{/room*}{;sort}{#place}")
    def shelf(room: list[str], sort: str = "title", place: str = "") -> str:
        return f"{room} by {sort}, {place}"

    uri = expand_uri_template(
        "library://shelves{/room*}{;sort}{#place}",
        {"room": ["east", "2"], "sort": "year", "place": "top"},
    )

    assert uri == "library://shelves/east/2;sort=year#top"
    # end
    async with Client(mcp) as client:
        [content] = await client.read_resource(uri)

    assert content.text == "['east', '2'] by year, top"


async def test_one_function_may_serve_several_templates() -> None:
    """Each fills what it has."""
    mcp = FastMCP("Library")

    # snippet: stacked
    @mcp.resource("library://authors/{author}")
    @mcp.resource("library://years/{year}")
    def books(author: str = "anybody", year: int | None = None) -> str:
        return f"books of {author}, {year}"

    # end
    async with Client(mcp) as client:
        [one] = await client.read_resource("library://authors/Austen")
        [two] = await client.read_resource("library://years/1815")

    assert (one.text, two.text) == ("books of Austen, None", "books of anybody, 1815")


async def test_paths_cannot_lead_elsewhere() -> None:
    """Such a resource is not found; a template can allow it, or more."""
    mcp = FastMCP("Library")

    # snippet: security
    from fastmcp.resources import ResourceSecurity

    @mcp.resource("library://scans/{path*}")
    def scan(path: str) -> str:
        return f"scan of {path}"

    @mcp.resource("library://similar/{path*}", security=ResourceSecurity(exempt_params={"path"}))
    def similar(path: str) -> str:
        return f"whatever is like {path}"

    # end
    async with Client(mcp) as client:
        for hostile in ("../secret", "%2e%2e/secret", "a/../../secret", "/etc/passwd", "a%00"):
            with pytest.raises(McpError, match="Resource not found"):
                await client.read_resource(f"library://scans/{hostile}")
        [content] = await client.read_resource("library://similar/../secret")

    assert content.text == "whatever is like ../secret"


def test_the_uri_and_the_function_have_to_agree() -> None:
    """What does not is told when the program starts."""
    mcp = FastMCP("Library")

    # snippet: mistakes
    import pytest

    from fastmcp.exceptions import InvalidSignature

    with pytest.raises(InvalidSignature, match="has no parameter titel"):

        @mcp.resource("library://titles/{titel}")
        def title(title: str = "") -> str: ...

    # end


async def test_what_surprises() -> None:
    """What is fixed comes first, then what came first; a hyphen is an underscore."""
    mcp = FastMCP("Library")
    mcp.resource("library://users/{user-id}", name="user")(lambda user_id: f"user {user_id}")
    mcp.resource("library://users/{name}", name="late")(lambda name: f"late {name}")
    mcp.resource("library://users/admin", name="admin")(lambda: "admin")

    async with Client(mcp) as client:
        [user] = await client.read_resource("library://users/7")
        [admin] = await client.read_resource("library://users/admin")

    assert (user.text, admin.text) == ("user 7", "admin")
