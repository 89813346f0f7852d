"""The spans of a test, as an exporter got them."""

from __future__ import annotations

import time
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

SECONDS = 20


class Recorded:
    """What was recorded; `provider` is that of the whole program."""

    def __init__(self, sampler: Sampler = ALWAYS_ON) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def all(self) -> list[ReadableSpan]:
        """Every span that has ended, in the order of their ends."""
        return list(self._exporter.get_finished_spans())

    def names(self) -> list[str]:
        """What has ended, with the kind of each."""
        return [called(span) for span in self.all()]

    def one(self, name: str) -> ReadableSpan:
        """The only span called that, such as "tools/call add SERVER"; it may be about to end."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = [span for span in self.all() if called(span) == name]
            if found or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        assert len(found) == 1, (name, self.names())
        return found[0]

    def attributes(self, name: str) -> dict[str, Any]:
        """Those of the only span called that."""
        return dict(self.one(name).attributes or {})

    def path(self, name: str) -> list[str]:
        """The only span called that, below those that it is part of; all of one trace."""
        spans = {span.context.span_id: span for span in self.all() if span.context is not None}
        span: ReadableSpan | None = self.one(name)
        path: list[ReadableSpan] = []
        while span is not None:
            path.insert(0, span)
            span = None if span.parent is None else spans[span.parent.span_id]
        assert len({each.context.trace_id for each in path if each.context is not None}) == 1
        return [called(each) for each in path]

    def clear(self) -> None:
        """Forget what there was."""
        self._exporter.clear()


def called(span: ReadableSpan) -> str:
    """Its name and kind; inner spans have no kind."""
    return span.name if span.kind.name == "INTERNAL" else f"{span.name} {span.kind.name}"
