"""The example auth/: what a token is not good for."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any


def test_a_token_shows_what_it_is_good_for(example: Callable[[str], Any]) -> None:
    """And its owner what it may; nobody comes in without one, or with one of another key."""
    auth = example("auth")
    token = auth.ask("python issue.py ada read").strip()
    serving = next(line for line in auth.services if "jwt" in line.command)
    auth.start(serving)
    url = serving.promised

    assert stat.S_IMODE((auth.folder / "private.pem").stat().st_mode) == 0o600
    assert "tools:\n  who()" in auth.ask(f"fastmcp list {url} --auth {token}")
    writer = auth.ask("python issue.py bo read write").strip()
    assert "add(" in (listed := auth.ask(f"fastmcp list {url} --auth {writer}"))
    assert "burn(" not in listed

    hidden = auth.run(f"fastmcp call {url} burn name=charter --auth {writer}")
    assert hidden.returncode == 1 and "burn" in hidden.stderr
    for refused in ("none", auth.ask("python issue.py eve write").strip()):
        done = auth.run(f"fastmcp call {url} who --auth {refused}")
        assert done.returncode == 1
        assert "401" in done.stderr or "403" in done.stderr

    (auth.folder / "private.pem").unlink()
    other = auth.ask("python issue.py ada read").strip()
    done = auth.run(f"fastmcp call {url} who --auth {other}")
    assert done.returncode == 1 and "401" in done.stderr
