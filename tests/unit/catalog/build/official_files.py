"""Small files in the official layouts, for builds that take no time."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.catalog.build.release import BuiltRelease, build_release
from services.catalog.importers.base import Root

PTP_HEADER = (
    "Notice\t\t\t\t\t\t\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n"
    "\t\t\t\t*=no data\t1=allowed\t\n"
    "\t\t\t\t\t9=not applicable\t\n"
)

PtpRow = tuple[str, str, str, str, str, str, str]


def order_file(folder: Path, codes: Iterable[tuple[str, int, str]], year: int = 2026, ending: str = "") -> Path:
    """Rows are (code, valid, long title)."""
    lines = [
        f"{number:05d} {code:<7} {valid} {title[:60]:<60} {title}\r\n"
        for number, (code, valid, title) in enumerate(codes, 1)
    ]
    return written(folder / f"icd10cm_order_{year}{ending}.txt", "".join(lines))


def tabular(folder: Path, name: str, title: str, year: int = 2026) -> Path:
    """One chapter, one block, the category S73 with one code."""
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular>
<version>{year}</version>
<chapter><name>19</name><desc>Injury</desc>
<section id="S70-S79"><desc>Hip and thigh</desc>
<diag><name>S73</name><desc>Dislocation of hip</desc>
<excludes2><note>strain of muscle of hip (S76.-)</note></excludes2>
<diag><name>S73.0</name><desc>{title}</desc><inclusionTerm><note>Luxation of hip</note></inclusionTerm></diag>
</diag></section></chapter>
</ICD10CM.tabular>
"""
    return written(folder / name, text)


def index(folder: Path, kind: str, main_terms: str, heads: Sequence[str] = (), letter: str = "H") -> Path:
    """`kind` is index, eindex, drug or neoplasm; the tables need their `heads`, the name of the words first."""
    columns = "".join(f'<head col="{number}">{head}</head>' for number, head in enumerate(heads, 1))
    heading = f"<indexHeading>{columns}</indexHeading>" if heads else ""
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
<version>2026</version>{heading}
<letter><title>{letter}</title>
{main_terms}
</letter></ICD10CM.index>
"""
    return written(folder / f"icd10cm-{kind}-April-1-2026.xml", text)


def small_indexes(folder: Path) -> None:
    """All four, in a few lines of our own wording."""
    index(
        folder,
        "index",
        """<mainTerm><title>Hip, hips<nemod>(old)</nemod></title><code>S73.0</code>
<term level="1"><title>out<nemod>(far)</nemod> of place</title><code>S73</code><manif>M90.5-</manif>
<term level="2"><title>left</title><code>S73.0-</code></term></term>
<term level="1"><title>growth</title><see>Neoplasm, hip, benign</see></term></mainTerm>
<mainTerm><title>Hop</title><see>Hip, out of place</see><seeAlso>nothing here</seeAlso></mainTerm>
<mainTerm><title>Herb NEC</title><see>Table of Drugs and Chemicals</see></mainTerm>""",
    )
    index(folder, "eindex", "<mainTerm><title>Fall</title><subcat>W19</subcat></mainTerm>", letter="F")
    index(
        folder,
        "drug",
        """<mainTerm><title>1-herb</title><cell col="2">T51.0X1</cell><cell col="3">--</cell>
<cell col="7">T51.0X6</cell></mainTerm>""",
        (
            *("Substance", "Poisoning Accidental (unintentional)", "Poisoning Intentional self-harm"),
            *("Poisoning Assault", "Poisoning Undetermined", "Adverse effect", "Underdosing"),
        ),
        letter="#",
    )
    index(
        folder,
        "neoplasm",
        """<mainTerm><title>Neoplasm, neoplastic</title><cell col="2">C80.1</cell>
<term level="1"><title>hip</title><cell col="2">C76.5-</cell><cell col="5">-</cell></term></mainTerm>""",
        (
            *("Neoplasm", "Malignant Primary", "Malignant Secondary", "Ca in situ", "Benign", "Uncertain Behavior"),
            "Unspecified Behavior",
        ),
        letter="N",
    )


def ptp(folder: Path, rows: Iterable[PtpRow], name: str = "ccipra-v322r0-f1.txt") -> Path:
    return written(folder / name, PTP_HEADER + "".join("\t".join(row) + "\n" for row in rows))


def mue(folder: Path, rows: Sequence[tuple[str, str]], date: str = "04-01-2026", ending: str = ".csv") -> Path:
    """Rows are (code, value)."""
    header = 'Notice,,,\n"HCPCS/\nCPT Code",Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n'
    lines = [f"{code},{value},2 Date of Service Edit: Policy,Nature of Service/Procedure\n" for code, value in rows]
    return written(folder / f"MCR_MUE_PractitionerServices_Eff_{date}{ending}", header + "".join(lines))


def descriptors(folder: Path, rows: Iterable[tuple[str, str]], name: str = "my_cpt_descriptors.txt") -> Path:
    return written(folder / name, "".join(f"{code}\t{text}\n" for code, text in rows))


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def gzipped(path: Path) -> Path:
    """The same file as .gz in the place of the plain one."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return packed


def zipped(path: Path, member: str = "") -> Path:
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, member or path.name)
    path.unlink()
    return packed


def build(out: Path, *folders: Path) -> BuiltRelease:
    return build_release([Root(folder, folder.name) for folder in folders], out, lambda step: None)
