"""Load by `wrk` (Debian and Homebrew: package wrk), which costs little next to the server that it measures.

It is closed: each connection asks again once it is answered, so that what it finds is the peak. Load that comes whether
or not it is answered is in `arrivals.py`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

THREADS = 1

_NEXT_REQUEST = """
-- Each request is made of the next line of a file: a path and a Cookie. REPEAT: the first one follows the last one.
local requests = {}
for line in io.lines(os.getenv("REQUESTS")) do requests[#requests + 1] = line end
local repeats, number = os.getenv("REPEAT") == "1", 0
local thread
ran_out = 0
setup = function(only) thread = only end
request = function()
  number = number + 1
  if number > #requests then
    if not repeats then
      ran_out = 1
      wrk.thread:stop()
    end
    number = 1
  end
  local path, cookie = string.match(requests[number], "^(%S+) (.*)$")
  return wrk.format("GET", path, {["Cookie"] = cookie})
end
done = function(summary, latency, requests)
  io.write(string.format("status_errors=%d socket_errors=%d p50_us=%d p99_us=%d ran_out=%d\\n",
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), thread:get("ran_out")))
end
"""


@dataclass(frozen=True)
class Load:
    requests_per_second: float
    errors: int
    p50_us: int
    p99_us: int
    ran_out: bool
    """There were too few requests for the time, which counts in full all the same."""


def peak(url: str, requests: Path, *, seconds: int, connections: int, repeat: bool = False) -> float:
    """Requests answered a second. Raises if one of them was not answered well: the figure would mean nothing."""
    found = wrk(url, requests, seconds=seconds, connections=connections, repeat=repeat)
    if found.errors:
        raise RuntimeError(f"{found.errors} requests to {url} failed: the figure would mean nothing")
    if found.ran_out:
        raise RuntimeError(f"{requests.name} has too few requests for {seconds} s: the figure would mean nothing")
    return found.requests_per_second


def wrk(url: str, requests: Path, *, seconds: int, connections: int, repeat: bool = False) -> Load:
    """Asks a server for some seconds, each time by the next line of `requests` (a path, a space, a Cookie)."""
    program = shutil.which("wrk")
    if not program:
        raise SystemExit("make bench needs wrk: install Debian's or Homebrew's package of that name")
    script = requests.with_name("next_request.lua")
    script.write_text(_NEXT_REQUEST)
    environment: Mapping[str, str] = {"REQUESTS": str(requests), "REPEAT": "1" if repeat else "0"}
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
    return Load(float(rate[1]), errors, int(found["p50_us"]), int(found["p99_us"]), found["ran_out"] == "1")
