"""A program with an engine that says which processes work for it, and waits to be killed: `owner.py ROOT`."""

import sys
import time
from pathlib import Path

from reproviewer.core.experiment import Environment, Experiment
from reproviewer.engine import Engine
from reproviewer.engine.events import RunFinished

engine = Engine(Path(sys.argv[1]))
for process in ("same", "fresh"):
    engine.start(Environment(process=process))
for process in ("same", "fresh"):
    experiment = Experiment("Dense(5, input_dim=1)", environment=Environment(process=process), runs=1)
    finished = [event for event in engine.run(experiment) if isinstance(event, RunFinished)]
    assert finished[0].record["process"] == {"same": "same", "fresh": "forked"}[process]
long = Experiment("Dense(5, input_dim=1)", environment=Environment(process="fresh"), runs=1000)
for event in engine.run(long):
    if isinstance(event, RunFinished):
        if event.number == 2:
            print("working", flush=True)
        time.sleep(0.01)
