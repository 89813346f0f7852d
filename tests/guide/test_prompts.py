"""Prompts: messages that a user can pick and fill in."""

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import McpError


async def test_a_function_is_a_prompt() -> None:
    """A text is one message of the user's."""
    # snippet: first
    from fastmcp import Client, FastMCP

    mcp = FastMCP("Editor")

    @mcp.prompt
    def summarize(text: str, words: int = 100) -> str:
        """Ask for a summary.

        Args:
            text: What to summarize
        """
        return f"Summarize in {words} words:\n\n{text}"

    async with Client(mcp) as client:
        result = await client.get_prompt("summarize", {"text": "It was…", "words": 20})

    assert result.messages[0].role == "user"
    assert result.messages[0].content.text == "Summarize in 20 words:\n\nIt was…"
    # end
    async with Client(mcp) as client:
        [prompt] = await client.list_prompts()

    text, words = prompt.arguments or ()
    assert prompt.description == "Ask for a summary."
    assert (text.required, text.description) == (True, "What to summarize")
    assert (words.required, words.name) == (False, "words")


async def test_arguments_have_types() -> None:
    """They come as text, as the protocol has it; what is no text is JSON."""
    mcp = FastMCP("Editor")

    # snippet: typed
    from pydantic import BaseModel

    class Style(BaseModel):
        language: str
        formal: bool = True

    @mcp.prompt
    def rewrite(text: str, style: Style) -> str:
        return f"Rewrite this in {style.language}: {text}"

    async with Client(mcp) as client:
        result = await client.get_prompt(
            "rewrite", {"text": "Hi!", "style": '{"language": "French"}'}
        )

    assert result.messages[0].content.text == "Rewrite this in French: Hi!"
    # end
    async with Client(mcp) as client:
        [prompt] = await client.list_prompts()
        with pytest.raises(McpError, match=r"style\.language: is required"):
            await client.get_prompt("rewrite", {"text": "Hi!", "style": "{}"})
    assert "JSON string matching this schema" in str((prompt.arguments or ())[1].description)


async def test_a_prompt_may_be_a_conversation() -> None:
    """Of text, data and content blocks, by user and assistant."""
    mcp = FastMCP("Editor")

    # snippet: messages
    from fastmcp.prompts import Message
    from fastmcp.types import ResourceLink

    @mcp.prompt("teach", title="Teach by example", tags={"examples"})
    def teach(word: str) -> list[str | Message]:
        return [
            "Which language is 'Fenster'?",
            Message("German", role="assistant"),
            Message(ResourceLink(uri="words://all", name="words")),
            Message({"and": word}),
        ]

    # end
    async with Client(mcp) as client:
        [prompt] = await client.list_prompts()
        messages = (await client.get_prompt("teach", {"word": "window"})).messages

    assert prompt.title == "Teach by example"
    assert [message.role for message in messages] == ["user", "assistant", "user", "user"]
    assert messages[2].content.type == "resource_link"
    assert messages[3].content.text == '{"and":"window"}'


async def test_a_result_describes_itself() -> None:
    """Where the description depends on the arguments, or `_meta` goes with it."""
    mcp = FastMCP("Editor")

    # snippet: result
    from fastmcp.prompts import PromptResult

    @mcp.prompt
    async def translate(text: str, language: str = "French") -> PromptResult:
        return PromptResult(
            f"Translate into {language}: {text}",
            description=f"A translation into {language}",
            meta={"com.example/model": "small"},
        )

    # end
    async with Client(mcp) as client:
        result = await client.get_prompt("translate", {"text": "window"})

    assert result.description == "A translation into French"
    assert result.meta is not None and result.meta["com.example/model"] == "small"


async def test_a_failure_is_told() -> None:
    """The text of a PromptError goes to the client."""
    mcp = FastMCP("Editor")

    # snippet: failing
    from fastmcp.exceptions import PromptError

    @mcp.prompt
    def proofread(text: str) -> str:
        if not text:
            raise PromptError("There is nothing to proofread")
        return f"Find the mistakes: {text}"

    # end
    async with Client(mcp) as client:
        with pytest.raises(McpError, match="nothing to proofread"):
            await client.get_prompt("proofread", {"text": ""})


async def test_a_class_can_be_a_prompt() -> None:
    """It names its arguments itself."""
    mcp = FastMCP("Editor")

    # snippet: own-class
    from fastmcp.prompts import Prompt, PromptArgument

    class Stored(Prompt):
        text: str

        async def render(self, arguments: dict[str, str] | None = None) -> str:
            return self.text.format(**arguments or {})

    mcp.add_prompt(
        Stored(
            name="greet",
            text="Greet {name} warmly.",
            arguments=[PromptArgument(name="name", required=True)],
        )
    )
    # end
    async with Client(mcp) as client:
        result = await client.get_prompt("greet", {"name": "Ada"})

    assert result.messages[0].content.text == "Greet Ada warmly."


async def test_what_surprises() -> None:
    """A dict is no message; a missing argument is an error, and other values become JSON."""
    mcp = FastMCP("Editor")

    @mcp.prompt
    def wrong() -> list[dict[str, str]]:
        return [{"role": "user", "content": "text"}]

    @mcp.prompt
    def repeat(text: str, times: int) -> str:
        return text * times

    async with Client(mcp) as client:
        with pytest.raises(McpError, match="Message or a list of them, not dict"):
            await client.get_prompt("wrong")
        with pytest.raises(McpError, match="times: is required"):
            await client.get_prompt("repeat", {"text": "a"})
        repeated = await client.get_prompt("repeat", {"text": "a", "times": 3})

    assert repeated.messages[0].content.text == "aaa"
