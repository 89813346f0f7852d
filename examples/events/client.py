"""Orders in the shop, and watches the mails of the office until one tells of it."""

import asyncio

from fastmcp import Client


async def main() -> None:
    changed = asyncio.Event()
    async with (
        Client("http://127.0.0.1:8000/mcp") as shop,
        Client(
            "http://127.0.0.1:8001/mcp", message_handler=lambda message: changed.set()
        ) as office,
    ):
        await office.subscribe_resource("office://mails")
        for _ in range(2):
            await shop.call_tool("order", {"item": "tea"})
        async with asyncio.timeout(20):
            while "stock.low: tea" not in (mails := await read(office)):
                await changed.wait()
                changed.clear()
        print("mails:", mails)


async def read(office: Client) -> str:
    [content] = await office.read_resource("office://mails")
    return content.text


if __name__ == "__main__":
    asyncio.run(main())
