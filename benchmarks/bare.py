"""The baselines of the view benchmarks: FastAPI handlers that return given bytes, as bare as they come.

    python -m benchmarks.bare FILE PORT [VALKEY_URL]

`/bare` returns the file; `/limits` does so behind `limits`' asynchronous fixed window (one view a key) on Valkey, the
key being the visitor's cookie. One uvicorn worker with uvloop and httptools, as the gateway has.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response


def build(body: bytes, valkey_url: str) -> FastAPI:
    app = FastAPI()

    @app.get("/bare")
    async def bare() -> Response:
        return Response(body, media_type="text/html")

    if valkey_url:
        from limits import parse
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import FixedWindowRateLimiter

        limiter = FixedWindowRateLimiter(
            RedisStorage("async+" + valkey_url.replace("valkey://", "redis://"), implementation="redispy")
        )
        views = parse("1/day")

        @app.get("/limits")
        async def limited(request: Request) -> Response:
            if not await limiter.hit(views, "view", request.headers.get("cookie", "")):
                return Response(status_code=403)
            return Response(body, media_type="text/html")

    return app


def main() -> None:
    file, port, *rest = sys.argv[1:]
    app = build(Path(file).read_bytes(), rest[0] if rest else "")
    uvicorn.run(
        app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main()
