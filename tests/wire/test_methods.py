"""METHODS against the official registries, both ways."""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, get_args

import mcp_types._v2026_07_28 as v2026
import mcp_types.methods as official
import pytest

from fastmcp.wire.features import CallToolRequestParams
from fastmcp.wire.lifecycle import ClientCapabilities, ServerCapabilities
from fastmcp.wire.methods import METHODS, Method
from fastmcp.wire.open import OpenModel
from fastmcp.wire.revisions import R2025_11_25, R2026_07_28, REVISIONS, Revision
from fastmcp.wire.shapes import CacheableResult, InputResponseRequestParams
from fastmcp.wire.tasks import TASKS_EXTENSION

from .official import Official, sources

EXTENSIONS = {row.name for row in METHODS.values() if "tasks" in row.name or row.extension}
"""What the official registries leave out on purpose."""


def ours(role: Literal["client", "server"], revision: Revision, requests: bool) -> set[str]:
    return {
        row.name
        for row in METHODS.values()
        if (row.result is not None) == requests and row.sent_by(role, revision)
    }


def theirs(registry: Any, revision: Revision) -> set[str]:
    return {method for method, text in registry if text == revision.text}


@pytest.mark.parametrize("revision", REVISIONS.values(), ids=str)
@pytest.mark.parametrize(
    ("role", "requests", "registry"),
    [
        ("client", True, official.CLIENT_REQUESTS),
        ("client", False, official.CLIENT_NOTIFICATIONS),
        ("server", True, official.SERVER_REQUESTS),
        ("server", False, official.SERVER_NOTIFICATIONS),
    ],
)
def test_each_side_sends_what_the_official_registry_says(
    role: Literal["client", "server"], requests: bool, registry: Any, revision: Revision
) -> None:
    """The same methods per sender and revision, no more and no fewer."""
    assert ours(role, revision, requests) - EXTENSIONS == theirs(registry, revision)


@pytest.mark.parametrize("source", sources(), ids=str)
def test_each_revision_has_the_methods_its_schema_has(source: Official) -> None:
    """The schema names the same methods, embedded ones counted in, the extension's left out."""
    known = {
        row.name
        for row in METHODS.values()
        if row.in_revision(source.revision)
        or (row.embedded and row.until is not None and row.until < source.revision)
    }
    extension = {row.name for row in METHODS.values() if row.extension}
    if source.revision.modern:
        known -= extension
    assert known == source.params.keys()


@pytest.mark.parametrize("key", official.SERVER_RESULTS, ids="-".join)
def test_results_of_servers_are_the_official_ones(key: tuple[str, str]) -> None:
    """Each request's result has the type that the registry names, among what it allows."""
    assert result_name(METHODS[key[0]]) in names(official.SERVER_RESULTS[key])


@pytest.mark.parametrize("key", official.CLIENT_RESULTS, ids="-".join)
def test_results_of_clients_are_the_official_ones(key: tuple[str, str]) -> None:
    """Each request's result has the type that the registry names, among what it allows."""
    assert result_name(METHODS[key[0]]) in names(official.CLIENT_RESULTS[key])


def result_name(row: Method) -> str:
    assert row.result is not None
    return row.result.__name__.replace("EmptyResult", "Result")


def names(result: Any) -> set[str]:
    arms = get_args(result) if isinstance(result, UnionType) else (result,)
    return {arm.__name__ for arm in arms}


def test_cacheable_methods_are_the_official_ones() -> None:
    """Caching hints go on the results that have them."""
    cacheable = {row.name for row in METHODS.values() if row.cacheable}
    assert cacheable - EXTENSIONS == official.CACHEABLE_METHODS
    assert all(issubclass(METHODS[name].result or object, CacheableResult) for name in cacheable)


def test_methods_that_may_ask_back_take_answers() -> None:
    """The three that may answer with an input round have the members for the retry."""
    retried = {
        row.name for row in METHODS.values() if issubclass(row.params, InputResponseRequestParams)
    }
    assert retried == official.INPUT_REQUIRED_METHODS


def test_embedded_methods_are_the_official_input_requests() -> None:
    """What may stand inside an input round is what the schema allows there."""
    arms = get_args(v2026.InputRequest)
    allowed = {get_args(arm.model_fields["method"].annotation)[0] for arm in arms}
    assert {row.name for row in METHODS.values() if row.embedded} == allowed


def test_gates_are_capabilities_that_exist() -> None:
    """Each gate is a member of the receiver's capabilities."""
    for row in METHODS.values():
        if row.gate is None:
            continue
        receivers: list[type[OpenModel]] = []
        if row.sender in ("client", "both"):
            receivers.append(ServerCapabilities)
        if row.sender in ("server", "both"):
            receivers.append(ClientCapabilities)
        head, _, tail = row.gate.partition(".")
        for receiver in receivers:
            assert head in receiver.members.values(), row.name
            if tail:
                section = receiver.sections()[head]
                assert tail in section.members.values(), row.name


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("tools/call", "name"),
        ("prompts/get", "name"),
        ("resources/read", "uri"),
        ("tasks/get", "taskId"),
        ("tasks/update", "taskId"),
        ("tasks/cancel", "taskId"),
        ("tools/list", None),
        ("completion/complete", None),
    ],
)
def test_targets_name_a_member_of_the_params(name: str, target: str | None) -> None:
    """The header repeats a member that the params have."""
    row = METHODS[name]
    assert row.target == target
    assert target is None or target in row.params.__struct_encode_fields__


NOBODY: set[str] = set()


@pytest.mark.parametrize(
    ("name", "core", "modern"),
    [
        ("tasks/get", {"client", "server"}, {"client"}),
        ("tasks/cancel", {"client", "server"}, {"client"}),
        ("tasks/result", {"client", "server"}, NOBODY),
        ("tasks/list", {"client", "server"}, NOBODY),
        ("tasks/update", NOBODY, {"client"}),
        ("notifications/tasks/status", {"client", "server"}, NOBODY),
        ("notifications/tasks", NOBODY, {"server"}),
    ],
)
def test_tasks_change_hands_between_the_eras(name: str, core: set[str], modern: set[str]) -> None:
    """In the core both sides have tasks; in the extension only servers do."""
    row = METHODS[name]
    roles: tuple[Literal["client", "server"], ...] = ("client", "server")
    assert {role for role in roles if row.sent_by(role, R2025_11_25)} == core
    assert {role for role in roles if row.sent_by(role, R2026_07_28)} == modern
    assert (row.extension == TASKS_EXTENSION) == bool(modern)


def test_rows_are_found_by_name_and_frozen() -> None:
    """The table cannot be changed through a row."""
    row = METHODS["tools/call"]
    assert row.params is CallToolRequestParams
    assert all(name == row.name for name, row in METHODS.items())
    with pytest.raises(AttributeError):
        row.name = "x"  # pyright: ignore[reportAttributeAccessIssue]
