"""Answers that cannot be decoded: to which request they are, so that nobody waits for them."""

from __future__ import annotations

import re
from typing import Any

from msgspec import json

from fastmcp.wire.jsonrpc import RequestId

_TAIL = 300
_VERSION = rb'"jsonrpc"\s*:\s*"2\.0"'
_ID = rb'"id"\s*:\s*(\d{1,18}|"[^"\\\x00-\x1f]{0,200}")'
_ANSWER = re.compile(rb'\s*\{\s*"(?:result|error)"')
_BEFORE = re.compile(
    rb'\s*\{\s*(?:%b\s*,\s*)?%b\s*,\s*(?:%b\s*,\s*)?"(?:result|error)"' % (_VERSION, _ID, _VERSION)
)
_AFTER = re.compile(rb"%b\s*,\s*%b\s*\}\s*\Z" % (_VERSION, _ID))


def unread_id(data: Any) -> RequestId | None:
    """The id of an undecodable answer, from where peers write it: before the result or the error,
    or at the end; None where it is not to be seen.
    """
    text = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    found = _BEFORE.match(text)
    if found is None and _ANSWER.match(text):
        found = _AFTER.search(text[-_TAIL:])
    try:
        return None if found is None else json.decode(found[1], type=int | str)
    except ValueError:  # no UTF-8
        return None
