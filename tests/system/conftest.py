"""What the rows of several areas go through in turn."""

from __future__ import annotations

from reaching import mode as mode
from reaching import reach as reach
