"""Sampling: having a model answer, the client's or the server's own, and call tools for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp._lazy import lazy_names

if TYPE_CHECKING:
    from .results import SampleStep as SampleStep
    from .results import SamplingResult as SamplingResult
    from .results import Usage as Usage
    from .run import sample as sample
    from .run import sample_step as sample_step
    from .sampling_tool import SamplingTool as SamplingTool

__all__ = ["SampleStep", "SamplingResult", "SamplingTool", "Usage", "sample", "sample_step"]

lazy_names(
    __name__,
    {
        "SampleStep": ".results",
        "SamplingResult": ".results",
        "SamplingTool": ".sampling_tool",
        "Usage": ".results",
        "sample": ".run",
        "sample_step": ".run",
    },
)
