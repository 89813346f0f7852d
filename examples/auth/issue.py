"""Makes a key once, and tokens that are signed with it: python issue.py NAME [SCOPE...]

It stands for whoever issues the tokens of your company. The server has the public key alone.
"""

import os
import sys
from pathlib import Path

from fastmcp.server.auth.providers.jwt import RSAKeyPair

FOLDER = Path(__file__).parent
PRIVATE, PUBLIC = FOLDER / "private.pem", FOLDER / "public.pem"


def key_pair() -> RSAKeyPair:
    """That of the files, which are written the first time."""
    if not PRIVATE.exists():
        made = RSAKeyPair.generate()
        with open(os.open(PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made.private_key.get_secret_value())
        PUBLIC.write_text(made.public_key, "utf-8")
    return RSAKeyPair(private_key=PRIVATE.read_text("utf-8"), public_key=PUBLIC.read_text("utf-8"))


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    name, *scopes = sys.argv[1:]
    token = key_pair().create_token(
        subject=name,
        issuer="https://issuer.example",
        audience="archive",
        scopes=scopes,
        expires_in_seconds=3600,
        additional_claims={"role": "admin"} if name == "root" else None,
    )
    print(token)


if __name__ == "__main__":
    main()
