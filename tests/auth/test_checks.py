"""Checks of components: by scopes, by roles, by tags, and by functions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fastmcp import Client, FastMCP
from fastmcp.exceptions import AuthorizationError, ConfigurationError, McpError, ToolError
from fastmcp.server.auth.access_token import AccessToken
from fastmcp.server.auth.authorization import (
    AuthCheck,
    AuthContext,
    require_roles,
    require_scopes,
    restrict_tag,
    run_auth_checks,
    run_auth_checks_with_shortfall,
)
from fastmcp.testing import create_test_client
from fastmcp.tools import Tool


def context(scopes: str | None = "", tags: str = "", **claims: Any) -> AuthContext:
    """What a check is given for a token with these scopes; None is no token."""
    token = scopes
    if scopes is not None:
        token = AccessToken(token="t", client_id="c", scopes=scopes.split(), claims=claims)
    tool = Tool.from_function(lambda: 0, name="x", tags=set(tags.split()))
    return AuthContext(token=token, component=tool)


@pytest.mark.parametrize(
    ("required", "scopes", "passes"),
    [
        (["read"], "read", True),
        (["read"], "read write", True),
        (["read", "write"], "read", False),
        (["read"], "", False),
        (["read"], "READ", False),
        (["read"], "read:all", False),
        (["read"], None, False),
        ([], "", True),
        ([], None, False),
    ],
)
def test_every_scope_is_needed(required: list[str], scopes: str | None, passes: bool) -> None:
    """They are compared as they are; a token without scopes has none, and not all."""
    assert require_scopes(*required)(context(scopes)) is passes


def test_missing_scopes_are_told() -> None:
    """Those of the token's owner alone: nobody has none to ask for."""
    check = require_scopes("read", "write")

    assert check.required_scopes == {"read", "write"}
    assert check.missing_scopes(context("read")) == {"write"}
    assert check.missing_scopes(context("read write")) == set()
    assert check.missing_scopes(context(None)) == set()


def test_a_tag_is_restricted_to_scopes() -> None:
    """What has it not is for everybody."""
    check = restrict_tag("admin", scopes=["admin"])

    assert [check(context(s, tags)) for s in (None, "", "admin") for tags in ("", "admin")] == [
        *(True, False),
        *(True, False),
        *(True, True),
    ]
    assert check.missing_scopes(context("", "admin")) == {"admin"}
    assert check.missing_scopes(context("", "other")) == set()


@pytest.mark.parametrize(
    ("claims", "passes"),
    [
        ({"roles": ["admin", "user"]}, True),
        ({"roles": "admin"}, True),
        ({"role": "admin"}, True),
        ({"role": "user", "roles": ["admin"]}, True),
        ({"roles": "administrator"}, False),
        ({"roles": []}, False),
        ({"roles": None}, False),
        ({"roles": 7}, False),
        ({}, False),
    ],
)
def test_roles_are_found_under_their_usual_names(claims: dict[str, Any], passes: bool) -> None:
    """A text is one role, and what is none of these is no role."""
    assert require_roles("admin")(context("", **claims)) is passes
    assert require_roles("admin")(context(None)) is False


def test_roles_are_found_where_a_function_says() -> None:
    """A token that has nothing there has no roles, and is no fault of anybody."""
    check = require_roles("a", "b", extract=lambda claims: claims["realm_access"]["roles"])

    assert check(context("", realm_access={"roles": ["b", "a"]})) is True
    assert check(context("", realm_access={"roles": ["a"]})) is False
    assert check(context("", realm_access=None)) is False
    assert check(context("")) is False


def test_no_roles_are_a_mistake() -> None:
    """They would let in whoever has a token."""
    with pytest.raises(ConfigurationError, match="needs a role"):
        require_roles()


@pytest.mark.parametrize("scope", ["two words", "", 7, None])
def test_a_scope_is_a_text_without_spaces(scope: Any) -> None:
    """Nothing else could be in a token."""
    with pytest.raises(ConfigurationError, match="scope"):
        require_scopes(scope)
    with pytest.raises(ConfigurationError, match="scope"):
        restrict_tag("x", scopes=[scope])


def test_checks_come_alone_or_several_and_plain_or_async() -> None:
    """All of them have to pass."""

    async def later(ctx: AuthContext) -> bool:
        await asyncio.sleep(0)
        return ctx.token is not None

    async def main() -> list[bool]:
        checks: list[Any] = [later, [later], [require_scopes("a"), later], [later, lambda _: False]]
        return [await run_auth_checks(check, context("a")) for check in checks]

    assert asyncio.run(main()) == [True, True, True, False]


def test_scopes_are_told_where_nothing_else_is_in_the_way() -> None:
    """All of them at once; and not to who is refused for another reason."""
    ctx = context("read")
    write, delete = require_scopes("read", "write"), restrict_tag("x", scopes=["delete"])

    async def told(*checks: AuthCheck) -> tuple[bool, list[str]]:
        return await run_auth_checks_with_shortfall([*checks], context("read", "x"))

    async def main() -> list[tuple[bool, list[str]]]:
        return [
            await told(require_scopes("read")),
            await told(write, lambda _: True, delete),
            await told(write, lambda _: False),
            await told(lambda _: False, write),
            await told(write, require_roles("admin")),
            await run_auth_checks_with_shortfall(write, context(None)),
        ]

    assert asyncio.run(main()) == [
        (True, []),
        (False, ["delete", "write"]),
        (False, []),
        (False, []),
        (False, []),
        (False, []),
    ]
    assert ctx.tool is ctx.component


def test_a_check_that_breaks_hides_its_component(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; a check that refuses in words of its own is as silent, as it hides."""
    mcp = FastMCP("x")

    def broken(ctx: AuthContext) -> bool:
        raise LookupError("no such tenant")

    def outspoken(ctx: AuthContext) -> bool:
        raise AuthorizationError("Come back tomorrow")

    for check in (broken, outspoken):
        mcp.tool(lambda: 0, name=check.__name__, auth=check)

    async def main() -> tuple[list[Any], list[str]]:
        async with Client(mcp) as client:
            texts: list[str] = []
            for name in ("broken", "outspoken", "absent"):
                with pytest.raises((ToolError, McpError)) as raised:
                    await client.call_tool(name)
                texts.append(str(raised.value).replace(name, "…"))
            return await client.list_tools(), texts

    listed, texts = asyncio.run(main())

    assert listed == []
    assert len(set(texts)) == 1
    assert "no such tenant" in caplog.text
    assert "The check broken of 'tool:broken@' failed" in caplog.text


def test_components_of_every_kind_have_checks() -> None:
    """What is hidden is not there, for who has not the scope."""
    mcp = FastMCP("x")
    auth = require_scopes("write")
    mcp.tool(lambda: "tool", name="tool", auth=auth)
    both = [auth, require_roles("admin")]
    mcp.resource("data://one", name="one", auth=auth)(lambda: "resource")
    mcp.resource("data://of/{name}", name="of", auth=both)(lambda name: name)
    mcp.prompt(lambda: "prompt", name="prompt", auth=auth)

    def seen(**user_info: Any) -> list[int]:
        client = create_test_client(mcp, user_info=user_info)
        try:
            return [
                len(client.list_tools()),
                len(client.list_resources()),
                len(client.list_resource_templates()),
                len(client.list_prompts()),
            ]
        finally:
            client.close()

    assert seen(sub="ann", scope="read") == [0, 0, 0, 0]
    assert seen(sub="ann", scope="write") == [1, 1, 0, 1]
    assert seen(sub="ann", scope="read write", role="admin") == [1, 1, 1, 1]
