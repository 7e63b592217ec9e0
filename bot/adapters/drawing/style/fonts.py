"""Fonts for characters that DejaVu Sans lacks: a Japanese one that is installed with the bot, then the system's.

matplotlib lists the system's fonts once and keeps the list in a file, so it would not see a font installed later.
"""

import importlib.util
import logging
from pathlib import Path

from matplotlib import font_manager

BUNDLED = "pylopdf_fonts_jp", "NotoSansJP-Regular.otf"
"""Package and file: Noto Sans JP, under the SIL Open Font License 1.1. It has no Hangul and only Japan's Han forms."""
SYSTEM = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Noto Sans SC",
    "Nanum Gothic",
    "IPAexGothic",
    "IPAGothic",
    "Hiragino Sans",
    "WenQuanYi Zen Hei",
    "Noto Sans",
)
"""Used if installed."""


def fallbacks() -> list[str]:
    """Names for `font.family`."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # they have no bold, which it would report
    bundled = _bundled()
    for path in _unlisted():
        _add(path)
    known = set(font_manager.get_font_names())
    return [*bundled, *(name for name in SYSTEM if name in known and name not in bundled)]


def _bundled() -> list[str]:
    """Empty if the package is missing, as in an image built without the bot's requirements."""
    package, name = BUNDLED
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return []
    path = Path(found.origin).with_name(name)
    return [font_manager.FontProperties(fname=str(path)).get_name()] if _add(path) else []


def _unlisted() -> list[Path]:
    """The system's fonts that matplotlib's list lacks."""
    listed = {font.fname for font in font_manager.fontManager.ttflist}
    return [Path(path) for path in font_manager.findSystemFonts() if path not in listed]


def _add(path: Path) -> bool:
    try:
        font_manager.fontManager.addfont(path)
    except (OSError, RuntimeError):  # a format that FreeType does not read
        return False
    return True
