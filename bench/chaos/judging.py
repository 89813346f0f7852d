"""Whether every call had its one right outcome, and what was left."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from soaked import Finding

from .logs import unexpected

SHOWN = 5
LIMIT, LIMITS = 40.0, {"open": 70.0, "work": 70.0}
"""Seconds within which a call has its outcome: its client allows it 20, and 10 for connecting anew.
Some are several calls.
"""
SPARE = {"tasks": 1, "files": 8, "threads": 2}
"""What may be there more than before: kept connections, and the threads of a pool."""
# What an error may say that is not of a class for lost connections and times that are over.
NAMED = re.compile(
    r"is gone|store of this server cannot be reached|Task not found|was cancelled"
    r"|server is stopping|server ended before it answered|could not be saved"
    r"|expired requestState"  # its key was lost with the data in Redis
)
OF_CONNECTIONS = frozenset(
    ("TimedOut", "Disconnected", "ConnectFailed", "SessionExpired", "UnexpectedResponse")
)
# These say that the call was not carried out.
NOT_SENT = frozenset(("ConnectFailed", "SessionExpired"))

Outcome = dict[str, Any]


def read_outcomes(path: Path) -> list[Outcome]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def judge_calls(finding: Finding, outcomes: Sequence[Outcome]) -> None:
    """Add how often each kind had which outcome, and those that it may not have."""
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    errors = Counter[str]()
    longest: defaultdict[str, float] = defaultdict(float)
    for each in outcomes:
        kind = each["kind"]
        kinds[kind][each["outcome"]] += 1
        longest[kind] = max(longest[kind], each.get("seconds", 0.0))
        if each["outcome"] == "error":
            errors[_shape(each)] += 1
        if problem := _problem(each):
            finding.problems.append(f"{problem}: {json.dumps(each)}")
    for kind, tally in sorted(kinds.items()):
        told = ", ".join(f"{number:,} {outcome}" for outcome, number in tally.most_common())
        time = f", at most {longest[kind]:.1f} s" if longest[kind] else ""
        finding.add(f"calls: {kind}", told + time)
    for shape, number in errors.most_common(20):
        finding.add(f"error: {shape}", f"{number:,}")


def _problem(each: Outcome) -> str | None:
    outcome = each["outcome"]
    if outcome in ("wrong", "unnamed", "hang"):
        return f"{outcome} outcome"
    limit = LIMITS.get(each["kind"], LIMIT)
    if each.get("seconds", 0.0) > limit:
        return f"took longer than {limit:g} s"
    if outcome == "error" and each["error"] not in OF_CONNECTIONS:
        return None if NAMED.search(each["text"]) else "an error that nobody expects"
    return None


def _shape(each: Outcome) -> str:
    text = re.sub(r"/\S+/(\w+\.py)", r"\1", each["text"].partition(" It says:")[0])
    return f"{each['error']}: {re.sub(r'[0-9a-f]{16,}|[0-9]+', '#', text)[:110]}"


def judge_journal(finding: Finding, outcomes: Sequence[Outcome], journal: Path) -> None:
    """Add what ran twice that may not, and what was answered that never ran."""
    runs = Counter(journal.read_text("utf-8").splitlines())
    twice = [line for line, number in runs.items() if number > 1 and line.startswith("order")]
    answered = {_run_of(each) for each in outcomes if each["outcome"] == "right"}
    denied = [
        f"{_run_of(each)}: {each['error']}"
        for each in outcomes
        if each.get("error") in NOT_SENT and _run_of(each) in runs
    ]
    invented = [each for each in answered if each.startswith("order") and each not in runs]
    again = sum(number - 1 for line, number in runs.items() if line.startswith("work"))
    finding.add("runs of what must not run twice", f"{_count(runs, 'order'):,}")
    finding.add("of these run twice", str(len(twice)), _some(twice))
    finding.add("run, and said not to have been", str(len(denied)), _some(denied))
    finding.add("answered and not run", str(len(invented)), _some(invented))
    finding.add("runs of tasks", f"{_count(runs, 'work'):,}, {again:,} of them again")


def _run_of(call: Outcome) -> str:
    """What the journal has when it was carried out."""
    return f"{call['kind'].rpartition(' ')[2]} {call['number']}"


def _some(names: Sequence[str]) -> str | None:
    return ", ".join(names[:SHOWN]) or None


def _count(runs: Counter[str], kind: str) -> int:
    return sum(number for line, number in runs.items() if line.startswith(kind))


def judge_left(finding: Finding, who: str, before: Outcome, after: Outcome) -> None:
    """Add what a process has more than it had."""
    for thing, spare in SPARE.items():
        left = max(after[thing] - before[thing], 0)
        problem = f"of {after['task_names']}" if left > spare else None
        finding.add(f"{thing} left in {who}", str(left), problem)
    for thing in ("waiting", "sessions"):
        if after.get(thing):
            finding.problems.append(f"{thing} left in {who}: {after[thing]}")


def judge_logs(finding: Finding, logs: Iterable[Path]) -> None:
    """Add the tracebacks that nobody expects."""
    found = Counter[str]()
    for log in logs:
        found += unexpected(log)
    finding.add("unexpected tracebacks", str(found.total()))
    finding.problems += [f"logged {number} times: {text}" for text, number in found.items()]
