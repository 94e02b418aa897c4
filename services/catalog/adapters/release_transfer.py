"""Brings a published release to this machine, and makes sure that it is what was published."""

from __future__ import annotations

import asyncio

import structlog

from services.catalog.domain.manifest import Manifest

from .release_folder import DamagedReleaseError, ReleaseFolder
from .release_store import Current, NotPublishedError, ReleaseStore

INCOMING = ".incoming"

log = structlog.get_logger(__name__)


async def bring(store: ReleaseStore, folder: ReleaseFolder, wanted: Current) -> Manifest:
    """The release, whole, in `folder`: the copy that lies there already if its digest is right, else a new one.

    Raises DamagedReleaseError for a file that is not what was published, and NotPublishedError where there is none;
    nothing of it stays. Errors of NATS' client pass through.
    """
    return await _local(folder, wanted) or await _fetched(store, folder, wanted)


async def _local(folder: ReleaseFolder, wanted: Current) -> Manifest | None:
    manifest = folder.manifest(wanted.release)
    if manifest is None or manifest.sha256 != wanted.sha256:
        return None
    try:
        await asyncio.to_thread(folder.check, manifest)
    except DamagedReleaseError as error:
        log.warning("the local copy of a release is damaged", release=wanted.release, reason=str(error))
        return None
    return manifest


async def _fetched(store: ReleaseStore, folder: ReleaseFolder, wanted: Current) -> Manifest:
    manifest = await store.manifest(wanted.release)
    if manifest is None:
        raise NotPublishedError(f"The object store keeps no release {wanted.release}.")
    if manifest.id != wanted.release or manifest.sha256 != wanted.sha256:
        raise DamagedReleaseError("the manifest is not the one that was published")
    incoming = ReleaseFolder(folder.path / INCOMING)
    incoming.path.mkdir(exist_ok=True)
    try:
        await store.fetch(manifest.id, incoming.database(manifest.id))
        database = await asyncio.to_thread(incoming.check, manifest)
        folder.add(database, manifest)
    finally:
        incoming.remove(manifest.id)
    return manifest
