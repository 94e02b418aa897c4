"""Terms of the indexes as words to find codes by."""

from __future__ import annotations

import pytest

from services.search.domain.documents import IndexedCode
from services.search.domain.index_terms import IndexTerm, NamedCode, Phrases
from services.search.domain.see_references import MOST_BELOW


def code(number, system="icd10cm"):
    return IndexedCode(system, number, number, "x", True, ("own",), None, None, "")


def lent(number, *terms, system="icd10cm"):
    phrases = Phrases()
    phrases.add(terms)
    return phrases.lent_to(code(number, system))


def test_a_term_says_its_whole_path_and_its_modifiers_apart():
    found = lent("R100", IndexTerm("diseases", ("Abdomen", "acute"), "(sudden)", (NamedCode("R100"),)))
    assert (found.phrases, found.modifiers, found.terms) == (("Abdomen, acute",), ("(sudden)",), ("own",))


def test_phrases_stay_with_the_code_and_the_system_that_are_named():
    term = IndexTerm("diseases", ("Fracture", "clavicle"), "", (NamedCode("S420"),))
    assert lent("S420", term).phrases == ("Fracture, clavicle",)
    assert lent("S4201", term) == code("S4201")
    assert lent("S420", term, system="hcpcs") == code("S420", "hcpcs")


def test_a_phrase_that_two_indexes_hold_is_kept_once():
    terms = [IndexTerm(index, ("Fall",), "", (NamedCode("W19"),)) for index in ("diseases", "external_causes")]
    assert lent("W19", *terms).phrases == ("Fall",)


def test_a_term_without_a_code_lends_nothing():
    assert lent("R100", IndexTerm("diseases", ("Abdomen",), "", ())) == code("R100")


@pytest.mark.parametrize(
    ("column", "word"),
    [("malignant_primary", "cancer"), ("malignant_secondary", "metastasis"), ("benign", "tumor"), ("in_situ", "situ")],
)
def test_a_column_of_the_neoplasm_table_is_told_in_words(column, word):
    term = IndexTerm("neoplasms", ("Neoplasm, neoplastic", "breast"), "", (NamedCode("C50", column),))
    (phrase,) = lent("C50", term).phrases
    assert word in phrase.replace(",", "").split()
    assert phrase.endswith(", breast")
    assert "neoplastic" not in phrase


def test_a_substance_of_the_drug_table_is_found_by_its_name():
    term = IndexTerm("drugs", ("Aspirin",), "", (NamedCode("T39011", "poisoning_accidental"),))
    assert lent("T39011", term).phrases == ("Aspirin",)


def named_by_reference(number, *terms):
    phrases = Phrases()
    phrases.add(terms)
    phrases.follow_references()
    return phrases.lent_to(code(number)).phrases


def test_what_an_index_refers_to_is_found_by_the_word_that_refers_and_so_is_all_below_it():
    pain = IndexTerm("diseases", ("Pain, painful",), "", (NamedCode("R52"),))
    back = IndexTerm("diseases", ("Pain, painful", "back NEC"), "", (NamedCode("M549"),))
    ache = IndexTerm("diseases", ("Ache(s)",), "", (), ("Pain",))
    assert named_by_reference("R52", ache, pain, back) == ("Pain, painful", "Ache(s)")
    assert named_by_reference("M549", ache, pain, back) == ("Pain, painful, back NEC", "Ache(s), back NEC")


def test_a_reference_to_a_column_of_the_neoplasm_table_lends_that_column_only():
    bone = IndexTerm(
        "neoplasms",
        ("Neoplasm, neoplastic", "bone"),
        "",
        (NamedCode("C41", "malignant_primary"), NamedCode("D16", "benign")),
    )
    sarcoma = IndexTerm("diseases", ("Osteosarcoma",), "", (), ("Neoplasm, bone, by site, malignant",))
    assert named_by_reference("C41", bone, sarcoma)[-1].endswith("Osteosarcoma")
    assert len(named_by_reference("D16", bone, sarcoma)) == 1


@pytest.mark.parametrize("reference", ["condition", "Nowhere, at all", "Pain, elsewhere", "Ache", ""])
def test_a_reference_that_leads_nowhere_or_to_itself_lends_nothing(reference):
    ache = IndexTerm("diseases", ("Ache",), "", (NamedCode("R52"),), (reference,))
    assert named_by_reference("R52", ache) == ("Ache",)


def test_a_term_with_very_much_below_it_is_no_other_name_for_all_of_that():
    wide = [IndexTerm("diseases", ("Wide",), "", (NamedCode("A00"),))]
    wide += [IndexTerm("diseases", ("Wide", f"kind {number}"), "", (NamedCode("A01"),)) for number in range(MOST_BELOW)]
    narrow = IndexTerm("diseases", ("Narrow",), "", (), ("Wide",))
    assert named_by_reference("A00", *wide, narrow) == ("Wide", "Narrow")
    assert "Narrow" not in " ".join(named_by_reference("A01", *wide, narrow))
