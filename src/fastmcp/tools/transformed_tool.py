"""TransformedTool: a tool made from another, and what its function calls to run that one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastmcp._components.current import Scope, current_scope
from fastmcp._components.foreign import as_model
from fastmcp._components.functions.signature import where
from fastmcp.exceptions import InvalidSignature, ValidationError
from fastmcp.wire.content import Icon
from fastmcp.wire.features import ToolAnnotations

from .arg_transform import ArgTransform, as_transforms
from .argument_map import ArgumentMap, checked, map_arguments, object_schema
from .base import Tool, ToolResult
from .function_tool import FunctionTool
from .output_schema import given_schema

_UNSAID = (inspect.Parameter.empty, Any)


class TransformedTool(Tool, kw_only=True):
    """A tool that runs another with other arguments, or a function that may run it.

    `fn` is what a call runs: the function, or else `forwarding_fn`, which takes this tool's
    arguments and gives the parent its own.
    """

    parent_tool: Tool
    fn: Callable[..., Any]
    forwarding_fn: Callable[..., Awaitable[Any]]
    transform_args: dict[str, ArgTransform]
    mapping: ArgumentMap
    function: FunctionTool | None
    defaults: dict[str, Any]

    @classmethod
    def from_tool(  # type: ignore[override]
        cls,
        tool: Tool | Callable[..., Any],
        name: str | None = None,
        version: Any = ...,
        title: Any = ...,
        description: Any = ...,
        tags: set[str] | None = None,
        transform_fn: Callable[..., Any] | None = None,
        transform_args: Mapping[str, Any] | None = None,
        annotations: Any = ...,
        output_schema: Any = ...,
        serializer: Callable[[Any], str] | None = None,
        meta: Any = ...,
        icons: Any = ...,
    ) -> TransformedTool:
        """Make a tool from another, or from a function.

        What is not given is as the parent has it. `transform_fn` takes the arguments as they are
        after `transform_args`, all of them or `**kwargs`, and calls `forward()`. Unless it is
        annotated, its results are promised to be like the parent's.

        Raises:
            InvalidSignature: the changes do not fit the parent, or the function does not fit them.
            TypeError: there is no tool, as `get_tool()` says by None.
        """
        if tool is None:
            raise TypeError("from_tool() got None: there is no tool of that name to transform")
        parent = tool if isinstance(tool, Tool) else Tool.from_function(tool)
        transforms = as_transforms(transform_args)
        mapping = map_arguments(parent, transforms)
        forwarding = functools.partial(_forward, parent, mapping)
        name = name or parent.name
        function = None
        parameters, defaults = mapping.schema, _given_defaults(mapping, transforms)
        promised = parent.output_schema if output_schema is ... else output_schema
        if transform_fn is not None:
            function = _function_tool(transform_fn, name, output_schema, parent, serializer)
            parameters = _merged(function, transform_fn, mapping)
            defaults = _defaults_of(parameters)
            promised = function.output_schema
        elif promised is not None:
            promised = given_schema(promised)
        return cls(
            name=name,
            version=_text(_chosen(version, parent.version)),
            title=_chosen(title, parent.title),
            description=_chosen(description, parent.description),
            icons=_models(_chosen(icons, parent.icons), Icon),
            tags=set(tags or parent.tags),
            meta=_chosen(meta, parent.meta),
            auth=parent.auth,
            task=parent.task,
            parameters=parameters,
            output_schema=promised,
            annotations=as_model(_chosen(annotations, parent.annotations), ToolAnnotations),
            parent_tool=parent,
            fn=transform_fn or forwarding,
            forwarding_fn=forwarding,
            transform_args=transforms,
            mapping=mapping,
            function=function,
            defaults=defaults,
        )

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        given = checked(self.parameters, self.mapping, self.defaults, arguments)
        function = self.function
        if function is None:
            return await self.forwarding_fn(**given)
        own = function.parameters["properties"]
        declared = {name: value for name, value in given.items() if name in own}
        others = {name: value for name, value in given.items() if name not in own}
        scope = current_scope.get(None) or Scope()
        token = current_scope.set(scope.within(self))
        try:
            value = await function.invoke(**function.signature.arguments(declared), **others)
            if inspect.isawaitable(value):
                value = await value
        finally:
            current_scope.reset(token)
        return function.output.convert(value)  # type: ignore[return-value]


async def forward(**arguments: Any) -> ToolResult:
    """Run the parent of the transformed tool whose function is running, with that tool's arguments.

    Raises:
        RuntimeError: no function of a transformed tool is running.
        TypeError: an argument is unknown or missing.
    """
    return await _running("forward").forwarding_fn(**arguments)


async def forward_raw(**arguments: Any) -> ToolResult:
    """Run the parent of the transformed tool whose function is running, with the parent's own
    arguments; nothing hidden is added.

    Raises:
        RuntimeError: no function of a transformed tool is running.
    """
    return await _running("forward_raw").parent_tool.run(arguments)


def _running(caller: str) -> TransformedTool:
    scope = current_scope.get(None)
    tool: TransformedTool | None = None if scope is None else scope.forwarding
    if tool is None:
        raise RuntimeError(
            f"{caller}() runs the parent of a transformed tool; call it in the function that was "
            "given as transform_fn= to Tool.from_tool()"
        )
    return tool


async def _forward(parent: Tool, mapping: ArgumentMap, /, **arguments: Any) -> ToolResult:
    given = mapping.to_parent(arguments)
    try:
        return await parent.run(given)
    except ValidationError as error:
        raise ValidationError(mapping.retold(str(error))) from None


def _function_tool(
    fn: Callable[..., Any], name: str, output_schema: Any, parent: Tool, serializer: Any
) -> FunctionTool:
    """The function as a tool of its own parameters; `**kwargs` is filled beside them."""
    made = FunctionTool.from_function(
        _without_kwargs(fn),
        name=name,
        output_schema=output_schema,
        serializer=serializer,
    )
    if output_schema is ... and made.signature.returns in _UNSAID:
        return FunctionTool.from_function(
            _without_kwargs(fn), name=name, output_schema=parent.output_schema
        )
    return made


def _takes_any(fn: Callable[..., Any]) -> bool:
    kinds = (parameter.kind for parameter in inspect.signature(fn).parameters.values())
    return inspect.Parameter.VAR_KEYWORD in kinds


def _without_kwargs(fn: Callable[..., Any]) -> Callable[..., Any]:
    if not _takes_any(fn):
        return fn
    signature = inspect.signature(fn)
    *parameters, _ = signature.parameters.values()
    narrowed: Any = functools.partial(fn)
    narrowed.__signature__ = signature.replace(parameters=parameters)
    return narrowed


def _merged(function: FunctionTool, fn: Callable[..., Any], mapping: ArgumentMap) -> dict[str, Any]:
    """The schema of the function's own parameters and the transformed ones, which win."""
    own, transformed = function.parameters, mapping.schema
    missing = [name for name in transformed["properties"] if name not in own["properties"]]
    if missing and not _takes_any(fn):
        raise InvalidSignature(
            f"{where(fn)}: {function.signature.name}() does not take {', '.join(missing)}; add "
            "the parameters, take **kwargs, or hide the arguments"
        )
    properties = {**own["properties"]}
    for name, shown in transformed["properties"].items():
        properties[name] = {**properties.get(name, {}), **shown}
    required = {*own.get("required", ()), *transformed["required"]}
    return object_schema(
        properties,
        (name for name in required if "default" not in properties[name]),
        {**own.get("$defs", {}), **transformed.get("$defs", {})},
        is_open=mapping.is_open,
    )


def _defaults_of(parameters: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = parameters["properties"]
    return {name: each["default"] for name, each in shown.items() if "default" in each}


def _given_defaults(mapping: ArgumentMap, transforms: Mapping[str, ArgTransform]) -> dict[str, Any]:
    """The new defaults; the parent knows its own."""
    return {
        new: transforms[old].default
        for new, old in mapping.names.items()
        if old in transforms and transforms[old].default is not ...
    }


def _chosen(given: Any, inherited: Any) -> Any:
    return inherited if given is ... else given


def _text(version: Any) -> str | None:
    return None if version is None else str(version)


def _models(given: list[Any] | None, model: type[Any]) -> list[Any] | None:
    return None if given is None else [as_model(each, model) for each in given]
