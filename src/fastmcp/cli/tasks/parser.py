"""A parser that takes options anywhere, also between ID and SERVER."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


class ChoreParser(argparse.ArgumentParser):
    """argparse takes an optional argument as missing where an option follows the one before it,
    unless arguments are read apart from options; a command below another is not read so by itself.
    """

    _reads_apart = False

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The arguments, and what is left over of them."""
        if self._reads_apart:
            return super().parse_known_args(args, namespace)
        self._reads_apart = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._reads_apart = False
