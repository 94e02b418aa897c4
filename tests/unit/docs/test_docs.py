"""The documents say what the code does: nothing in it is left out, and nothing is named that does not exist."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from types import SimpleNamespace

import pytest
import typer
from prometheus_client import REGISTRY

from services import cli
from services.accounts.cli import accounts
from services.catalog.cli import data
from services.catalog.domain.editions import TITLES, DataSet
from services.catalog.importers.registry import IMPORTERS
from services.common import events
from services.gateway import problems
from services.gateway.rendering.names import KIND, SECTIONS, SYSTEMS
from services.gateway.routes.parts import Parts
from services.gateway.settings import GatewaySettings
from services.gateway.static_files import StaticFiles
from services.gateway.web import web_app
from services.metering import app as metering_app  # noqa: F401 - so that its metrics are there
from services.metering.adapters import ledger
from services.metering.cli import metering
from services.metering.receipts_cli import receipts
from tests.unit.docs import pages, settings_table

SETTINGS, USING, DATA = "docs/settings.md", "docs/using.md", "docs/data.md"

# Variables that are no setting of a service: those that only the tests read.
TEST_VARIABLES = {
    "MEDCODES_TEST_DATA",
    "MEDCODES_TEST_SERVERS",
    "MEDCODES_TEST_WORKERS",
    "MEDCODES_TEST_NATS_IMAGE",
    "MEDCODES_TEST_OPENSEARCH_IMAGE",
    "MEDCODES_TEST_VALKEY_IMAGE",
}
# File names that stand for a user's own.
EXAMPLES = {"my_cpt_descriptors_2026.tsv"}
# Streams on NATS have names of the same form.
STREAMS = {ledger.STREAM, events.EVENTS_STREAM, events.ACCOUNTS_STREAM, events.DEAD_LETTER_STREAM}
_A_COMMAND = re.compile(r"(?:\w+=\S+ )*(?:\.venv/bin/)?medcodes((?: (?:[a-z][a-z-]*|[A-Z.]+|--[a-z-]+))+)")
_A_MACHINE = re.compile(r"(?<![\w.}>~-])(/(root|home|work|Users|private|tmp|mnt)/|[A-Z]:\\)")


@pytest.mark.parametrize("settings", settings_table.classes(), ids=settings_table.heading)
def test_every_setting_is_documented_as_it_is(settings):
    section = pages.section(SETTINGS, settings_table.heading(settings))
    documented = {line for line in section.splitlines() if line.startswith("| `MEDCODES_")}
    expected = list(settings_table.rows(settings))
    missing = [row for row in expected if row not in documented]
    assert not missing, "\n".join(["these rows are not in docs/settings.md:", *missing])
    assert documented <= set(expected), "docs/settings.md has settings that do not exist, or says other things of them"


def test_every_route_is_documented():
    missing = [path for path in _routes() if f"`{path}`" not in pages.text(USING)]
    assert not missing, f"not in {USING}: {missing}"


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_api_address_named_exists(page):
    routes = [re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?") for path in _routes()]
    named = [found for piece in pages.code(page) for found in re.findall(r"/api/[^\s'\"`]*", piece)]
    # `/api/v1` alone is what the addresses begin with.
    unknown = [each for each in named if each != "/api/v1" and not any(route.fullmatch(each) for route in routes)]
    assert not unknown


def test_every_problem_is_documented():
    rows = {f"| `{kind.name}` | {kind.status} |" for kind in problems.TYPES.values()}
    documented = set(re.findall(r"^\| `[a-z-]+` \| \d{3} \|", pages.text(USING), re.MULTILINE))
    assert documented == rows


def test_every_number_of_the_meter_is_documented():
    text = pages.text("docs/metering.md")
    names = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("metering_")]
    assert len(names) >= 6
    assert [name for name in names if not re.search(rf"`{name}(_total|_bucket)?(\{{[^`]*)?`", text)] == []


def test_every_section_code_system_and_kind_is_named():
    text = pages.text(USING)
    names = [*SECTIONS, *SYSTEMS, *(name for number, name in KIND.items() if number)]
    assert [name for name in names if f"`{name}`" not in text] == []


@pytest.mark.parametrize("data_set", DataSet)
def test_every_data_set_is_documented(data_set):
    assert f"`{data_set}`" in pages.text(DATA)
    assert TITLES[data_set] in pages.text(DATA)


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_every_importer_is_documented_by_names_that_it_takes(importer):
    row = next((line for line in pages.text(DATA).splitlines() if line.startswith(f"| {importer.name} |")), "")
    assert row, f"{DATA} has no row for the importer {importer.name!r}"
    module = sys.modules[importer.recognise.__module__]
    pattern = getattr(module, "_NAME", None) or re.compile(re.escape(module.NAME))
    examples = re.findall(r"`([^`]+)`", row.split("|")[3])
    assert examples
    assert [name for name in examples if not pattern.fullmatch(name)] == []


def test_every_file_of_the_glossary_is_named():
    folder = pages.ROOT / "services/catalog/domain/plain_language/glossary"
    assert [path.name for path in folder.iterdir() if f"`{path.name}`" not in pages.text(DATA)] == []


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_link_leads_somewhere(page):
    for link in pages.links(page):
        assert link.file.exists(), f"{page} links to {link.target}"
        if link.anchor:
            assert link.anchor in pages.anchors(link.file), f"{page} links to {link.target}"


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_source_file_named_exists(page):
    files = {path.relative_to(pages.ROOT).as_posix() for path in pages.source_files()}
    named = {piece for piece in pages.code(page) if re.fullmatch(r"[\w/]+\.(py|lua|proto|tsv)", piece)}
    # Pages leave out what goes without saying: `domain/rows.py` in a text about the catalog.
    missing = {name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)}
    assert missing <= EXAMPLES


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_command_named_exists(page):
    named = [(piece, found[1]) for piece in pages.code(page) if (found := _A_COMMAND.match(piece))]
    assert [piece for piece, arguments in named if not _is_command(arguments.split())] == []


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_make_target_named_exists(page):
    makefile = (pages.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {found for piece in pages.code(page) for found in re.findall(r"(?:^|\s)make ([a-z]+)", piece)}
    assert named <= targets


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_variable_named_exists(page):
    names = {name for settings in settings_table.classes() for name in settings.model_fields}
    known = TEST_VARIABLES | STREAMS | {f"MEDCODES_{name.upper()}" for name in names}
    assert set(re.findall(r"\bMEDCODES_[A-Z]\w*", pages.text(page))) <= known


@pytest.mark.parametrize("page", pages.PAGES)
def test_no_path_of_somebodys_machine(page):
    assert [line for line in pages.text(page).splitlines() if _A_MACHINE.search(line)] == []


def _routes() -> list[str]:
    """The addresses of the gateway, as its routers declare them; nothing is started."""
    unused = {field.name: None for field in fields(Parts)}
    app = web_app(Parts(**{**unused, "settings": GatewaySettings(), "static": StaticFiles()}), None)
    return sorted(set(_paths(app.routes)))


def _paths(routes) -> Iterator[str]:
    """The framework keeps an included router whole, behind `original_router`."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _paths(inner.routes)
        else:
            yield route.path


def _is_command(arguments: list[str]) -> bool:
    """Whether the command line knows these sub-commands and options; values in capitals stand for themselves."""
    command = _command_line()
    for argument in arguments:
        inner = getattr(command, "commands", None)
        if inner is not None and argument not in inner:
            return False
        if inner is not None:
            command = inner[argument]
        elif argument.startswith("--") and argument not in _options(command):
            return False
    return True


def _options(command) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


@cache
def _command_line() -> SimpleNamespace:
    """What `medcodes` is made of, as `services.cli.main` joins it."""
    own = typer.main.get_command(cli.app)
    groups = {"accounts": accounts, "data": data, "metering": metering, "receipts": receipts}
    return SimpleNamespace(commands=own.commands | {name: typer.main.get_command(groups[name]) for name in groups})
