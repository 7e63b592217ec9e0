"""Write transcript.html: the sandbox's page in one file, with the transcript in place of the server. Works offline."""

import base64
import json
import posixpath
import re
from pathlib import Path

from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.view import Json
from deploy.sandbox.discord.server import PAGE

OFFLINE = Path(__file__).with_name("offline.js")
_IMPORT = re.compile(r'(^\s*(?:import|export)\b[^"\']*?|^\}\s*from\s*)(["\'])(\.{1,2}/[^"\']+)\2', re.M)
_STYLESHEET = re.compile(r'<link rel="stylesheet" href="page/([^"]+)">')
_HEAD_OF_SERVER = re.compile(r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>|\s*<link rel="icon"[^>]*>')
_ENTRY = '<script type="module" src="page/main.js"></script>'


def write_html(path: Path, record: Record, page: Path = PAGE) -> None:
    """Write the page. Pictures stay separate files beside it, under their names in the transcript."""
    text = _HEAD_OF_SERVER.sub("", (page / "index.html").read_text(encoding="utf-8"))
    text = _STYLESHEET.sub(lambda match: f"<style>\n{(page / match[1]).read_text(encoding='utf-8')}</style>", text)
    if _ENTRY not in text:
        raise ValueError(f"{page / 'index.html'} does not contain {_ENTRY}")
    content = {**record.page, "channels": record.transcript["channels"]}
    path.write_text(text.replace(_ENTRY, _scripts(page, content)), encoding="utf-8")


def _scripts(page: Path, content: Json) -> str:
    modules = {name.relative_to(page).as_posix(): name.read_text(encoding="utf-8") for name in page.rglob("*.js")}
    imports = {_bare(name): _data_url(_with_bare_imports(name, text)) for name, text in modules.items()}
    return "\n".join(
        (
            f'<script type="application/json" id="transcript">{_script_safe(json.dumps(content))}</script>',
            f"<script>{OFFLINE.read_text(encoding='utf-8')}</script>",
            f'<script type="importmap">{json.dumps({"imports": imports})}</script>',
            f'<script type="module">import "{_bare("main.js")}";</script>',
        )
    )


def _bare(name: str) -> str:
    return f"page/{name}"


def _with_bare_imports(name: str, text: str) -> str:
    """A module whose relative imports are bare names: an import map resolves those, and a data: URL has no folder."""
    folder = posixpath.dirname(name)
    return _IMPORT.sub(lambda m: f"{m[1]}{m[2]}{_bare(posixpath.normpath(posixpath.join(folder, m[3])))}{m[2]}", text)


def _data_url(text: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(text.encode()).decode()}"


def _script_safe(data: str) -> str:
    """JSON that cannot close its script element."""
    return data.replace("<", "\\u003c")
