"""Lets atheris choose which cases to change further: those that reach code that none before reached."""

import random
import tempfile
import time
from pathlib import Path

import atheris
from cases import Case
from mutations import mutate


def run(check, tell, seed, until):
    """Check cases until the time `until`; does not return, as libFuzzer ends the process."""

    def once(data):
        try:
            case = Case.unpack(data)
        except (ValueError, TypeError):
            return
        tell(case)

    def change(data, most, number):
        rng = random.Random(number)
        try:
            case = Case.unpack(data)
        except (ValueError, TypeError):
            case = rng.choice(check.seeds)
        packed = mutate(case, rng, check.seeds).pack()
        return packed if len(packed) <= most else rng.choice(check.seeds).pack()

    corpus = Path(tempfile.mkdtemp(dir=check.given.parent))
    for case in check.seeds:
        (corpus / str(case.seed)).write_bytes(case.pack())
    number = random.Random(seed).randrange(1, 1 << 31)
    seconds = max(1, int(until - time.monotonic()))
    options = [f"-max_total_time={seconds}", f"-seed={number}", "-max_len=100000", "-len_control=0", "-verbosity=0"]
    options += ["-rss_limit_mb=2000", "-timeout=25", "-print_final_stats=0", f"-artifact_prefix={corpus}/"]
    atheris.Setup(["fuzz", *options, str(corpus)], once, custom_mutator=change)
    atheris.Fuzz()
