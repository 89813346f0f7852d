"""No task is lost, and none ends twice, whoever dies while it is run; `bench/tasks_chaos.py` does
the same with more of everything.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from processes import free_port
from redis_server import redis_server

from .chaos import Plan, Report, chaos


def every_task_ended_once(report: Report, plan: Plan, restarts: int = 0) -> None:
    """What is run again is what ran in a worker that was killed, or when Redis was."""
    assert report.accepted == plan.tasks
    assert report.kills >= 2
    assert report.statuses == {"completed": plan.tasks}
    assert (report.wrong, report.changed) == (0, 0)
    assert report.again <= (report.kills + restarts * plan.workers) * plan.concurrency


async def test_tasks_in_sqlite_survive_their_workers(tmp_path: Path) -> None:
    """Three workers, of which one is killed every second."""
    plan = Plan(
        f"sqlite:///{tmp_path}/tasks.db", tmp_path, tasks=300, workers=3, kill_every=1, kills=5
    )
    every_task_ended_once(await chaos(plan), plan)


async def test_tasks_in_redis_survive_their_workers_and_redis(tmp_path: Path) -> None:
    """Redis is killed as well, once, and started anew with what it had written."""
    port = free_port()
    with ExitStack() as stack:
        server = stack.enter_context(redis_server(tmp_path, port=port, durable=True))

        def restart() -> None:
            server.process.kill()
            server.process.wait()
            stack.enter_context(redis_server(tmp_path, port=port, durable=True))

        plan = Plan(server.url, tmp_path, tasks=200, workers=3, kill_every=1, kills=3)
        plan.restart = restart
        every_task_ended_once(await chaos(plan), plan, restarts=1)
