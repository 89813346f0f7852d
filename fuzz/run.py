"""Fuzz the server: `python fuzz/run.py [--cases N] [--seed S] [stdio|http|messages|SUITE ...]`.

Cases come in batches, and a batch is made from the seed and its own number alone. A failing case
is made smaller and written to `fuzz/failures/`; `--replay FILE` runs such a file again.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz import grammar
from fuzz.grammar import ERAS, FRESH, HANDSHAKES, MODERN, HttpCase
from fuzz.oracle import Wrong
from fuzz.targets import (
    CONFIGURATIONS,
    Application,
    Complaints,
    Connections,
    Process,
    WebServer,
    complaints,
)
from fuzz.wire import Parsers, stream

DEFAULT_CASES = 1_100_000
BATCH = 500
# Seconds that a case in this process, or a batch in another, may keep everything waiting.
DEADLINE = 60.0
FAILURES = Path(__file__).with_name("failures")


class Hang(BaseException):
    """A case took longer than any may."""


def kind_of(error: BaseException) -> str:
    """The failure without what differs from case to case."""
    return re.sub(r"[0-9]+", "N", str(error).partition(":")[0])[:80]


class Report:
    """The count of cases and the failures, one of each kind, made small and written down."""

    def __init__(self, seed: int, folder: Path | None) -> None:
        self.seed = seed
        self.cases = 0
        self.kinds: Counter[str] = Counter()
        self._folder = folder

    def is_new(self, suite: str, error: BaseException) -> bool:
        """Count a failure; whether it is the first of its kind."""
        kind = f"{suite}: {kind_of(error)}"
        self.kinds[kind] += 1
        return self.kinds[kind] == 1

    def write(self, suite: str, batch: int, era: str, error: BaseException, case: Any) -> None:
        """Keep a failing case."""
        body = case.body if isinstance(case, HttpCase) else case
        print(f"FAILED {suite}, batch {batch}, {era}: {error}\n  {body[:400]!r}", flush=True)
        if isinstance(case, HttpCase):
            print(f"  {case.method} {case.headers}"[:1500])
        if self._folder is None:
            return
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{suite}-{self.seed}-{batch}-{sum(self.kinds.values())}.json"
        kept = {
            "suite": suite,
            "seed": self.seed,
            "batch": batch,
            "era": era,
            "error": str(error),
            "body": base64.b64encode(body).decode(),
        }
        if isinstance(case, HttpCase):
            kept["method"] = case.method
            kept["headers"] = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in case.headers]
            kept["leaves"], kept["chunks"], kept["strict"] = case.leaves, case.chunks, case.strict
        path.write_text(json.dumps(kept, indent=1))


async def shrink(
    data: bytes, fails: Callable[[bytes], Awaitable[bool]], attempts: int = 300
) -> bytes:
    """Leave out pieces, ever smaller, for as long as it still fails."""
    size = len(data) // 2
    while size and attempts > 0:
        at = 0
        while at < len(data) and attempts > 0:
            attempts -= 1
            shorter = data[:at] + data[at + size :]
            if await fails(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


@contextlib.contextmanager
def watchdog(enabled: bool) -> Iterator[Callable[[], None]]:
    """Raise `Hang` unless the function that this yields is called every so often."""

    def bark(*_: object) -> None:
        raise Hang(f"nothing came back for {DEADLINE:g} seconds")

    if not enabled or not hasattr(signal, "setitimer"):
        yield lambda: None
        return
    before = signal.signal(signal.SIGALRM, bark)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_REAL, DEADLINE) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Run:
    """One run: its seed, its report, and the watchdog to be fed."""

    def __init__(self, report: Report, feed: Callable[[], None], log: Complaints) -> None:
        self.report = report
        self.feed = feed
        self.log = log
        self.current: tuple[int, str, Any] = (0, "", b"")

    def begin(self, batch: int, era: str, case: Any) -> None:
        """Count a case, and know it should it never end."""
        self.report.cases += 1
        self.current = batch, era, case
        self.feed()

    def batches(self, suite: str, cases: int, size: int = BATCH) -> Iterator[tuple[int, int, Any]]:
        """The number, the size and the source of chance of each batch."""
        for number, start in enumerate(range(0, cases, size)):
            self.feed()
            yield number, min(size, cases - start), Random(f"{self.report.seed}/{suite}/{number}")


async def connection_suite(run: Run, suite: str, cases: int, make: Callable[..., Any]) -> None:
    """`make(rng, size)` yields cases of an era and bytes, for connections in this process."""
    target = Connections(run.log)

    async def fails(era: str, data: bytes, kind: str) -> bool:
        try:
            await target.renew()
            await target.run(era, data)
        except Wrong as wrong:
            return kind_of(wrong) == kind
        return False

    for number, size, rng in run.batches(suite, cases):
        era, data = FRESH, b""
        for era, data in make(rng, number, size):
            run.begin(number, era, data)
            try:
                await target.run(era, data)
            except Wrong as error:
                if run.report.is_new(suite, error):
                    kind = kind_of(error)
                    small = await shrink(data, lambda d, e=era, k=kind: fails(e, d, k))
                    run.report.write(suite, number, era, error, small)
                await target.renew()
        try:
            for era in ERAS:
                await target.check(era)
        except Wrong as error:
            if run.report.is_new(suite, error):
                run.report.write(suite, number, era, error, data)
        await target.renew()


def _noise(rng: Random, number: int, size: int) -> Iterator[tuple[str, bytes]]:
    for _ in range(size):
        lines = (grammar.noise(rng) for _ in range(rng.choice([1, 1, 1, 3])))
        yield rng.choice(ERAS), rng.choice([b"\n", b"\r\n", b"\n\n"]).join(lines)


_SYSTEMATIC = grammar.Systematic([FRESH, "2025-11-25", MODERN])
# Coprime to the number of cases, so that a short run meets all kinds and a long one all cases.
_STRIDE = 1_000_003


def _messages(rng: Random, number: int, size: int) -> Iterator[tuple[str, bytes]]:
    for turn in range(size):
        if turn % 2:
            yield _SYSTEMATIC[(number * BATCH + turn) // 2 * _STRIDE % len(_SYSTEMATIC)]
            continue
        era = rng.choice(ERAS)
        lines = (grammar.mutated(rng, era) for _ in range(rng.choice([1, 1, 1, 1, 2, 4])))
        yield era, b"\n".join(lines)


async def application_suite(run: Run, suite: str, cases: int, *, wild: bool) -> None:
    """The ASGI application in this process, its configurations taking turns."""
    async with contextlib.AsyncExitStack() as stack:
        targets = [
            await stack.enter_async_context(Application(run.log, number).running())
            for number in range(len(CONFIGURATIONS))
        ]
        for number, size, rng in run.batches(suite, cases):
            target = targets[number % len(targets)]
            await target.renew()
            name = f"configuration {number % len(targets)}"
            case = HttpCase("POST", [], b"")
            for _ in range(size):
                case = grammar.http_case(rng, target.sessions, wild=wild)
                run.begin(number, name, case)
                try:
                    await target.run(case)
                except Wrong as error:
                    if run.report.is_new(suite, error):
                        case.body = await shrink(case.body, _fails_http(target, case, error))
                        run.report.write(suite, number, name, error, case)
                    await target.renew()
            await target.renew()
            try:
                for era in (*HANDSHAKES, MODERN):
                    await target.check(era)
            except Wrong as error:
                if run.report.is_new(suite, error):
                    run.report.write(suite, number, name, error, case)


def _fails_http(
    target: Application, case: HttpCase, error: Wrong | None = None
) -> Callable[[bytes], Awaitable[bool]]:
    async def fails(body: bytes) -> bool:
        session = dict(case.headers).get(b"mcp-session-id")
        era = next((era for era, id in target.sessions.items() if id == session), None)
        await target.renew()
        if era is not None:
            case.headers = [
                (name, target.sessions[era] if name == b"mcp-session-id" else value)
                for name, value in case.headers
            ]
        trial = HttpCase(
            case.method, case.headers, body, case.strict, min(case.chunks, 1), case.leaves
        )
        try:
            await target.run(trial)
        except Wrong as wrong:
            return error is None or kind_of(wrong) == kind_of(error)
        return False

    return fails


async def process_suite(run: Run, suite: str, cases: int, make: Callable[..., bytes]) -> None:
    """A real process on stdio, a new one now and then."""
    size = 2000
    for number, count, rng in run.batches(suite, cases, size):
        era = [*HANDSHAKES, MODERN][number % 5]
        lines = [make(rng, era) for _ in range(count)]
        run.report.cases += count
        error = await _process_error(era, [lines[at : at + BATCH] for at in range(0, count, BATCH)])
        if error is not None and run.report.is_new(suite, error):
            run.feed()
            kept = b"\n".join(await _culprits(era, lines))
            run.report.write(suite, number, era, error, kept)


async def _process_error(era: str, batches: list[list[bytes]]) -> Wrong | None:
    try:
        async with Process(era) as process:
            for batch in batches:
                await process.run(batch)
    except Wrong as error:
        return error
    return None


async def _culprits(era: str, lines: list[bytes], attempts: int = 60) -> list[bytes]:
    """Leave out lines, ever fewer, for as long as it still fails."""
    size = len(lines) // 2
    while size and attempts > 0:
        at = 0
        while at < len(lines) and attempts > 0:
            attempts -= 1
            fewer = lines[:at] + lines[at + size :]
            if await _process_error(era, [fewer]) is not None:
                lines = fewer
            else:
                at += size
        size //= 2
    return lines


async def web_suite(run: Run, suite: str, cases: int) -> None:
    """A real process over HTTP."""
    for number, size, rng in run.batches(suite, cases, 2500):
        error: Wrong | None = None
        case = HttpCase("POST", [], b"")
        try:
            async with WebServer() as server:
                for turn in range(size):
                    if turn % BATCH == 0:
                        await server.renew()
                        for era in (*HANDSHAKES, MODERN):
                            await server.check(era)
                    raw = rng.random() < 0.02
                    if raw:
                        case = HttpCase("raw", [], grammar.noise(rng))
                    else:
                        case = _sendable(grammar.http_case(rng, server.sessions, wild=False))
                    run.begin(number, "uvicorn", case)
                    await (server.run_raw(case.body) if raw else server.run(case))
        except Wrong as wrong:
            error = wrong
        if error is not None and run.report.is_new(suite, error):
            run.report.write(suite, number, "uvicorn", error, case)


async def wire_suite(run: Run, suite: str, cases: int) -> None:
    """Bytes of HTTP for both parsers, in this process."""
    parsers = Parsers(run.log)
    for number, size, rng in run.batches(suite, cases):
        for _ in range(size):
            data = stream(rng)
            run.begin(number, suite, data)
            try:
                await parsers.run(data)
            except Wrong as error:
                if run.report.is_new(suite, error):
                    small = await shrink(data, _fails_wire(parsers, kind_of(error)))
                    run.report.write(suite, number, suite, error, small)
        try:
            await parsers.check(rng)
        except Wrong as error:
            if run.report.is_new(suite, error):
                run.report.write(suite, number, suite, error, b"")


def _fails_wire(parsers: Parsers, kind: str) -> Callable[[bytes], Awaitable[bool]]:
    async def fails(data: bytes) -> bool:
        try:
            await parsers.run(data)
        except Wrong as wrong:
            return kind_of(wrong) == kind
        return False

    return fails


def _sendable(case: HttpCase) -> HttpCase:
    """A case as a socket can carry it: without the client leaving, which has its own tests."""
    if case.method == "GET":
        case.method = "POST"
    case.leaves = False
    return case


Work: TypeAlias = Callable[[Run, str, int], Awaitable[None]]
SUITES: dict[str, tuple[str, float, Work]] = {
    "connection-bytes": ("stdio", 0.25, lambda r, s, n: connection_suite(r, s, n, _noise)),
    "process-bytes": (
        "stdio",
        0.04,
        lambda r, s, n: process_suite(r, s, n, lambda rng, era: grammar.noise(rng)),
    ),
    "application-bytes": ("http", 0.2, lambda r, s, n: application_suite(r, s, n, wild=True)),
    "web-server": ("http", 0.01, web_suite),
    "wire": ("http", 0.01, wire_suite),
    "connection-messages": ("messages", 0.28, lambda r, s, n: connection_suite(r, s, n, _messages)),
    "application-messages": (
        "messages",
        0.18,
        lambda r, s, n: application_suite(r, s, n, wild=False),
    ),
    "process-messages": (
        "messages",
        0.04,
        lambda r, s, n: process_suite(r, s, n, grammar.mutated),
    ),
}


def fuzz(
    names: list[str], cases: int, seed: int, *, folder: Path | None = None, watched: bool = True
) -> Report:
    """Run suites, which share `cases` by their weights."""
    chosen = [name for name in SUITES if not names or {name, SUITES[name][0]} & set(names)]
    whole = sum(SUITES[name][1] for name in chosen)
    report = Report(seed, folder)
    with complaints() as log, watchdog(watched) as feed:
        run = Run(report, feed, log)
        for name in chosen:
            _, weight, work = SUITES[name]
            before, begun = report.cases, time.perf_counter()
            try:
                asyncio.run(_start(work, run, name, max(1, round(cases * weight / whole))))
            except Hang as error:
                if report.is_new(name, error):
                    batch, era, case = run.current
                    report.write(name, batch, era, error, case)
            seconds = time.perf_counter() - begun
            print(f"{name}: {report.cases - before} cases, {seconds:.1f} s", flush=True)
    return report


async def _start(work: Work, run: Run, name: str, cases: int) -> None:
    await work(run, name, cases)


async def replay(path: Path) -> Wrong | None:
    """Run one written case again."""
    kept = json.loads(path.read_text())
    body, suite = base64.b64decode(kept["body"]), kept["suite"]
    with complaints() as log:
        try:
            if suite.startswith("connection"):
                target = Connections(log)
                await target.run(kept["era"], body)
                await target.check(kept["era"])
            elif suite == "wire":
                await Parsers(log).run(body)
            elif suite.startswith("process"):
                return await _process_error(kept["era"], [body.split(b"\n")])
            else:
                number = int(kept["era"].rpartition(" ")[2]) if "conf" in kept["era"] else 0
                headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in kept["headers"]]
                case = HttpCase(
                    kept["method"], headers, body, kept["strict"], kept["chunks"], kept["leaves"]
                )
                async with Application(log, number).running() as application:
                    if await _fails_http(application, case)(body):
                        await application.run(case)
        except Wrong as error:
            return error
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--cases", type=int, default=DEFAULT_CASES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replay", type=Path)
    options = parser.parse_args()
    if options.replay is not None:
        error = asyncio.run(replay(options.replay))
        print("passes" if error is None else f"fails: {error}")
        return 0 if error is None else 1
    if unknown := set(options.suites) - SUITES.keys() - {row[0] for row in SUITES.values()}:
        parser.error(f"no such suite: {', '.join(unknown)}")
    begun = time.perf_counter()
    report = fuzz(options.suites, options.cases, options.seed, folder=FAILURES)
    seconds = time.perf_counter() - begun
    print(f"{report.cases} cases, {sum(report.kinds.values())} failures, {seconds:.0f} s")
    for kind, count in report.kinds.most_common():
        print(f"  {count} times {kind}")
    return 1 if report.kinds else 0


if __name__ == "__main__":
    sys.exit(main())
