"""Has a task done and follows it, or asks for the result of an earlier one: client.py [TASK]"""

import asyncio
import sys
from typing import Any

from fastmcp import Client


def show(state: Any) -> None:
    print(f"{state.status}: {state.status_message or ''}", flush=True)


async def main() -> None:
    async with Client("http://127.0.0.1:8000/mcp") as client:
        if len(sys.argv) > 1:
            result = await client.get_task_result(sys.argv[1])  # waits for it
            print("result:", result["structuredContent"])
            return
        task = await client.call_tool("count_words", {"pattern": "*.py"}, task=True)
        print("task", task.task_id, flush=True)
        task.on_status_change(show)
        print("result:", (await task.result()).data)


if __name__ == "__main__":
    asyncio.run(main())
