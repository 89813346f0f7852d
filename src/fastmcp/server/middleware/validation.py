"""RequestValidationMiddleware: requests that are refused before anything is done for them."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeAlias, cast

from msgspec import UNSET, json

from fastmcp._components.component import Component
from fastmcp._components.writing import simpler
from fastmcp.exceptions import ConfigurationError, InvalidParams, ValidationError
from fastmcp.prompts.base import Prompt
from fastmcp.tools.base import Tool

from .addressed import addressed
from .argument_limits import ArgumentLimits
from .assertions import Problems, steps_of
from .middleware import CallNext, Middleware, MiddlewareContext
from .schema_check import schema_check

RequestCheck: TypeAlias = Callable[[MiddlewareContext[Any]], Any]
SchemaCheck: TypeAlias = Callable[[Any], Problems]

MAX_SCHEMAS = 1024
_SHOWN = 8
_LONGEST = 60
_MORE = "additionalProperties"
_COMBINING = ("patternProperties", "$ref", "allOf", "anyOf", "oneOf")

_encode = json.Encoder(enc_hook=simpler).encode


class RequestValidationMiddleware(Middleware):
    """Refuses calls of tools, prompts and resources that nothing should run for.

    What clients give has at most `max_size` bytes of JSON, `max_depth` levels, `max_items` values,
    and `max_length` characters in each text; it has no control characters but tabs and the ends of
    lines, unless `allow_control_characters`; it names no argument that is not known, unless
    `allow_unknown`; with `check_schema` it is what the input schema of the tool says, without any
    conversion.

    `checks` are functions of the `MiddlewareContext`, plain or async: a text that one returns, or
    False, refuses the request, and so does what it raises.

    Raises:
        ConfigurationError: a limit that is not positive, or a check that cannot be called.
    """

    def __init__(
        self,
        *,
        max_size: int = 1_000_000,
        max_depth: int = 32,
        max_items: int = 100_000,
        max_length: int = 1_000_000,
        allow_control_characters: bool = False,
        allow_unknown: bool = False,
        check_schema: bool = True,
        checks: RequestCheck | Sequence[RequestCheck] = (),
    ) -> None:
        if max_size <= 0:
            raise ConfigurationError(f"max_size must be positive, got {max_size}")
        self._max_size = max_size
        self._limits = ArgumentLimits(max_depth, max_items, max_length, allow_control_characters)
        self._allow_unknown = allow_unknown
        self._check_schema = check_schema
        given: Any = checks
        self._checks: list[RequestCheck] = [given] if callable(given) else list(given)
        for check in self._checks:
            if not callable(check):
                raise ConfigurationError(
                    f"checks= takes functions of a MiddlewareContext, not {check!r}"
                )
        self._schemas: OrderedDict[int, tuple[Any, Set[str] | None, SchemaCheck | None]] = (
            OrderedDict()
        )

    async def on_call_tool(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The call, if nothing is wrong with its arguments."""
        problems = await self._problems(context)
        if problems:
            raise _invalid(problems)
        if self._checks:
            await self._run_checks(context, ValidationError)
        return await call_next(context)

    async def on_get_prompt(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The prompt, if nothing is wrong with its arguments."""
        problems = await self._problems(context)
        if problems:
            what = f"Invalid arguments for prompt {context.message.name!r}"
            raise InvalidParams(f"{what}: {_invalid(problems)}")
        await self._run_checks(context, InvalidParams)
        return await call_next(context)

    async def on_read_resource(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]
    ) -> Any:
        """The contents, if nothing is wrong with the URI."""
        problem = self._limits.problem_of(str(context.message.uri))
        if problem is not None:
            raise InvalidParams(f"Invalid URI: it {problem[1]}")
        await self._run_checks(context, InvalidParams)
        return await call_next(context)

    async def _problems(self, context: MiddlewareContext[Any]) -> Problems:
        given = context.message.arguments
        arguments: Any = {} if given is UNSET or given is None else given
        if not isinstance(arguments, Mapping):
            return [((), "The arguments are not a JSON object")]
        try:
            written = _encode(arguments)
        except (TypeError, ValueError):
            written = None  # objects of the program's own, which no client sent
        except RecursionError:
            return [((), f"Something {self._limits.too_deep}")]
        if written is not None and len(written) > self._max_size:
            text = f"The arguments have {len(written)} bytes; at most {self._max_size} are allowed"
            return [((), text)]
        if written is None or not self._limits.surely_hold(written):
            problem = self._limits.problem_of(arguments)
            if problem is not None:
                return [problem]
        served = context.fastmcp_context
        component = None if served is None else await addressed(served, context.message)
        return [] if component is None else self._misfits(component, cast("Any", arguments))

    def _misfits(self, component: Component, arguments: Mapping[str, Any]) -> Problems:
        """What the component's own description does not allow."""
        if isinstance(component, Tool):
            known, check = self._read(component.parameters)
        elif isinstance(component, Prompt):
            known, check = {each.name for each in component.arguments or ()}, None
        else:
            return []
        if known is not None and not self._allow_unknown and not arguments.keys() <= known:
            return [(((), name), "is not a parameter") for name in arguments if name not in known]
        return [] if check is None else check(arguments)

    def _read(self, schema: dict[str, Any]) -> tuple[Set[str] | None, SchemaCheck | None]:
        """What a schema says: the arguments that are known, and the check of them all."""
        known = self._schemas.get(id(schema))
        if known is None or known[0] is not schema:
            checked = schema
            if self._allow_unknown:
                checked = {key: each for key, each in schema.items() if key != _MORE}
            check = schema_check(checked) if self._check_schema else None
            known = self._schemas[id(schema)] = (schema, _names_in(schema), check)
            while len(self._schemas) > MAX_SCHEMAS:
                self._schemas.popitem(last=False)
        return known[1:]

    async def _run_checks(
        self, context: MiddlewareContext[Any], refusal: Callable[[str], Exception]
    ) -> None:
        for check in self._checks:
            said = check(context)
            if inspect.isawaitable(said):
                said = await said
            if isinstance(said, str) and said:
                raise refusal(said)
            if said is False:
                raise refusal("The request was refused")


def _names_in(schema: Mapping[str, Any]) -> Set[str] | None:
    """The arguments that a tool knows; None for one that says it takes others."""
    if schema.get(_MORE) not in (None, False) or any(key in schema for key in _COMBINING):
        return None
    return frozenset(schema.get("properties", ()))


def _invalid(problems: Problems) -> ValidationError:
    told = [(list(map(_short, steps_of(path))), text) for path, text in problems[:_SHOWN]]
    lines = [f"{'.'.join(map(str, path))}: {text}" if path else text for path, text in told]
    more = len(problems) - _SHOWN
    error = ValidationError("; ".join(lines) + (f"; and {more} more" if more > 0 else ""))
    error.problems = [{"path": path, "message": text} for path, text in told]
    return error


def _short(name: Any) -> str | int:
    if isinstance(name, int):
        return name
    name = str(name)
    shown = name if name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
