"""Messages that want to do harm by how they are written."""

from __future__ import annotations

DEEP = 200_000


def calling(arguments: bytes) -> bytes:
    """A call of the tool `take` with arguments as they are written."""
    return (
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":'
        + arguments
        + b"}}"
    )


def _request(method: bytes, params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"' + method + b'","params":' + params + b"}"


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "an open brace": b"{",
    "arrays without end": b"[" * DEEP,
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep parameters": _request(b"tools/list", b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "deep arguments": calling(b'{"value":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "somewhat deep arguments": calling(b'{"value":' + b"[" * 700 + b"]" * 700 + b"}"),
    "a long integer": calling(b'{"value":' + b"9" * 5000 + b"}"),
    "a longer integer": calling(b'{"value":' + b"9" * 1_000_000 + b"}"),
    "a long id": b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}',
    "an endless number": calling(b'{"value":1e999}'),
    "NaN": calling(b'{"value":NaN}'),
    "Infinity": calling(b'{"value":-Infinity}'),
    "a lone surrogate": calling(b'{"value":"\\ud800"}'),
    "a surrogate for a method": b'{"jsonrpc":"2.0","id":1,"method":"\\udfff"}',
    "no UTF-8": calling(b'{"value":"\xff\xfe"}'),
    "an overlong NUL": calling(b'{"value":"\xc0\x80"}'),
    "a key twice": b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping","method":"ping"}',
    "many keys": calling(b'{"value":1' + b"".join(b',"k%d":1' % n for n in range(50_000)) + b"}"),
    "many messages": b"[" + b",".join([b'{"jsonrpc":"2.0","id":1,"method":"ping"}'] * 5000) + b"]",
    "a name of a megabyte": _request(b"tools/call", b'{"name":"' + b"n" * 1_000_000 + b'"}'),
    "a method of a megabyte": _request(b"m" * 1_000_000, b"{}"),
    "a URI of a megabyte": _request(b"resources/read", b'{"uri":"a://' + b"%2e" * 300_000 + b'"}'),
    "an error for a request": b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}',
    "a result for nobody": b'{"jsonrpc":"2.0","id":99,"result":' + b"[" * 500 + b"]" * 500 + b"}",
    "no message": b"[]",
    "no object": b"5",
}
"""What is wrong with a message -> the message."""
