"""Pickle and unpickle the state of a training, without running anything that a file may ask for.

A pickle can name any function to be called (https://docs.python.org/3/library/pickle.html#restricting-globals), so
`loads` takes only numbers, containers, paths, dates, tensors, arrays, generators of random numbers, and the project's
own classes. `dumps` refuses everything that `loads` would refuse, so nothing is saved that cannot be loaded.
"""

import importlib
import io
import pickle
import site
import sys
import sysconfig
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ZIP = b"PK"
"""The first bytes of a file written by `torch.save`."""

_ALLOWED: dict[str, str] = {
    "builtins": "bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
    "collections": "ChainMap Counter OrderedDict defaultdict deque",
    "datetime": "date datetime time timedelta timezone",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID",
    "random": "Random",
    "_random": "Random",
    "re": "_compile",
    "_codecs": "encode",
    "pathlib": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath PurePath PurePosixPath PureWindowsPath",
    "numpy": "dtype ndarray",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "torch": "Size device",
    "torch._tensor": "_rebuild_from_type_v2",
    "torch.nn.parameter": "Buffer Parameter UninitializedBuffer UninitializedParameter",
    "torch.serialization": "_get_layout",
    "torch.torch_version": "TorchVersion",
}
"""What a pickle may name, by module. The part for torch follows `torch.load(weights_only=True)`:
https://docs.pytorch.org/docs/stable/notes/serialization.html#weights-only"""
_TORCH_REBUILDS = "_rebuild_"
"""Functions of `torch._utils` that make tensors begin with this."""


_TORCHS_PROTOCOL = 2
"""What `torch.save` writes, so that other programs can read it. It names modules as Python 2 did."""


class NotLoadable(pickle.UnpicklingError):
    """A part of the state that a checkpoint cannot hold."""


class Unpickler(pickle.Unpickler):
    """`torch.load` makes its own subclass of it."""

    def find_class(self, module: str, name: str) -> Any:
        module, name = _of_python_3(module, name)
        if name in _ALLOWED.get(module, "").split() or _is_torchs(module, name):
            return super().find_class(module, name)
        found = _own_class(module, name)
        if found is None:
            raise NotLoadable(f"{module}.{name} is not among the types that a checkpoint can hold")
        return found


def dumps(content: Mapping[str, Any]) -> bytes:
    """Serialize. Raises TypeError, with key and type, for what could not be loaded again."""
    try:
        pickled = _pickled(content)
        if not _survives(content):
            loads(pickled)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # whatever a foreign __reduce__ raises
        path, value = _culprit(content)
        message = f"checkpoint.save: {path or 'the state'} cannot be saved: {_kind(value)} ({_first_line(error)}). "
        advice = "Save plain values, tensors and arrays: model.state_dict(), vars(settings), dict(counts)."
        raise TypeError(message + advice) from error
    return pickled


def loads(content: bytes) -> Any:
    """The reverse of `dumps`. A file that is damaged or asks for more than that can raise anything."""
    if not content.startswith(_ZIP):
        return Unpickler(io.BytesIO(content)).load()
    import torch  # noqa: PLC0415  slow to import, and only needed if it wrote the file

    restricted = sys.modules[__name__]
    return torch.load(io.BytesIO(content), pickle_module=restricted, weights_only=False, map_location="cpu")


def load(file: Any, **more: Any) -> Any:
    """Part of the interface that `torch.load` wants of a pickle module."""
    return Unpickler(file, **more).load()


def _pickled(content: Any) -> bytes:
    torch = sys.modules.get("torch")
    if torch is None:
        return pickle.dumps(content)
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


class _Outline(pickle.Pickler):
    """Leaves out the numbers in tensors and arrays, so that checking a large state costs little."""

    def reducer_override(self, value: Any) -> Any:
        torch, numpy = sys.modules.get("torch"), sys.modules.get("numpy")
        if torch is not None and isinstance(value, torch.Tensor):
            return bytes, ()
        if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
            return bytes, ()
        return NotImplemented


def _survives(value: Any) -> bool:
    """True if the value is sure to be loadable, False if only a full round trip can tell."""
    buffer = io.BytesIO()
    try:
        _Outline(buffer, _TORCHS_PROTOCOL if "torch" in sys.modules else None).dump(value)
        Unpickler(io.BytesIO(buffer.getvalue())).load()
    except MemoryError:
        raise
    except Exception:
        return False
    return True


def _culprit(value: Any, path: str = "") -> tuple[str, Any]:
    """Find the innermost part that does not survive, as `state['optimizer']['groups'][0]`."""
    for step, part in _parts(value):
        if len(path) < 500 and not _round_trips(part):
            return _culprit(part, path + step)
    return path.removeprefix("['state']"), value


def _round_trips(value: Any) -> bool:
    try:
        return _survives(value) or loads(_pickled(value)) is not NotImplemented
    except Exception:
        return False


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"[{number}]", part) for number, part in enumerate(value))
    elif _is_own(type(value)) and hasattr(value, "__dict__"):
        yield from ((f".{name}", part) for name, part in vars(value).items())


def _of_python_3(module: str, name: str) -> tuple[str, str]:
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _is_torchs(module: str, name: str) -> bool:
    if module == "torch._utils":
        return name.startswith(_TORCH_REBUILDS)
    if module == "numpy.dtypes":
        return name.endswith("DType")
    torch = sys.modules.get("torch")
    if module not in ("torch", "torch.storage") or torch is None:
        return False
    found = getattr(sys.modules[module], name, None)
    return isinstance(found, torch.dtype) or (isinstance(found, type) and name.endswith("Storage"))


def _own_class(module: str, name: str) -> type | None:
    """The class, if the project defines it itself, and not Python, the image or an installed package."""
    try:
        found: Any = sys.modules.get(module) or importlib.import_module(module)
        file: str | None = getattr(found, "__file__", None)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, ValueError):
        return None
    if not isinstance(found, type) or found.__module__ != module or file is None:
        return None
    return None if _is_installed(Path(file)) else found


def _is_own(kind: type) -> bool:
    try:
        return _own_class(kind.__module__, kind.__qualname__) is not None
    except AttributeError:  # a class inside a function
        return False


def _is_installed(file: Path) -> bool:
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")] + site.getsitepackages()
    places = {Path(folder).resolve() for folder in folders} | {Path(__file__).resolve().parent}
    real = file.resolve()
    return any(real.is_relative_to(place) for place in places) or "site-packages" in real.parts


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
