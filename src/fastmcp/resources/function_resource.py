"""FunctionResource: a resource that calls a Python function at each read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Unpack

from fastmcp._components.blocks import as_model
from fastmcp._components.calling import invoker
from fastmcp._components.component import described
from fastmcp._components.signature import Signature, read_signature, where
from fastmcp.exceptions import InvalidSignature
from fastmcp.wire.content import Annotations

from .base import TEXT, Resource, ResourceOptions


class FunctionResource(Resource, kw_only=True):
    """A resource computed when it is read."""

    fn: Callable[..., Any]
    signature: Signature
    invoke: Callable[..., Awaitable[Any]]

    @classmethod
    def from_function(
        cls, fn: Any, uri: str, **options: Unpack[ResourceOptions]
    ) -> FunctionResource:
        """Read `fn` and make it a resource.

        Raises:
            InvalidSignature: it requires arguments, which a fixed URI cannot give.
        """
        signature = read_signature(fn)
        if required := [p.name for p in signature.parameters if p.required]:
            raise InvalidSignature(
                f"{where(signature.call)}: {signature.name}() requires {', '.join(required)}, but "
                f"{uri} has no parameters; write them into the URI as {{{required[0]}}}"
            )
        return cls(
            **described(signature, options),
            uri=uri,
            mime_type=options.get("mime_type") or TEXT,
            annotations=as_model(options.get("annotations"), Annotations),
            fn=fn,
            signature=signature,
            invoke=invoker(signature),
        )

    async def read(self) -> Any:
        return await self.invoke(**self.signature.arguments({}))
