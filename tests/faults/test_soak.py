"""The soak with faults, for a short time: workers, Redis and connections fail around clients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from processes import environment

SOAK = Path(__file__).resolve().parents[2] / "bench" / "soak.py"


@pytest.mark.timeout(300)
def test_every_call_has_its_one_outcome_whatever_fails(tmp_path: Path) -> None:
    """And nothing is left of it: no task, session, process, or traceback in a log."""
    size = {"minutes": 0.25, "every": 0.6, "workers": 2, "clients": 6, "seed": 1}
    options = [f"--{name}={value}" for name, value in size.items()]
    done = subprocess.run(
        [sys.executable, SOAK, "faults", *options, "--folder", tmp_path],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=290,
    )
    assert done.returncode == 0, done.stdout + done.stderr
