"""Makes cases and checks them in a child process, which may die: then another one goes on."""

import json
import os
import random
import resource
import select
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import fences
from cases import Case
from mutations import mutate

HANG = 25.0
_MEMORY = 2 << 30
_BROKEN = 3
_DEATHS = {signal.SIGVTALRM, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE}
"""Of the child that reads a file, for the person a line: HDF5 went in circles, or crashed."""


@dataclass
class Tally:
    """What came out so far: how often by outcome, and the first detail of every finding by its kind."""

    inputs: int = 0
    outcomes: Counter = field(default_factory=Counter)
    deaths: Counter = field(default_factory=Counter)
    findings: dict = field(default_factory=dict)

    def note(self, kind, detail, lesser, given, out):
        """Count a finding, and keep the files of the first one of its kind in the folder `out`."""
        if kind not in self.findings:
            self.findings[kind] = {"detail": detail, "lesser": lesser, "times": 0}
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                (out / f"{len(self.findings)}.case").write_bytes(given)
        self.findings[kind]["times"] += 1


def explore(check, seed, until, count, out=None, guided=False):
    """Check cases until the time `until` (`time.monotonic`), or `count` of them. Returns a Tally."""
    tally = Tally()
    lives = 0
    while time.monotonic() < until and tally.inputs < count:
        lives += 1
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            _live(check, f"{seed}/{lives}", until, count - tally.inputs, writing, guided)
        os.close(writing)
        hung = _listen(reading, tally, check, out)
        if hung:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        death = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _BROKEN:
            raise SystemExit("the harness itself failed")
        if hung or (death and death not in _DEATHS):
            kind = "hang" if hung else f"death {status}"
            tally.note(kind, "", False, _given(check), out)
        elif death:
            tally.deaths[signal.Signals(death).name] += 1
            tally.inputs += 1
    return tally


def _given(check):
    files = {str(p.relative_to(check.given)): p.read_bytes() for p in check.given.rglob("*") if p.is_file()}
    return Case("", files).pack()


def _listen(reading, tally, check, out):
    """Take up what a child tells until it ends; whether it had to be given up."""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        rest = b""
        while select.select([pipe], [], [], HANG)[0]:
            data = pipe.read(1 << 16)
            if not data:
                return False
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                outcome, findings = json.loads(line)
                tally.inputs += 1
                tally.outcomes[outcome] += 1
                for found in findings:
                    given = bytes.fromhex(found.pop("given"))
                    tally.note(**found, given=given, out=out)
    return True


def _live(check, seed, until, count, writing, guided):
    """A child's life."""
    try:
        soft = min(v for v in (_MEMORY + _address_space(), resource.getrlimit(resource.RLIMIT_AS)[1]) if v > 0)
        if not guided:
            resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        fences.put_up()
        told = set()

        def tell(case):
            outcome, findings = check(case)
            new = [f for f in findings if f.kind not in told]
            given = case.pack().hex() if new else ""
            told.update(f.kind for f in new)
            texts = [asdict(f) | {"given": given} for f in findings]
            os.write(writing, json.dumps([outcome, texts]).encode() + b"\n")
            return outcome

        if guided:
            import guided as guide

            guide.run(check, tell, seed, until)
        _wander(check, tell, random.Random(seed), until, count)
        os._exit(0)
    except BaseException as error:
        traceback.print_exception(error)
        sys.stderr.flush()
        os._exit(_BROKEN)


def _wander(check, tell, rng, until, count):
    """Change seeds, and those changed ones whose outcome was new."""
    pool, seen = list(check.seeds), set()
    for _ in range(count):
        if time.monotonic() > until:
            return
        case = mutate(rng.choice(pool), rng, check.seeds)
        outcome = tell(case)
        if outcome not in seen and len(case.pack()) < 200_000:
            seen.add(outcome)
            pool.append(case)


def _address_space():
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
