"""Events on NATS JetStream: CloudEvents 1.0 headers in binary mode over protobuf payloads.

What must happen once is read by a durable pull consumer (`consume`); what every replica must see is watched
(`watch_key`, `watch`). Publishing beside a commit is not offered on purpose: see `outbox`.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import nats
import structlog
from google.protobuf.message import Message
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    PubAck,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import KeyNotFoundError, NotFoundError
from nats.js.kv import KeyValue
from nats.js.object_store import ObjectStore
from prometheus_client import Counter

from .errors import Unavailable
from .lifecycle import Task

SUBJECT_PREFIX = "medcodes."
EVENTS_STREAM = "MEDCODES_EVENTS"
ACCOUNTS_STREAM = "MEDCODES_ACCOUNTS"
DEAD_LETTER_STREAM = "MEDCODES_DEAD_LETTERS"
DEAD_LETTER_PREFIX = "medcodes_dead."
SEVEN_DAYS = 7 * 24 * 3600.0
WATCH_POLL_SECONDS = 1.0
# Where the catalog says which release is current, a JSON object with `release`; every replica of every service watches.
CURRENT_RELEASE_BUCKET, CURRENT_RELEASE_KEY = "catalog", "current"
MAX_DELIVERIES = 5
NUMBER_HEADER = "Medcodes-Outbox-Number"

log = structlog.get_logger(__name__)
_dead_letters = Counter("events_dead_lettered", "Messages that kept failing.", ["subject"])

Handler = Callable[["Received"], Awaitable[None]]


@dataclass(frozen=True)
class Event:
    """Something that happened. `type` is the dotted name of the design, e.g. `catalog.release.published`.

    `number` is its entry's number where it comes from an outbox with one entry a message.
    """

    type: str
    source: str
    payload: Message
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    number: int = 0

    @property
    def subject(self) -> str:
        return SUBJECT_PREFIX + self.type

    def headers(self) -> dict[str, str]:
        headers = {
            "Nats-Msg-Id": self.id,
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-type": self.type,
            "ce-source": f"/medcodes/{self.source}",
            "ce-time": datetime.now(UTC).isoformat(),
            "content-type": "application/protobuf",
        }
        return {**headers, NUMBER_HEADER: str(self.number)} if self.number else headers


@dataclass(frozen=True)
class Received:
    """An event as it arrived. `delivery` counts from 1."""

    id: str
    type: str
    data: bytes
    sequence: int
    delivery: int


class Bus:
    """A component: one connection to NATS, kept for as long as the service runs.

    `start` returns at once; while NATS is away `connected` is False, `nc` and `js` raise `Unavailable` before the first
    connection, and calls on them fail with their own time-outs after it.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._nc: Client | None = None
        self._connecting = Task(f"connect to NATS ({name})", self._connect, max_pause=1.0)

    async def start(self) -> None:
        await self._connecting.start()

    async def stop(self) -> None:
        await self._connecting.stop()
        if self._nc:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._nc.close(), 2)

    @property
    def connected(self) -> bool:
        return self._nc is not None and self._nc.is_connected

    async def is_connected(self) -> bool:
        """The same as a health check."""
        return self.connected

    async def wait_connected(self) -> None:
        while not self.connected:  # noqa: ASYNC110 - the client offers no event to wait for
            await asyncio.sleep(0.02)

    @property
    def nc(self) -> Client:
        if self._nc is None:
            raise Unavailable("NATS is not connected", reason="NATS_UNAVAILABLE")
        return self._nc

    @property
    def js(self) -> JetStreamContext:
        return self.nc.jetstream(timeout=5)

    async def publish(self, event: Event, *, expected_last_sequence: int | None = None) -> PubAck:
        """Publishes and waits for the acknowledgement. With `expected_last_sequence` the stream refuses the message
        (nats.js.errors.APIError, code 10071) unless its last message has that number."""
        headers = event.headers()
        if expected_last_sequence is not None:
            headers["Nats-Expected-Last-Sequence"] = str(expected_last_sequence)
        return await self.js.publish(event.subject, event.payload.SerializeToString(), headers=headers)

    async def ensure_events_stream(self) -> None:
        """The stream of all events but the ledger's and those of accounts; keeps seven days."""
        areas = ("catalog", "search", "metering.guest", "metering.subject")
        await self.ensure_stream(_seven_days(EVENTS_STREAM, [SUBJECT_PREFIX + area + ".>" for area in areas]))

    async def ensure_accounts_stream(self) -> None:
        """The stream of accounts' events, which its relay alone writes; keeps seven days."""
        await self.ensure_stream(_seven_days(ACCOUNTS_STREAM, [SUBJECT_PREFIX + "accounts.>"]))

    async def ensure_stream(self, config: StreamConfig) -> None:
        """Creates the stream, or gives a present one the subjects that it should have by now."""
        try:
            present = (await self.js.stream_info(str(config.name))).config
        except NotFoundError:
            await self.js.add_stream(config)
            return
        if set(present.subjects or ()) != set(config.subjects or ()):
            await self.js.update_stream(present.evolve(subjects=config.subjects))

    async def key_value(self, bucket: str) -> KeyValue:
        try:
            return await self.js.key_value(bucket)
        except NotFoundError:
            return await self.js.create_key_value(bucket=bucket, history=5, storage=StorageType.FILE)

    async def object_store(self, bucket: str) -> ObjectStore:
        try:
            return await self.js.object_store(bucket)
        except NotFoundError:
            return await self.js.create_object_store(bucket, storage=StorageType.FILE)

    async def watch_key(self, bucket: str, key: str) -> AsyncIterator[bytes | None]:
        """The value of a key now (None while it has none), then every later one, through restarts of NATS.

        A value that is overwritten before it is read is skipped; the newest always arrives, at the latest
        `WATCH_POLL_SECONDS` after NATS is back.
        """
        seen = -1
        while True:
            try:
                await self.wait_connected()
                store = await self.key_value(bucket)
                async for revision, value in _key_values(store, key):
                    if revision != seen:
                        seen = revision
                        yield value
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.info("watch interrupted", bucket=bucket, key=key, error=repr(error))
                await asyncio.sleep(0.2)

    async def watch(self, subject: str, handler: Handler) -> None:
        """Calls `handler` for every new event on `subject`, in order, until cancelled. Nothing is acknowledged: what
        is missed while away is missed, so that a handler may only drop or refresh what can be had again."""
        await self.wait_connected()
        subscription = await self.js.subscribe(subject, ordered_consumer=True, deliver_policy=DeliverPolicy.NEW)
        try:
            async for message in subscription.messages:
                await handler(_received(message))
        finally:
            with contextlib.suppress(Exception):
                await subscription.unsubscribe()

    async def consume(self, stream: str, durable: str, subject: str, handler: Handler) -> None:
        """Reads `subject` by the durable pull consumer `durable` until cancelled.

        `handler` must be idempotent: a message is acknowledged after it returned, and delivered again if it raised or
        the process died. After `MAX_DELIVERIES` failures the message goes to the dead letters with its reason.
        """
        await self.wait_connected()
        await self.ensure_stream(
            StreamConfig(name=DEAD_LETTER_STREAM, subjects=[DEAD_LETTER_PREFIX + ">"], storage=StorageType.FILE)
        )
        config = ConsumerConfig(
            durable_name=durable, ack_policy=AckPolicy.EXPLICIT, ack_wait=30, filter_subject=subject
        )
        pull = await self.js.pull_subscribe(subject, durable=durable, stream=stream, config=config)
        while True:
            try:
                messages = await pull.fetch(batch=64, timeout=5)
            except TimeoutError:
                continue
            for message in messages:
                await self._handle(message, handler)

    async def _handle(self, message: Msg, handler: Handler) -> None:
        received = _received(message)
        try:
            await handler(received)
        except Exception as error:
            if received.delivery < MAX_DELIVERIES:
                log.warning("event failed", type=received.type, id=received.id, error=repr(error))
                await message.nak(delay=min(2.0 ** (received.delivery - 1), 30))
                return
            await self._bury(message, repr(error))
        await message.ack()

    async def _bury(self, message: Msg, reason: str) -> None:
        headers = {**(message.headers or {}), "Medcodes-Reason": reason.replace("\n", " ")[:500]}
        headers["Nats-Msg-Id"] = "dead-" + headers.get("Nats-Msg-Id", uuid.uuid4().hex)
        await self.js.publish(DEAD_LETTER_PREFIX + message.subject, message.data, headers=headers)
        _dead_letters.labels(message.subject).inc()
        log.error("event dead-lettered", subject=message.subject, reason=reason)

    async def _connect(self) -> None:
        self._nc = await nats.connect(
            self._url,
            name=self._name,
            connect_timeout=2,
            reconnect_time_wait=0.2,
            max_reconnect_attempts=-1,
            ping_interval=5,
            max_outstanding_pings=2,
            error_cb=_ignore_connection_error,
        )
        log.info("connected to NATS", name=self._name)


def _seven_days(name: str, subjects: list[str]) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=subjects,
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        max_age=SEVEN_DAYS,
    )


async def _key_values(store: KeyValue, key: str) -> AsyncIterator[tuple[int, bytes | None]]:
    """(revision, value) of a key: by watching, and by reading once a second in case the watch died unnoticed."""
    watcher = await store.watch(key)
    try:
        yield await _present(store, key)
        while True:
            try:
                entry = await watcher.updates(timeout=WATCH_POLL_SECONDS)
            except TimeoutError:
                yield await _present(store, key)
                continue
            if entry is not None:
                yield entry.revision or 0, entry.value
    finally:
        with contextlib.suppress(Exception):
            await watcher.stop()


async def _present(store: KeyValue, key: str) -> tuple[int, bytes | None]:
    try:
        entry = await store.get(key)
    except KeyNotFoundError:
        return 0, None
    return entry.revision or 0, entry.value


def _received(message: Msg) -> Received:
    headers = message.headers or {}
    metadata = message.metadata
    return Received(
        id=headers.get("ce-id", ""),
        type=headers.get("ce-type", ""),
        data=message.data,
        sequence=metadata.sequence.stream,
        delivery=metadata.num_delivered,
    )


async def _ignore_connection_error(error: Exception) -> None:
    # The client reports every failed attempt to reconnect; readiness says the same once.
    log.debug("NATS client", error=repr(error))
