"""Soak a server: abandoned sessions, cancels and disconnects, clients that stop reading; and a
client: calls and reconnects. And, where it is named, a site of several workers with Redis and
nginx, while all of it fails at random.

uv run python bench/soak.py [sessions] [churn] [stalls] [client] [--sessions N] [--calls N] …
uv run python bench/soak.py faults [--minutes M] [--seed N]

Prints what it found. With --strict the exit status is 1 if a limit is broken; with faults it always
is.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

import churn
import client_soak
import sessions
import stalls
from process import BenchError
from soaked import Finding

USUAL = ("sessions", "churn", "stalls", "client")
SOAKS = (*USUAL, "faults")


async def run(name: str, options: argparse.Namespace) -> Finding:
    if name == "sessions":
        return await sessions.soak(options.python, sessions=options.sessions, idle=options.idle)
    if name == "churn":
        return await churn.soak(options.python, calls=options.calls)
    if name == "client":
        calls, reconnects = options.calls, options.reconnects
        return await client_soak.soak(options.python, calls=calls, reconnects=reconnects)
    if name == "faults":
        return await soak_with_faults(options)
    return await stalls.soak(options.python, stalled=options.stalled, seconds=options.seconds)


async def soak_with_faults(options: argparse.Namespace) -> Finding:
    from chaos.soak import soak  # it needs nginx, and what the tests are installed with

    seed = random.randrange(10_000) if options.seed is None else options.seed
    folder = Path(options.folder or tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"  seed {seed}, logs in {folder}", flush=True)
    return await soak(
        options.python,
        seconds=60 * options.minutes,
        seed=seed,
        workers=options.workers,
        clients=options.clients,
        every=options.every,
        folder=folder,
    )


def parse_options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("soaks", nargs="*", help=f"{', '.join(USUAL)} without")
    parser.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="the soaked one's"
    )
    parser.add_argument("--sessions", type=int, default=10_000, help="to open and abandon")
    parser.add_argument("--idle", type=float, default=2.0, help="session_idle_timeout in seconds")
    parser.add_argument("--calls", type=int, default=100_000, help="of the churn and the client")
    parser.add_argument("--reconnects", type=int, default=10_000, help="of the client")
    parser.add_argument("--stalled", type=int, default=20, help="readers that stop")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each throughput")
    parser.add_argument("--minutes", type=float, default=3.0, help="of faults")
    parser.add_argument("--seed", type=int, help="of faults; without it any")
    parser.add_argument("--workers", type=int, default=3, help="of faults; one is never stopped")
    parser.add_argument("--clients", type=int, default=12, help="of faults")
    parser.add_argument("--every", type=float, default=1.0, help="seconds from fault to fault")
    parser.add_argument("--folder", help="an empty one, for the logs of faults")
    parser.add_argument("--strict", action="store_true", help="exit with 1 on a broken limit")
    options = parser.parse_args()
    unknown = set(options.soaks) - set(SOAKS)
    if unknown:
        parser.error(f"no soak {', '.join(sorted(unknown))}; there are: {', '.join(SOAKS)}")
    return options


def main() -> None:
    options = parse_options()
    problems: list[str] = []
    for name in options.soaks or USUAL:
        print(f"{name}:", flush=True)
        try:
            finding = asyncio.run(run(name, options))
        except (BenchError, OSError) as error:
            finding = Finding(problems=[f"{name}: {error}"])
        for fact, value in finding.facts.items():
            print(f"  {fact}: {value}", flush=True)
        problems += finding.problems
    print("\n".join(["", *(f"over the limit: {problem}" for problem in problems)]))
    strict = options.strict or "faults" in options.soaks
    sys.exit(1 if problems and strict else 0)


if __name__ == "__main__":
    main()
