"""An OpenSearch that lies when it is told to: passes every request on to a real one, but for those that it answers
itself. For what the real one cannot be brought to here: another version, a full disk, shards that are gone, nonsense.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
from aiohttp import web


def answer(body: object, status: int = 200, content_type: str = "application/json") -> web.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return web.Response(text=text, status=status, content_type=content_type)


RED = {"error": {"type": "search_phase_execution_exception", "reason": "all shards failed"}, "status": 503}
WHOLE = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": []}}
NONSENSE = {
    "red": lambda: answer(RED, 503),
    "busy": lambda: answer({"error": {"type": "rejected"}, "status": 429}, 429),
    "another index": lambda: answer({"error": {"type": "index_not_found_exception"}, "status": 404}, 404),
    "a page": lambda: answer("<html>maintenance</html>", content_type="text/html"),
    "half a page": lambda: answer('{"took": 1, "timed_out": fal'),
    "nothing": lambda: answer(""),
    "null": lambda: answer("null"),
    "a list": lambda: answer("[]"),
    "an object": lambda: answer("{}"),
    "no answers": lambda: answer({"responses": []}),
    "a red index": lambda: answer({"responses": [RED]}),
    "in parts": lambda: answer({"responses": [{**WHOLE, "timed_out": True}]}),
    "shards that are gone": lambda: answer({"responses": [{**WHOLE, "_shards": {"failed": 1}}]}),
    "hits of nothing": lambda: answer({"responses": [{**WHOLE, "hits": {"hits": [{}]}}]}),
    "bytes": lambda: web.Response(body=b"\xff\xfe\x00", content_type="application/json"),
}


class LyingOpenSearch:
    """`lies` are told to requests whose method and path fit: ("GET", "/") or ("POST", "/_bulk"), compared by the end of
    the path; `next_lies` to the next requests, whatever they are, None for the truth. `asked` are all requests, with
    their authorization."""

    def __init__(self, target: int) -> None:
        self._target = f"http://127.0.0.1:{target}"
        self.lies: dict[tuple[str, str], Callable[[], web.Response]] = {}
        self.next_lies: list[Callable[[], web.Response] | None] = []
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0

    async def start(self) -> None:
        self._session = aiohttp.ClientSession()
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()
        await asyncio.sleep(0)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append((request.method, request.path, request.headers.get("Authorization", "")))
        if self.next_lies and (next_lie := self.next_lies.pop(0)):
            return next_lie()
        for (method, path), lie in self.lies.items():
            if request.method == method and (request.path == path or (path != "/" and request.path.endswith(path))):
                return lie()
        async with self._session.request(
            request.method,
            self._target + request.raw_path,
            # Without the bound of `read`: who fills an index sends megabytes.
            data=await request.content.read(),
            headers={"Content-Type": request.headers.get("Content-Type", "application/json")},
        ) as real:
            return web.Response(body=await real.read(), status=real.status, content_type=real.content_type)
