"""`medcodes up`: everything on this machine, from an empty folder to a page, and back down again.

It only supervises: NATS and Valkey from their wheels, the services in one process (or one each), the gateway alone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Sequence

from rich.console import Console

from services.common import endpoints

from . import ports
from .first_release import import_release, sources_fingerprint
from .opensearch_server import OpenSearchServer
from .servers import NatsServer, Server, ServerError, ValkeyServer
from .settings import StandaloneSettings
from .state import State, StateError
from .supervisor import GaveUpError, ServiceProcess, Supervisor

INNER_SERVICES = ("catalog", "search", "accounts", "metering")


class UpError(Exception):
    """Why `up` cannot go on, in one sentence."""


async def up(settings: StandaloneSettings, console: Console) -> int:
    """Runs until SIGTERM or SIGINT; the exit code. Every child has ended when it returns."""
    state = State(settings.state_dir, settings.min_free_mib)
    try:
        state.hold()
        _check_settings(settings)
        if ended := state.end_leftovers():
            console.print(f"Ended {ended} processes that an earlier run had left behind.")
        await _until_signalled(Machine(settings, state, console))
    except (StateError, UpError, ServerError, GaveUpError) as error:
        console.print(f"[red]{error}[/red]", highlight=False, soft_wrap=True)
        return 1
    except OSError as error:
        console.print(f"[red]The state folder {state.folder} failed: {error.strerror}.[/red]", soft_wrap=True)
        return 1
    finally:
        state.release()
    return 0


def _check_settings(settings: StandaloneSettings) -> None:
    if settings.data and not settings.data.is_dir():
        raise UpError(f"{settings.data} is not a folder; --data takes a folder of official downloads.")
    if not ports.is_free(settings.http_host, settings.http_port):
        raise UpError(
            f"Port {settings.http_port} on {settings.http_host} is in use; "
            "choose another one with --http-port (or MEDCODES_HTTP_PORT)."
        )


async def _until_signalled(machine: Machine) -> None:
    """Runs the machine, and stops it whatever happens."""
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(machine.run())
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        pass
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    finally:
        await machine.stop()


class Machine:
    """All processes of one standalone installation."""

    def __init__(self, settings: StandaloneSettings, state: State, console: Console) -> None:
        self._settings, self._state, self._console = settings, state, console
        self._nats = NatsServer(state.folder / "nats")
        self._valkey = ValkeyServer(state.folder / "valkey")
        wanted = settings.search == "opensearch"
        self._opensearch = [OpenSearchServer(state.folder / "opensearch")] if wanted else []
        self._ports = {name: ports.free_port() for name in INNER_SERVICES}
        environment = self._environment()
        logs = state.folder / "logs"
        groups: Sequence[Sequence[str]] = [[name] for name in INNER_SERVICES]
        self._services = [
            ServiceProcess(names, self._ports[names[0]], logs, environment | self._metrics(number))
            for number, names in enumerate(groups if settings.processes else [INNER_SERVICES], 1)
        ]
        self._gateway = ServiceProcess(["gateway"], settings.http_port, logs, environment | self._metrics(0))
        self._environment_of_children = environment
        for server in self._stores():
            server.environment = environment

    @property
    def url(self) -> str:
        return f"http://{self._settings.http_host}:{self._settings.http_port}"

    async def run(self) -> None:
        """Starts everything, brings the first release, then keeps it running until cancelled."""
        await asyncio.gather(*(store.start() for store in self._stores()))
        await asyncio.gather(*(server.start() for server in [*self._services, self._gateway]))
        self._save_endpoints()
        supervisor = Supervisor(self._all(), self._save_endpoints)
        async with asyncio.TaskGroup() as group:
            group.create_task(supervisor.watch())
            await self._bring_release()
            await self._wait_until_ready()
            self._console.print(f"Medcodes is ready: [bold]{self.url}[/bold]  (Ctrl-C stops it)", soft_wrap=True)

    async def stop(self) -> None:
        """The gateway first, so that no request meets a service that is gone; then the rest, the stores last."""
        await self._gateway.stop()
        await asyncio.gather(*(service.stop() for service in self._services))
        await asyncio.gather(*(store.stop() for store in self._stores()))

    async def _bring_release(self) -> None:
        wanted = await asyncio.to_thread(sources_fingerprint, self._settings.data)
        if self._state.imported(wanted):
            return
        if await import_release(self._settings.data, self._environment_of_children):
            self._state.set_imported(wanted)
        elif not self._state.has_release():
            raise UpError("No release could be built, so there is nothing to show.")
        else:
            self._console.print("The release was not replaced; the one before it is shown.")

    async def _wait_until_ready(self) -> None:
        try:
            await asyncio.wait_for(self._until_answers("/readyz"), self._settings.start_seconds)
        except TimeoutError:
            raise UpError(
                f"The services were not ready after {self._settings.start_seconds:.0f} seconds; "
                f"their logs are in {self._state.folder / 'logs'}."
            ) from None

    async def _until_answers(self, path: str) -> None:
        while not await asyncio.to_thread(_answers, self.url + path):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)

    def _stores(self) -> list[Server]:
        return [self._nats, self._valkey, *self._opensearch]

    def _all(self) -> list[Server]:
        return [*self._stores(), *self._services, self._gateway]

    def _save_endpoints(self) -> None:
        found = {
            "nats": endpoints.Endpoint(url=self._nats.url, pid=self._nats.pid),
            "valkey": endpoints.Endpoint(url=self._valkey.url, pid=self._valkey.pid),
            **{each.name: endpoints.Endpoint(url=each.url, pid=each.pid) for each in self._opensearch},
            "gateway": endpoints.Endpoint(url=self.url, pid=self._gateway.pid),
        }
        for process in self._services:
            for name in process.names:
                address = f"{ports.LOOPBACK}:{self._ports[name]}"
                found[name] = endpoints.Endpoint(url=address, pid=process.pid)
        endpoints.save(self._state.folder, found)

    def _metrics(self, number: int) -> dict[str, str]:
        """Each process has a metrics port of its own: the gateway that of the settings, the others those after it."""
        port = self._settings.metrics_port
        return {"MEDCODES_METRICS_PORT": str(port + number if port else 0)}

    def _environment(self) -> dict[str, str]:
        """What the children are told beside our own environment."""
        addresses = {name: f"{ports.LOOPBACK}:{port}" for name, port in self._ports.items()}
        return {
            "MEDCODES_STATE_DIR": str(self._state.folder),
            "MEDCODES_NATS_URL": self._nats.url,
            "MEDCODES_VALKEY_URL": self._valkey.url,
            "MEDCODES_HTTP_HOST": self._settings.http_host,
            "MEDCODES_HTTP_PORT": str(self._settings.http_port),
            **{f"MEDCODES_{name.upper()}_ADDRESS": address for name, address in addresses.items()},
            **{f"MEDCODES_{name.upper()}_LISTEN": address for name, address in addresses.items()},
            **({"MEDCODES_SEARCH_URL": self._opensearch[0].url} if self._opensearch else {}),
            **self._mail(),
        }

    def _mail(self) -> dict[str, str]:
        """Without a mail server mails are shown as pages, never to other machines: they hold what opens accounts."""
        shown = not self._settings.smtp_url.get_secret_value() and ports.is_loopback(self._settings.http_host)
        return {"MEDCODES_DEV_MAIL": os.environ.get("MEDCODES_DEV_MAIL", "true" if shown else "false")}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
