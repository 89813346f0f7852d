"""ServerFailure: what stands for the answer of one server, among those of several, that failed."""

from __future__ import annotations

from typing import Any, final


@final
class ServerFailure(dict[str, Any]):
    """What became of a request to one server: `{"error": text, "type": name of the exception}`.

    It is a dict, so that it can be printed and sent as JSON; `exception` is what was raised.
    """

    def __init__(self, exception: Exception) -> None:
        kind = type(exception).__name__
        super().__init__(error=str(exception) or kind, type=kind)
        self.exception = exception
