"""The stdio floor: an answer of the usual size for every request line."""

import sys

ANSWER = (
    b'{"jsonrpc":"2.0","id":1000000000,"result":{"content":[{"type":"text","text":"3"}],'
    b'"structuredContent":{"result":3},"isError":false}}\n'
)

for line in sys.stdin.buffer:
    if b'"id"' in line:
        sys.stdout.buffer.write(ANSWER)
        sys.stdout.buffer.flush()
