"""A collector, as far as spans and metrics are sent to it."""

from __future__ import annotations

import gzip
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Takes spans at `/v1/traces` and metrics at `/v1/metrics` as a collector does.

    Of each there is who sent it: the service and the instrumentation scope.
    """

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.metrics: list[tuple[str, Metric]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        if dict(scope["headers"]).get(b"content-encoding") == b"gzip":
            body = gzip.decompress(body)
        answer = {"/v1/traces": self._take_spans, "/v1/metrics": self._take_metrics}[scope["path"]]
        headers = [(b"content-type", b"application/x-protobuf")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer(body)})

    def _take_spans(self, body: bytes) -> bytes:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scoped in resource.scope_spans:
                by = _sender(resource, scoped)
                self.spans += [(by, span) for span in scoped.spans]
        return ExportTraceServiceResponse().SerializeToString()

    def _take_metrics(self, body: bytes) -> bytes:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for scoped in resource.scope_metrics:
                by = _sender(resource, scoped)
                self.metrics += [(by, metric) for metric in scoped.metrics]
        return ExportMetricsServiceResponse().SerializeToString()


def _sender(resource: Any, scoped: Any) -> str:
    names = {each.key: each.value.string_value for each in resource.resource.attributes}
    return f"{names['service.name']}/{scoped.scope.name}"
