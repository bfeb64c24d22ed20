"""What must hold for every file, sound or not."""

import json
import math
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import fences
import oracles
from cases import Case, seeds

from reproviewer.core.compare import compare
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Verdict
from reproviewer.core.weights import storage_dtype
from reproviewer.files import reader as files_reader
from reproviewer.files import registry

SECONDS = 2.0
MEMORY = 300 << 20
CANARY = b"the canary sings"


@dataclass(frozen=True)
class Finding:
    """Something that must not be. `kind` tells one from another, `detail` says more; `lesser` ones harm nobody."""

    kind: str
    detail: str
    lesser: bool = False


class Check:
    """Reads cases of one reader in the folder `home`, each beside the seed that it came from."""

    def __init__(self, reader: str, home: Path) -> None:
        self.reader, self.seeds = reader, seeds(reader)
        self.given, self._scratch = home / "given", home / "scratch.bin"
        (home / "canary").write_bytes(CANARY)
        self._sound = []
        for case in self.seeds:
            path = case.write(home / f"seed-{case.seed}")
            self._sound.append(_read(path, home / f"seed-{case.seed}.bin").weights)

    def __call__(self, case: Case) -> tuple[str, list[Finding]]:
        """What came of reading a case, in a word or two, and what is wrong with that."""
        path = case.write(self.given)
        self._scratch.unlink(missing_ok=True)
        start, before = time.process_time(), _peak()
        with fences.fenced(self.given, self._scratch) as broken:
            outcome, contents, findings = self._answer(path)
        if (taken := time.process_time() - start) > SECONDS:
            findings.append(Finding("slow", f"{taken:.1f} s"))
        if _peak() > MEMORY >= before:
            findings.append(Finding("memory", f"{_peak() >> 20} MiB"))
        findings += [Finding("fence " + what.split()[0], what) for what in broken]
        if contents is not None:
            findings += self._truth(case, path, contents.weights)
        return outcome, findings

    def _answer(self, path):
        try:
            return "read", _read(path, self._scratch), []
        except ReproError as error:
            text = str(error)
            plain = text.isprintable() and len(text) < 500 and CANARY.decode() not in text
            return error.message.template, None, [] if plain else [Finding("odd message", text)]
        except Exception as error:
            return f"{type(error).__name__}", None, [Finding(f"untold {_where(error)}", str(error)[:200], True)]

    def _truth(self, case, path, weights):
        stored = {}
        for tensor in weights.tensors:
            content = Path(tensor.path).read_bytes() if tensor.nbytes else b""
            stored[tensor.name] = content[tensor.offset : tensor.offset + tensor.nbytes]
            if len(stored[tensor.name]) != tensor.nbytes:
                return [Finding("outside", tensor.name)]
            if CANARY in stored[tensor.name]:
                return [Finding("canary", tensor.name)]
        return _verdicts(self._sound[case.seed], weights, stored) + self._agreement(case, path, weights, stored)

    def _agreement(self, case, path, weights, stored):
        """Whether another library finds the same bytes."""
        told = oracles.tensors(self.reader, case, path.stem)
        return [
            Finding("another library differs", f"{t.name}: {t.dtype} {t.shape}, {told[t.name][0]}")
            for t in weights.tensors
            if t.name in told and told[t.name] != (t.shape, stored[t.name])
        ][:1]


def _read(path, scratch):
    """As the program does, through JSON, but in this process."""
    return files_reader._contents(json.loads(json.dumps(registry.read_index(path, scratch))))


def _verdicts(sound, weights, stored):
    """Whether the verdict on each pair is what their bytes say."""
    try:
        comparison = compare(sound, weights)
    except Exception as error:
        return [Finding(f"comparison {_where(error)}", str(error))]
    findings = []
    for found in comparison.tensors:
        if None in found.names:
            continue
        a, b = sound.by_name[found.names[0]], weights.by_name[found.names[1]]
        same = (a.dtype, a.shape) == (b.dtype, b.shape) and _bytes(a) == stored[b.name]
        if same != (found.verdict is Verdict.IDENTICAL):
            findings.append(Finding(f"wrong {found.verdict.value}", f"{a.name} and {b.name}"))
    alike = all(t.verdict is Verdict.IDENTICAL for t in comparison.tensors)
    if (comparison.verdict is Verdict.IDENTICAL) != alike:
        findings.append(Finding("wrong verdict", comparison.verdict.value))
    return findings


def _bytes(tensor):
    with open(tensor.path, "rb") as file:
        file.seek(tensor.offset)
        return file.read(math.prod(tensor.shape) * storage_dtype(tensor.dtype).itemsize)


def _where(error):
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    return f"{type(error).__name__} at {Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}"


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
