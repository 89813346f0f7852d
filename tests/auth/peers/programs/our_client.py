"""Our client is authorized by a server, and calls its tool `who` twice; standard output as in
`grants.mjs`. It opens the user's browser by itself.
"""

import asyncio
import json
import sys

from fastmcp import Client
from fastmcp.client.auth import OAuth
from fastmcp.exceptions import ClientError

TASK = json.loads(sys.argv[1])


async def main() -> None:
    auth = OAuth(
        client_name=TASK.get("name", "our-client"),
        scopes=TASK.get("scopes"),
        client_id=TASK.get("client_id"),
        client_secret=TASK.get("client_secret"),
    )
    said: dict[str, object] = {}
    try:
        async with Client(TASK["url"], auth=auth, timeout=30) as client:
            for time in ("who", *["again"] * TASK.get("times", 1)):
                result = await client.call_tool("who", {})
                said[time] = result.content[0].text
    except* ClientError as error:
        said["error"] = str(error.exceptions[0])
    print(json.dumps({"done": said}), flush=True)


asyncio.run(main())
