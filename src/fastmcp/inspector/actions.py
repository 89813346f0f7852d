"""What the page can ask of the inspector, each with its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

from fastmcp.wire.lifecycle import LoggingLevel

from .conversation import Offers
from .frames import AppPolicy
from .target import Target

if TYPE_CHECKING:
    from .inspector import Inspector


class Action(Protocol):
    """The parameters of an action; as a struct, they are read from the body of a request."""

    async def act(self, inspector: Inspector) -> Any:
        """Do it; what the page is answered at once."""
        ...


class Connect(Struct, frozen=True):
    target: Target
    offers: Offers = Offers()

    async def act(self, inspector: Inspector) -> None:
        await inspector.conversation.connect(self.target, self.offers)


class Reconnect(Struct, frozen=True):
    async def act(self, inspector: Inspector) -> None:
        await inspector.conversation.reconnect("The server is started anew")


class Disconnect(Struct, frozen=True):
    async def act(self, inspector: Inspector) -> None:
        await inspector.conversation.disconnect()


class Request(Struct, frozen=True, rename="camel"):
    """Any request of the protocol; its result is the event `result` of the `call`."""

    call: str
    method: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    timeout: float | None = None
    as_task: bool = False
    ttl: int | None = None

    async def act(self, inspector: Inspector) -> None:
        work = inspector.conversation.request(
            self.method, self.params, timeout=self.timeout, as_task=self.as_task, ttl=self.ttl
        )
        inspector.calls.start(self.call, work)


class Cancel(Struct, frozen=True):
    call: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.cancel(self.call)


class Answer(Struct, frozen=True):
    id: int
    answer: Any

    async def act(self, inspector: Inspector) -> None:
        inspector.questions.answer(self.id, self.answer)


class Ping(Struct, frozen=True):
    call: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.ping())


class Level(Struct, frozen=True):
    call: str
    level: LoggingLevel

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.set_level(self.level))


class Subscribe(Struct, frozen=True):
    call: str
    uri: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.subscribe(self.uri))


class Unsubscribe(Struct, frozen=True):
    call: str
    uri: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.unsubscribe(self.uri))


class Roots(Struct, frozen=True):
    call: str
    roots: list[str]

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.set_roots(self.roots))


class Tasks(Struct, frozen=True):
    call: str
    cursor: str | None = None

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.list_tasks(self.cursor))


class FollowTask(Struct, frozen=True):
    call: str
    task: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.follow(self.task))


class CancelTask(Struct, frozen=True):
    call: str
    task: str

    async def act(self, inspector: Inspector) -> None:
        inspector.calls.start(self.call, inspector.conversation.cancel_task(self.task))


class ShowApp(Struct, frozen=True):
    html: str
    policy: AppPolicy = AppPolicy()

    async def act(self, inspector: Inspector) -> str:
        return inspector.frames.add(self.html, self.policy)


class Forget(Struct, frozen=True):
    async def act(self, inspector: Inspector) -> None:
        inspector.journal.clear()


ACTIONS: dict[str, type[Action]] = {
    "connect": Connect,
    "reconnect": Reconnect,
    "disconnect": Disconnect,
    "request": Request,
    "cancel": Cancel,
    "answer": Answer,
    "ping": Ping,
    "level": Level,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "roots": Roots,
    "tasks": Tasks,
    "follow-task": FollowTask,
    "cancel-task": CancelTask,
    "show-app": ShowApp,
    "forget": Forget,
}
"""By the last part of its path, what an action takes."""
