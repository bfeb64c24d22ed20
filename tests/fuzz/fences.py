"""What reading a file must not do: open other files, import what is no part of the program, run anything."""

import os
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path

_OWN = tuple({sysconfig.get_path(k) for k in ("stdlib", "platstdlib", "purelib", "platlib")} | {sys.base_prefix})
_PROJECT = str(Path(__file__).parents[2])
_PACKAGES = {"reproviewer", "numpy", "h5py", "ml_dtypes", "safetensors"}
_NEVER = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.", "socket.", "ctypes.", "pickle.")
_NEVER += ("os.remove", "os.rename", "os.mkdir", "os.chmod", "os.symlink", "os.link", "os.truncate", "shutil.")
_state: dict[str, object] = {"homes": (), "broken": None}


@contextmanager
def fenced(*homes):
    """Yield a list that takes up what is done within, apart from reading files in the folders `homes`."""
    broken: list[str] = []
    _state.update(homes=tuple(map(os.fspath, homes)), broken=broken)
    try:
        yield broken
    finally:
        _state["broken"] = None


def put_up():
    """Start to listen, once in a process; there is no way back."""
    sys.addaudithook(_hear)


def _hear(event, args):
    broken = _state["broken"]
    if broken is None:
        return
    if event == "import":
        top = args[0].partition(".")[0]
        if top not in sys.stdlib_module_names and top not in _PACKAGES:
            broken.append(f"imports {args[0]}")
    elif event in ("open", "os.listdir", "os.scandir"):
        if not _is_allowed(args[0]):
            broken.append(f"{event} {args[0]!r}")
    elif event == "exec":
        if not getattr(args[0], "co_filename", "").startswith((*_OWN, _PROJECT, "<")):
            broken.append(f"runs {args[0]!r}")
    elif event.startswith(_NEVER):
        broken.append(f"{event} {args!r}"[:200])


def _is_allowed(path):
    if not isinstance(path, str | bytes | os.PathLike):
        return True
    path = os.path.realpath(os.fsdecode(path))
    own = (*_OWN, _PROJECT) if path.endswith((".py", ".pyc", ".so")) or os.path.isdir(path) else ()
    return path.startswith((*_state["homes"], *own, os.path.realpath("/proc/self") + os.sep))
