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


class LyingOpenSearch:
    """`lies` are told to requests whose method and path fit: ("GET", "/") or ("POST", "/_bulk"), compared by the end of
    the path. `asked` are all requests, with their authorization."""

    def __init__(self, target: int) -> None:
        self._target = f"http://127.0.0.1:{target}"
        self.lies: dict[tuple[str, str], Callable[[], web.Response]] = {}
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
        for (method, path), lie in self.lies.items():
            if request.method == method and (request.path == path or (path != "/" and request.path.endswith(path))):
                return lie()
        async with self._session.request(
            request.method,
            self._target + request.raw_path,
            data=await request.read(),
            headers={"Content-Type": request.headers.get("Content-Type", "application/json")},
        ) as real:
            return web.Response(body=await real.read(), status=real.status, content_type=real.content_type)
