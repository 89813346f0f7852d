"""A server made of servers, each in its namespace and as it should be shown; and a workflow."""

from pathlib import Path

from users import mcp as users

from fastmcp import Context
from fastmcp.composition import ServerComposer
from fastmcp.server import create_proxy
from fastmcp.server.transforms import ToolTransform
from fastmcp.tools.tool_transform import ArgTransformConfig, ToolTransformConfig

# A server elsewhere: what follows is the same for a URL, create_proxy("https://mail.example/mcp").
mail = create_proxy(Path(__file__).with_name("mail.py"), name="Mail")
mail.add_transform(
    ToolTransform(
        {
            "send_message_v2": ToolTransformConfig(
                name="send",
                description="Send a mail.",
                arguments={
                    "body": ArgTransformConfig(name="text"),
                    "priority": ArgTransformConfig(hide=True, default=1),
                    "trace": ArgTransformConfig(hide=True, default=False),
                },
            )
        }
    )
)

mcp = ServerComposer("Office")
mcp.add_server("users", users)  # users_find, users://users/names
mcp.add_server("mail", mail)  # mail_send, mail://mail/sent
mcp.disable(tags={"staff"})  # users_dismiss is not for clients


@mcp.workflow
async def invite(names: list[str], day: str, ctx: Context) -> list[str]:
    """Invite people: find each of them, and write to those who are in London."""
    invited: list[str] = []
    for number, name in enumerate(names):
        person = await mcp.call_tool("users", "find", {"name": name})
        if person["city"] == "London":
            text = f"Dear {person['name']}, come on {day}"
            await mcp.call_tool("mail", "send", {"address": person["address"], "text": text})
            invited.append(person["name"])
        await ctx.report_progress(number + 1, len(names), name)
    return invited


if __name__ == "__main__":
    mcp.run()
