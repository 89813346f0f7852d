"""The server of app.py as its own `run` serves it, on a port that is given."""

import argparse

from app import mcp
from serve import add_options

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("port", type=int)
add_options(parser)
options = parser.parse_args()

mcp.run(
    transport="http",
    port=options.port,
    stateless_http=True,
    json_response=True,
    show_banner=False,
    log_level="warning",
    uvicorn_config={
        "loop": options.loop,
        "http": options.http,
        "access_log": False,
        "timeout_keep_alive": 3600,
    },
)
