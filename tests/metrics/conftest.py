"""How metrics are seen: of servers in this process, and behind a socket."""

from __future__ import annotations

from reaching import reach as reach
