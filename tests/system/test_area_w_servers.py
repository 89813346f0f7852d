"""Area W, row by row: whole servers as people write them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from apps import call, initialize, served
from processes import stdio_server
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from reaching import Reach
from redis_server import redis_server

from fastmcp import Client, Context, FastMCP
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError
from fastmcp.server.dependencies import get_context
from fastmcp.server.middleware import Middleware, MiddlewareContext
from fastmcp.testing import create_test_client

Script = Callable[..., Path]


def used(target: Any, mode: str, use: Callable[[Callable[..., Any]], Any]) -> Any:
    """What `use` does with a client's calls, which give data."""

    async def main() -> Any:
        async with Client(target, mode=mode) as client:

            async def ask(tool: str, **arguments: Any) -> Any:
                return (await client.call_tool(tool, arguments)).data

            return await use(ask)

    return asyncio.run(main())


# S329: a log of requests, a cache, a limit of rates


def test_s329_decorators_log_cache_and_limit(reach: Reach, mode: str) -> None:
    """Of one server: the log sees all, the cache spares calls, the limit refuses the rest."""
    mcp = FastMCP("Advanced")
    request_logs: list[dict[str, Any]] = []
    cache: dict[str, tuple[float, Any]] = {}
    ran: list[str] = []

    def request_interceptor(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            started = time.time()
            entry = {"id": str(uuid.uuid4()), "function": func.__name__, "kwargs": kwargs}
            request_logs.append(entry)
            try:
                result = func(*args, **kwargs)
                entry["status"] = "success"
                return result
            except Exception as error:
                entry["status"] = f"error: {error}"
                raise
            finally:
                entry["duration"] = time.time() - started
                entry["at"] = datetime.now()

        return wrapper

    def cache_result(ttl_seconds: int = 60) -> Callable[..., Any]:
        def decorator(func: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                key = f"{func.__name__}:{json.dumps([args, kwargs], sort_keys=True)}"
                if key in cache and time.time() - cache[key][0] < ttl_seconds:
                    return cache[key][1]
                result = func(*args, **kwargs)
                cache[key] = time.time(), result
                return result

            return wrapper

        return decorator

    def rate_limit(max_calls: int, window_seconds: int) -> Callable[..., Any]:
        calls: list[float] = []

        def decorator(func: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                now = time.time()
                calls[:] = [at for at in calls if now - at < window_seconds]
                if len(calls) >= max_calls:
                    raise ToolError(f"Rate limit exceeded: {max_calls} per {window_seconds}s")
                calls.append(now)
                return func(*args, **kwargs)

            return wrapper

        return decorator

    @mcp.tool
    @request_interceptor
    @cache_result(ttl_seconds=120)
    @rate_limit(max_calls=2, window_seconds=60)
    def expensive_operation(input_data: str) -> dict[str, Any]:
        """Compute something."""
        ran.append(input_data)
        return {"result": input_data.upper(), "parts": (1, 2)}

    @mcp.tool
    def get_request_logs(limit: int = 10) -> list[dict[str, Any]]:
        return request_logs[-limit:]

    async def use(ask: Callable[..., Any]) -> list[Any]:
        first = await ask("expensive_operation", input_data="a")
        again = await ask("expensive_operation", input_data="a")
        assert first == again == {"result": "A", "parts": [1, 2]}
        await ask("expensive_operation", input_data="b")
        with pytest.raises(ToolError, match="Rate limit exceeded"):
            await ask("expensive_operation", input_data="c")
        return await ask("get_request_logs", limit=3)

    logs = used(reach(mcp), mode, use)

    assert ran == ["a", "b"]
    assert [log["kwargs"] for log in logs] == [{"input_data": each} for each in "abc"]
    assert logs[-1]["status"].startswith("error: Rate limit")
    assert all(datetime.fromisoformat(log["at"]) for log in logs)


# S330: Prometheus


def test_s330_tools_are_counted_for_prometheus(
    reach: Reach, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By a wrapper that does not tell what it wraps, and a route that shows the metrics."""
    mcp = FastMCP("Monitored")
    registry = CollectorRegistry()
    requests = Counter("mcp_requests", "Requests", ["tool", "status"], registry=registry)
    seconds = Histogram("mcp_request_seconds", "Time", ["tool"], registry=registry)

    def monitor_tool(func: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with seconds.labels(func.__name__).time():
                try:
                    result = func(*args, **kwargs)
                except Exception:
                    requests.labels(func.__name__, "error").inc()
                    raise
            requests.labels(func.__name__, "success").inc()
            return result

        return wrapper

    @mcp.tool
    @monitor_tool
    def monitored_operation(data: str) -> dict[str, str]:
        """Do something."""
        if data == "bad":
            raise ValueError("bad data")
        return {"processed": data}

    @mcp.tool
    def get_metrics() -> str:
        return generate_latest(registry).decode()

    @mcp.custom_route("/own-metrics", methods=["GET"])
    def own_metrics() -> str:
        return generate_latest(registry).decode()

    async def use(ask: Callable[..., Any]) -> str:
        assert await ask("monitored_operation", data="x") == {"processed": "x"}
        with pytest.raises(ToolError, match="bad data"):
            await ask("monitored_operation", data="bad")
        return await ask("get_metrics")

    text = used(reach(mcp), mode, use)

    for line in (
        'mcp_requests_total{status="success",tool="monitored_operation"} 1.0',
        'mcp_requests_total{status="error",tool="monitored_operation"} 1.0',
        'mcp_request_seconds_count{tool="monitored_operation"} 2.0',
    ):
        assert line in text
    with served(mcp.http_app()) as base:
        shown = httpx2.get(f"{base}/own-metrics").text
    assert shown == text
    assert "without functools.wraps" in caplog.text


# S331: a production server


def test_s331_a_production_server(reach: Reach, mode: str) -> None:
    """Health, metrics, configuration under a plain name, and a prompt and tool to deploy."""
    mcp = FastMCP("Production Server", version="2.0.0")
    started = time.time()
    counts = {"requests": 0, "errors": 0}

    class Counting(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            counts["requests"] += 1
            try:
                return await call_next(context)
            except Exception:
                counts["errors"] += 1
                raise

    mcp.add_middleware(Counting())

    @mcp.tool
    def health_check() -> dict[str, Any]:
        """Tell whether the server is well."""
        import platform

        return {
            "status": "healthy",
            "uptime": time.time() - started,
            "python": platform.python_version(),
        }

    @mcp.tool
    def get_metrics() -> dict[str, Any]:
        return {**counts, "error_rate": counts["errors"] / max(counts["requests"], 1)}

    @mcp.resource("config/production")
    def production_config() -> str:
        return json.dumps({"workers": 4, "log_level": "INFO"})

    @mcp.prompt
    def deploy_production(version: str, environment: str = "production") -> str:
        return f"Deploy {version} to {environment}"

    @mcp.tool
    def fail() -> None:
        raise RuntimeError("no")

    async def main(target: Any) -> None:
        async with Client(target, mode=mode) as client:
            health = (await client.call_tool("health_check")).data
            assert health["status"] == "healthy" and health["uptime"] >= 0
            await client.call_tool("fail", raise_on_error=False)
            metrics = (await client.call_tool("get_metrics")).data
            assert metrics == {"requests": 3, "errors": 1, "error_rate": pytest.approx(1 / 3)}
            [config] = await client.read_resource("config/production")
            assert json.loads(config.text)["workers"] == 4
            [message] = (await client.get_prompt("deploy_production", {"version": "2"})).messages
            assert message.content.text == "Deploy 2 to production"

    asyncio.run(main(reach(mcp)))


def test_s331_its_owner_serves_health_by_itself() -> None:
    """Beside the tool of that name, where the server owns its port."""
    mcp = FastMCP("Production Server")
    mcp.tool(lambda: {"status": "healthy"}, name="health_check")

    with served(mcp) as base:
        assert httpx2.get(f"{base}/health").status_code == 200
        assert httpx2.post(f"{base}/tools/health_check", json={}).status_code == 200


# S336: sessions kept by user code


class SessionStore:
    def __init__(self, ttl: float) -> None:
        self.ttl = ttl
        self.sessions: dict[str, dict[str, Any]] = {}

    def get(self, session_id: str) -> dict[str, Any]:
        session = self.sessions.setdefault(session_id, {"data": {}, "seen": 0.0, "requests": 0})
        session["seen"] = time.time()
        session["requests"] += 1
        return session

    def cleanup(self, now: float) -> int:
        old = [key for key, each in self.sessions.items() if now - each["seen"] > self.ttl]
        for key in old:
            del self.sessions[key]
        return len(old)


def test_s336_a_session_store_of_ones_own(reach: Reach) -> None:
    """Keyed by `ctx.session_id`: stable in a session, another one in the next."""
    mcp = FastMCP("Sessions")
    store = SessionStore(ttl=60)

    @mcp.tool
    def remember(key: str, value: str, session_id: str | None = None) -> dict[str, Any]:
        ctx = Context.current()
        session = store.get(session_id or getattr(ctx, "session_id", "unknown"))
        session["data"][key] = value
        return {"session": session_id or ctx.session_id, "requests": session["requests"]}

    @mcp.tool
    def recall(key: str, session_id: str | None = None) -> str | None:
        ctx = get_context()
        return store.get(session_id or ctx.session_id)["data"].get(key)

    target = reach(mcp)

    async def first(ask: Callable[..., Any]) -> str:
        told = await ask("remember", key="tea", value="green")
        again = await ask("remember", key="cup", value="blue")
        assert (told["session"], again["requests"]) == (again["session"], 2)
        assert await ask("recall", key="tea") == "green"
        return told["session"]

    async def second(ask: Callable[..., Any]) -> None:
        assert await ask("recall", key="tea") is None
        assert await ask("recall", key="tea", session_id=session) == "green"

    session = used(target, "legacy", first)
    used(target, "legacy", second)
    assert len(store.sessions) == 2
    assert store.cleanup(time.time() + 61) == 2


# S337: roles


def test_s337_decorators_check_roles() -> None:
    """By `ctx.user_info`; what is refused is ordinary data, and nobody has a role unasked."""
    mcp = FastMCP("Roles")
    permissions = {"admin": {"read", "write", "delete"}, "user": {"read"}}

    def require_permission(permission: str) -> Callable[..., Any]:
        def decorator(func: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                role = Context.current().user_info.get("role", "guest")
                if permission not in permissions.get(role, set()):
                    return {"error": f"Permission denied: {permission}", "role": role}
                return func(*args, **kwargs)

            return wrapper

        return decorator

    @mcp.tool
    @require_permission("read")
    def read_data(key: str) -> dict[str, Any]:
        return {"key": key}

    @mcp.tool
    @require_permission("delete")
    def manage_users(action: str, user_id: str) -> dict[str, Any]:
        return {"action": action, "user_id": user_id, "by": Context.current().user_info["user"]}

    def tried(user_info: dict[str, Any] | None) -> list[Any]:
        with contextlib.closing(create_test_client(mcp, user_info=user_info)) as client:
            return [
                client.call_tool("read_data", {"key": "a"}),
                client.call_tool("manage_users", {"action": "ban", "user_id": "7"}),
            ]

    denied = "Permission denied"
    assert tried({"role": "admin", "user": "ann"}) == [
        {"key": "a"},
        {"action": "ban", "user_id": "7", "by": "ann"},
    ]
    assert tried({"role": "user", "user": "bob"}) == [
        {"key": "a"},
        {"error": f"{denied}: delete", "role": "user"},
    ]
    assert tried(None) == [
        {"error": f"{denied}: {permission}", "role": "guest"} for permission in ("read", "delete")
    ]


# S338: tools that ask a model


def test_s338_tools_sample(reach: Reach, mode: str) -> None:
    """Plain ones and async ones, several times in one call; without a model they say so."""
    mcp = FastMCP("AI")
    prompts: list[str] = []

    @mcp.tool
    def generate_text(prompt: str, max_tokens: int = 150) -> dict[str, Any]:
        ctx = Context.current()
        try:
            response = ctx.sample(
                prompt=prompt, model="claude", max_tokens=max_tokens, temperature=0.7
            )
            return {"success": True, "text": response.text}  # type: ignore[attr-defined]
        except Exception as error:
            return {"success": False, "error": str(error)}

    @mcp.tool
    async def summarize(texts: list[str], ctx: Context) -> list[str]:
        return [(await ctx.sample(f"Summarize: {text}", max_tokens=50)).text for text in texts]

    async def model(messages: Any, params: Any, context: Any) -> str:
        prompts.append(messages[-1].content.text)
        return f"{prompts[-1]} ({params.max_tokens})"

    async def main(target: Any) -> None:
        async with Client(target, mode=mode, sampling_handler=model) as client:
            answer = await client.call_tool("generate_text", {"prompt": "Hello"})
            assert answer.data == {"success": True, "text": "Hello (150)"}
            answer = await client.call_tool("summarize", {"texts": ["a", "b"]})
            assert answer.data == ["Summarize: a (50)", "Summarize: b (50)"]
        async with Client(target, mode=mode) as client:
            began = time.monotonic()
            answer = await client.call_tool("generate_text", {"prompt": "Hello"})
            assert answer.data["success"] is False and answer.data["error"]
            assert time.monotonic() - began < 5

    asyncio.run(main(reach(mcp)))
    assert prompts == ["Hello", "Summarize: a", "Summarize: b"]


# S339: an index that is made beside the requests


class IndexingService:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.documents: dict[str, list[str]] = {}
        self.task: asyncio.Task[None] | None = None
        self.ended: list[str] = []

    async def start(self) -> None:
        self.task = asyncio.create_task(self.work())

    async def stop(self) -> None:
        await self.queue.put(None)
        assert self.task is not None
        await asyncio.wait_for(self.task, 5)
        self.ended.append("clean")

    async def work(self) -> None:
        while (document := await self.queue.get()) is not None:
            await asyncio.sleep(0)
            for word in document.lower().split():
                self.documents.setdefault(word, []).append(document)
            self.queue.task_done()


def test_s339_a_server_indexes_in_the_background(reach: Reach, mode: str) -> None:
    """A service of its lifespan, which middleware hands to tools, and which ends cleanly."""
    services: list[IndexingService] = []

    @asynccontextmanager
    async def lifespan(server: FastMCP) -> AsyncIterator[dict[str, Any]]:
        service = IndexingService()
        services.append(service)
        await service.start()
        try:
            yield {"indexer": service}
        finally:
            await service.stop()

    class Bridge(Middleware):
        async def on_call_tool(self, context: MiddlewareContext[Any], call_next: Any) -> Any:
            ctx = context.fastmcp_context
            assert ctx is not None
            ctx.set_state("indexer", ctx.lifespan_context["indexer"])
            return await call_next(context)

    mcp = FastMCP("Indexer", lifespan=lifespan, middleware=[Bridge()])

    @mcp.tool
    async def trigger_index(documents: list[str], ctx: Context = None) -> dict[str, Any]:  # type: ignore[assignment]
        indexer = ctx.get_state("indexer")
        for document in documents:
            await indexer.queue.put(document)
        return {"queued": len(documents)}

    @mcp.tool
    async def search(query: str) -> list[str]:
        indexer = get_context().get_state("indexer")
        await indexer.queue.join()
        return indexer.documents.get(query, [])

    async def use(ask: Callable[..., Any]) -> None:
        assert await ask("trigger_index", documents=["Green tea", "Black tea"]) == {"queued": 2}
        assert await ask("search", query="tea") == ["Green tea", "Black tea"]
        assert await ask("search", query="coffee") == []

    target = reach(mcp)
    used(target, mode, use)
    if target is mcp:  # one that is served lives as long as its application
        assert [service.ended for service in services] == [["clean"]]


# S340: stdio servers that share Redis

SHARED = """
    import json, os, time
    import redis
    from fastmcp import FastMCP

    mcp = FastMCP("Shared State Server")
    store = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)

    @mcp.tool
    def set_shared(key: str, value: dict) -> dict:
        store.set(f"mcp:{key}", json.dumps({"value": value, "by": os.getpid()}))
        store.publish("changes", key)
        return {"stored": key}

    @mcp.tool
    def get_shared(key: str) -> dict:
        found = store.get(f"mcp:{key}")
        return json.loads(found) if found else {"error": "Key not found"}

    @mcp.tool
    def increment(counter: str) -> int:
        return store.incr(f"mcp:{counter}")

    @mcp.resource("shared/keys")
    def keys() -> str:
        return json.dumps(sorted(store.scan_iter("mcp:*")))

    if __name__ == "__main__":
        mcp.run()
"""


def test_s340_stdio_servers_share_redis(script: Script, tmp_path: Path) -> None:
    """Three processes, each for a client of its own, with the same data and one counter."""
    program = script(SHARED)

    async def main(url: str) -> None:
        transports = [
            StdioTransport(sys.executable, [str(program)], env={"REDIS_URL": url}) for _ in range(3)
        ]
        async with (
            Client(transports[0]) as one,
            Client(transports[1]) as two,
            Client(transports[2]) as three,
        ):
            stored = await one.call_tool("set_shared", {"key": "tea", "value": {"kind": "green"}})
            assert stored.data == {"stored": "tea"}
            found = [
                (await client.call_tool("get_shared", {"key": "tea"})).data
                for client in (one, two, three)
            ]
            assert found[0]["value"] == {"kind": "green"}
            assert found[0] == found[1] == found[2]
            missing = await two.call_tool("get_shared", {"key": "none"})
            assert missing.data == {"error": "Key not found"}
            counts = await asyncio.gather(
                *(
                    client.call_tool("increment", {"counter": "n"})
                    for client in (one, two, three)
                    for _ in range(10)
                )
            )
            assert sorted(count.data for count in counts) == list(range(1, 31))
            [content] = await three.read_resource("shared/keys")
            assert json.loads(content.text) == ["mcp:n", "mcp:tea"]

    with redis_server(tmp_path) as server:
        asyncio.run(main(server.url))


def test_s340_a_process_that_ends_leaves_its_data(script: Script, tmp_path: Path) -> None:
    """For the one that comes after it."""
    program = script(SHARED)
    with redis_server(tmp_path) as store:
        for expected in ("1", "2"):
            with stdio_server([program], {"REDIS_URL": store.url}) as server:
                server.ask(initialize())
                answer = server.ask(call("increment", counter="n"))
                assert answer["result"]["content"][0]["text"] == expected
                assert server.finish() == 0
