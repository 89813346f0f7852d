"""Open objects: declared members as attributes, everything else kept."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire.lifecycle import ClientCapabilities, ResourcesCapability, ServerCapabilities


def test_declared_members_read_in_either_spelling() -> None:
    """Sections come back as their own class, absent ones as None."""
    capabilities = ServerCapabilities.model_validate({"resources": {"listChanged": True}})
    assert isinstance(capabilities.resources, ResourcesCapability)
    resources: Any = capabilities.resources
    assert (resources.list_changed, resources.listChanged, resources.subscribe) == (
        True,
        True,
        None,
    )
    assert capabilities.tools is None


def test_an_empty_section_is_a_yes() -> None:
    """Code that asks `if capabilities.tools` gets the right answer for `{}`."""
    capabilities = ServerCapabilities.model_validate({"tools": {}})
    assert capabilities.tools
    assert capabilities.tools is not None


def test_setting_inside_a_section_changes_the_whole() -> None:
    """A section is part of the object, not a copy."""
    capabilities: Any = ServerCapabilities.model_validate({"resources": {}})
    capabilities.resources.listChanged = True
    assert json.loads(msgspec.json.encode(capabilities)) == {"resources": {"listChanged": True}}
    capabilities.resources = None
    assert json.loads(msgspec.json.encode(capabilities)) == {}


def test_undeclared_members_survive_a_round_trip() -> None:
    """Vendors' members and settings come out as they went in, at any depth."""
    members: dict[str, Any] = {
        "tools": {"listChanged": True, "vendor": [1, None]},
        "extensions": {"com.example/x": {"any": {"thing": 1}}},
        "com.example/own": {"a": {}},
    }
    capabilities = ServerCapabilities.model_validate(members)
    assert capabilities.tools is not None
    assert json.loads(msgspec.json.encode(capabilities)) == members
    assert capabilities.model_dump() == members


def test_the_constructor_takes_declared_members_only() -> None:
    """Keywords are checked; members of one's own are set by key."""
    capabilities = ServerCapabilities(resources=ResourcesCapability(list_changed=True), tools=None)
    assert capabilities == {"resources": {"listChanged": True}}
    respelt: Any = ResourcesCapability
    assert respelt(listChanged=True) == {"listChanged": True}
    with pytest.raises(TypeError, match="tool"):
        respelt(tool={})


@pytest.mark.parametrize(
    ("path", "supported"),
    [
        ("tools", True),
        ("resources", True),
        ("resources.subscribe", True),
        ("resources.listChanged", False),
        ("prompts", False),
        ("prompts.listChanged", False),
        ("logging", False),
        ("logging.deeper", False),
        ("tasks.requests.tools.call", True),
    ],
)
def test_support_is_presence(path: str, supported: bool) -> None:
    """`{}` is a yes; null, false and absence are not."""
    capabilities = ServerCapabilities.model_validate(
        {
            "tools": {},
            "resources": {"subscribe": True, "listChanged": False},
            "logging": None,
            "tasks": {"requests": {"tools": {"call": {}}}},
        }
    )
    assert capabilities.supports(path) is supported


@pytest.mark.parametrize("wrong", [[], "x", 1, None, {"sampling": True}, {"roots": []}])
def test_other_shapes_are_refused(wrong: Any) -> None:
    """Capabilities are objects of objects."""
    with pytest.raises(ValueError, match="object"):
        ClientCapabilities.model_validate(wrong)


def test_the_official_package_s_objects_are_accepted() -> None:
    """Another library's model is taken by its shape."""
    import mcp_types

    official = mcp_types.ServerCapabilities(tools=mcp_types.ToolsCapability(list_changed=True))
    assert ServerCapabilities.model_validate(official) == {"tools": {"listChanged": True}}


def test_a_copy_takes_updates_and_leaves_the_original() -> None:
    """Both spellings update a copy."""
    resources = ResourcesCapability(subscribe=True)
    assert resources.model_copy(update={"list_changed": True}) == {
        "subscribe": True,
        "listChanged": True,
    }
    assert resources == {"subscribe": True}


def test_a_dump_can_leave_out_nulls() -> None:
    """As with every model, and in sections too."""
    capabilities = ServerCapabilities.model_validate({"tools": {"listChanged": None}, "own": None})
    assert capabilities.tools is not None
    assert capabilities.model_dump(exclude_none=True) == {"tools": {}}


def test_repr_tells_an_open_object_from_a_dict() -> None:
    """The class is named, at every depth."""
    capabilities = ServerCapabilities(resources=ResourcesCapability())
    assert repr(capabilities) == "ServerCapabilities({'resources': ResourcesCapability({})})"
