"""Searching by words."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmcp import Client, FastMCP
from fastmcp.server.transforms.search import BM25SearchTransform
from fastmcp.server.transforms.search import ranking as ranking_module
from fastmcp.server.transforms.search.ranking import Ranking, words
from fastmcp.tools.base import Tool, ToolResult


class Plain(Tool, kw_only=True):
    async def run(self, arguments: dict[str, object]) -> ToolResult:
        return ToolResult(content="done")


def large(count: int) -> FastMCP:
    """A server with so many tools, behind a search."""
    mcp = FastMCP("large", transforms=[BM25SearchTransform()])
    verbs, nouns = ["list", "create", "delete", "archive"], ["invoice", "ticket", "user"]
    for number in range(count):
        verb, noun = verbs[number % 4], nouns[number % 3]
        schema = {"properties": {"id": {"type": "string", "description": f"Id of the {noun}"}}}
        mcp.add_tool(
            Plain(
                name=f"{verb}_{noun}_{number}",
                description=f"{verb.title()} the {noun} of department {number}.",
                parameters={"type": "object", **schema},
            )
        )
    return mcp


async def found(client: Client, query: str) -> list[str]:
    result = await client.call_tool("search_tools", {"query": query})
    return [each["name"] for each in result.structured_content["result"]]


async def test_the_most_relevant_comes_first() -> None:
    """By rare words more than by common ones; names, descriptions and parameters count."""
    mcp = FastMCP("x", transforms=[BM25SearchTransform()])
    mcp.tool(lambda: 1, name="search_database", description="Search the database for records")
    mcp.tool(lambda: 1, name="delete_record", description="Delete a record from the database")

    @mcp.tool
    def notify(email_address: str) -> None:
        """Tell somebody."""

    async with Client(mcp) as client:
        assert await found(client, "deleting? delete things from the database") == [
            "delete_record",
            "search_database",
        ]
        assert await found(client, "send an EMAIL") == ["notify"]
        assert await found(client, "?!") == await found(client, "") == []


async def test_words_of_every_script_are_found() -> None:
    """Whatever their case, width and composition."""
    mcp = FastMCP("x", transforms=[BM25SearchTransform()])
    for name, text in {"a": "Größe der Straße", "b": "メール を 送る", "c": "Cafe\u0301"}.items():
        mcp.tool(lambda: 1, name=f"tool_{name}", description=text)

    async with Client(mcp) as client:
        assert await found(client, "STRASSE") == ["tool_a"]
        assert await found(client, "ﾒｰﾙ") == ["tool_b"]
        assert await found(client, "café") == ["tool_c"]


async def test_ten_thousand_tools_are_searched_and_called() -> None:
    """For less than it takes to list them: they are read once, and looked up."""
    mcp = large(10_000)

    async with Client(mcp) as client:
        assert await found(client, "archive the ticket of department 7747") == [
            "archive_ticket_7747",
            *(await found(client, "archive ticket"))[:4],
        ]
        search = await fastest(lambda: found(client, "archive ticket"))
        call = await fastest(lambda: client.call_tool("call_tool", {"name": "archive_ticket_7747"}))
        direct = await fastest(lambda: client.call_tool("archive_ticket_7747"))
    async with Client(FastMCP("all", providers=[mcp.local_provider])) as client:
        listing = await fastest(client.list_tools)

    assert search < listing
    assert call < direct * 20


async def fastest(work: object) -> float:
    """The least CPU time of several."""
    taken = []
    for _ in range(5):
        before = time.process_time()
        await work()  # type: ignore[operator]
        taken.append(time.process_time() - before)
    return min(taken)


def test_a_change_costs_what_has_changed() -> None:
    """Other texts are not read again."""
    texts = [f"{number} alpha beta gamma delta epsilon zeta" for number in range(5_000)]
    ranking = Ranking()

    def took(texts: list[str]) -> float:
        before = time.process_time()
        assert ranking.best(texts, "4999", 1)
        return time.process_time() - before

    first = took(texts)

    assert min(took([*texts, f"new{number}"]) for number in range(3)) < first / 3


def test_what_is_no_longer_there_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by what is there, however much comes and goes."""
    monkeypatch.setattr(ranking_module, "REMEMBERED", 300)
    ranking = Ranking()

    def fill(rounds: int) -> int:
        for number in range(rounds):
            texts = [f"{number}-{each} word{each} text{number}" for each in range(100)]
            assert ranking.best(texts, "word7", 3) == [7]
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        once = fill(3)
        often = fill(30)
    finally:
        tracemalloc.stop()

    assert often < 2 * once


def reference(texts: list[str], query: str) -> dict[int, float]:
    """Okapi BM25 as its formula is written, for those that share a word with the query."""
    documents = [Counter(words(text)) for text in texts]
    usual = sum(each.total() for each in documents) / len(documents)
    scores: dict[int, float] = {}
    for word in words(query):
        having = sum(word in each for each in documents)
        rarity = math.log((len(documents) - having + 0.5) / (having + 0.5) + 1)
        for number, each in enumerate(documents):
            if word in each:
                length = 1.5 * (0.25 + 0.75 * each.total() / usual)
                part = rarity * each[word] * 2.5 / (each[word] + length)
                scores[number] = scores.get(number, 0) + part
    return scores


vocabulary = st.sampled_from(["aa", "bb", "cc", "dd", "ee"])
sentences = st.lists(vocabulary, max_size=6).map(" ".join)


@settings(max_examples=50)
@given(
    st.lists(st.lists(sentences, min_size=1, max_size=6, unique=True), min_size=1, max_size=4),
    sentences,
)
def test_the_order_is_that_of_the_formula_for_any_selection(
    selections: list[list[str]], query: str
) -> None:
    """Whatever else has been searched before; equally good ones stay in their order."""
    ranking = Ranking()
    for texts in selections:
        scores = reference(texts, query)
        ranked = ranking.best(texts, query, 10)
        assert set(ranked) == set(scores)
        assert [scores[each] for each in ranked] == pytest.approx(
            sorted(scores.values(), reverse=True)
        )


def test_a_query_of_any_length_is_read_so_far() -> None:
    """A megabyte of words takes no longer than two thousand letters."""
    ranking = Ranking()
    texts = [f"word{number} text" for number in range(1_000)]

    before = time.process_time()
    ranking.best(texts, " ".join(f"word{number}" for number in range(200_000)), 5)

    assert time.process_time() - before < 1
