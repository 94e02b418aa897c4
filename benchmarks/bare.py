"""The baselines of the view benchmarks: FastAPI handlers that return given bytes, as bare as they come.

    python -m benchmarks.bare PORT VALKEY_URL FILE...

`/bare/0` returns the first file, `/bare/1` the second and so on; `/limits` returns the first one behind `limits`'
asynchronous fixed window (one view a key) on Valkey, the key being the visitor's cookie. One uvicorn worker with uvloop
and httptools, as the gateway has.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response

from services.standalone.ports import free_port


def build(bodies: Sequence[bytes], valkey_url: str) -> FastAPI:
    from limits import parse
    from limits.aio.storage import RedisStorage
    from limits.aio.strategies import FixedWindowRateLimiter

    app = FastAPI()
    for number, body in enumerate(bodies):
        app.get(f"/bare/{number}")(_returning(body))
    storage = RedisStorage("async+" + valkey_url.replace("valkey://", "redis://"), implementation="redispy")
    limiter, views = FixedWindowRateLimiter(storage), parse("1/day")

    @app.get("/limits")
    async def limited(request: Request) -> Response:
        if not await limiter.hit(views, "view", request.headers.get("cookie", "")):
            return Response(status_code=403)
        return Response(bodies[0], media_type="text/html")

    return app


def _returning(body: bytes) -> Callable[[], Awaitable[Response]]:
    async def bare() -> Response:
        return Response(body, media_type="text/html")

    return bare


@contextlib.contextmanager
def running(folder: Path, bodies: Sequence[bytes], valkey_url: str) -> Iterator[str]:
    """The baselines in a process of their own; their URL."""
    port = free_port()
    files = [folder / f"body-{number}" for number in range(len(bodies))]
    for file, body in zip(files, bodies, strict=True):
        file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare", str(port), valkey_url, *map(str, files)])
    url = f"http://127.0.0.1:{port}"
    try:
        _until_answers(url + "/bare/0")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _until_answers(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{url} does not answer")


def main() -> None:
    port, valkey_url, *files = sys.argv[1:]
    app = build([Path(file).read_bytes() for file in files], valkey_url)
    uvicorn.run(
        app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
