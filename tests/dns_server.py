"""A DNS server of the tests: real packets over UDP and TCP on a free port of loopback, and whatever lies are wanted."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset

HOST = "127.0.0.1"
TTL = 300


class DnsServer:
    """Answers from `records`; what is not there does not exist. `asked` counts questions, `tcp_asked` those over TCP.

    `delay` holds every answer back, in seconds; `silent` gives none; `broken` answers SERVFAIL; `truncating` tells
    those who ask over UDP to come back over TCP.
    """

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.asked: Counter[tuple[str, str]] = Counter()
        self.tcp_asked = 0
        self.ttl, self.delay = TTL, 0.0
        self.silent = self.broken = self.truncating = False

    @property
    def setting(self) -> str:
        """As `MEDCODES_CRAWLER_DNS_SERVERS` has it."""
        return f"{HOST}:{self.port}"

    def name(self, address: str, *names: str) -> None:
        """What an address is called."""
        self.records[str(dns.reversename.from_address(address)), "PTR"] = [f"{name}." for name in names]

    def address(self, name: str, *addresses: str) -> None:
        for address in addresses:
            kind = "A" if ip_address(address).version == 4 else "AAAA"
            self.records.setdefault((f"{name}.", kind), []).append(address)

    def crawler(self, address: str, name: str) -> None:
        """A crawler as it should be."""
        self.name(address, name)
        self.address(name, address)

    async def answer(self, packet: bytes, *, over_tcp: bool) -> bytes | None:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        self.tcp_asked += over_tcp
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.silent:
            return None
        answer = dns.message.make_response(query)
        if self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif self.truncating and not over_tcp:
            answer.flags |= dns.flags.TC
        elif found := self.records.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            packet = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            if answer := await self.answer(packet, over_tcp=True):
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.create_task(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = await self._server.answer(data, over_tcp=False)
        if answer is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[DnsServer]:
    """In this event loop: whoever blocks it is noticed, because nobody answers then."""
    server = DnsServer()
    tcp, udp = await _listening(server)
    try:
        yield server
    finally:
        udp.close()
        tcp.close()
        await tcp.wait_closed()


async def _listening(server: DnsServer) -> tuple[asyncio.Server, asyncio.DatagramTransport]:
    """On one number, which must be free for both: whoever asks anything of DNS has a UDP port of any number."""
    while True:
        tcp = await asyncio.start_server(server.serve_tcp, HOST, 0)
        server.port = tcp.sockets[0].getsockname()[1]
        try:
            udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Udp(server), local_addr=(HOST, server.port)
            )
        except OSError:
            tcp.close()
            continue
        return tcp, udp


@contextlib.contextmanager
def running_beside() -> Iterator[DnsServer]:
    """In a thread, for tests that have no event loop."""
    started: Future[tuple[DnsServer, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with running() as server:
            done = asyncio.Event()
            started.set_result((server, asyncio.get_running_loop(), done))
            await done.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="dns")
    thread.start()
    server, loop, done = started.result(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
