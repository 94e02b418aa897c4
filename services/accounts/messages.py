"""What accounts knows, as messages of its protos."""

from __future__ import annotations

from medcodes.accounts.v1 import accounts_pb2 as pb

from .domain.people import Account, ApiKey, Deletion, Guest, Session
from .domain.plans import Plan, Plans
from .sessions import Principal


def plan_message(plan: Plan) -> pb.Plan:
    return pb.Plan(
        name=plan.name,
        title=plan.title,
        views=plan.views,
        window=pb.Window.ValueType(plan.window),
        window_days=plan.days,
    )


def guest_message(guest: Guest | None) -> pb.Guest | None:
    return pb.Guest(id=guest.id, issued_at=guest.issued_at) if guest else None


def account_message(account: Account, plans: Plans) -> pb.Account:
    return pb.Account(
        id=account.id,
        email=account.email,
        email_verified=account.email_verified_at_ms > 0,
        plan=plan_message(plans.named(account.plan)),
        created_at_ms=account.created_at_ms,
        locked=account.locked,
        registered_from=guest_message(account.registered_from),
    )


def session_message(session: Session, idle_ms: int) -> pb.Session:
    return pb.Session(
        id=session.id,
        created_at_ms=session.created_at_ms,
        last_used_at_ms=session.last_used_at_ms,
        expires_at_ms=session.ends_at_ms(idle_ms),
        user_agent=session.user_agent,
    )


def api_key_message(key: ApiKey) -> pb.ApiKey:
    return pb.ApiKey(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        scopes=key.scopes,
        created_at_ms=key.created_at_ms,
        expires_at_ms=key.expires_at_ms,
        last_used_at_ms=key.last_used_at_ms,
    )


def deletion_message(deletion: Deletion) -> pb.Deletion:
    return pb.Deletion(**deletion._asdict())


def principal_message(principal: Principal) -> pb.Principal:
    return pb.Principal(
        account_id=principal.account.id,
        plan=plan_message(principal.plan),
        registered_from=guest_message(principal.registered_from),
        session_id=principal.session_id,
        api_key_id=principal.api_key_id,
        scopes=principal.scopes,
        expires_at_ms=principal.expires_at_ms,
        email_verified=principal.account.email_verified_at_ms > 0,
    )
