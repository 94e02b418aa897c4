"""Logs, metrics and traces. Logs are JSON lines with the request id; secrets and note text never go in."""

from __future__ import annotations

import logging
import random
import re
import sys
from contextvars import ContextVar

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from . import metrics_server
from .settings import ServiceSettings

REQUEST_ID_HEADER = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_traced = False

request_id: ContextVar[str] = ContextVar("request_id", default="")


def accepted_request_id(given: str | None) -> str:
    """The caller's request id if it is well formed, else a new one."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    # It tells requests apart and keeps no secret: a system call for each is not worth it.
    return f"{random.getrandbits(128):032x}"


def configure(process: str, settings: ServiceSettings) -> None:
    """Sets up this process's logs, metrics port and traces. Called once, by the process's entry point."""
    _configure_logs(process, settings)
    if settings.metrics_port:
        metrics_server.start(settings.metrics_port)
    if settings.otlp_endpoint:
        _configure_traces(process, settings.otlp_endpoint)


def traced() -> bool:
    """Whether this process records traces."""
    return _traced


def _configure_logs(process: str, settings: ServiceSettings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_context(process),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_without_meta, renderer])
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _without_meta(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)


class _with_context:  # noqa: N801 - used like a function
    """Adds the process's name and the request id to every line."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        event["process"] = self._process
        if current := request_id.get():
            event["request_id"] = current
        return event


def _configure_traces(process: str, endpoint: str) -> None:
    # Imported here: the SDK takes a quarter of a second to import, and most installations record no traces.
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"medcodes-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    global _traced
    _traced = True
