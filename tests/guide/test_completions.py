"""Completions: what the argument of a prompt or of a template can be, while it is typed."""

from fastmcp import Client, FastMCP
from fastmcp.types import PromptReference


async def test_listed_values_complete_themselves() -> None:
    """Of Literal, Enum and bool."""
    # snippet: first
    from typing import Literal

    from fastmcp import Client, FastMCP
    from fastmcp.types import PromptReference

    mcp = FastMCP("Code")

    @mcp.prompt
    def review(language: Literal["python", "perl", "rust"], file: str = "") -> str:
        return f"Review this {language} file: {file}"

    async with Client(mcp) as client:
        found = await client.complete(
            PromptReference(name="review"), {"name": "language", "value": "p"}
        )

    assert found.values == ["python", "perl"]
    # end


async def test_an_argument_has_a_completer() -> None:
    """It gets what is typed so far, and what is settled if it takes a second argument."""
    mcp = FastMCP("Code")

    @mcp.prompt
    def review(language: str, file: str = "") -> str: ...

    # snippet: one
    files = {"python": ["main.py", "test_main.py"], "rust": ["main.rs"]}

    @mcp.completion(prompt="review", argument="file")
    def complete_file(value: str, settled: dict[str, str]) -> list[str]:
        names = files.get(settled.get("language", ""), [])
        return [name for name in names if value in name]

    async with Client(mcp) as client:
        found = await client.complete(
            PromptReference(name="review"),
            {"name": "file", "value": "test"},
            {"language": "python"},
        )

    assert found.values == ["test_main.py"]
    # end


async def test_templates_have_completers() -> None:
    """More than a hundred values are cut; a Completion says how many there are."""
    mcp = FastMCP("Code")

    # snippet: template
    from fastmcp.types import Completion, ResourceTemplateReference

    @mcp.resource("repo://{owner}/{name}")
    def repository(owner: str, name: str) -> str:
        return f"{owner}/{name}"

    @mcp.completion(template="repo://{owner}/{name}", argument="owner")
    async def complete_owner(value: str) -> Completion:
        return Completion(values=["ada", "adam"], total=250, has_more=True)

    # end
    @mcp.completion(template="repo://{owner}/{name}", argument="name")
    def complete_name(value: str) -> list[str]:
        return [str(number) for number in range(250)]

    async with Client(mcp) as client:
        reference = ResourceTemplateReference(uri="repo://{owner}/{name}")
        owners = await client.complete(reference, {"name": "owner", "value": "ad"})
        names = await client.complete(reference, {"name": "name", "value": ""})

    assert (owners.values, owners.total, owners.has_more) == (["ada", "adam"], 250, True)
    assert (len(names.values), names.total, names.has_more) == (100, 250, True)


async def test_one_handler_may_complete_everything() -> None:
    """Whatever no completer of its own has."""
    mcp = FastMCP("Code")

    @mcp.prompt
    def review(language: str, file: str = "") -> str: ...

    # snippet: handler
    from fastmcp.types import CompletionArgument, CompletionContext, ResourceTemplateReference

    @mcp.completion
    def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> list[str] | None:
        return ["python", "rust"] if argument.name == "language" else None

    # end
    async with Client(mcp) as client:
        reference = PromptReference(name="review")
        found = await client.complete(reference, {"name": "language", "value": ""})
        nothing = await client.complete(reference, {"name": "file", "value": ""})

    assert (found.values, nothing.values) == (["python", "rust"], [])


async def test_what_surprises() -> None:
    """Values are shown as they come, and a handler is asked for listed ones, too."""
    from typing import Literal

    mcp = FastMCP("Code")
    mcp.prompt(lambda: "", name="empty")

    async with Client(mcp) as client:
        assert client.server_capabilities.completions is None

    @mcp.prompt
    def review(language: Literal["python", "rust"]) -> str: ...

    mcp.completion(lambda ref, argument, context: ["perl"])

    async with Client(mcp) as client:
        assert client.server_capabilities.completions is not None
        reference = PromptReference(name="review")
        found = await client.complete(reference, {"name": "language", "value": "x"})

    assert found.values == ["perl"]
