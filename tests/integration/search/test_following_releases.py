"""Search over real NATS and gRPC: the index follows the current release, in a process of its own, and never fails a
query meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from medcodes.events.v1.events_pb2 import IndexActivated

from services.common.errors import from_rpc
from services.common.events import EVENTS_STREAM
from tests.contract.search.codes import CODES, RELEASE
from tests.integration.search.conftest import SECOND

SERVING = health_pb2.HealthCheckResponse.SERVING


async def health(running):
    stub = health_pb2_grpc.HealthStub(running.channel)
    return (await stub.Check(health_pb2.HealthCheckRequest())).status


def build_processes():
    return [
        child for child in psutil.Process().children(recursive=True) if "services.search.index_build" in said(child)
    ]


def said(process):
    """The arguments of a process; nothing of one that has ended meanwhile."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


async def streaming_build(wire_catalog):
    """The process of a build that has begun to read the catalog."""

    async def streaming():
        return bool(wire_catalog.streams)

    await eventually(streaming)
    (process,) = build_processes()
    return process


async def eventually(condition, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_not_ready_until_the_first_index_stands(search_settings, start_search, make_current):
    running = await start_search(search_settings)
    assert await health(running) != SERVING
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await running.search("hip")
    error = from_rpc(failure.value)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "INDEX_NOT_READY")

    await make_current(RELEASE)
    await running.until_release(RELEASE)
    assert await health(running) == SERVING
    assert (await running.status()).documents == len(CODES)
    answer = await running.search("s73 005a")
    assert (answer.results[0].display, answer.results[0].why, answer.release) == ("S73.005A", "exact code", RELEASE)


async def test_a_rollback_opens_the_index_that_is_still_there(
    search_settings, start_search, make_current, wire_catalog
):
    running = await start_search(search_settings)
    for release in (RELEASE, SECOND):
        await make_current(release)
        await running.until_release(release)
    assert wire_catalog.streams == [RELEASE, SECOND]
    await make_current(RELEASE)
    await running.until_release(RELEASE)
    assert wire_catalog.streams == [RELEASE, SECOND]


async def test_a_restart_answers_at_once_with_nats_and_catalog_away(
    search_settings, start_search, make_current, wire_catalog, nats_server
):
    first = await start_search(search_settings)
    await make_current(RELEASE)
    await first.until_release(RELEASE)
    await first.service.stop()
    await wire_catalog.server.stop()
    nats_server.kill()

    second = await start_search(search_settings)
    assert await health(second) == SERVING
    assert await second.displays("27250") == ["27250"]


async def test_it_waits_for_a_catalog_that_has_not_opened_the_release_yet(
    search_settings, start_search, make_current, wire_catalog
):
    late = wire_catalog.releases.pop(RELEASE)
    running = await start_search(search_settings)
    await make_current(RELEASE)

    async def asked_twice():
        return wire_catalog.streams.count(RELEASE) > 1 and (await running.status()).building == RELEASE

    await eventually(asked_twice)
    wire_catalog.releases[RELEASE] = late
    await running.until_release(RELEASE)


@pytest.mark.parametrize("fault", ["miscounted", "broken off"])
async def test_a_bad_stream_never_replaces_a_good_index(
    fault, search_settings, start_search, make_current, wire_catalog
):
    running = await start_search(search_settings)
    await make_current(RELEASE)
    await running.until_release(RELEASE)
    if fault == "miscounted":
        wire_catalog.lost = 1
    else:
        wire_catalog.break_after = 10
    await make_current(SECOND)

    async def failed_once():
        return wire_catalog.streams.count(SECOND) > 1

    await eventually(failed_once)
    assert (await running.status()).release == RELEASE
    assert await running.displays("27250") == ["27250"]
    wire_catalog.lost, wire_catalog.break_after = 0, None
    await running.until_release(SECOND)


async def test_a_newer_release_ends_the_build_of_the_one_before(
    search_settings, start_search, make_current, wire_catalog
):
    running = await start_search(search_settings)
    wire_catalog.pause = 5
    await make_current(RELEASE)

    async def building():
        return RELEASE in wire_catalog.streams

    await eventually(building)
    wire_catalog.pause = 0
    await make_current(SECOND)
    await running.until_release(SECOND)
    assert not build_processes()

    async def cleaned():
        return {path.name for path in search_settings.index_dir.iterdir()} == {SECOND, "current.json"}

    await eventually(cleaned)


async def test_a_build_gives_way_to_everything_else(search_settings, start_search, make_current, wire_catalog):
    await start_search(search_settings.model_copy(update={"index_niceness": 10}))
    wire_catalog.pause = 1
    await make_current(RELEASE)
    process = await streaming_build(wire_catalog)
    assert process.nice() == psutil.Process().nice() + 10
    with contextlib.suppress(FileNotFoundError):  # where niceness counts within a group of processes
        assert Path(f"/proc/{process.pid}/autogroup").read_text().endswith("nice 10\n")


async def test_a_killed_build_is_begun_again(search_settings, start_search, make_current, wire_catalog):
    running = await start_search(search_settings)
    wire_catalog.pause = 1
    await make_current(RELEASE)
    process = await streaming_build(wire_catalog)
    os.kill(process.pid, signal.SIGKILL)
    wire_catalog.pause = 0
    await running.until_release(RELEASE)
    assert wire_catalog.streams == [RELEASE, RELEASE]
    assert (await running.status()).documents == len(CODES)


async def test_a_stop_while_building_leaves_no_process(search_settings, start_search, make_current, wire_catalog):
    running = await start_search(search_settings)
    wire_catalog.pause = 5
    await make_current(RELEASE)

    async def building():
        return bool(build_processes())

    await eventually(building)
    await running.service.stop()
    assert not build_processes()


async def test_a_damaged_index_is_built_again(search_settings, start_search, make_current, wire_catalog):
    first = await start_search(search_settings)
    await make_current(RELEASE)
    await first.until_release(RELEASE)
    await first.service.stop()
    for path in (search_settings.index_dir / RELEASE).glob("*.store"):
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(bytes(whole))

    second = await start_search(search_settings)
    await second.until_release(RELEASE)
    assert wire_catalog.streams == [RELEASE, RELEASE]
    assert await second.displays("27250") == ["27250"]


async def test_an_activation_is_announced_once_also_after_nats_was_away(
    search_settings, start_search, make_current, bus, nats_server
):
    running = await start_search(search_settings)
    await make_current(RELEASE)
    await running.until_release(RELEASE)

    async def announced():
        try:
            info = await bus.js.stream_info(EVENTS_STREAM, subjects_filter="medcodes.search.index.activated")
        except Exception:
            return False
        return info.state.messages == 1

    await eventually(announced)
    message = await bus.js.get_last_msg(EVENTS_STREAM, "medcodes.search.index.activated")
    event = IndexActivated.FromString(message.data)
    assert (event.release_id, event.documents) == (RELEASE, len(CODES))

    await running.service.stop()
    nats_server.kill()
    await nats_server.wait()
    again = await start_search(search_settings)
    await nats_server.start()
    await asyncio.sleep(1)
    await bus.wait_connected()
    await eventually(announced)
    assert (await again.status()).release == RELEASE


async def test_a_build_ends_with_the_process_that_started_it(search_settings, wire_catalog):
    wire_catalog.pause = 30
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.search.index_build",
        "--index-dir", str(search_settings.index_dir),
        "--catalog-address", wire_catalog.address,
        RELEASE,
        stdin=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def streaming():
        return bool(wire_catalog.streams)

    await eventually(streaming)
    # What a SIGKILL of the service does to the pipe.
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 20) != 0  # less than the catalog's pause


@pytest.mark.parametrize("old", [False, True])
async def test_terms_of_indexes_are_searched_where_the_catalog_has_them(
    search_settings, start_search, make_current, wire_catalog, old
):
    wire_catalog.old = old
    running = await start_search(search_settings)
    await make_current(RELEASE)
    await running.until_release(RELEASE)
    found = await running.displays("called E119")
    assert found[0] == "E11.9"
    answer = await running.search("called")
    assert (answer.total > 0) is not old
