"""RequestDirector: from the arguments of a call to a request."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

from msgspec import DecodeError, json

from fastmcp.exceptions import ValidationError

from .bodies import written
from .document import Json
from .outgoing import Outgoing
from .request_plan import Argument, RequestPlan
from .route import HTTPRoute
from .serialization import has_dots, in_cookie, in_header, in_path, in_query

if TYPE_CHECKING:
    import httpx2

logger: Final = logging.getLogger("fastmcp.server")

_IN_BRACES = re.compile(r"\{([^{}]+)\}")
_CONTAINERS = frozenset(("array", "object"))


class RequestDirector:
    """Builds requests of operations. It needs nothing of `spec`: the routes know their schemas."""

    def __init__(self, spec: Any = None) -> None:
        del spec

    def build(
        self, route: HTTPRoute, flat_args: Json, base_url: str = "http://localhost"
    ) -> httpx2.Request:
        """The request for these arguments, without what a client adds.

        Raises:
            ValidationError: an argument is missing, or cannot be sent.
        """
        import httpx2

        nobody = httpx2.AsyncClient(transport=httpx2.AsyncBaseTransport(), trust_env=False)
        return self.outgoing(route, flat_args).request_of(nobody, base_url)

    def outgoing(self, route: HTTPRoute, arguments: Json) -> Outgoing:
        """The parts of the request for these arguments.

        Raises:
            ValidationError: an argument is missing, or cannot be sent.
        """
        plan = route.plan
        given = _given(route, plan, arguments)
        _require(plan, given)
        placed: dict[str, list[tuple[Argument, Any]]] = {}
        for name, value in given.items():
            if (argument := plan.arguments.get(name)) is not None:
                placed.setdefault(argument.location, []).append((argument, value))
        path, _, fixed = _path(route.path, placed.get("path", ())).partition("?")
        asked = [*placed.get("query", ()), *placed.get("querystring", ())]
        query = [pair for argument, value in asked for pair in in_query(_of(argument), value)]
        content, kind, parts = _body(plan, placed.get("body", ()), given)
        headers = [(a.target, in_header(_of(a), value)) for a, value in placed.get("header", ())]
        if kind is not None:
            headers.append(("Content-Type", kind))
        return Outgoing(
            method=route.method.upper(),
            path=path,
            query="&".join([fixed, *query] if fixed else query),
            query_names=plan.query_names.union(each.partition("=")[0] for each in fixed.split("&")),
            headers=headers,
            cookies={a.target: in_cookie(_of(a), value) for a, value in placed.get("cookie", ())},
            content=content,
            parts=parts,
        )


def _given(route: HTTPRoute, plan: RequestPlan, arguments: Json) -> Json:
    """The arguments that are to be sent: without those that say nothing, or that nobody knows."""
    given: Json = {}
    for name, value in arguments.items():
        argument = plan.arguments.get(name)
        if argument is None:
            if plan.body is not None and plan.body.is_open and plan.body.whole is None:
                given[name] = value
            else:
                logger.warning("%s %s has no parameter %r", route.method, route.path, name)
        elif value is None and not (argument.location == "body" and "null" in argument.kinds):
            continue
        else:
            given[name] = _as_meant(argument, value)
    return given


def _as_meant(argument: Argument, value: Any) -> Any:
    """A list or an object that a model wrote as text, where no text is allowed."""
    if not isinstance(value, str) or not argument.kinds or "string" in argument.kinds:
        return value
    if argument.kinds & _CONTAINERS and value.strip()[:1] in ("[", "{"):
        try:
            return json.decode(value)
        except (DecodeError, RecursionError):
            pass
    return value


def _require(plan: RequestPlan, given: Json) -> None:
    missing = [name for name in plan.schema.get("required", ()) if name not in given]
    if missing:
        raise ValidationError(f"Missing required arguments: {', '.join(map(repr, missing))}")


def _path(template: str, placed: Any) -> str:
    texts = {argument.target: in_path(_of(argument), value) for argument, value in placed}
    path = _IN_BRACES.sub(lambda braces: texts[braces[1]], template).partition("#")[0]
    if has_dots(unquote(path.partition("?")[0]), f"The path {template} with these arguments"):
        raise ValidationError(f"The arguments make a path with dot segments of {template}")
    return path


def _body(plan: RequestPlan, placed: Any, given: Json) -> Any:
    body = plan.body
    if body is None:
        return None, None, None
    values: Json = {argument.target: value for argument, value in placed}
    if body.whole is not None:
        if not values:
            return None, None, None
        (value,) = values.values()
        return written(body, value, plan.arguments)
    if body.is_open:
        values |= {name: one for name, one in given.items() if name not in plan.arguments}
    if not values and not body.required:
        return None, None, None
    return written(body, values, plan.arguments)


def _of(argument: Argument) -> Any:
    return cast("Any", argument.parameter)
