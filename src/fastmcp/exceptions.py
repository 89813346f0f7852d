"""Every error a caller may catch, as one tree.

    FastMCPError
    ├── McpError                    a JSON-RPC error: what the peer answered, or is to be answered
    │   ├── RemoteProtocolError     the peer broke the protocol
    │   │   ├── ParseError              -32700  not JSON
    │   │   ├── InvalidRequest          -32600  not one request or notification
    │   │   ├── MethodNotFound          -32601
    │   │   ├── InvalidParams           -32602
    │   │   ├── HeaderMismatch          -32020  an HTTP header disagrees with the body
    │   │   ├── MissingCapability       -32021  the client declared too little for this call
    │   │   └── UnsupportedVersion      -32022
    │   ├── UrlElicitationRequiredError  -32042  pages to visit (in fastmcp.server.elicitation)
    │   └── LimitError              -32000  more than a limit allows
    ├── LocalProtocolError          we, or the code that called us, broke a rule
    │   ├── ConfigurationError          options that cannot work together
    │   └── InvalidSignature            a function that cannot become a component
    │       └── CycleError                  its dependencies need each other
    └── OperationError              the operation itself failed
        ├── ToolError, ResourceError, PromptError      texts meant for the model
        ├── ValidationError                            arguments that do not fit
        ├── NotFoundError, DisabledError               no such component
        │   ├── ResourceSecurityError                  a value in the URI leads elsewhere
        │   └── UnknownComponent                       not offered, though requested (an McpError)
        ├── StoreUnavailable                           a store cannot be reached (a ConnectionError)
        ├── AuthorizationError                         not allowed
        │   └── InsufficientScopeError                 the token lacks scopes
        ├── AuthorityUnavailable                       nobody can tell whether a token is valid
        ├── OAuthError                                 an error response of OAuth, to be given
        │   └── AuthorizeError, TokenError, RegistrationError      by which endpoint
        ├── ClientError                                the client could not do what was asked
        │   ├── InputUnavailable                       it cannot be asked for what a function needs
        │   │   ├── InputRefused                       it answered with an error (an McpError)
        │   │   └── InvalidAnswer                      its user's answer does not fit (a ToolError)
        │   ├── OAuthFlowError                         it could not be authorized
        │   │   ├── OAuthTokenError                        it got no token
        │   │   ├── OAuthRegistrationError                 it was not registered
        │   │   └── ClientNotFoundError                    it is not known any more
        │   ├── SkillVerificationError                 a skill's file is not what was said of it
        │   ├── Disconnected                           the connection ended (a ConnectionError)
        │   │   ├── ConnectFailed                      there was none to begin with (a RuntimeError)
        │   │   └── SessionExpired                     the server no longer knows our session
        │   ├── UnexpectedResponse                     an answer that is not MCP (ConnectionError)
        │   └── TimedOut                               no answer in time (a TimeoutError, McpError)

These classes know no HTTP statuses. `FastMCPDeprecationWarning` is a warning, beside the tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
RESOURCE_NOT_FOUND = -32002
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022
URL_ELICITATION_REQUIRED = -32042
OVER_LIMIT = -32000
REQUEST_TIMEOUT = 408


class FastMCPError(Exception):
    """The root of the tree. `log_level` is the level at which a server logs it."""

    def __init__(self, *args: object, log_level: int = 40) -> None:
        super().__init__(*args)
        self.log_level = log_level


class FastMCPDeprecationWarning(DeprecationWarning):
    """Something that a later version will no longer have."""


class McpError(FastMCPError):
    """A JSON-RPC error with its `code`, `message` and optional `data`.

    Raised by a client when the peer answers with an error; raised in a component, it is sent
    to the peer as it is, unmasked. An object with `code`, `message` and `data` is accepted in
    place of the keywords.
    """

    def __init__(
        self,
        error: Any = None,
        *,
        code: int | None = None,
        message: str | None = None,
        data: Any = None,
    ) -> None:
        if error is not None and not isinstance(error, (str, int)):
            code = error.code if code is None else code
            message = error.message if message is None else message
            data = getattr(error, "data", None) if data is None else data
        elif isinstance(error, str) and message is None:
            message = error
        elif isinstance(error, int) and code is None:
            code = error
        self.code: int = INTERNAL_ERROR if code is None else code
        self.message: str = "" if message is None else message
        self.data = data
        super().__init__(self.message)

    @property
    def error(self) -> McpError:
        """The error's members, under the name that the official SDK gives them."""
        return self


class RemoteProtocolError(McpError):
    """The peer broke the protocol; each subclass has the code of its kind."""

    CODE = INVALID_REQUEST

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(code=self.CODE, message=message, data=data)


class ParseError(RemoteProtocolError):
    """The bytes are not JSON in UTF-8, or are nested too deeply."""

    CODE = PARSE_ERROR


class InvalidRequest(RemoteProtocolError):
    """The JSON is not a single JSON-RPC request or notification; `id` is that of the message."""

    CODE = INVALID_REQUEST

    def __init__(self, message: str, data: Any = None, *, id: int | str | None = None) -> None:
        super().__init__(message, data)
        self.id = id


class MethodNotFound(RemoteProtocolError):
    """The method does not exist in this revision, or is not offered."""

    CODE = METHOD_NOT_FOUND


class InvalidParams(RemoteProtocolError):
    """The parameters do not fit the method."""

    CODE = INVALID_PARAMS


class HeaderMismatch(RemoteProtocolError):
    """An HTTP header is missing, malformed or disagrees with the body."""

    CODE = HEADER_MISMATCH


class MissingCapability(RemoteProtocolError):
    """The client did not declare what the call needs; `data.requiredCapabilities` names it."""

    CODE = MISSING_CAPABILITY


class UnsupportedVersion(RemoteProtocolError):
    """The protocol version is not served; `data` holds `supported` and `requested`."""

    CODE = UNSUPPORTED_VERSION


class LimitError(McpError):
    """More than a limit allows. Where waiting helps, `retry_after`, also in the error's data, is
    for how many seconds.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        data = None if retry_after is None else {"retry_after": retry_after}
        super().__init__(code=OVER_LIMIT, message=message, data=data)
        self.retry_after = retry_after


class LocalProtocolError(FastMCPError):
    """We, or the code that called us, broke a rule of the protocol or of this package."""


class ConfigurationError(LocalProtocolError, ValueError):
    """Options that are unknown, contradictory or impossible."""


class InvalidSignature(LocalProtocolError, ValueError):
    """A function whose signature cannot be served; the text names the line and the cure."""


class CycleError(InvalidSignature):
    """Dependencies that need each other."""


class OperationError(FastMCPError):
    """The operation itself failed."""


class ToolError(OperationError):
    """A tool failed; its text is meant for the model and is never masked."""


class ResourceError(OperationError):
    """A resource could not be read; its text is meant for the client and is never masked."""


class PromptError(OperationError):
    """A prompt could not be rendered; its text is meant for the client and is never masked."""


class ValidationError(OperationError):
    """Arguments that do not fit the component's parameters. `problems` has, for each that is known,
    the `path` of the argument and a `message`.
    """

    problems: Sequence[Mapping[str, Any]] = ()


class NotFoundError(OperationError, KeyError):
    """No component of that name or URI."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # a KeyError would quote its text


class ResourceSecurityError(NotFoundError):
    """A value in a resource's URI was refused; for the client there is no such resource."""


class UnknownComponent(NotFoundError, McpError):
    """A request for a component that is not there, or not for this caller."""

    def __init__(self, message: str, *, code: int = INVALID_PARAMS, data: Any = None) -> None:
        McpError.__init__(self, code=code, message=message, data=data)


class DisabledError(OperationError):
    """The component exists and is switched off."""


class StoreUnavailable(OperationError, ConnectionError):
    """A store or backplane that the server needs cannot be reached; trying again may help."""


class AuthorizationError(OperationError):
    """The caller may not do this."""


class InsufficientScopeError(AuthorizationError):
    """The caller's token lacks `required_scopes`."""

    def __init__(self, required_scopes: list[str], *, message: str | None = None) -> None:
        super().__init__(message or f"These scopes are needed: {', '.join(required_scopes)}")
        self.required_scopes = required_scopes


class AuthorityUnavailable(OperationError, ConnectionError):
    """Whoever can tell whether a token is valid cannot be reached: neither yes nor no."""


class OAuthError(OperationError):
    """An error response of OAuth. `error` is its code (RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591
    section 3.2.2, RFC 8707 section 2), `error_description` a text for whoever writes the client.
    """

    def __init__(self, error: str, error_description: str | None = None) -> None:
        super().__init__(f"{error}: {error_description}" if error_description else error)
        self.error = error
        self.error_description = error_description


class AuthorizeError(OAuthError):
    """The authorization endpoint refuses a request; the client is told by a redirect."""


class TokenError(OAuthError):
    """The token endpoint refuses a request."""


class RegistrationError(OAuthError):
    """The registration endpoint refuses a client."""


class ClientError(OperationError):
    """The client could not do what was asked of it."""


class SkillVerificationError(ClientError):
    """A skill, or a file of one, is not what its server said of it, and was not used."""


class OAuthFlowError(ClientError):
    """The client could not be authorized."""


class OAuthTokenError(OAuthFlowError):
    """The token endpoint gave no token; `error` is the code that it gave (RFC 6749 section 5.2)."""

    def __init__(self, message: str, error: str | None = None) -> None:
        super().__init__(message)
        self.error = error


class OAuthRegistrationError(OAuthFlowError):
    """The authorization server did not register the client, or in a way that is of no use."""


class ClientNotFoundError(OAuthFlowError):
    """The authorization server does not know the client."""


class InputUnavailable(ClientError):
    """The client cannot be asked for what a function needs, or its answer is of no use."""


class InputRefused(InputUnavailable, McpError):
    """The client answered a question of the server's with an error: its code, message and data."""

    def __init__(self, error: McpError) -> None:
        McpError.__init__(self, error)


class InvalidAnswer(ToolError, InputUnavailable, ValueError):
    """The user accepted, and the answer does not fit; the text names the member."""


class Disconnected(ClientError, ConnectionError):
    """The connection ended before the answer came; whether the request was carried out is not
    known.
    """


class ConnectFailed(Disconnected, RuntimeError):
    """No connection could be made: nothing was sent."""


class SessionExpired(Disconnected):
    """The server no longer knows the session; what was sent in it was not carried out."""


class UnexpectedResponse(ClientError, ConnectionError):
    """The server answered over HTTP with something that is not MCP.

    `status` is its code, and `retry_after` the seconds after which it wants to be asked again.
    """

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class TimedOut(ClientError, McpError, TimeoutError):
    """No answer came in time. Its code is that of the official SDK for this, 408."""

    def __init__(self, message: str) -> None:
        McpError.__init__(self, code=REQUEST_TIMEOUT, message=message)


class RemoteToolError(ToolError, McpError):
    """A `tools/call` that the server answered with a JSON-RPC error instead of a result."""

    def __init__(self, error: McpError) -> None:
        McpError.__init__(self, error)
