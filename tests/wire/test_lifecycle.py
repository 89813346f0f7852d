"""Handshake and discovery carry capabilities whole."""

from __future__ import annotations

import json
from typing import Any, get_args

import mcp_types
import msgspec
import pytest

from fastmcp.wire.lifecycle import (
    LOGGING_LEVELS,
    ClientCapabilities,
    DiscoverResult,
    Implementation,
    InitializeRequestParams,
    InitializeResult,
    LoggingLevel,
    ServerCapabilities,
    SetLevelRequestParams,
)

IDENTITY: dict[str, Any] = {"name": "n", "version": "v"}
CAPABILITIES: dict[str, Any] = {
    "experimental": {"x": {}},
    "vendor": {"a": [None]},
    "extensions": {"a/b": {"c": 1}},
}


@pytest.mark.parametrize(
    ("cls", "message", "capabilities"),
    [
        (
            InitializeRequestParams,
            {"protocolVersion": "p", "capabilities": CAPABILITIES, "clientInfo": IDENTITY},
            ClientCapabilities,
        ),
        (
            InitializeResult,
            {"protocolVersion": "p", "capabilities": CAPABILITIES, "serverInfo": IDENTITY},
            ServerCapabilities,
        ),
        (
            DiscoverResult,
            {"supportedVersions": ["p"], "capabilities": CAPABILITIES},
            ServerCapabilities,
        ),
    ],
)
def test_capabilities_survive_whole(
    cls: type[Any], message: dict[str, Any], capabilities: type[Any]
) -> None:
    """Unknown capabilities and extension settings decode and encode unchanged."""
    decoded = msgspec.json.decode(json.dumps(message), type=cls)
    assert type(decoded.capabilities) is capabilities
    assert json.loads(msgspec.json.encode(decoded)) == message


@pytest.mark.parametrize("wrong", ["[]", "null", '{"sampling":true}'])
def test_capabilities_of_another_shape_are_refused(wrong: str) -> None:
    """What cannot be capabilities fails the decoding, as any wrong type does."""
    identity = '"clientInfo":{"name":"n","version":"v"}'
    data = f'{{"protocolVersion":"p",{identity},"capabilities":{wrong}}}'
    with pytest.raises(msgspec.ValidationError, match="object"):
        msgspec.json.decode(data, type=InitializeRequestParams)


def test_capabilities_may_be_given_as_a_dict() -> None:
    """A constructor takes what a decoder takes."""
    capabilities: Any = {"tools": {}}
    result = InitializeResult(
        protocol_version="p", capabilities=capabilities, server_info=Implementation(**IDENTITY)
    )
    assert result.capabilities.tools == {}


def test_levels_run_from_debug_to_emergency() -> None:
    """The tuple has each level of the type once, and the official package's levels."""
    assert LOGGING_LEVELS[0] == "debug"
    assert LOGGING_LEVELS[-1] == "emergency"
    assert LOGGING_LEVELS.index("warning") < LOGGING_LEVELS.index("error")
    assert (
        set(LOGGING_LEVELS) == set(get_args(LoggingLevel)) == set(get_args(mcp_types.LoggingLevel))
    )


def test_an_unknown_level_is_refused() -> None:
    """A level outside the list is an error, not a new level."""
    with pytest.raises(msgspec.ValidationError, match="loud"):
        msgspec.json.decode(b'{"level":"loud"}', type=SetLevelRequestParams)
