"""Run the official conformance suite against our server and our client, and judge the outcome.

    python conformance/run.py [LEG…] [--server-python PATH] [--baseline FILE] [--verbose]

A leg is one run of one pinned version of the suite: against the everything server (the scenarios of
extensions one at a time), against the authorization server, or, one scenario at a time, against the
program `client.py`, with every scenario that the suite has for clients of a revision.  What counts
are checks, not the suite's own ticks: a scenario passes when at least one of its checks succeeded
and none failed. A scenario that the suite announces and has no check for yet is shown as skipped;
checks that it skips for what ours lacks make no scenario pass.  The outcome is compared with
`baseline.toml`; a failure that is not in it and an entry that no longer fails are both errors, so
the file always says exactly what is still to come.
"""

import argparse
import json
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.peers.environments import (  # noqa: E402 - needs the path above
    CACHE,
    InstallationError,
    NodePackages,
    npm_packages,
)

STABLE, ALPHA = "conformance-0.1.16", "conformance-0.2.0-alpha.12"
LEGS = {
    "0.1.16": (STABLE, "--suite", "all"),
    "2025-06-18": (ALPHA, "--suite", "all", "--spec-version", "2025-06-18"),
    "2025-11-25": (ALPHA, "--requirements", "2025-11-25"),
    "2026-07-28": (ALPHA, "--requirements", "2026-07-28"),
}
CLIENT_LEGS: dict[str, tuple[str, str | None]] = {
    "client-0.1.16": (STABLE, None),
    "client-2025-06-18": (ALPHA, "2025-06-18"),
    "client-2025-11-25": (ALPHA, "2025-11-25"),
    "client-2026-07-28": (ALPHA, "2026-07-28"),
    "client-extensions": (ALPHA, "extension"),
}
EXTENSIONS, AUTHORIZATION = "server-extensions", "authorization"
START_SECONDS, LEG_SECONDS, SCENARIO_SECONDS = 30, 300, 60
NOTHING = "no check succeeded"
HEADINGS = ("leg", "scenarios", "pass", "fail", "warn", "skip", "unexpected")

Baseline = dict[str, dict[str, str]]


@dataclass
class Leg:
    """What one leg showed: statuses by scenario; failures, warnings and skips with messages."""

    name: str
    scenarios: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    failures: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    warnings: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    skipped: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, scenario: str, checks: list[dict[str, str]]) -> None:
        """Take in the checks of one scenario."""
        statuses = self.scenarios[scenario] = Counter(check["status"] for check in checks)
        kept = {"FAILURE": self.failures, "WARNING": self.warnings}
        for check in checks:
            if check["status"] in kept:
                message = check.get("errorMessage") or check["description"]
                kept[check["status"]][scenario, check["id"]] = " ".join(message.split())
        if not_written_yet(scenario, checks):
            self.skipped[scenario] = checks[0]["errorMessage"]
        elif not statuses["SUCCESS"] and not statuses["FAILURE"]:
            self.failures[scenario, NOTHING] = ", ".join(statuses) or "it has no checks"

    def unexpected(self, expected: set[str]) -> Iterator[str]:
        """Name the failures that no baseline entry covers."""
        for (scenario, check), message in self.failures.items():
            if not {scenario, f"{scenario}:{check}"} & expected:
                yield f"{self.name}: {scenario}:{check}: {message[:300]}"

    def stale(self, expected: set[str]) -> Iterator[str]:
        """Name the baseline entries for scenarios of this leg that cover no failure."""
        failing = {scenario for scenario, _ in self.failures}
        failing |= {f"{scenario}:{check}" for scenario, check in self.failures}
        for entry in expected - failing:
            if entry.partition(":")[0] in self.scenarios:
                yield f"{self.name}: {entry} no longer fails: remove it from the baseline"

    def row(self, expected: set[str]) -> tuple[str, ...]:
        """Return the line of the table."""
        total = sum(self.scenarios.values(), Counter[str]())
        failing = {scenario for scenario, _ in self.failures}
        unexpected = sum(1 for _ in self.unexpected(expected))
        judged = len(self.scenarios) - len(self.skipped)
        return (
            self.name,
            f"{judged - len(failing)}/{judged}",
            *(str(total[status]) for status in ("SUCCESS", "FAILURE", "WARNING", "SKIPPED")),
            str(unexpected),
        )


def not_written_yet(scenario: str, checks: list[dict[str, str]]) -> bool:
    """Tell whether the suite has but a placeholder for a scenario: one skip that bears its name.

    What it skips because it misses something in ours says so otherwise, without "Skipped: ".
    """
    return (
        [(check["id"], check["status"]) for check in checks] == [(scenario, "SKIPPED")]
    ) and checks[0].get("errorMessage", "").startswith("Skipped: ")


def main() -> int:
    """Run the asked legs, print the table and what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the official MCP conformance suite.")
    parser.add_argument("legs", nargs="*", metavar="LEG", help="default: all")
    parser.add_argument("--server-python", default=sys.executable, help="runs ours")
    parser.add_argument("--baseline", type=Path, default=HERE / "baseline.toml")
    parser.add_argument(
        "--verbose", action="store_true", help="list all scenarios, failures and warnings"
    )
    options = parser.parse_args()
    known = [*LEGS, EXTENSIONS, *CLIENT_LEGS, AUTHORIZATION]
    names: list[str] = options.legs or known
    if unknown := {*names} - {*known}:
        parser.error(f"unknown leg {', '.join(unknown)}; there are {', '.join(known)}")

    baseline: Baseline = tomllib.loads(options.baseline.read_text())
    try:
        packages = npm_packages(HERE)
    except InstallationError as failure:
        raise SystemExit(str(failure)) from None
    legs = [runner_of(name)(name, packages, options.server_python) for name in names]

    rows: list[tuple[str, ...]] = [HEADINGS]
    problems = [*misplaced(baseline, legs)]
    for leg in legs:
        expected = {*baseline.get("every", {}), *baseline.get(leg.name, {})}
        rows.append(leg.row(expected))
        problems += [*leg.unexpected(expected), *leg.stale(expected)]
        if options.verbose:
            for scenario, statuses in leg.scenarios.items():
                print(f"{leg.name}: {scenario}: {dict(statuses)}")
            for (scenario, check), message in (leg.failures | leg.warnings).items():
                print(f"{leg.name}: {scenario}:{check}: {message}")
    for row in rows:
        print(f"{row[0]:18}" + "".join(f"{cell:>11}" for cell in row[1:]))
    for leg in legs:
        for scenario, reason in leg.skipped.items():
            print(f"{leg.name}: {scenario} skip: {reason}")
    print(*problems, sep="\n")
    return 1 if problems else 0


def misplaced(baseline: Baseline, legs: list[Leg]) -> Iterator[str]:
    """Name the baseline entries that no leg could ever cover; needs every leg to have run."""
    known = {*LEGS, EXTENSIONS, *CLIENT_LEGS, AUTHORIZATION}
    yield from (f"baseline: unknown leg {name}" for name in {*baseline} - {"every", *known})
    if len(legs) == len(known):
        everywhere = {scenario for leg in legs for scenario in leg.scenarios}
        ran = {"every": everywhere} | {leg.name: {*leg.scenarios} for leg in legs}
        for table, entries in baseline.items():
            for entry in entries:
                if entry.partition(":")[0] not in ran.get(table, ()):
                    yield f"baseline: [{table}] {entry} names a scenario that does not run"


def runner_of(name: str) -> Callable[[str, NodePackages, str], Leg]:
    """Return what runs a leg."""
    if name == AUTHORIZATION:
        return run_authorization_leg
    if name == EXTENSIONS:
        return run_extensions_leg
    return run_leg if name in LEGS else run_client_leg


def run_leg(name: str, packages: NodePackages, python: str) -> Leg:
    """Start a fresh server, run one leg of the suite on it and read what it wrote."""
    package, *options = LEGS[name]
    output = empty_folder(name)
    suite = [packages.node(22), packages.program(f"{package}/dist/index.js"), "server"]
    with running([python, str(HERE / "everything.py")], output / "server.log") as url:
        done = subprocess.run(
            [*suite, "--url", url, *options, "--output-dir", str(output)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LEG_SECONDS,
        )
    leg = Leg(name)
    for path in sorted(output.glob("server-*/checks.json")):
        scenario = re.sub(r"^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$", r"\1", path.parent.name)
        leg.add(scenario, json.loads(path.read_text()))
    listed = {*re.findall(r"^[✓✗] (\S+): \d+ passed", done.stdout, re.MULTILINE)}
    if not listed or listed != {*leg.scenarios}:
        raise SystemExit(
            f"{name}: the suite ended with {done.returncode} and its summary does not match its "
            f"files in {output}:\n{done.stdout[-3000:]}"
        )
    return leg


def run_extensions_leg(name: str, packages: NodePackages, python: str) -> Leg:
    """Run what the suite has for extensions of servers, which no set of requirements has all of."""
    output = empty_folder(name)
    suite = [packages.node(22), packages.program(f"{ALPHA}/dist/index.js")]
    leg = Leg(name)
    with running([python, str(HERE / "everything.py")], output / "server.log") as url:
        for scenario in scenarios(suite, "--server", "extension"):
            run_scenario(leg, scenario, [*suite, "server", "--url", url], output / scenario)
    return leg


def run_client_leg(name: str, packages: NodePackages, python: str) -> Leg:
    """Have the suite drive our client through one scenario after the other.

    Its own way to run them all at once ignores the client's exit code, and disturbs the scenarios
    that measure time.
    """
    package, kind = CLIENT_LEGS[name]
    output = empty_folder(name)
    suite = [packages.node(22), packages.program(f"{package}/dist/index.js")]
    options = ["--command", f"{python} {HERE / 'client.py'}"]
    options += [] if kind in (None, "extension") else ["--spec-version", kind]
    leg = Leg(name)
    for scenario in scenarios(suite, "--client", kind):
        run_scenario(leg, scenario, [*suite, "client", *options], output / scenario)
    return leg


def run_scenario(leg: Leg, scenario: str, command: list[str], folder: Path) -> None:
    """Run one scenario, and add its checks to a leg."""
    done = subprocess.run(
        [*command, "--scenario", scenario, "--output-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SCENARIO_SECONDS,
    )
    written = [*folder.rglob("checks.json")]
    leg.add(scenario, json.loads(written[0].read_text()) if written else [])
    if done.returncode and not any(failed == scenario for failed, _ in leg.failures):
        leg.failures[scenario, "exit code"] = " ".join(done.stdout[-600:].split())


def run_authorization_leg(name: str, packages: NodePackages, python: str) -> Leg:
    """Have the suite ask our authorization server for a token; we are the user's browser."""
    output = empty_folder(name)
    port = free_port()
    server = [python, str(HERE / "authorization.py"), f"http://127.0.0.1:{port}/callback"]
    suite = [packages.node(22), packages.program(f"{ALPHA}/dist/index.js"), "authorization"]
    options = ["--client-id", "suite", "--port", str(port), "-o", str(output)]
    said: list[str] = []
    with (
        running(server, output / "server.log") as issuer,
        subprocess.Popen(
            [*suite, "--url", issuer, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        ending = threading.Timer(SCENARIO_SECONDS, process.kill)
        ending.start()
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            asked = re.search(r"http://\S+/authorize\?\S+", "".join(said))
            if asked is not None and "Callback server started" in line:
                urllib.request.urlopen(asked[0]).close()
        ending.cancel()
    leg = Leg(name)
    for path in sorted(output.glob("authorization-server-*/checks.json")):
        scenario = re.sub(r"^authorization-server-(.+)-\d{4}-\d\d-.+$", r"\1", path.parent.name)
        leg.add(scenario, json.loads(path.read_text()))
    if not leg.scenarios:
        raise SystemExit(f"{name}: the suite wrote nothing to {output}:\n{''.join(said)[-3000:]}")
    return leg


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def scenarios(suite: list[str], side: str, kind: str | None) -> list[str]:
    """Return what the suite has for one side, of a revision, of extensions, or of any kind."""
    listed = subprocess.run(
        [*suite, "list", side], capture_output=True, text=True, timeout=START_SECONDS
    )
    found = re.findall(r"^ +- (\S+) \[(.+)\]$", listed.stdout, re.MULTILINE)
    names = [name for name, kinds in found if kind is None or kind in kinds.split(",")]
    if not names:
        raise SystemExit(
            f"the suite lists no scenarios for {kind}:\n{listed.stdout}{listed.stderr}"
        )
    return names


def empty_folder(name: str) -> Path:
    """Return where a leg's results go."""
    output = CACHE / "conformance-results" / name
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    return output


@contextmanager
def running(command: list[str], log: Path) -> Generator[str]:
    """Run a server for the duration of the block; yield the URL that it prints first."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        url = process.stdout.readline().strip() if ready else ""
        if not url:
            raise SystemExit(f"{command[1]} did not start:\n{log.read_text()}")
        yield url
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
