"""What previews of links are made from: the code and its description, which search shows freely, and nothing else."""

from __future__ import annotations

from medcodes.catalog.v1 import catalog_pb2

from .navigation import GUEST
from .splice import Marks, Spliced
from .templates import Templates


def page(found: catalog_pb2.CodePage, *, marks: Marks, templates: Templates) -> Spliced:
    """A page without gaps: it is the same for everybody."""
    shown = catalog_pb2.CodePage(
        system=found.system, code=found.code, display=found.display, title=found.title,
        official_description=catalog_pb2.Description(text=found.official_description.text),
    )  # fmt: skip
    return marks.cut(templates.render("teaser.html", page=shown, nav=GUEST))
