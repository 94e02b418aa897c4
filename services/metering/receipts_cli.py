"""`medcodes receipts ...`: check a receipt, show the keys that receipts are signed with, or replace the current one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

KEYS_PATH = "/api/v1/receipt-keys"
FETCH_SECONDS = 10
MAX_BYTES = 1 << 20

receipts = typer.Typer(help="Receipts of views, and the keys that they are signed with.", no_args_is_help=True)


@receipts.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt; - reads it from the standard input.")],
    keys: Annotated[Path | None, typer.Option(help="A list as `medcodes receipts keys --json` prints.")] = None,
    url: Annotated[str, typer.Option(help="The instance that signed it, which publishes its keys.")] = "",
) -> None:
    """Say whether a receipt is genuine, by the keys of this instance or by those given. Ends with 1 if it is not."""
    from .adapters.receipt_keys import is_signed_by
    from .receipts import verify as judge

    if keys and url:
        raise typer.BadParameter("give --keys or --url, not both")
    try:
        content = _read(file)
        known = _parsed_keys(_read(keys)) if keys else _parsed_keys(_fetched(url)) if url else _own_keys()
    except (OSError, ValueError) as error:
        typer.echo(f"Not checked: {error}", err=True)
        raise typer.Exit(1) from None
    verdict = judge(content, known, is_signed_by)
    typer.echo(verdict.said)
    if not verdict.genuine:
        raise typer.Exit(1)


@receipts.command()
def keys(
    as_json: Annotated[bool, typer.Option("--json", help="As a list that `verify --keys` reads.")] = False,
) -> None:
    """Show the public keys that receipts are, or were, signed with, the newest last."""
    from .adapters.receipt_keys import ReceiptKeyFolder, to_text
    from .domain.receipts import rfc3339

    found = ReceiptKeyFolder(_folder()).public_keys()
    items = [
        {
            "id": key.id,
            "public_key": to_text(key.public_key),
            "created_at": rfc3339(key.created_at_ms),
            "current": key.current,
        }
        for key in found
    ]
    if as_json:
        typer.echo(json.dumps({"items": items}, indent=2))
        return
    for item in items:
        typer.echo(f"{item['id']}  {item['created_at']}  {item['public_key']}{'  current' if item['current'] else ''}")
    if not items:
        typer.echo("There is no key yet: the first receipt makes one, or `medcodes receipts rotate`.")


@receipts.command()
def rotate() -> None:
    """Sign receipts with a new key from now on. Receipts signed before stay genuine: their public key stays listed."""
    from .adapters.receipt_keys import ReceiptKeyFolder

    typer.echo(f"Receipts are signed with key {ReceiptKeyFolder(_folder()).rotate()} from now on.")


def _folder() -> Path:
    from .settings import MeteringSettings

    return MeteringSettings().receipt_keys_folder


def _own_keys() -> Mapping[str, bytes]:
    from .adapters.receipt_keys import ReceiptKeyFolder

    found = {key.id: key.public_key for key in ReceiptKeyFolder(_folder()).public_keys()}
    if not found:
        raise ValueError(f"there are no keys in {_folder()}; give --keys or --url")
    return found


def _parsed_keys(content: bytes) -> Mapping[str, bytes]:
    """id -> public key of a list of keys. Raises ValueError where it is none."""
    from .adapters.receipt_keys import from_text, public_key_id

    try:
        found = {item["id"]: from_text(item["public_key"]) for item in json.loads(content)["items"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("that is no list of keys") from None
    if wrong := [key_id for key_id, public in found.items() if public_key_id(public) != key_id]:
        raise ValueError(f"the key {wrong[0]!r} of that list does not belong to its id")
    return found


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return typer.get_binary_stream("stdin").read(MAX_BYTES)
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _fetched(url: str) -> bytes:
    """The list of keys at that address; of an address without a path, the one that an instance publishes there."""
    from urllib.request import Request, urlopen

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("--url must begin with https:// or http://")
    address = url if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{KEYS_PATH}"
    request = Request(address, headers={"Accept": "application/json"})  # noqa: S310 - the scheme was checked
    with urlopen(request, timeout=FETCH_SECONDS) as answer:  # noqa: S310
        return bytes(answer.read(MAX_BYTES))
