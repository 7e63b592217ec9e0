import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trainer.separated.container import OF_ROOT


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach, with a file that only root can read."""
    folder = Path(tempfile.mkdtemp(prefix="signalbox-separated-"))
    folder.chmod(0o755)
    for name in ("work", "traces", "tmp"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    (folder / "of-root").write_text(OF_ROOT)
    (folder / "of-root").chmod(0o600)
    yield folder
    shutil.rmtree(folder)
