"""How docs/settings.md shows a setting: one row of a table, made of the field itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.common.settings import ServiceSettings
from tests.unit.docs.pages import ROOT


def classes() -> list[type[ServiceSettings]]:
    """Every settings class of every service, that of all services first."""
    found = [ServiceSettings]
    for path in sorted(ROOT.glob("services/*/settings.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        found += [each for each in vars(module).values() if _is_settings(each) and each not in found]
    return found


def heading(settings: type[ServiceSettings]) -> str:
    """ "Gateway" for GatewaySettings."""
    return "Every service" if settings is ServiceSettings else settings.__name__.removesuffix("Settings")


def rows(settings: type[ServiceSettings]) -> Iterator[str]:
    """One row for each field that the class itself has."""
    for name in settings.__annotations__:
        if name in settings.model_fields:
            yield row(name, settings.model_fields[name])


def row(name: str, field: FieldInfo) -> str:
    return f"| `MEDCODES_{name.upper()}` | {_default(field.default)} | {_values(field)} | {field.description} |"


def _is_settings(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, ServiceSettings)


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _values(field: FieldInfo) -> str:
    kinds = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    return ", ".join(_kind(kind, field.metadata) for kind in kinds if kind is not type(None))


def _kind(kind: Any, metadata: list[Any]) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if kind is bool:
        return "`true`, `false`"
    if kind in (int, float):
        return _bounds(metadata)
    return "a folder" if kind is Path else "text"


def _bounds(metadata: list[Any]) -> str:
    limits = {type(each): each for each in metadata}
    lowest = f"{limits[Ge].ge:g}" if Ge in limits else f"more than {limits[Gt].gt:g}" if Gt in limits else ""
    if Le in limits:
        return f"{lowest} to {limits[Le].le:g}" if Ge in limits else f"{lowest}, at most {limits[Le].le:g}"
    return f"{lowest} or more" if Ge in limits else lowest or "a number"
