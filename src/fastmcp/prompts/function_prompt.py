"""FunctionPrompt: a prompt that calls a Python function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, Unpack, overload

from msgspec import DecodeError, json

from fastmcp._components.component import ComponentOptions, described
from fastmcp._components.functions.calling import invoker
from fastmcp._components.functions.signature import Parameter, Signature, read_signature
from fastmcp._components.marks import Mark, decorate, mark, marked_options
from fastmcp.wire.features import PromptArgument

from .base import Prompt

F = TypeVar("F", bound=Callable[..., Any])


class FunctionPrompt(Prompt, kw_only=True):
    """A prompt rendered by a function. Arguments come as text; a parameter of another type
    takes the JSON in it.
    """

    fn: Callable[..., Any]
    signature: Signature
    invoke: Callable[..., Awaitable[Any]]
    typed: frozenset[str]

    @classmethod
    def from_function(cls, fn: Any, **options: Unpack[ComponentOptions]) -> FunctionPrompt:
        """Read `fn` and make it a prompt.

        Raises:
            InvalidSignature: it cannot become one; the text names the line and the cure.
        """
        given: Any = marked_options(fn, "prompt", options)
        signature = read_signature(fn)
        schemas = signature.schema["properties"]
        typed = frozenset(p.name for p in signature.parameters if not _is_text(schemas[p.name]))
        return cls(
            **described(signature, given),
            arguments=[
                _argument(p, schemas[p.name] if p.name in typed else None)
                for p in signature.parameters
            ],
            fn=fn,
            signature=signature,
            invoke=invoker(signature),
            typed=typed,
        )

    @property
    def arguments_schema(self) -> dict[str, Any]:
        return self.signature.schema

    async def render(self, arguments: Mapping[str, Any] | None = None) -> Any:
        given = {
            name: _decoded(value) if name in self.typed else value
            for name, value in (arguments or {}).items()
        }
        return await self.invoke(**self.signature.arguments(given))


def _argument(parameter: Parameter, schema: dict[str, Any] | None) -> PromptArgument:
    description = parameter.description
    if schema is not None:
        bare = {name: value for name, value in schema.items() if name != "description"}
        hint = f"Provide as a JSON string matching this schema: {json.encode(bare).decode()}"
        description = f"{description}\n\n{hint}" if description else hint
    return PromptArgument(name=parameter.name, description=description, required=parameter.required)


def _is_text(schema: dict[str, Any]) -> bool:
    if schema.get("type") == "string":
        return True
    members = schema.get("anyOf", ())
    kinds = {member.get("type") for member in members}
    return kinds == {"string", "null"} or not schema.keys() & {"type", "anyOf", "$ref", "allOf"}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.decode(value)
    except (DecodeError, UnicodeError, RecursionError):
        return value


@overload
def prompt(name_or_fn: F, /, **options: Unpack[ComponentOptions]) -> F: ...
@overload
def prompt(
    name_or_fn: str | None = None, /, **options: Unpack[ComponentOptions]
) -> Callable[[F], F]: ...
def prompt(name_or_fn: Any = None, /, **options: Unpack[ComponentOptions]) -> Any:
    """Mark a function or method as a prompt, to be registered later: `mcp.add_prompt(obj.method)`.

    It takes what `@mcp.prompt` takes, and returns the function as it was.
    """

    def act(fn: Any, given: dict[str, Any]) -> None:
        mark(fn, Mark("prompt", given))

    return decorate(name_or_fn, options, "prompt", ComponentOptions, act)
