"""What changed, as protobuf messages. Translates, decides nothing."""

from __future__ import annotations

from medcodes.catalog.v1 import catalog_pb2 as pb

from .adapters.change_file import Changed, Fact
from .changes import CodeChange, CodeChanges, Diff


def diff(found: Diff) -> pb.DiffReleasesResponse:
    counts = [pb.ChangeCount(system=system, kind=_kind(kind), codes=codes) for system, kind, codes in found.counts]
    return pb.DiffReleasesResponse(
        items=[_changed(one) for one in found.items], next_cursor=found.next_cursor, counts=counts
    )


def code_changes(found: CodeChanges) -> pb.ListCodeChangesResponse:
    return pb.ListCodeChangesResponse(changes=[_change(one) for one in found.changes], next_cursor=found.next_cursor)


def _change(found: CodeChange) -> pb.CodeChange:
    return pb.CodeChange(
        release=found.release,
        previous_release=found.previous,
        published_at_ms=found.published_at_ms,
        changed=_changed(found.changed),
        facts=[_fact(fact) for fact in found.facts],
    )


def _changed(found: Changed) -> pb.ChangedCode:
    code = pb.CodeRef(
        system=found.system,
        code=found.code,
        display=found.display,
        description=found.description,
        billable=None if found.billable < 0 else bool(found.billable),
        has_page=found.kind != "removed",
    )
    return pb.ChangedCode(
        code=code,
        kind=_kind(found.kind),
        sections=[name for name in found.sections.split(",") if name],
        description_changed=bool(found.described),
    )


def _fact(found: Fact) -> pb.FactChange:
    return pb.FactChange(**found._asdict())


def _kind(kind: str) -> pb.ChangeKind.ValueType:
    return pb.ChangeKind.Value(f"CHANGE_KIND_{kind.upper()}")
