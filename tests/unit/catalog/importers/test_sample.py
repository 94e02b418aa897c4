"""The sample set: every file is imported, figures are those of the official files, wording is the project's own."""

import pytest

from services.catalog.domain.rows import HcpcsCode, Modifier, PlainWording
from services.catalog.importers import hcpcs, ncci_add_on, ncci_mue, pfs, plain_wording
from services.catalog.importers.files import SourceFile
from services.catalog.importers.registry import recognise
from tests.unit.catalog.importers.reading import official, read

HIPS = {"27250", "27252", "27253", "27254"}
VISITS = {*(f"9920{n}" for n in range(2, 6)), *(f"9921{n}" for n in range(1, 6))}
MARK = " [Medcodes wording]"


@pytest.fixture(scope="module")
def files(sample_dir):
    return [SourceFile(path, path.name) for path in sorted(sample_dir.iterdir()) if path.suffix != ".md"]


def sample_rows(files, importer):
    (file,) = [file for file in files if importer.recognise(file)]
    return read(importer, file).rows


def test_every_file_is_imported_without_a_rejected_row(files):
    found = {file.name: recognise(file) for file in files}
    assert len(found) == 7
    for file in files:
        importer, recognised = found[file.name]
        assert recognised.cut == (".excerpt." in file.name)
        assert not read(importer, file).rejected


def test_the_sample_is_small(files):
    assert sum(file.path.stat().st_size for file in files) < 100_000


def test_hips_and_visits_have_figures_limits_and_wording(files):
    assert {row.code for row in sample_rows(files, pfs.IMPORTER)} >= HIPS | VISITS
    assert {row.code for row in sample_rows(files, ncci_mue.IMPORTER)} >= HIPS | VISITS
    assert {row.code for row in sample_rows(files, plain_wording.IMPORTER)} >= HIPS | VISITS


def test_there_are_no_descriptors_of_others(files):
    assert all(not row.description for row in sample_rows(files, pfs.IMPORTER))
    coded = sample_rows(files, hcpcs.IMPORTER)
    assert sum(isinstance(row, HcpcsCode) for row in coded) >= 30
    assert {"LT", "RT", "TC", "AS", "XS"} <= {row.modifier for row in coded if isinstance(row, Modifier)}
    assert all(row.long_description.endswith(MARK) and len(row.short_description) <= 28 for row in coded)


def test_plain_wording_is_sentences_a_patient_reads(files):
    for row in sample_rows(files, plain_wording.IMPORTER):
        assert isinstance(row, PlainWording)
        assert len(row.short) <= 70
        assert row.text.endswith(".")
        assert 20 <= len(row.text) <= 400


@pytest.mark.parametrize(
    ("importer", "beginning"),
    [(pfs.IMPORTER, "PPRRVU2025_Oct"), (ncci_mue.IMPORTER, "MCR_MUE_PractitionerServices_Eff_04-01-2026"),
     (ncci_add_on.IMPORTER, "AOC_V2026Q2-MCR")],
)  # fmt: skip
def test_the_figures_are_those_of_the_official_file(files, official_data, importer, beginning):
    whole = read(importer, official(official_data, beginning)[0])
    without_text = {
        tuple(row._replace(description="", line=0) if importer is pfs.IMPORTER else row[:-1]) for row in whole.rows
    }
    for row in sample_rows(files, importer):
        assert tuple(row._replace(line=0) if importer is pfs.IMPORTER else row[:-1]) in without_text


def test_the_hcpcs_facts_are_those_of_the_official_file(files, official_data, has_official_data):
    whole = {row[0]: row for row in read(hcpcs.IMPORTER, official(official_data, "HCPC2025_OCT")[0]).rows}
    for row in sample_rows(files, hcpcs.IMPORTER):
        true = whole[row[0]]
        assert row[3:-1] == true[3:-1]
        if has_official_data:
            own = row.long_description.removesuffix(MARK)
            assert own.lower() != true.long_description.lower()
            assert row.short_description.lower() != true.short_description.lower() or len(own) < 20
