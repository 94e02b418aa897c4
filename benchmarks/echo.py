"""A gRPC server that returns what it is sent, unread:  python -m benchmarks.echo PORT"""

from __future__ import annotations

import sys

import grpc
import uvloop

METHOD = "/benchmark.Echo/Echo"


class Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details):
        async def echo(request: bytes, context: object) -> bytes:
            return request

        return grpc.unary_unary_rpc_method_handler(echo) if handler_call_details.method == METHOD else None


async def main() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([Echo()])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
