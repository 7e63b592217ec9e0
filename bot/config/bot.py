"""`[bot]`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from bot.config.section import Name, Section


class Bot(Section):
    """[bot]"""

    name: Name = "signalbox"
    data_dir: Path = Path("var")
    http_port: Annotated[int, Field(ge=0, le=65535)] = 9464
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "json"
    stored_log_mib: Annotated[int, Field(ge=1, le=4096)] = 64
    snapshot_minutes: Annotated[float, Field(gt=0, le=1440)] = 15
