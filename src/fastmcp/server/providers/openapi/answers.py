"""Answers: what an API sent, read within bounds, and what it means to a tool or a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from msgspec import DecodeError, Struct, json

from fastmcp._components.blocks import text_block
from fastmcp._components.media import Audio, File, Image
from fastmcp._hydration.wrapping import WRAPPED
from fastmcp.exceptions import OperationError, ToolError
from fastmcp.tools.tool_result import ToolResult

from .document import Json
from .media_types import essence, is_json, is_text

LARGEST = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
_TOLD = 4000
"""Characters of an error's body that are passed on."""


class Answer(Struct):
    """A successful response. `media_type` is empty where the API named none."""

    status: int
    reason: str
    media_type: str
    charset: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text, whatever it is."""
        try:
            return self.content.decode(self.charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    @property
    def is_text(self) -> bool:
        """Whether a person can read it."""
        return is_text(self.media_type) or (not self.media_type and _is_utf8(self.content))


async def ask(client: Any, request: Any, error: type[OperationError]) -> Answer:
    """Send a request; the answer, when it says that all went well.

    Raises:
        OperationError: of the type that is given: anything else, with what the API said.
    """
    try:
        response = await client.send(request, stream=True)
        try:
            content = await _read(response, error)
        finally:
            await response.aclose()
    except Exception as fault:
        raise _told(fault, error) or fault from fault
    kind: str = response.headers.get("content-type", "")
    answer = Answer(
        response.status_code,
        response.reason_phrase,
        kind,
        response.charset_encoding or "utf-8",
        content,
    )
    if not 200 <= answer.status < 300:
        raise error(_refusal(answer))
    return answer


async def _read(response: Any, error: type[OperationError]) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LARGEST:
            raise error(f"The response is larger than {LARGEST >> 20} MiB")
    return bytes(content)


def _told(fault: Exception, error: type[OperationError]) -> OperationError | None:
    """What went wrong on the way, of either library; None for what is no matter of HTTP."""
    kinds = {
        kind.__name__
        for kind in type(fault).__mro__
        if kind.__module__.partition(".")[0] in ("httpx", "httpx2")
    }
    name = type(fault).__name__
    if "TimeoutException" in kinds:
        return error(f"HTTP request timed out ({name})")
    if "RequestError" in kinds or "StreamError" in kinds:
        return error(f"Request error ({name}): {fault}")
    if "HTTPStatusError" in kinds:  # raised by a hook of the client
        return error(str(fault))
    return None


def _refusal(answer: Answer) -> str:
    text = f"HTTP error {answer.status}: {answer.reason}"
    if not answer.content or not (answer.is_text or is_json(answer.media_type)):
        return text
    said = answer.text
    if len(said) > _TOLD:
        said = f"{said[:_TOLD]}… ({len(said)} characters)"
    return f"{text} - {said}"


def result_of(
    answer: Answer, schema: Json | None, check: Callable[[Any], list[Any]] | None
) -> ToolResult:
    """The result of a tool. With a schema it has structured content.

    Raises:
        ToolError: the answer is not what the document promises.
    """
    found, value = _json_of(answer, promised=schema is not None)
    if not found and schema is None:
        return ToolResult(content=_content(answer))
    if not found:
        if check is not None:
            raise _broken(f"no JSON but {answer.media_type or 'nothing'}", answer)
        value = answer.text if answer.content else None
    wraps = not isinstance(value, dict) or bool(schema and schema.get(WRAPPED))
    structured: Json = {"result": value} if wraps else cast("Json", value)
    if check is not None and (problems := check(structured)):
        place, problem = problems[0]
        where = ".".join(map(str, place)) or "the whole"
        raise _broken(f"{where}: {problem}", answer)
    return ToolResult(structured_content=structured)


def _broken(what: str, answer: Answer) -> ToolError:
    return ToolError(
        f"The API answered {answer.status} with something that its OpenAPI document does not "
        f"promise ({what}); validate_output=False accepts whatever it answers"
    )


def _json_of(answer: Answer, *, promised: bool) -> tuple[bool, Any]:
    """Whether it is JSON, and the value. What the API calls text may be JSON all the same."""
    kind = answer.media_type
    if not answer.content:
        return False, None
    looks_so = answer.is_text and answer.content.lstrip()[:1] in (b"{", b"[")
    if not (is_json(kind) or not kind or promised or looks_so):
        return False, None
    try:
        return True, json.decode(answer.content)
    except (DecodeError, UnicodeError, RecursionError):
        return False, None


def _content(answer: Answer) -> list[Any]:
    if not answer.content:
        return []
    if answer.is_text or is_json(answer.media_type):
        return [text_block(answer.text)]
    family, _, form = essence(answer.media_type).partition("/")
    if family == "image":
        return [Image(data=answer.content, format=form).to_content()]
    if family == "audio":
        return [Audio(data=answer.content, format=form).to_content()]
    kind = essence(answer.media_type) or "application/octet-stream"
    return [File(data=answer.content, name="response").to_resource_content(kind)]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
