"""The template of an earlier version: its jobs run the tag `trainer`, which moves, and its host the tag `bot`."""

from pathlib import Path

PATH = Path(__file__).parent / "template.json"
