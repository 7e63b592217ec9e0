"""The engine's name in texts."""

from bot.domain.inert import Inert, escape, phrase
from bot.domain.project import Project


def engine_title(project: Project | None) -> Inert:
    """`AWS Batch`; "the engine" if the project is no longer configured. Not for the beginning of a sentence."""
    return escape(project.engine_name, 40) if project is not None else phrase("the engine")
