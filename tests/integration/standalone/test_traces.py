"""Traces go to an OTLP endpoint where one is set: one trace from the gateway's request to the services' calls."""

from __future__ import annotations

import time
from concurrent import futures

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.machine import copy_state, running


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps (process, trace id) of every span that arrives."""

    def __init__(self) -> None:
        self.spans: set[tuple[str, bytes]] = set()

    def Export(self, request, context):
        for resource in request.resource_spans:
            [name] = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            self.spans |= {(name, span.trace_id) for scope in resource.scope_spans for span in scope.spans}
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector():
    collector = Collector()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    collector.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield collector
    server.stop(0)


def test_a_request_is_one_trace_through_the_processes(sample_state, tmp_path, collector):
    settings = {"MEDCODES_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"}
    with running(copy_state(sample_state, tmp_path / "state"), settings) as machine, machine.client() as client:
        assert client.get("/codes/cpt/27250").status_code == 200
        began = time.monotonic()
        while not (shared := _in_both(collector.spans)):
            assert time.monotonic() - began < 30, sorted({name for name, _ in collector.spans})
            time.sleep(0.2)
    assert shared


def _in_both(spans: set[tuple[str, bytes]]) -> set[bytes]:
    gateway = {trace for name, trace in spans if name == "medcodes-gateway"}
    return gateway & {trace for name, trace in spans if name == "medcodes-catalog-search-accounts-metering"}
