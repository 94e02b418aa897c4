"""Load that arrives at a constant rate, answered or not:  python -m benchmarks.arrivals PORT FILE RATE SECONDS BOUND

Request number n is due n / rate seconds after the start, whatever became of those before it, and its time runs from
then: a server that stalls is charged with all who would have come meanwhile (no coordinated omission). A connection
that is free is used again, else another one is opened, up to `CONNECTIONS`; whoever finds none waits for one, and the
wait counts. Who is not answered within BOUND seconds goes away and closes the connection, as people do.

One process with one thread of plain sockets: some 30 microseconds a request. It waits by `select`, which wakes within
microseconds where the timers of event loops know milliseconds. How late it was itself is reported.
"""

from __future__ import annotations

import json
import select
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from services.standalone.ports import LOOPBACK

CONNECTIONS = 4000


@dataclass(frozen=True)
class Arrivals:
    """`good`: answered 200 within the bound; `shed`: answered 503 within it; `late`: not answered within it; `failed`:
    anything else. Times in ms, of the good ones; `behind_p99_ms` is the generator's own lateness."""

    due: int
    good: int
    shed: int
    late: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    shed_p99_ms: float
    behind_p99_ms: float

    @property
    def good_per_second(self) -> float:
        return self.good / self.seconds


def arrive(url: str, requests: Path, *, rate: float, seconds: int, bound: float) -> Arrivals:
    """Requests to `url` (host and port) by the lines of a file, in another process; the file must have enough."""
    port = url.rpartition(":")[2]
    arguments = [port, str(requests), str(rate), str(seconds), str(bound)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.arrivals", *arguments],
        capture_output=True,
        text=True,
        timeout=seconds + bound + 30,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Arrivals(**json.loads(done.stdout))


class _Connection:
    """One request at a time; `status` is 0 until its answer is complete, and -1 if it never will be.

    Nothing blocks: a server that is slow to take connections shall not hold up those who come later.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect_ex((LOOPBACK, port))
        self.connected, self._unsent = False, b""
        self.status, self.due, self._head, self._missing = 0, 0.0, b"", -1

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        self.status, self.due, self._head, self._missing = 0, due, b"", -1
        self._unsent = request
        if self.connected:
            self.write()

    def write(self) -> None:
        """Sends what is to be sent, once it can be."""
        self.connected = True
        try:
            if self._socket.send(self._unsent) != len(self._unsent):
                self.status = -1
        except OSError:
            self.status = -1

    def read(self) -> None:
        try:
            data = self._socket.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.status = -1
        elif self._missing < 0:
            self._begin(self._head + data)
        else:
            self._take(len(data))

    def _begin(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._head = data
            return
        self._head = data[:end].lower()
        at = self._head.find(b"\r\ncontent-length:")
        self._missing = int(self._head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._take(len(data) - end - 4)

    def _take(self, count: int) -> None:
        self._missing -= count
        if self._missing <= 0:
            self.status = int(self._head[9:12])

    def close(self) -> None:
        self._socket.close()


class _Generator:
    def __init__(self, port: int, lines: Iterator[str], bound: float) -> None:
        self._port, self._lines, self._bound = port, lines, bound
        self._free: list[_Connection] = []
        self._busy: dict[_Connection, None] = {}  # oldest first
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[float] = deque()
        self._came: Counter[str] = Counter()
        self._good: list[float] = []
        self._shed: list[float] = []
        self._behind: list[float] = []

    def run(self, rate: float, seconds: int) -> Arrivals:
        start, number, total = time.perf_counter(), 0, round(rate * seconds)
        while number < total or self._busy or self._waiting:
            now = time.perf_counter()
            while number < total and start + number / rate <= now:
                self._waiting.append(start + number / rate)
                self._behind.append(now - start - number / rate)
                number += 1
            self._give_up(now)
            self._send_waiting()
            self._read(start + number / rate if number < total else now + 0.05)
        return Arrivals(
            total, len(self._good), len(self._shed), self._came["late"], self._came["failed"], seconds,
            _ms(self._good, 0.5), _ms(self._good, 0.99), _ms(self._shed, 0.99), _ms(self._behind, 0.99),
        )  # fmt: skip

    def _send_waiting(self) -> None:
        while self._waiting and (self._free or len(self._busy) < CONNECTIONS):
            connection = self._free.pop() if self._free else self._opened()
            path, _, cookie = next(self._lines).rstrip("\n").partition(" ")
            head = (
                f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{self._port}\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n"
            )
            connection.send(head.encode("ascii"), self._waiting.popleft())
            self._busy[connection] = None

    def _read(self, until: float) -> None:
        left = max(0.0, min(until - time.perf_counter(), 0.05))
        select.select([self._selector], [], [], left)
        for key, _ in self._selector.select(0):
            connection = key.fileobj
            if connection.connected:
                connection.read()
            else:
                connection.write()
                self._selector.modify(connection, selectors.EVENT_READ)
            if connection.status and connection in self._busy:
                self._answered(connection)
            elif connection.status < 0:  # closed by the server while it was free
                self._free.remove(connection)
                self._close(connection)

    def _answered(self, connection: _Connection) -> None:
        del self._busy[connection]
        took = time.perf_counter() - connection.due
        if took > self._bound:
            self._came["late"] += 1
        elif connection.status == 200:
            self._good.append(took)
        elif connection.status == 503:
            self._shed.append(took)
        else:
            self._came["failed"] += 1
        if connection.status < 0:
            self._close(connection)
        else:
            self._free.append(connection)

    def _give_up(self, now: float) -> None:
        while self._waiting and self._waiting[0] + self._bound < now:
            self._waiting.popleft()
            self._came["late"] += 1
        while self._busy and (oldest := next(iter(self._busy))).due + self._bound < now:
            del self._busy[oldest]
            self._close(oldest)
            self._came["late"] += 1

    def _opened(self) -> _Connection:
        connection = _Connection(self._port)
        self._selector.register(connection, selectors.EVENT_WRITE)
        return connection

    def _close(self, connection: _Connection) -> None:
        self._selector.unregister(connection)
        connection.close()


def _ms(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000 if times else 0.0


def main() -> None:
    port, file, rate, seconds, bound = sys.argv[1:]
    with Path(file).open() as lines:
        found = _Generator(int(port), lines, float(bound)).run(float(rate), int(seconds))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
