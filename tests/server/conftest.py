"""How servers are reached: in this process, and behind a socket."""

from __future__ import annotations

from reaching import reach as reach
