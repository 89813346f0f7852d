"""TaskConfig: whether a component may, must or must not be run as a background task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import Struct

from fastmcp.exceptions import InvalidSignature

TaskMode: TypeAlias = Literal["forbidden", "optional", "required"]

DEFAULT_POLL_INTERVAL: Final = timedelta(seconds=1)


class TaskConfig(Struct, frozen=True):
    """How a component may be called: `"forbidden"` is only as an ordinary call, `"optional"` as
    the client likes, `"required"` only as a task. `poll_interval` is how often a client may ask
    for the status of one. With `deferred` it is an ordinary call until its function says
    `await ctx.become_task()`, so that it can ask its client, or answer, before there is a task.
    """

    mode: TaskMode = "optional"
    poll_interval: timedelta = DEFAULT_POLL_INTERVAL
    deferred: bool = False

    def __post_init__(self) -> None:
        if self.mode not in get_args(TaskMode):
            modes = ", ".join(map(repr, get_args(TaskMode)))
            raise InvalidSignature(f"TaskConfig(mode={self.mode!r}): a mode is one of {modes}")
        interval: Any = self.poll_interval
        if not isinstance(interval, timedelta) or interval < timedelta(milliseconds=1):
            raise InvalidSignature(
                f"TaskConfig(poll_interval={interval!r}): it takes a timedelta of at least a "
                "millisecond, such as timedelta(seconds=1)"
            )

    @classmethod
    def from_bool(cls, value: bool) -> TaskConfig:
        """Optional for True, forbidden for False."""
        return cls(mode="optional" if value else "forbidden")

    def supports_tasks(self) -> bool:
        """Whether it can be run as a task."""
        return self.mode != "forbidden"


class TaskMeta(Struct, kw_only=True):
    """The wish that a call be run as a task, kept for `ttl` milliseconds from its beginning."""

    ttl: int | None = None


def task_config(task: Any, where: str) -> TaskConfig | None:
    """What `task=` means; None where nothing is said.

    Raises:
        InvalidSignature: it means nothing.
    """
    if task is None or isinstance(task, TaskConfig):
        return task
    if isinstance(task, bool):
        return TaskConfig.from_bool(task)
    if task in get_args(TaskMode):
        return TaskConfig(mode=task)
    raise InvalidSignature(
        f'{where}: task= takes True, False, "optional", "required", "forbidden" or a TaskConfig, '
        f"not {task!r}"
    )
