"""What a completion refers to."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from fastmcp.wire.completion import (
    CompleteRequestParams,
    PromptReference,
    ResourceTemplateReference,
)


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({"type": "ref/prompt", "name": "p"}, PromptReference(name="p")),
        ({"type": "ref/resource", "uri": "a://{b}"}, ResourceTemplateReference(uri="a://{b}")),
    ],
)
def test_references_decode_by_their_type(ref: dict[str, Any], expected: Any) -> None:
    """A prompt or a template, told apart by `type`."""
    message = {"ref": ref, "argument": {"name": "a", "value": ""}}
    params = msgspec.json.decode(json.dumps(message), type=CompleteRequestParams)
    assert params.ref == expected
    assert params.ref.type == ref["type"]
    assert json.loads(msgspec.json.encode(params)) == message


def test_an_unknown_reference_is_refused() -> None:
    """There is nothing else to complete."""
    data = b'{"ref":{"type":"ref/tool","name":"t"},"argument":{"name":"a","value":""}}'
    with pytest.raises(msgspec.ValidationError, match="ref/tool"):
        msgspec.json.decode(data, type=CompleteRequestParams)
