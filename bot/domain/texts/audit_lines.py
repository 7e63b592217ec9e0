"""An entry of the audit as people read it: one inert line."""

from collections.abc import Mapping
from typing import Any

from bot.domain.audit.entry import Decision, Does
from bot.domain.inert import EMPTY, Inert, code, escape, listed, phrase

TYPED, WHY = 200, 200
"""Characters of what was typed, and of the reason."""


def audit_line(fields: Mapping[str, Any]) -> Inert:
    """`812` two minutes ago · @mika · `/train lr:0.3` in #training · start `k7q2mx`. `fields` are a link's."""
    who, typed = int(fields["by"]["id"]), " ".join(f"{name}:{value}" for name, value in fields["options"].items())
    head = phrase("{number} <t:{at}:R>", number=code(str(fields["number"])), at=int(fields["at"]))
    by = phrase("<@{who}>", who=who) if who else phrase("Signalbox")
    asked = code(f"{fields['what']} {typed}".strip(), TYPED) if fields["what"] else EMPTY
    return listed(head, by, listed(asked, _place(fields), separator=" "), _outcome(fields), separator=" · ")


def _place(fields: Mapping[str, Any]) -> Inert:
    place = int(fields["thread"]) or int(fields["channel"])
    return phrase("in <#{place}>", place=place) if place else EMPTY


def _outcome(fields: Mapping[str, Any]) -> Inert:
    why = escape(fields["why"], WHY)
    if fields["decided"] != Decision.ALLOWED:
        return phrase("**{decided}**: {why}", decided=escape(fields["decided"], TYPED), why=why)
    names = [code(name) for name in (fields["job"], fields["engine_id"]) if name]
    does = phrase("**{does}**", does=escape(fields["does"], TYPED)) if fields["does"] != Does.NOTHING else EMPTY
    return listed(does, *names, why, separator=" ")
