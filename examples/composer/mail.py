"""Sends mail. A whole server, which the office starts as a process of its own."""

from fastmcp import FastMCP

mcp = FastMCP("Mail")
sent: list[str] = []


@mcp.tool
def send_message_v2(address: str, body: str, priority: int = 3, trace: bool = False) -> int:
    """Send a mail; how many have been sent."""
    sent.append(f"{address}: {body}" + (f" [{priority}]" if trace else ""))
    return len(sent)


@mcp.resource("mail://sent")
def outbox() -> list[str]:
    """All mail that was sent."""
    return sent


if __name__ == "__main__":
    mcp.run()
