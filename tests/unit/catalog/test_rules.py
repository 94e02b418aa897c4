"""Each indicator's sentence, by the tables that CMS publishes."""

from __future__ import annotations

import pytest

from services.catalog.domain import hcpcs_indicators, indicators, modifier_rules, mue
from services.catalog.domain.cpt_modifiers import WORDING
from services.catalog.domain.rows import Mue
from tests.catalog_memory import RVU_27250, RVU_27252, RVU_99213, rvu


def values(*rows, ptp_loaded=False):
    return {one.modifier: one.value for one in modifier_rules.verdicts(rows, ptp_loaded=ptp_loaded)}


def texts(*rows):
    return {one.modifier: one.text for one in modifier_rules.verdicts(rows, ptp_loaded=False)}


def test_27250():
    found = values(RVU_27250)
    assert {found[name] for name in ("50", "LT", "RT", "58", "78", "79")} == {"allowed"}
    assert {found[name] for name in ("54", "55", "56", "62", "66", "80", "81", "82", "AS", "26", "TC")} == {
        "not_allowed"
    }
    assert found["51"] == "2"
    assert {found[name] for name in ("59", "XE", "XP", "XS", "XU")} == {"no_data"}
    assert "statute" in texts(RVU_27250)["80"]


def test_27252_splits_care():
    found = values(RVU_27252)
    assert (found["54"], found["55"], found["56"]) == ("allowed", "allowed", "not_allowed")
    assert "79%" in texts(RVU_27252)["54"]
    assert "21%" in texts(RVU_27252)["55"]


def test_a_visit_is_not_surgery():
    found = values(RVU_99213)
    assert {found[name] for name in ("24", "25", "57")} == {"documentation"}
    assert {found[name] for name in ("62", "66", "80", "81", "82", "AS", "50", "54", "58")} == {"not_allowed"}
    assert texts(RVU_99213)["80"] == modifier_rules.NOT_SURGERY
    # Whatever its indicator says.
    assert values(RVU_99213._replace(assistant="2"))["80"] == "not_allowed"


@pytest.mark.parametrize(
    ("indicator", "of_50", "of_lt"),
    [("0", "not_allowed", "not_allowed"), ("1", "allowed", "allowed"), ("2", "not_allowed", "not_allowed"),
     ("3", "allowed", "allowed"), ("9", "not_allowed", "not_allowed"), ("", "not_allowed", "not_allowed")],
)  # fmt: skip
def test_50_and_the_sides_follow_bilat(indicator, of_50, of_lt):
    found = values(RVU_27250._replace(bilateral=indicator))
    assert (found["50"], found["LT"], found["RT"]) == (of_50, of_lt, of_lt)


@pytest.mark.parametrize(
    ("indicator", "value"), [("0", "documentation"), ("1", "not_allowed"), ("2", "allowed"), ("9", "not_allowed")]
)
def test_assistants_follow_asst(indicator, value):
    found = values(RVU_27250._replace(assistant=indicator))
    assert {found[name] for name in ("80", "81", "82", "AS")} == {value}


@pytest.mark.parametrize(
    ("indicator", "value"), [("0", "not_allowed"), ("1", "documentation"), ("2", "allowed"), ("9", "not_allowed")]
)
def test_co_surgeons_and_teams_follow_their_fields(indicator, value):
    assert values(RVU_27250._replace(co_surgeon=indicator))["62"] == value
    assert values(RVU_27250._replace(team=indicator))["66"] == value


@pytest.mark.parametrize(
    ("indicator", "of_26", "of_tc"),
    [("1", "allowed", "allowed"), ("6", "allowed", "not_allowed")]
    + [(other, "not_allowed", "not_allowed") for other in "02345789"],
)
def test_components_follow_pc_tc(indicator, of_26, of_tc):
    found = values(RVU_27250._replace(pc_tc=indicator))
    assert (found["26"], found["TC"]) == (of_26, of_tc)


@pytest.mark.parametrize("days", ["000", "XXX", "YYY", "ZZZ", "MMM"])
def test_care_is_split_only_for_10_and_90_days(days):
    found = values(RVU_27252._replace(global_days=days))
    assert {found[name] for name in ("54", "55", "56")} == {"not_allowed"}


def test_53_only_where_the_file_has_a_row_for_it():
    assert "53" not in values(RVU_27250)
    assert values(rvu("45378"), rvu("45378", modifier="53"))["53"] == "allowed"


def test_59_asks_for_the_pair_once_the_table_is_loaded():
    assert values(RVU_27250, ptp_loaded=True)["59"] == "documentation"


def test_a_diagnostic_test_needs_nothing_within_a_global_period():
    assert values(rvu("71046", pc_tc="1"))["78"] == "not_allowed"


def test_surgical_codes():
    assert indicators.is_surgical(RVU_27250)
    assert indicators.is_surgical(rvu("36460", assistant="2"))
    assert not indicators.is_surgical(rvu("71046"))
    assert not indicators.is_surgical(rvu("99292", global_days="ZZZ"))


def test_every_modifier_that_a_rule_names_has_a_wording():
    rows = [RVU_27252, rvu("27252", modifier="53")]
    named = {one.modifier for one in modifier_rules.verdicts(rows, ptp_loaded=True)}
    named |= {one.modifier for one in modifier_rules.verdicts([RVU_99213], ptp_loaded=True)}
    assert named <= set(WORDING)


def test_the_summary_names_what_is_allowed_first():
    found = modifier_rules.summary(modifier_rules.verdicts([RVU_27250], ptp_loaded=False))
    assert found.startswith("Allowed: 50, LT, RT, 58, 78, 79.")
    assert found.endswith("51 reduces.")


def test_the_file_s_own_values_all_have_a_sentence():
    assert set("ABCEIJMNPRTX") <= set(indicators.STATUS)
    assert {"000", "010", "090", "XXX", "YYY", "ZZZ", "MMM"} == set(indicators.GLOBAL_DAYS)
    assert set("0123456789") == set(indicators.PC_TC)
    assert {"01", "02", "03", "04", "05", "09", "21", "66", "6A", "7A"} <= set(indicators.SUPERVISION)
    assert set("0234567912") >= set("0234567") <= set(indicators.MULTIPLE)


@pytest.mark.parametrize(
    ("value", "mai", "glance", "sentence"),
    [
        ("1", "2", "1 a day", "At most 1 unit a day (practitioner)."),
        ("8", "3", "8 a day", "At most 8 units a day (practitioner)."),
        ("3", "1", "3 a line", "At most 3 units a line (practitioner)."),
        ("0", "3", "not payable", "Not payable in the practitioner setting (MUE 0)."),
    ],
)
def test_medically_unlikely_edits(value, mai, glance, sentence):
    row = Mue("27250", value, mai, "", "CMS Policy", 1)
    assert mue.limit(row) == glance
    assert mue.sentence(row, "practitioner") == sentence
    assert f"MAI {mai}" in mue.adjudication(row)


def test_unknown_indicators_are_said_to_be_unknown():
    assert "not explained" in mue.adjudication(Mue("27250", "1", "7", "", "", 1))
    assert "not explained" in hcpcs_indicators.coverage("Q")
    assert "not explained" in hcpcs_indicators.pricing("98")
    assert "not explained" in hcpcs_indicators.type_of_service("?")
    assert "not explained" in texts(RVU_27250._replace(bilateral="7"))["50"]


def test_betos_by_row_and_by_group():
    assert "other drugs" in hcpcs_indicators.betos("O1E")
    assert "endoscopy" in hcpcs_indicators.betos("P8B")
    assert hcpcs_indicators.betos("X9").endswith("X9.")
