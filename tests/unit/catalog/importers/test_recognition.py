"""Every file of the folder is one importer's or nobody's."""

from services.catalog.importers.base import Root
from services.catalog.importers.registry import IMPORTERS, discover

# What a folder of official downloads holds that an importer is for, by the beginning of the name.
KNOWN = (
    *("HCPC2", "PPRRVU", "GPCI", "25LOCCO", "ccipra-", "ccioph-", "MCR_MUE_", "AOC_", "medcodes_plain_wording"),
    *("icd10c-tabular", "icd10cm_tabular", "icd10cm_order", "icd10cm-order", "icd10cm-tabular"),
    *("icd10cm_index", "icd10cm-eindex", "icd10cm-drug", "icd10cm-neoplasm"),
    *("icd10pcs_order", "icd10pcs_tables", "CMS32_DESC_LONG_", "2018_I", "icd-gem-2016-convert-"),
)
NOT_KNOWN = (
    *(
        "ORIGIN.md",
        "README",
        "LAYOUTS",
        "HCPC2019_README",
        "OPPSCAP",
        "ANES",
        "ZIP5",
        "PFREV",
        "oce_ptp",
        "icd10pcs_index",
    ),
    *(
        "icd10cm_order_addenda",
        "order_addenda",
        "lcd_",
        "article_",
        "ms_drg",
        "cc_mcc",
        "pos_codes",
        "clfs",
        "opps",
        "product",
        "ASP_",
    ),
)


def test_no_file_is_two_importers_and_none_is_mistaken(official_data):
    found = {}
    for file in discover([Root(official_data, "data")]):
        names = [importer.name for importer in IMPORTERS if importer.recognise(file)]
        assert len(names) <= 1, f"{file.name} is taken by {names}"
        if names:
            found[file.name] = names[0]
    assert found
    assert all(name.startswith(KNOWN) and not name.startswith(NOT_KNOWN) for name in found), sorted(found)
