"""Fuzzing the readers: `python tests/fuzz READER ... --seconds N`. Without a reader: which ones there are.

Files are changed at random, read, and compared with the sound ones that they were; `checks` says what must hold. Where
atheris is installed, it guides the changes by the code that they reach in the readers written in Python. Exit status 1
when something was found; the cases are kept in `--out`, and `--again CASE` checks one of them once more.
"""

import argparse
import importlib
import importlib.util
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).parent
GUIDED = {"checkpoint", "checkpoint-v1", "saved-model", "npz", "npy", "safetensors", "safetensors-shards", "pytorch"}
"""Readers in Python; the others spend their time in the HDF5 library, which atheris does not see into."""


def main() -> int:
    """Fuzz what is asked for and print what came of it."""
    sys.path[:0] = [str(HERE), str(HERE.parents[1])]
    options = _options()
    guided = importlib.util.find_spec("atheris") is not None and not options.plain
    _import_readers(guided)
    from cases import SEEDS

    if not options.readers:
        print(*SEEDS, sep="\n")
        return 0
    readers = SEEDS if options.readers == ["all"] else options.readers
    return max([_fuzz(reader, options, guided and reader in GUIDED) for reader in readers])


def _options():
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", metavar="READER", help="one or more, or `all`")
    parser.add_argument("--seconds", type=float, default=600, help="for each reader")
    parser.add_argument("--count", type=int, default=sys.maxsize, help="at most so many inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where to keep the cases that something was found with")
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--again", type=Path, metavar="CASE")
    return parser.parse_args()


def _import_readers(guided: bool) -> None:
    """Before the first case, so that none of them imports anything; atheris must see their code first."""
    warnings.simplefilter("ignore")
    if guided:
        import atheris

        with atheris.instrument_imports(include=["reproviewer.files"]):
            modules = importlib.import_module("reproviewer.files.registry").READERS.values()
            for module in modules:
                importlib.import_module(module)
    for name in ("pickle", "encodings.cp437", "encodings.idna", "reproviewer.files.legacy_h5"):
        importlib.import_module(name)


def _fuzz(reader: str, options: argparse.Namespace, guided: bool) -> int:
    from cases import Case
    from checks import Check
    from explore import explore

    with tempfile.TemporaryDirectory(prefix="fuzz-") as home:
        check = Check(reader, Path(home).resolve())
        if options.again:
            print(*check(Case.unpack(options.again.read_bytes())), sep="\n")
            return 0
        out = options.out and options.out / reader
        start = time.monotonic()
        tally = explore(check, options.seed, start + options.seconds, options.count, out, guided)
    _print(reader, tally, time.monotonic() - start, guided)
    return int(any(not f["lesser"] for f in tally.findings.values()))


def _print(reader, tally, seconds, guided) -> None:
    how = "guided" if guided else "at random"
    print(f"{reader}: {tally.inputs} inputs {how} in {seconds:.0f} s, {tally.outcomes['read']} read, ", end="")
    print(f"{len(tally.outcomes)} outcomes, deaths {dict(tally.deaths)}, {len(tally.findings)} findings", flush=True)
    for kind, found in tally.findings.items():
        print(f"  {'(lesser) ' if found['lesser'] else ''}{kind}: {found['detail']} ({found['times']} times)")


if __name__ == "__main__":
    sys.exit(main())
