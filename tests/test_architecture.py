"""The layers of the package, read from its source: who imports whom, and how large files are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import fastmcp

ROOT = Path(fastmcp.__file__).parent
STANDARD = sys.stdlib_module_names

# What each layer may import of ours. `_version`, `_lazy` and `_spelling` are everybody's.
LAYERS: dict[str, set[str]] = {
    "_lazy": set(),
    "_spelling": set(),
    "_version": set(),
    "exceptions": set(),
    "_frontmatter": set(),
    "_hydration": set(),
    "_env_file": set(),
    "settings": {"_env_file", "exceptions"},
    "_logging": {"settings", "exceptions"},
    "_tracing": {"settings", "exceptions"},
    "telemetry": {"_tracing"},
    "transports": {"settings", "exceptions"},
    "wire": {"exceptions"},
    "_oauth": {"wire", "exceptions"},
    "_fetching": {"exceptions", "settings"},
    "_protocol": {"wire", "exceptions"},
    "_runtime": {"_logging", "_protocol", "wire", "exceptions"},
    "_components": {"_runtime.threads", "wire", "exceptions"},
    "tools": {"_components", "_logging", "wire", "exceptions"},
    "resources": {"_components", "_runtime.threads", "wire", "exceptions"},
    "prompts": {"_components", "wire", "exceptions"},
    "utilities": {"_components", "_hydration", "_logging", "settings"},
    "types": {"_components", "wire", "exceptions"},
    "skills": {"wire"},
    "apps": {"server", "tools", "resources", "_components", "wire", "exceptions"},
    "contrib": {
        "server",
        "tools",
        "resources",
        "prompts",
        "_components",
        "_logging",
        "wire",
        "exceptions",
    },
    "client": {
        "_fetching",
        "_frontmatter",
        "_hydration",
        "_logging",
        "_oauth",
        "_runtime",
        "_protocol",
        "_tracing",
        "wire",
        "exceptions",
        "settings",
    },
    "server": {
        "tools",
        "resources",
        "prompts",
        "_components",
        "_fetching",
        "_frontmatter",
        "_hydration",
        "_logging",
        "_oauth",
        "_runtime",
        "_protocol",
        "_tracing",
        "wire",
        "exceptions",
        "utilities",
        "settings",
        "transports",
    },
    "dependencies": {"server", "_components"},
    "testing": {
        "server",
        "client",
        "utilities",
        "_components",
        "_runtime",
        "_protocol",
        "wire",
        "exceptions",
    },
    "events": {"server", "_components", "_logging", "_runtime", "exceptions"},
    "plugins": {"server", "exceptions"},
    "composition": {"server", "tools", "exceptions"},
    "security": {"server", "resources", "_components", "exceptions"},
    "proxy": {
        "server",
        "client",
        "tools",
        "resources",
        "prompts",
        "_components",
        "_runtime",
        "wire",
        "exceptions",
        "transports",
    },
    "mcp_config": {"client"},
    "configuration": {"server", "client.config", "wire", "exceptions"},
    "utilities.mcp_server_config": {"configuration"},
    "experimental": {
        "server",
        "tools",
        "utilities",
        "_components",
        "_logging",
        "wire",
        "exceptions",
    },
    "inspector": {"client", "server.http.serving", "_runtime", "wire", "exceptions"},
    "cli": {
        "_components.schemas",
        "_env_file",
        "_fetching",
        "_oauth",
        "configuration",
        "inspector",
        "resources",
        "wire",
        "server",
        "client",
        "exceptions",
        "settings",
    },
    "__main__": {"cli"},
    "__init__": {
        "apps",
        "client",
        "composition",
        "configuration",
        "contrib",
        "dependencies",
        "events",
        "exceptions",
        "plugins",
        "prompts",
        "proxy",
        "resources",
        "server",
        "settings",
        "testing",
        "tools",
        "transports",
        "types",
        "utilities",
    },
}
# A proxy is a server on one side and a client on the other.
LAYERS["server.providers.proxy"] = LAYERS["server"] | {"server", "client"}

EXCEPTIONS = {
    # A tool whose schema says in an invalid way what travels in headers is refused when it is made.
    ("tools.base", "_protocol.mirroring"),
    # What a configuration changes about tools, and hides by URI, is done as a server does it.
    ("client.config.tool_changes", "tools.argument_map"),
    ("client.config.tool_changes", "tools.base"),
    ("client.config.tool_changes", "tools.transform_reading"),
    ("client.config.entries", "tools.transform_reading"),
    ("client.config.tool_changes", "tools.transformed_tool"),
    ("client.config.transforming", "resources.uri.matcher"),
    # What FastMCP's users import from there runs servers; it is loaded when it is asked for.
    ("utilities.tests", "testing.asgi"),
    ("utilities.tests", "testing.serving"),
    ("utilities.asgi_transport", "testing.asgi_transport"),
    ("utilities.authorization", "server.auth.checks"),
    ("utilities.tests", "client.auth.headless"),
}

# Imports in functions and for types that run against all the others. Without them there are no
# circles at all, and each of them closes one.
UPWARD = {
    # Methods of what users hold, whose work is done by modules that know its class.
    ("server.server", "server.in_process"),
    ("server.server", "server.providers.proxy"),
    ("server.component_host", "server.providers.fastmcp_provider"),
    ("server.component_host", "server.providers.proxy"),
    ("server.context", "server.in_process"),
    ("server.context", "server.request.client_session"),
    ("server.context", "server.request.request_context"),
    ("server.context", "server.sampling"),
    ("server.request.served_request", "server.tasks.dependencies"),
    ("server.auth.provider", "server.auth.middleware"),
    ("server.auth.oauth.provider", "server.auth.oauth.metadata"),
    ("server.auth.oauth.provider", "server.auth.oauth.routes"),
    ("server.providers.openapi.route", "server.providers.openapi.request_plan"),
    ("configuration.environment", "configuration.uv"),
    ("configuration.environment", "configuration.uv_project"),
    # A class makes instances of its subclasses.
    ("prompts.base", "prompts.function_prompt"),
    ("resources.base", "resources.function_resource"),
    ("resources.template", "resources.function_template"),
    ("server.providers.base", "server.providers.wrapped"),
    ("tools.base", "tools.function_tool"),
    ("tools.base", "tools.transformed_tool"),
    # What users' functions are given has the type by which they know it.
    ("client.answers", "client.client"),
    ("client.handler_context", "client.client"),
    ("server.context", "server.middleware.chain"),
    ("server.request.served_request", "server.server"),
    ("server.transforms.visibility", "server.context"),
    # A part knows the whole that made it.
    ("server.auth.oauth.consent", "server.auth.oauth.stored"),
    ("server.cluster.cluster_session", "server.cluster.cluster_sessions"),
    ("server.cluster.remote_reader", "server.cluster.cluster_session"),
    ("server.http.servable", "server.http.application.manager"),
    ("server.providers.proxy.relays", "server.providers.proxy.proxy_client"),
    ("server.parts", "server.server"),
    ("server.tasks.server_tasks", "server.server"),
    # It is loaded when it is needed for the first time.
    ("cli", "cli.failing"),
    ("client.answers", "client.tracing"),
    ("client.transports.config", "client.config.mcp_config"),
    ("server.handlers.tasks", "server.tasks.requests"),
    ("server.tasks.server_tasks", "server.tasks.service"),
}

# What each layer may import of others. Layers that are not here may import every dependency.
THIRD_PARTY: dict[str, set[str]] = {
    "_lazy": set(),
    "_spelling": set(),
    "_version": set(),
    "_env_file": set(),
    "configuration": {"msgspec", "packaging"},
    "exceptions": set(),
    "settings": set(),
    "transports": set(),
    "_tracing": {"msgspec", "opentelemetry"},
    "telemetry": {"opentelemetry"},
    "_hydration": {"msgspec", "pydantic", "pydantic_core"},
    "_logging": {"msgspec", "pydantic_core"},
    "wire": {"msgspec"},
    "_oauth": {"msgspec"},
    "_fetching": {"httpcore2", "httpx2", "msgspec"},
    "_protocol": {"msgspec"},
    "_runtime": {"msgspec"},
    "_components": {
        "docstring_parser",
        "msgspec",
        "packaging",
        "pydantic",
        "pydantic_core",
        "typing_extensions",
    },
    "tools": {"msgspec", "pydantic_core", "jsonschema", "referencing"},
    "utilities": {"msgspec", "pydantic"},
    "resources": {"msgspec", "httpx2"},
    "prompts": {"msgspec", "pydantic_core"},
    "client": {
        "cryptography",
        "httptools",
        "joserfc",
        "httpx2",
        "key_value",
        "msgspec",
        "opentelemetry",
        "pydantic",
        "pydantic_core",
    },
    "server": {
        "cryptography",
        "docket",
        "h11",
        "httptools",
        "hiredis",
        "httpx2",
        "joserfc",
        "msgspec",
        "opentelemetry",
        "prometheus_client",
        "starlette",
        "uvicorn",
        "pydantic_core",
        "redis",
        "wrapt",
    },
    "events": {"msgspec"},
    "plugins": {"starlette"},
    "testing": {"httpx2", "msgspec", "pytest"},
    "composition": set(),
    "apps": {"msgspec", "pydantic"},
    "contrib": {"pydantic", "starlette"},
    "security": {"starlette", "msgspec"},
    "proxy": {"msgspec", "starlette"},
    "inspector": {"msgspec", "starlette", "uvicorn"},
    "cli": {"httpx2", "joserfc", "msgspec", "packaging", "cryptography"},
}
WORLD = {"asyncio", "time", "socket", "threading", "select", "signal", "subprocess", "ssl"}

# Paths that users of FastMCP import, whatever they are called.
PUBLIC_PATHS = {
    "tools.base",
    "prompts.base",
    "resources.base",
    "server.providers.base",
    "server.transforms.search.base",
    "experimental.utilities",
    "utilities",
    "utilities.types",
}
DRAWERS = {"util", "utils", "utilities", "common", "base", "helpers", "misc", "shared", "core"}


def name_of(path: Path) -> str:
    """`server.http` for server/http.py, `server` for server/__init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


def package_of(name: str) -> list[str]:
    whole = ["fastmcp", *([] if name == "__init__" else name.split("."))]
    return whole if FILES[name].name == "__init__.py" else whole[:-1]


def targets(name: str, node: ast.AST) -> Iterator[str]:
    """The modules that an import statement names, absolutely."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            package = package_of(name)
            package = package[: len(package) - node.level + 1]
            base = ".".join([*package, base] if base else package)
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            inner = whole.removeprefix("fastmcp.")
            yield whole if base.startswith("fastmcp") and inner in FILES else base


def imports_of(name: str, *, at_import_only: bool = False) -> set[str]:
    """What a module imports: anywhere, or only what its own import runs."""
    found: set[str] = set()

    def visit(nodes: list[ast.stmt]) -> None:
        for node in nodes:
            found.update(targets(name, node))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                visit(node.orelse)
                continue
            for field in ("body", "orelse", "finalbody"):
                visit(getattr(node, field, []))

    if at_import_only:
        visit(tree_of(name).body)
    else:
        for node in ast.walk(tree_of(name)):
            found.update(targets(name, node))
    return found


def of_ours(names: set[str]) -> set[str]:
    """The names of our modules, without the package's."""
    inner = {name.removeprefix("fastmcp.") for name in names if name.startswith("fastmcp.")}
    return {name if name in FILES else name.rpartition(".")[0] for name in inner}


def within(module: str, allowed: set[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in allowed)


@pytest.mark.parametrize("name", FILES)
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    """Downward only; imports in functions and under TYPE_CHECKING are counted."""
    layer = max((each for each in LAYERS if within(name, {each})), key=len)
    allowed = LAYERS[layer] | {layer, "_version", "_lazy", "_spelling"}

    wrong = {
        module
        for module in of_ours(imports_of(name))
        if not within(module, allowed) and (name, module) not in EXCEPTIONS
    }

    assert wrong == set()


def test_an_exception_to_the_layers_is_needed() -> None:
    """What is no longer imported is no longer excepted."""
    unused = {
        (name, module) for name, module in EXCEPTIONS if module not in of_ours(imports_of(name))
    }

    assert unused == set()


@pytest.mark.parametrize("name", FILES)
def test_a_module_knows_only_the_packages_of_its_layer(name: str) -> None:
    """Pydantic, Starlette and HTTP libraries are known where they belong."""
    layer = name.partition(".")[0]
    roots = {module.partition(".")[0] for module in imports_of(name)}
    others = roots - STANDARD - {"fastmcp"}

    assert others - THIRD_PARTY.get(layer, set()) == set()


@pytest.mark.parametrize(
    "name", [name for name in FILES if name.split(".")[0] in ("_protocol", "wire", "exceptions")]
)
def test_the_protocol_does_no_io(name: str) -> None:
    """No event loop, no clock, no socket, no thread: the same bytes always mean the same."""
    assert {module.partition(".")[0] for module in imports_of(name)} & WORLD == set()


def test_modules_do_not_import_each_other_in_circles() -> None:
    """Counting what an import runs; a circle there is an order that has to be guessed."""
    edges = {name: of_ours(imports_of(name, at_import_only=True)) - {name} for name in FILES}

    assert in_circles(edges) == set()


def test_modules_know_each_other_in_no_circles_but_those_listed() -> None:
    """Counting what functions import, and types; what is listed is needed."""
    edges = {name: of_ours(imports_of(name)) - {name} for name in FILES}
    downward = {
        name: {each for each in edges[name] if (name, each) not in UPWARD} for name in FILES
    }
    needed = {
        (name, each)
        for name, each in UPWARD
        if each in edges[name] and name in in_circles({**downward, name: downward[name] | {each}})
    }

    assert in_circles(downward) == set()
    assert UPWARD - needed == set()


def in_circles(edges: dict[str, set[str]]) -> set[str]:
    """The modules that are left when those have gone, again and again, that need no other."""
    left = dict(edges)
    while ready := {name for name in left if left[name].isdisjoint(left)}:
        for name in ready:
            del left[name]
    return set(left)


def test_there_is_one_context_variable() -> None:
    """The request being served; everything else is passed."""
    made = [
        name
        for name in FILES
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ContextVar")
    ]

    assert made == ["_components.current"]


def test_no_module_is_a_drawer() -> None:
    """A module's name says what is in it, except where FastMCP's users import it by that name."""
    drawers = {name for name in FILES if name.rpartition(".")[2].strip("_") in DRAWERS}

    assert drawers - PUBLIC_PATHS == set()


@pytest.mark.parametrize("name", FILES)
def test_a_file_can_be_kept_in_the_head(name: str) -> None:
    """At most 500 lines; beyond that a file has more than one subject."""
    assert len(FILES[name].read_text("utf-8").splitlines()) <= 500


@pytest.mark.parametrize("name", FILES)
def test_a_module_says_what_it_is_for(name: str) -> None:
    """Each has a docstring."""
    assert ast.get_docstring(tree_of(name))
