"""The order of revisions, and the sieve on single cases whose outcome is plain to see."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire import revisions
from fastmcp.wire.content import (
    Annotations,
    BlobResourceContents,
    EmbeddedResource,
    Icon,
    TextContent,
    UnknownContent,
)
from fastmcp.wire.features import (
    CallToolRequestParams,
    CallToolResult,
    GetPromptResult,
    ListToolsResult,
    PromptMessage,
    ReadResourceResult,
    Tool,
    ToolAnnotations,
    ToolExecution,
)
from fastmcp.wire.inputs import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    InputRequiredResult,
    SamplingMessage,
)
from fastmcp.wire.lifecycle import (
    ClientCapabilities,
    Implementation,
    InitializeRequestParams,
    InitializeResult,
    RootsCapability,
    SamplingCapability,
    ServerCapabilities,
)
from fastmcp.wire.model import Model
from fastmcp.wire.revisions import (
    R2024_11_05,
    R2025_03_26,
    R2025_06_18,
    R2025_11_25,
    R2026_07_28,
    REVISIONS,
    Revision,
    sieve,
)

ALL = list(REVISIONS.values())


def wire_form(model: Model) -> Any:
    return json.loads(msgspec.json.encode(model))


def test_revisions_are_ordered_by_age() -> None:
    """The table runs from the oldest to the newest, and comparisons agree with it."""
    assert list(REVISIONS) == ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
    assert sorted(REVISIONS.values(), key=str) == sorted(set(ALL)) == ALL
    assert R2024_11_05 < R2025_03_26 <= R2025_03_26 < R2026_07_28


def test_text_plays_no_part_in_the_order() -> None:
    """A later revision whose name sorts first is still later."""
    assert Revision(99, "0-draft") > R2026_07_28


def test_revisions_print_as_their_text() -> None:
    """A revision can be put on the wire by `str`."""
    assert [str(revision) for revision in ALL] == list(REVISIONS)
    assert all(REVISIONS[revision.text] is revision for revision in ALL)


def test_revisions_are_frozen_and_hashable() -> None:
    """They serve as keys and cannot be changed."""
    assert len(set(ALL)) == 5
    with pytest.raises(AttributeError):
        R2024_11_05.text = "x"  # pyright: ignore[reportAttributeAccessIssue]


def test_eras_partition_the_revisions() -> None:
    """Each revision is of one era; the modern one begins with 2026-07-28."""
    assert (*revisions.HANDSHAKE_REVISIONS, *revisions.MODERN_REVISIONS) == tuple(ALL)
    assert [revision.text for revision in ALL if revision.modern] == ["2026-07-28"]
    assert revisions.LATEST_HANDSHAKE.text == "2025-11-25"
    assert revisions.LATEST_MODERN.text == "2026-07-28"
    assert revisions.ASSUMED_REVISION.text == "2025-03-26"


TOOL = Tool(
    name="t",
    input_schema={"type": "object"},
    description="d",
    title="T",
    output_schema={"type": "object"},
    annotations=ToolAnnotations(read_only_hint=True),
    icons=[Icon(src="data:,")],
    execution=ToolExecution(task_support="optional"),
    meta={"k": 1},
)


@pytest.mark.parametrize(
    ("revision", "later"),
    [
        (R2024_11_05, set[str]()),
        (R2025_03_26, {"annotations"}),
        (R2025_06_18, {"annotations", "title", "outputSchema", "_meta"}),
        (R2025_11_25, {"annotations", "title", "outputSchema", "_meta", "icons", "execution"}),
        (R2026_07_28, {"annotations", "title", "outputSchema", "_meta", "icons"}),
    ],
    ids=map(str, ALL),
)
def test_a_tool_shows_each_revision_its_own_members(revision: Revision, later: set[str]) -> None:
    """What came later is left out, and so is what has been removed."""
    assert wire_form(sieve(TOOL, revision)).keys() == {"name", "inputSchema", "description"} | later


@pytest.mark.parametrize(
    ("revision", "members"),
    [
        (R2024_11_05, {"name", "version"}),
        (R2025_03_26, {"name", "version"}),
        (R2025_06_18, {"name", "version", "title"}),
        (R2025_11_25, {"name", "version", "title", "description", "websiteUrl", "icons"}),
        (R2026_07_28, {"name", "version", "title", "description", "websiteUrl", "icons"}),
    ],
    ids=map(str, ALL),
)
def test_identity_shows_each_revision_its_own_members(
    revision: Revision, members: set[str]
) -> None:
    """A peer that knows only name and version gets only those, also inside a result."""
    result = InitializeResult(
        protocol_version=str(revision),
        capabilities=ServerCapabilities(),
        server_info=Implementation(
            name="n",
            version="v",
            title="t",
            description="d",
            website_url="https://example.com",
            icons=[Icon(src="data:,")],
        ),
    )
    assert wire_form(sieve(result, revision))["serverInfo"].keys() == members


def test_the_same_object_comes_back_when_nothing_has_to_go() -> None:
    """Nothing is copied for a revision that knows all members in use."""
    page = ListToolsResult(tools=[Tool(name="t", input_schema={})])
    assert all(sieve(page, revision) is page for revision in ALL)
    assert sieve(TOOL, R2025_11_25) is TOOL


def test_the_original_is_left_alone() -> None:
    """The sieve works on copies, and shares what it does not change."""
    plain = Tool(name="u", input_schema={})
    page = ListToolsResult(tools=[TOOL, plain], ttl_ms=5)
    sifted = sieve(page, R2024_11_05)
    assert page.tools[0].title == "T"
    assert page.ttl_ms == 5
    assert sifted.tools[1] is plain


def test_explicit_null_is_sieved_like_any_value() -> None:
    """A null that was given counts as a member, an absent one does not."""
    given = CallToolResult(structured_content=None)
    absent = CallToolResult()
    assert wire_form(sieve(given, R2025_03_26)) == {"content": []}
    assert sieve(absent, R2025_03_26) is absent
    assert wire_form(sieve(given, R2026_07_28)) == {"content": [], "structuredContent": None}


def test_the_sieve_reaches_through_content_blocks() -> None:
    """Members of blocks, of resources inside them and of annotations are sieved."""
    embedded = EmbeddedResource(
        resource=BlobResourceContents(uri="a://b", blob="", meta={"k": 1}),
        annotations=Annotations(priority=1, last_modified="2025-01-01"),
        meta={"k": 1},
    )
    expected = {
        "type": "resource",
        "resource": {"uri": "a://b", "blob": ""},
        "annotations": {"priority": 1},
    }
    result = CallToolResult(content=[TextContent(text="x"), embedded])
    assert wire_form(sieve(result, R2025_03_26))["content"][1] == expected
    prompt = GetPromptResult(messages=[PromptMessage(role="user", content=embedded)])
    assert wire_form(sieve(prompt, R2025_03_26))["messages"][0]["content"] == expected
    read = ReadResourceResult(contents=[embedded.resource], ttl_ms=1, cache_scope="public")
    assert wire_form(sieve(read, R2025_03_26)) == {"contents": [{"uri": "a://b", "blob": ""}]}


def test_unknown_content_passes_the_sieve() -> None:
    """What we do not know we do not judge."""
    block = UnknownContent({"type": "hologram", "_meta": {}})
    result = CallToolResult(content=[block])
    assert sieve(result, R2024_11_05).content == [block]


def test_modern_members_are_kept_from_handshake_peers() -> None:
    """Result type, caching hints and retry members exist from 2026-07-28 on."""
    page = ListToolsResult(tools=[], result_type="complete", ttl_ms=0, cache_scope="private")
    assert wire_form(sieve(page, R2025_11_25)) == {"tools": []}
    assert sieve(page, R2026_07_28) is page
    params = CallToolRequestParams(name="t", input_responses={"k": {}}, request_state="s")
    assert wire_form(sieve(params, R2025_11_25)) == {"name": "t"}


def test_capabilities_show_each_revision_its_own_members() -> None:
    """Sections and members inside sections are sieved; undeclared members stay."""
    capabilities = ClientCapabilities(
        roots=RootsCapability(list_changed=True),
        sampling=SamplingCapability(tools={}),
        extensions={"com.example/x": {}},
    )
    capabilities["vendor"] = {"a": 1}
    params = InitializeRequestParams(
        protocol_version="x",
        capabilities=capabilities,
        client_info=Implementation(name="n", version="v"),
    )
    assert wire_form(sieve(params, R2025_06_18))["capabilities"] == {
        "roots": {"listChanged": True},
        "sampling": {},
        "vendor": {"a": 1},
    }
    assert wire_form(sieve(params, R2026_07_28))["capabilities"] == {
        "roots": {},
        "sampling": {"tools": {}},
        "extensions": {"com.example/x": {}},
        "vendor": {"a": 1},
    }
    assert capabilities.roots == {"listChanged": True}


def test_elicitation_has_a_mode_from_2025_11_25_on() -> None:
    """Older clients know only the form, and no word for it."""
    form = ElicitRequestFormParams(message="m", mode="form", requested_schema={})
    assert wire_form(sieve(form, R2025_06_18)) == {"message": "m", "requestedSchema": {}}
    assert sieve(form, R2025_11_25) is form


def test_elicitation_ids_belong_to_2025_11_25_alone() -> None:
    """The next revision has no word for a finished visit."""
    visit = ElicitRequestURLParams(message="m", url="https://example.com", elicitation_id="e")
    assert wire_form(sieve(visit, R2025_11_25))["elicitationId"] == "e"
    assert wire_form(sieve(visit, R2026_07_28)) == {
        "message": "m",
        "mode": "url",
        "url": "https://example.com",
    }


def test_the_sieve_reaches_embedded_requests() -> None:
    """Requests that stand in a map inside a result are sieved as well."""
    sampling = CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(text="x"))],
        max_tokens=1,
        meta={"progressToken": 1},
    )
    result = InputRequiredResult(input_requests={"k": CreateMessageRequest(params=sampling)})
    sifted = wire_form(sieve(result, R2026_07_28))
    assert "_meta" not in sifted["inputRequests"]["k"]["params"]
    assert sampling.meta == {"progressToken": 1}
