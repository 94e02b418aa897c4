"""From when to when a code is in force, by the editions that hold it."""

from __future__ import annotations

from datetime import date

from services.catalog.domain import code_dates
from services.catalog.domain.code_dates import Held
from services.catalog.domain.code_groups import groups_of
from services.catalog.domain.editions import DataSet, quarter, undated
from services.catalog.domain.filed import LoadedEdition

Q4_2025, Q1_2026, Q2_2026 = date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1)


def loaded(data_set: DataSet, day: date, *, complete: bool = True) -> LoadedEdition:
    return LoadedEdition(quarter(data_set, day), complete, 1)


def test_a_code_begins_with_the_earliest_edition_that_holds_it():
    editions = [loaded(DataSet.MUE_PRACTITIONER, Q1_2026), loaded(DataSet.PFS, Q4_2025)]
    held = {DataSet.MUE_PRACTITIONER: Held(0, 0), DataSet.PFS: Held(1, 1)}
    assert code_dates.begins(held, editions) == "2025-10-01"


def test_a_licensees_file_has_no_date():
    editions = [LoadedEdition(undated(DataSet.CPT_DESCRIPTORS), True, 1)]
    assert code_dates.begins({DataSet.CPT_DESCRIPTORS: Held(0, 0)}, editions) == ""
    assert code_dates.ends({DataSet.CPT_DESCRIPTORS: Held(0, 0)}, editions) == ""


def test_a_code_ends_the_day_before_a_complete_list_without_it():
    editions = [loaded(DataSet.PFS, Q4_2025), loaded(DataSet.PFS, Q1_2026), loaded(DataSet.PFS, Q2_2026)]
    assert code_dates.ends({DataSet.PFS: Held(0, 0)}, editions) == "2025-12-31"
    assert code_dates.ends({DataSet.PFS: Held(0, 1)}, editions) == "2026-03-31"
    assert code_dates.ends({DataSet.PFS: Held(0, 2)}, editions) == ""


def test_an_excerpt_ends_nothing():
    editions = [loaded(DataSet.PFS, Q4_2025), loaded(DataSet.PFS, Q1_2026, complete=False)]
    assert code_dates.ends({DataSet.PFS: Held(0, 0)}, editions) == ""


def test_a_table_that_lists_only_some_codes_ends_nothing():
    editions = [loaded(DataSet.MUE_PRACTITIONER, Q4_2025), loaded(DataSet.MUE_PRACTITIONER, Q1_2026)]
    assert code_dates.ends({DataSet.MUE_PRACTITIONER: Held(0, 0)}, editions) == ""


def test_a_code_that_is_still_named_elsewhere_has_not_ended():
    editions = [
        loaded(DataSet.MUE_PRACTITIONER, Q2_2026),
        loaded(DataSet.PFS, Q4_2025),
        loaded(DataSet.PFS, Q1_2026),
    ]
    assert code_dates.ends({DataSet.MUE_PRACTITIONER: Held(0, 0), DataSet.PFS: Held(1, 1)}, editions) == ""
    # PTP tables keep the edits of codes that are gone.
    editions[0] = loaded(DataSet.PTP_PRACTITIONER, Q2_2026)
    assert code_dates.ends({DataSet.PTP_PRACTITIONER: Held(0, 0), DataSet.PFS: Held(1, 1)}, editions) == "2025-12-31"


def test_the_editions_of_another_data_set_do_not_count():
    editions = [loaded(DataSet.HCPCS, Q4_2025), loaded(DataSet.PFS, Q1_2026)]
    assert code_dates.ends({DataSet.HCPCS: Held(0, 0)}, editions) == ""


def test_groups_of_procedure_codes():
    def ids(system: str, code: str) -> list[str]:
        return [group.group_id for group in groups_of(system, code)]

    assert ids("cpt", "27250") == ["20000-29999", "27000-27999"]
    assert ids("cpt", "0591T") == ["0001T-9999T"]
    assert ids("cpt", "00100") == ["00000-09999", "00000-00999"]
    assert ids("hcpcs", "J1885") == ["J"]
    assert ids("cdt", "D0120") == ["D0000-D0999"]
    assert ids("modifier", "LT") == []
