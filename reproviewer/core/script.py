"""An experiment as a Python script that repeats it with plain Keras and prints the same digests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from reproviewer.core import keras_text
from reproviewer.core.message import ReproError
from reproviewer.core.model_spec import Argument, Call, Value

if TYPE_CHECKING:
    from reproviewer.core.experiment import Experiment

INDENT = "    "
_ROOMS = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}
_KERAS_3 = """
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
"""
_KERAS_2 = """
try:
    import tf_keras as keras
except ImportError:  # TensorFlow before 2.16 brings Keras 2 itself
    from tensorflow import keras
"""
_DRAWS = {
    "random.random": "numpy.array([random.random() for _ in range({size})])",
    "numpy.random.random": "numpy.random.random({size})",
    "numpy.random.default_rng": "numpy.random.default_rng().random({size})",
    "tf.random.uniform": "tf.random.uniform([{size}])",
    "keras.random.uniform": "keras.random.uniform([{size}])",
    "keras.layers.Dropout": 'keras.layers.Dropout(0.5)(numpy.ones({size}, "float32"), training=True)',
}
_KERAS_2_DRAWS = {"keras.random.uniform": "keras.backend.random_uniform([{size}])"}
_DIGEST = '''
def digest(arrays):
    """sha256 over all arrays: dtype, shape and bytes of each."""
    total = hashlib.sha256()
    for array in map(numpy.asarray, arrays):
        total.update(f"{array.dtype.name} {','.join(map(str, array.shape))}\\n".encode())
        total.update(array.tobytes())
    return total.hexdigest()
'''
_SAME_PROCESS = """
digests = []
for number in range(1, {end}):
    {seed}digests.append(run())
    print(f"Run {{number}}  {{digests[-1]}}")
"""
_FRESH_PROCESS = """
if "--one" in sys.argv:
    {seed}print(run())
    sys.exit()
digests = []
for number in range(1, {end}):
    command = [sys.executable, __file__, "--one"]
    digests.append(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1])
    print(f"Run {{number}}  {{digests[-1]}}")
"""
_VERDICT = 'print("identical" if len(set(digests)) == 1 else "different")\n'


def as_python(experiment: Experiment) -> str:
    """Write the experiment as a standalone script.

    It prints for each run the digest that `weights.digest` gives over the run's weights and draws, then "identical" or
    "different".

    Raises
    ------
    ReproError
        The text of the model or a seed has a mistake, or there is nothing to build and nothing to draw.
    """
    if experiment.has_bad_seed:
        raise ReproError("Correct what is marked first.")
    experiment.check()
    layers = _layers(experiment)
    if not layers and not experiment.draws:
        raise ReproError("There is nothing to repeat: the experiment has no layers and draws nothing.")
    body = _functions(experiment, layers) + _DIGEST + _main(experiment)
    return _comment(experiment) + _imports(experiment, body) + body


def _layers(experiment: Experiment) -> list[str]:
    parsed = keras_text.parse(experiment.model)
    for problem in parsed.problems:
        raise ReproError(problem.message.template, **dict(problem.message.args))
    return [keras_text.format_call(_placed(layer, "layers")) for layer in parsed.layers]


def _placed(call: Call, room: str) -> Call:
    """The call with the module of its class in front, inside and out."""
    arguments = tuple(replace(a, value=_placed_value(a.value, _room(a))) for a in call.arguments)
    return replace(call, name=f"{room}.{call.name}", arguments=arguments)


def _placed_value(value: Value, room: str) -> Value:
    if isinstance(value, Call):
        return _placed(value, room)
    if isinstance(value, list | tuple):
        return type(value)(_placed_value(v, room) for v in value)
    if isinstance(value, dict):
        return {key: _placed_value(v, room) for key, v in value.items()}
    return value


def _room(argument: Argument) -> str:
    """The module of what an argument takes: all of Keras names its arguments so (`kernel_initializer`)."""
    return _ROOMS.get((argument.name or "").rpartition("_")[2], "layers")


def _functions(experiment: Experiment, layers: list[str]) -> str:
    calls = "".join(f"{INDENT}{call.function}({call.seed})\n" for call in experiment.seeding.calls)
    seed = f"\ndef seed():\n{calls}\n" if calls else ""
    lines = "".join(f"{INDENT}{INDENT}{layer},\n" for layer in layers)
    build = f"\ndef build():\n{INDENT}return keras.Sequential([\n{lines}{INDENT}])\n\n" if layers else ""
    known = _DRAWS if experiment.environment.flavour == "keras" else {**_DRAWS, **_KERAS_2_DRAWS}
    draws = [known[draw.call].format(size=draw.size) for draw in experiment.draws]
    arrays = "".join(f"{INDENT}arrays.append({draw})\n" for draw in draws)
    first = "[numpy.asarray(weight) for weight in build().weights]" if layers else "[]"
    return f"{seed}{build}\ndef run():\n{INDENT}arrays = {first}\n{arrays}{INDENT}return digest(arrays)\n\n"


def _main(experiment: Experiment) -> str:
    seeding, is_fresh = experiment.seeding, experiment.environment.process == "fresh"
    has_inner_seed = seeding.calls and (is_fresh or seeding.when == "each")
    before = "\n\nseed()" if seeding.calls and not has_inner_seed else "\n"
    template = _FRESH_PROCESS if is_fresh else _SAME_PROCESS
    text = template.format(end=experiment.runs + 1, seed=f"seed()\n{INDENT}" if has_inner_seed else "")
    return before + text + (_VERDICT if experiment.runs > 1 else "")


def _imports(experiment: Experiment, body: str) -> str:
    keras = "" if "keras." not in body else _KERAS_3 if experiment.environment.flavour == "keras" else _KERAS_2
    own = (keras + body).replace("numpy.random.", "").replace("tf.random.", "").replace("keras.random.", "")
    modules = ("hashlib", "os", "random", "subprocess", "sys")
    lines = [f"import {name}" for name in modules if re.search(rf"\b{name}\.", own)]
    lines += ["", "import numpy", *(["import tensorflow as tf"] if "tf." in body else [])]
    rooms = [room for room in ("layers", *_ROOMS.values()) if re.search(rf"(?<!keras\.)\b{room}\.", body)]
    aliases = "".join(f"{room} = keras.{room}\n" for room in rooms)
    return "\n".join(lines) + "\n" + keras + ("\n" if aliases else "") + aliases + "\n"


def _comment(experiment: Experiment) -> str:
    lines = [line for text in (experiment.title, experiment.notes) for line in text.splitlines() if line.strip()]
    if experiment.environment.python:
        lines.append(f"To be run with {experiment.environment.python}")
    return "".join(f"# {_printable(line)}\n" for line in lines) + ("\n" if lines else "")


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line)
