"""Titles of the groups of ICD-10-PCS, made of what the titles of the order file have in common."""

from __future__ import annotations

import pytest

from services.catalog.domain.icd10pcs import body_system_title, family_title, section_title


@pytest.mark.parametrize(
    ("code", "headers", "title"),
    [
        ("0S", ["Lower Joints, Replacement", "Lower Joints, Resection"], "Lower Joints"),
        ("09", ["Ear, Nose, Sinus, Bypass", "Ear, Nose, Sinus, Change"], "Ear, Nose, Sinus"),
        ("10", ["Obstetrics, Pregnancy, Change", "Obstetrics, Pregnancy, Drainage"], "Pregnancy"),
        ("2Y", ["Placement, Anatomical Orifices, Packing"], "Anatomical Orifices"),
        ("GZ", ["Mental Health, Biofeedback", "Mental Health, Hypnosis"], "Mental Health"),
        ("X0", ["New Technology, Transfer"], "New Technology"),
    ],
)
def test_body_systems(code, headers, title):
    assert body_system_title(code, headers) == title


def test_a_section_that_nobody_named_yet_still_has_a_title():
    assert (section_title("0SR"), section_title("Y12")) == ("Medical and Surgical", "Section Y")


@pytest.mark.parametrize(
    ("titles", "label", "title"),
    [
        (["Bypass Left Hand, Open", "Bypass Left Hand, External"], "", "Bypass Left Hand"),
        (["Excision of Liver, Open", "Excision of Liver, Open, Diagnostic"], "Liver", "Excision of Liver, Open"),
        (["Insertion of Pin into Skull", "Insertion of Wire into Skull"], "Skull", "Insertion, Skull"),
        (["Dressing of Face", "Packing of Face"], "Face", "Face"),
        (["Dressing of Face", "Packing of Face"], "", ""),
        (["Change Splint on Face"], "Face", "Change Splint on Face"),
    ],
)
def test_families(titles, label, title):
    assert family_title(titles, label) == title
