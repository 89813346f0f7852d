"""Soak a server: abandoned sessions, cancels and disconnects, clients that stop reading; and a
client: calls and reconnects.

uv run python bench/soak.py [sessions] [churn] [stalls] [client] [--sessions N] [--calls N] …

Prints what it found. With --strict the exit status is 1 if a limit is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import churn
import client_soak
import sessions
import stalls
from process import BenchError
from soaked import Finding

SOAKS = ("sessions", "churn", "stalls", "client")


async def run(name: str, options: argparse.Namespace) -> Finding:
    if name == "sessions":
        return await sessions.soak(options.python, sessions=options.sessions, idle=options.idle)
    if name == "churn":
        return await churn.soak(options.python, calls=options.calls)
    if name == "client":
        calls, reconnects = options.calls, options.reconnects
        return await client_soak.soak(options.python, calls=calls, reconnects=reconnects)
    return await stalls.soak(options.python, stalled=options.stalled, seconds=options.seconds)


def parse_options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("soaks", nargs="*", help="all four without")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="the soaked one's"
    )
    parser.add_argument("--sessions", type=int, default=10_000, help="to open and abandon")
    parser.add_argument("--idle", type=float, default=2.0, help="session_idle_timeout in seconds")
    parser.add_argument("--calls", type=int, default=100_000, help="of the churn and the client")
    parser.add_argument("--reconnects", type=int, default=10_000, help="of the client")
    parser.add_argument("--stalled", type=int, default=20, help="readers that stop")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each throughput")
    parser.add_argument("--strict", action="store_true", help="exit with 1 on a broken limit")
    options = parser.parse_args()
    unknown = set(options.soaks) - set(SOAKS)
    if unknown:
        parser.error(f"no soak {', '.join(sorted(unknown))}; there are: {', '.join(SOAKS)}")
    return options


def main() -> None:
    options = parse_options()
    problems: list[str] = []
    for name in options.soaks or SOAKS:
        print(f"{name}:", flush=True)
        try:
            finding = asyncio.run(run(name, options))
        except (BenchError, OSError) as error:
            finding = Finding(problems=[f"{name}: {error}"])
        for fact, value in finding.facts.items():
            print(f"  {fact}: {value}", flush=True)
        problems += finding.problems
    print("\n".join(["", *(f"over the limit: {problem}" for problem in problems)]))
    sys.exit(1 if problems and options.strict else 0)


if __name__ == "__main__":
    main()
