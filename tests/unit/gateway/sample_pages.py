"""Code pages as the catalog answers them, for tests of what the gateway makes of them."""

from __future__ import annotations

from medcodes.catalog.v1 import catalog_pb2 as pb

PFS = "Physician Fee Schedule 2025-Q4"
RELEASE = "5f0c2d1e9a7b4c3d8e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f"


def entry(kind: str, text: str, value: str = "", label: str = "", **more) -> pb.Entry:
    made = pb.Entry(
        kind=pb.EntryKind.Value("ENTRY_KIND_" + kind.upper()),
        text=text,
        value=value,
        label=label,
        to=more.get("to", ""),
        source=pb.Source(
            file=more.get("file", "PPRRVU2025_Oct.csv"), edition=more.get("edition", PFS), line=more.get("line", 10921)
        ),
    )
    setattr(made, "from", more.get("begins", "2025-10-01"))
    if related := more.get("related"):
        made.related.CopyFrom(ref(*related))
    return made


def ref(system: str, code: str, description: str, display: str = "", **more) -> pb.CodeRef:
    return pb.CodeRef(
        system=system,
        code=code,
        display=display or code,
        description=description,
        billable=more.get("billable", True),
        has_page=more.get("has_page", True),
        has_children=more.get("has_children", False),
    )


def edition(data_set: str, name: str, ends: str, outdated: str = "") -> pb.EditionRef:
    return pb.EditionRef(
        data_set=data_set,
        edition=name,
        begins="2025-10-01",
        ends=ends,
        complete=True,
        outdated_since=outdated,
    )


FAMILY = [
    ("27250", "A hip that has come out of its socket after an injury is put back without an incision."),
    ("27252", "The same as 27250, but done under anesthesia."),
    ("27253", "A dislocated hip is put back through an incision."),
    ("27254", "A dislocated hip with a fracture of its socket is put back through an incision."),
]

PTP = [
    ("20650", "Insertion of a wire or pin"),
    ("29505", "Long leg splint"),
    ("29515", "Short leg splint"),
    ("36000", "Introduction of a needle into a vein"),
    ("36400", "Venipuncture"),
    ("36405", "Venipuncture, scalp"),
    ("51701", "Bladder catheter"),
    ("62320", "Injection into the spine"),
    ("64400", "Nerve block"),
    ("64405", "Nerve block, occipital"),
    ("64408", "Nerve block, vagus"),
    ("64415", "Nerve block, brachial plexus"),
    ("64450", "Nerve block, other"),
]


def hip_page(on: str = "") -> pb.CodePage:
    """CPT 27250 with everything."""
    outdated = "" if on else "2026-01-01"
    pfs = edition("Physician Fee Schedule", "2025-Q4", "2025-12-31", outdated)
    page = pb.CodePage(
        system="cpt",
        code="27250",
        display="27250",
        status=pb.CODE_STATUS_ACTIVE,
        effective_from="2025-10-01",
        on=on,
        release=RELEASE,
        official_description=pb.Description(
            missing="CPT descriptors belong to the AMA; this server has no licensee's file loaded."
        ),
        common_language_description=pb.Description(
            text=FAMILY[0][1],
            source=pb.Source(file="medcodes_plain_wording.tsv", edition="Medcodes plain wording", line=3),
            copyright="Medcodes",
        ),
        hierarchy=pb.Hierarchy(
            ancestors=[ref("cpt", "27000-27299", "Pelvis and hip joint", has_page=False)],
            siblings=[ref("cpt", *one) for one in FAMILY],
        ),
        glance=[
            pb.Glance(label=label, value=value)
            for label, value in (
                ("Global", "000"),
                ("Bilateral", "1"),
                ("MUE", "1 a day"),
                ("Assistant", "1"),
                ("RVU", "5.39"),
                ("Status", "A"),
            )
        ],
        same_from="2026-01-01",
    )
    page.sections.extend([_guidelines(pfs), _modifiers(pfs), _crosswalks(), _edits(), _compliance(pfs), _coverage(pfs)])
    return page


def _section(name: str, summary: str, entries: list[pb.Entry], editions=(), state: str = "AVAILABLE", total: int = 0):
    return pb.Section(
        name=name,
        state=pb.SectionState.Value("SECTION_STATE_" + state),
        summary=summary,
        entries=entries,
        total=total or len(entries),
        next_cursor="next" if total else "",
        editions=editions,
        outdated_since=min((one.outdated_since for one in editions if one.outdated_since), default=""),
    )


def _guidelines(pfs):
    return _section(
        "guidelines",
        "Active; paid separately if covered. The package is the day of the procedure; a same-day visit needs 25.",
        [
            entry("status_indicator", "Active; paid separately if covered.", "A", "Status"),
            entry(
                "global_days",
                "The package is the day of the procedure; a same-day visit needs 25.",
                "000",
                "Global days",
            ),
            entry(
                "no_data", "Licensee's notes: no edition is loaded.", "no_data", "Licensee's notes", file="", edition=""
            ),
        ],
        [pfs],
    )


def _modifiers(pfs):
    rows = [
        ("22", "documentation", "Increased service: the record must show why; the contractor decides on the amount."),
        ("26", "not_allowed", "PC/TC 0: a physician's service without a technical component."),
        ("50", "allowed", "BILAT 1: both sides are paid at 150%."),
        ("51", "allowed", "MULT 2: reduced after the highest paid procedure of the day."),
        ("54", "not_allowed", "Global 000 has no days to share."),
        ("55", "not_allowed", "Global 000 has no days to share."),
        ("62", "not_allowed", "CO-SURG 0: two surgeons are not paid."),
        ("66", "not_allowed", "TEAM 0: a team is not paid."),
        ("80", "not_allowed", "ASST 1: by statute no assistant is paid."),
        ("LT", "allowed", "BILAT 1: the side may be named."),
        ("RT", "allowed", "BILAT 1: the side may be named."),
        ("78", "allowed", "Return to the operating room within an earlier global period."),
    ]
    return _section(
        "modifiers",
        "50, LT and RT allowed; 51 reduces; 54, 55, 62, 66, 80 to 82 and AS not.",
        [entry("modifier", text, verdict, code) for code, verdict, text in rows],
        [pfs],
    )


def _crosswalks():
    return _section("crosswalks", "No data: not loaded are Coverage articles.", [], state="NO_DATA")


def _edits():
    pairs = [
        entry("ptp_practitioner", "Standards of medical practice.", "1", "Column two", begins="2014-01-01",
              related=("cpt", *pair), edition="NCCI PTP edits, practitioner 2026-Q2", file="ccipra-v322r0-f1.txt")
        for pair in PTP
    ]  # fmt: skip
    return _section(
        "ncci_edits",
        "One unit a day (MUE 1, MAI 2). 214 pairs as column one, 36 as column two.",
        [
            entry("mue_practitioner", "At most 1 unit on a date of service.", "1", "MUE, practitioner",
                  edition="MUE, practitioner 2026-Q2", file="MCR_MUE_PractitionerServices.csv"),
            *pairs,
            entry("no_data", "NCCI PTP edits, hospital: no edition is loaded.", "no_data", "PTP", file="", edition=""),
        ],
        [edition("MUE, practitioner", "2026-Q2", "2026-06-30", "2026-07-01")],
        total=264,
    )  # fmt: skip


def _compliance(pfs):
    return _section(
        "compliance",
        "No supervision rule; MUE is absolute for the day (MAI 2).",
        [
            entry("supervision", "The concept does not apply.", "09", "Supervision"),
            entry("pc_tc", "A physician's service.", "0", "PC/TC"),
            entry("mue_adjudication", "Judged by date of service; absolute (policy).", "2", "MUE adjudication"),
        ],
        [pfs],
    )


def _coverage(pfs):
    return _section(
        "medicare_coverage",
        "National payment $174.35, in a facility and outside.",
        [
            entry("rvu_work", "", "3.82", "Work RVU"),
            entry("rvu_pe_non_facility", "", "0.77", "Practice expense, non-facility"),
            entry("rvu_pe_facility", "", "0.77", "Practice expense, facility"),
            entry("rvu_mp", "", "0.80", "Malpractice"),
            entry("rvu_total_non_facility", "", "5.39", "Total, non-facility"),
            entry("rvu_total_facility", "", "5.39", "Total, facility"),
            entry("conversion_factor", "", "32.3465", "Conversion factor"),
            entry(
                "payment_national_non_facility",
                "RVU total times conversion factor.",
                "174.35",
                "National, non-facility",
            ),
            entry("payment_national_facility", "RVU total times conversion factor.", "174.35", "National, facility"),
        ],
        [pfs],
    )


def diagnosis_page(on: str = "") -> pb.CodePage:
    """ICD-10-CM S73.005A."""
    fy = edition("ICD-10-CM", "FY2026", "2026-09-30", "" if on else "2026-10-01")
    tabular = {"edition": "ICD-10-CM FY2026", "file": "icd10cm-tabular-April-2026.xml"}
    chapter = ref(
        "icd10cm", "19", "Injury, poisoning and certain other consequences of external causes (S00-T88)", has_page=False
    )
    ancestors = [
        chapter,
        ref("icd10cm", "S70-S79", "Injuries to the hip and thigh (S70-S79)", has_page=False),
        ref("icd10cm", "S73", "Dislocation and sprain of joint and ligaments of hip", billable=False),
        ref("icd10cm", "S730", "Subluxation and dislocation of hip", "S73.0", billable=False),
        ref("icd10cm", "S7300", "Unspecified subluxation and dislocation of hip", "S73.00", billable=False),
        ref("icd10cm", "S73005", "Unspecified dislocation of left hip", "S73.005", billable=False),
    ]
    text = "Unspecified dislocation of left hip, "
    page = pb.CodePage(
        system="icd10cm",
        code="S73005A",
        display="S73.005A",
        status=pb.CODE_STATUS_ACTIVE,
        billable=True,
        effective_from="2025-10-01",
        effective_to="2026-09-30",
        on=on,
        release=RELEASE,
        official_description=pb.Description(
            text=text + "initial encounter",
            source=pb.Source(file="icd10cm-order-2026.txt", edition="ICD-10-CM FY2026", line=61723),
        ),
        common_language_description=pb.Description(
            text="The left hip has come out of its joint; the kind of dislocation is not stated. "
            "The patient is receiving active treatment for it.",
            source=pb.Source(file="", edition="Medcodes plain wording"),
        ),
        hierarchy=pb.Hierarchy(
            ancestors=ancestors,
            siblings=[
                ref("icd10cm", "S73005A", text + "initial encounter", "S73.005A"),
                ref("icd10cm", "S73005D", text + "subsequent encounter", "S73.005D"),
                ref("icd10cm", "S73005S", text + "sequela", "S73.005S"),
            ],
        ),
        same_from="2026-10-01",
    )
    notes = [
        entry("includes", "avulsion of joint or ligament of hip", "", "Includes (S73)", **tabular),
        entry("includes", "laceration of cartilage, joint or ligament of hip", "", "Includes (S73)", **tabular),
        entry(
            "excludes2",
            "strain of muscle, fascia and tendon of hip and thigh (S76.-)",
            "",
            "Excludes2 (S73)",
            **tabular,
        ),
        entry("code_also", "any associated open wound", "", "Code also (S73)", **tabular),
        entry("seventh_character", "A: initial encounter", "A", "Seventh character (S73)", **tabular),
    ]
    page.sections.extend(
        [
            _section("guidelines", "5 tabular notes apply (0 at the code itself, 5 above it).", notes, [fy]),
            _section("modifiers", "Nothing on file for this code.", [], [fy], "NONE"),
            _section("crosswalks", "No data: not loaded are GEMs, MS-DRG and HCC.", [], state="NO_DATA"),
            _section("ncci_edits", "Nothing on file for this code.", [], [fy], "NONE"),
            _section("compliance", "Billable.", [entry("billable", "Billable.", "1", "Billable", **tabular)], [fy]),
            _section("medicare_coverage", "No data: not loaded are Coverage articles.", [], state="NO_DATA"),
        ]
    )  # fmt: skip
    return page
