"""Tasks whose workers are killed while they run them: what became of each.

uv run python bench/tasks_chaos.py [redis] [sqlite] [--tasks N] [--workers N] [--every SECONDS] …

Redis is killed once, too, and started anew with what it had written. Prints the counts; the exit
status is 1 if a task was lost, ended wrong, changed after its end, or was run again more often than
workers were killed while they could have run it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

# The tests do the same with less of everything.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from processes import free_port
from redis_server import redis_server
from tasks.chaos import Plan, Report, chaos

KINDS = ("redis", "sqlite")


def run(kind: str, options: argparse.Namespace) -> Report:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plan = Plan(
            url=f"sqlite:///{directory}/tasks.db",
            directory=directory,
            tasks=options.tasks,
            workers=options.workers,
            kill_every=options.every,
            kills=options.kills,
            concurrency=options.concurrency,
            patience=options.patience,
        )
        if kind == "redis":
            _use_redis(plan, stack)
        return asyncio.run(chaos(plan))


def _use_redis(plan: Plan, stack: ExitStack) -> None:
    port = free_port()
    server = stack.enter_context(redis_server(plan.directory, port=port, durable=True))

    def restart() -> None:
        server.process.kill()
        server.process.wait()
        stack.enter_context(redis_server(plan.directory, port=port, durable=True))

    plan.url, plan.restart = server.url, restart


def parse_options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("kinds", nargs="*", help="both without")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=10, help="of each worker")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two kills")
    parser.add_argument("--kills", type=int, default=10_000, help="at most")
    parser.add_argument("--patience", type=float, default=900.0, help="seconds until one is lost")
    options = parser.parse_args()
    unknown = set(options.kinds) - set(KINDS)
    if unknown:
        parser.error(f"no {', '.join(sorted(unknown))}; there are: {', '.join(KINDS)}")
    return options


def main() -> None:
    options = parse_options()
    broken = False
    for kind in options.kinds or KINDS:
        report = run(kind, options)
        print(f"{kind}: {report}", flush=True)
        deaths = report.kills + (options.workers if kind == "redis" else 0)
        broken |= (
            report.statuses != {"completed": options.tasks}
            or report.wrong > 0
            or report.changed > 0
            or report.again > deaths * options.concurrency
        )
    sys.exit(broken)


if __name__ == "__main__":
    main()
