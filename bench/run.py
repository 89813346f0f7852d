"""Measure ours, FastMCP, the official SDKs and the floor side by side; print one table of ratios.

uv run python bench/run.py [row …] [--sdks] [--no-peer] [--seconds N] [--rounds N] [--markdown]

It reports; it never passes or fails. A row is named by any prefix (`http`, `stdio-p`).
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

import report
from peers import Contender, Role, ServerSettings, contenders
from process import BenchError, log
from rows import ROWS, Probe, Row, Settings


def measure(row: Row, who: list[Contender], settings: Settings) -> report.Outcome:
    """Let the contenders take turns: A B C, A B C, …"""
    outcome = report.Outcome(row, [contender.role for contender in who])
    with ExitStack() as stack:
        probes = open_probes(row, who, settings, stack, outcome)
        for _ in range(row.rounds or settings.rounds):
            for role, probe in list(probes.items()):
                try:
                    sample = probe()
                except BenchError as error:
                    outcome.failures[role] = str(error)
                    del probes[role]
                    continue
                outcome.samples.setdefault(role, []).append(sample)
                figure = f"{report.number(sample.value)} {row.unit}"
                log(f"{row.name:20} {role:6} {figure:18} {sample.detail}".rstrip())
    return outcome


def open_probes(
    row: Row,
    who: list[Contender],
    settings: Settings,
    stack: ExitStack,
    outcome: report.Outcome,
) -> dict[Role, Probe]:
    probes: dict[Role, Probe] = {}
    for contender in who:
        if contender.role not in row.among:
            continue
        try:
            probe = row.open(contender, settings, stack)
        except BenchError as error:
            outcome.failures[contender.role] = str(error)
            log(f"{row.name:20} {contender.role:6} failed: {error}")
            continue
        if probe is not None:
            probes[contender.role] = probe
    return probes


def select(names: list[str]) -> list[Row]:
    """Rows by prefix, in the table's order."""
    for name in names:
        if not any(row.name.startswith(name) for row in ROWS):
            known = ", ".join(row.name for row in ROWS)
            sys.exit(f"no row {name!r}; there are: {known}")
    return [row for row in ROWS if not names or row.name.startswith(tuple(names))]


def parse_options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("rows", nargs="*", help="rows by prefix; all without")
    parser.add_argument("--peer", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument(
        "--sdks", action="store_true", help="the rows that the official SDKs can do, with them"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one sample")
    parser.add_argument("--rounds", type=int, default=5, help="samples per contender")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--ours-python", type=Path, help="another interpreter to stand in for ours")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    rows = [row for row in select(options.rows) if "sdk" in row.among or not options.sdks]
    who = contenders(
        options.ours_python or Path(sys.executable), peer=options.peer, sdks=options.sdks
    )
    server = ServerSettings.common_to(who)
    settings = Settings(options.seconds, options.rounds, server, options.ours_python is None)
    for line in report.header(who, server):
        log(line)
    outcomes = [measure(row, who, settings) for row in rows]
    render = report.as_markdown if options.markdown else report.as_text
    print(render(outcomes))
    print("\n" + "\n".join(report.header(who, server)))
    for line in report.failures(outcomes):
        print(f"failed: {line}")


if __name__ == "__main__":
    main()
