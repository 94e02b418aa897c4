"""Load by `wrk` (Debian and Homebrew: package wrk), which costs little next to the server that it measures."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

THREADS = 1

_CYCLE_HEADERS = """
-- Each request takes the next line of a file as its Cookie, so that every request is another visitor.
local cookies = {}
for line in io.lines(os.getenv("COOKIES")) do cookies[#cookies + 1] = line end
local next_cookie = 0
request = function()
  next_cookie = next_cookie + 1
  if next_cookie > #cookies then wrk.thread:stop() return wrk.format("GET") end
  return wrk.format("GET", nil, {["Cookie"] = cookies[next_cookie]})
end
done = function(summary, latency, requests)
  io.write(string.format("status_errors=%d socket_errors=%d p50_us=%d p99_us=%d\\n", summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    requests_per_second: float
    errors: int
    p50_us: int
    p99_us: int


def wrk(url: str, *, seconds: int, connections: int, cookies: Path, folder: Path) -> Load:
    """Requests `url` for some seconds, each request with the next cookie of a file."""
    program = shutil.which("wrk")
    if not program:
        raise SystemExit("make bench needs wrk: install Debian's or Homebrew's package of that name")
    script = folder / "cookies.lua"
    script.write_text(_CYCLE_HEADERS)
    environment: Mapping[str, str] = {"COOKIES": str(cookies)}
    done = subprocess.run(
        [program, f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    found = dict(re.findall(r"(\w+)=(\d+)", done.stdout))
    if not rate or "status_errors" not in found:
        raise RuntimeError(f"wrk said: {done.stdout}{done.stderr}")
    errors = int(found["status_errors"]) + int(found["socket_errors"])
    return Load(float(rate[1]), errors, int(found["p50_us"]), int(found["p99_us"]))
