"""Brings a published release to this machine, and makes sure that it is what was published."""

from __future__ import annotations

import asyncio

import structlog

from services.catalog.domain.manifest import Manifest

from .change_file import ChangeFile, NotChangesError
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


async def bring_changes(store: ReleaseStore, folder: ReleaseFolder) -> None:
    """What the kept releases changed, as the object store has it; a local file is fetched anew where it may be older.

    Files of releases that are kept no more go. A file that cannot be read does not stay. Errors of NATS' client pass
    through.
    """
    kept = [manifest.id for manifest in await store.kept()]
    for release_id in kept:
        digest, note = await store.changes_digest(release_id), folder.changes(release_id).with_suffix(".digest")
        if not digest or (note.is_file() and note.read_text() == digest and folder.changes(release_id).is_file()):
            continue
        draft = folder.path / f"{release_id}.changes-incoming"
        try:
            await store.fetch_changes(release_id, draft)
            ChangeFile(draft)
            draft.replace(folder.changes(release_id))
            note.write_text(digest)
        except (NotChangesError, NotPublishedError, DamagedReleaseError) as error:
            log.warning("the changes of a release cannot be used", release=release_id, reason=str(error))
        finally:
            draft.unlink(missing_ok=True)
    for release_id in folder.changed():
        if release_id not in kept:
            folder.changes(release_id).unlink(missing_ok=True)
            folder.changes(release_id).with_suffix(".digest").unlink(missing_ok=True)
