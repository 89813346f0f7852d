"""Peak resident memory of a stdio server, and of a bare interpreter with pydantic."""

from __future__ import annotations

from pathlib import Path

from process import peak_memory, running
from stdio import Pipe

CALLS = 1000


def of_stdio_server(interpreter: Path, app: Path) -> float:
    """MiB at the peak, after CALLS calls."""
    with running(interpreter, app, "stdio") as program:
        pipe = Pipe(program)
        pipe.initialize()
        pipe.call(CALLS)
        return peak_memory(program.pid)


def of_import(python: Path, modules: str) -> float:
    """MiB at the peak of an interpreter that only imports."""
    code = f"import {modules}\nprint(flush=True)\ninput()"
    with running(python, "-c", code) as program:
        program.read_line()
        return peak_memory(program.pid)
