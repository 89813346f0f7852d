"""The authorization server that the official conformance suite asks in its mode `authorization`.

It gives codes without asking anybody: whoever opens the URL that the suite prints is sent back.

`python authorization.py CALLBACK` listens on a free loopback port and prints its issuer as the
first line.  Its client is `suite`, without a secret, which is sent back to CALLBACK.
"""

import asyncio
import socket
import sys

import uvicorn

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions, OAuthClientInformationFull
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

SCOPES = ["read", "write"]


def main() -> None:
    """Serve until killed; the listening socket accepts connections once the issuer is printed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
        provider = InMemoryOAuthProvider(
            base_url=issuer,
            client_registration_options=ClientRegistrationOptions(
                enabled=True, valid_scopes=SCOPES
            ),
            enable_cimd=True,
        )
        client = OAuthClientInformationFull(
            client_id="suite",
            token_endpoint_auth_method="none",
            redirect_uris=[sys.argv[1]],
            scope=" ".join(SCOPES),
        )
        asyncio.run(provider.register_client(client))
        app = FastMCP("authorization", auth=provider).http_app(host_origin_protection=True)
        print(issuer, flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
