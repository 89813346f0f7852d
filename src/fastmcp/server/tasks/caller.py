"""Who called, kept with a task and restored where a worker runs it."""

from __future__ import annotations

from typing import Any

from fastmcp._protocol.eras import Sender
from fastmcp._runtime.exchange import Exchange, SessionRecord
from fastmcp._tracing.presence import tracing_mode
from fastmcp.server.auth.access_token import AccessToken
from fastmcp.server.auth.identity import LocalIdentity
from fastmcp.wire.lifecycle import ClientCapabilities
from fastmcp.wire.revisions import REVISIONS

from ..context import Context
from .record import Caller, HttpRequest, TaskRecord, Token
from .run import TaskRun


def caller_of(context: Context) -> Caller:
    """What a worker needs to know of the sender of a request."""
    exchange, sender = context.exchange, context.exchange.sender
    return Caller(
        revision=sender.revision.text,
        capabilities=sender.capabilities,
        transport=exchange.transport,
        request_id=exchange.id,
        info=sender.info,
        log_level=sender.log_level,
        session=None if exchange.session is None else exchange.session.id,
        session_name=sender.session,
        connection_id=exchange.connection_id,
        progress_token=exchange.progress_token,
        token=_token(context.access_token),
        http=None if exchange.scope is None else _http(exchange.scope),
        trace=_trace(),
    )


def _token(token: Any) -> Token | None:
    if token is None:
        return None
    known = [name for name in Token.__struct_fields__ if getattr(token, name, None) is not None]
    members: dict[str, Any] = {"token": "", **{name: getattr(token, name) for name in known}}
    members["local"] = isinstance(token, LocalIdentity)
    if "expires_at" in members:
        members["expires_at"] = int(members["expires_at"])  # some verifiers give fractions
    return Token(**members)


def _http(scope: Any) -> HttpRequest:
    decoded = [(a.decode("latin-1"), b.decode("latin-1")) for a, b in scope.get("headers", ())]
    return HttpRequest(
        method=scope.get("method", "POST"),
        path=scope.get("path", "/"),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=decoded,
        scheme=scope.get("scheme", "http"),
        client=scope.get("client"),
        server=scope.get("server"),
    )


def _trace() -> dict[str, str]:
    if tracing_mode() == "off":
        return {}
    from fastmcp._tracing.context import with_context

    return dict(with_context(None) or {})


def restored(record: TaskRecord, run: TaskRun) -> Exchange:
    """The request of a task as its function sees it, in the process of a worker."""
    caller = record.caller
    sender = Sender(
        revision=REVISIONS[caller.revision],
        capabilities=ClientCapabilities.model_validate(caller.capabilities),
        info=caller.info,
        log_level=caller.log_level,
        session=caller.session_name or _own_session(record),
    )
    exchange = Exchange(
        caller.request_id,
        record.method,
        record.params,
        sender=sender,
        peer=run,
        transport=caller.transport,  # type: ignore[arg-type]
        session=None if caller.session is None else SessionRecord(caller.session),
        connection_id=caller.connection_id,
        identity=None if caller.token is None else _identity(caller.token),
    )
    exchange.task = run
    if caller.http is not None:
        exchange.scope = _scope(caller.http, exchange.identity)
    return exchange


def _own_session(record: TaskRecord) -> str | None:
    """A request that stood alone is a session for itself, in all its runs."""
    alone = record.caller.session is None and record.caller.connection_id is None
    return record.id if alone else None


def _identity(token: Token) -> Any:
    if token.local:
        return LocalIdentity(
            claims=token.claims,
            token=token.token,
            client_id=token.client_id,
            subject=token.subject,
            scopes=token.scopes,
            expires_at=token.expires_at,
        )
    return AccessToken(
        token=token.token,
        client_id=token.client_id or "",
        scopes=token.scopes,
        expires_at=token.expires_at,
        resource=token.resource,
        subject=token.subject,
        claims=token.claims,
        original_client_id=token.original_client_id,
    )


def _scope(http: HttpRequest, identity: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": http.method,
        "path": http.path,
        "raw_path": http.path.encode("utf-8"),
        "root_path": "",
        "query_string": http.query.encode("latin-1"),
        "headers": [(a.encode("latin-1"), b.encode("latin-1")) for a, b in http.headers],
        "scheme": http.scheme,
        "client": http.client,
        "server": http.server,
        "state": {},
    }
    if isinstance(identity, AccessToken):
        from fastmcp.server.auth.middleware import AuthenticatedUser

        scope["user"] = AuthenticatedUser(identity)
    return scope
