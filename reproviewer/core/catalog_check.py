"""What a catalog of Keras says about layers before Keras itself is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.keras_text import Parsed, Problem
from reproviewer.core.message import Message, message
from reproviewer.core.model_spec import Argument, Call, Span, Value
from reproviewer.core.parameter_kinds import Kind, literal_problem, near, shown

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog, Family, Parameter

UNLISTED = frozenset(
    ("activity_regularizer", "alpha", "autocast", "batch_input_shape", "batch_size", "implementation", "input_length",
     "rms_scaling", "weights")
)  # fmt: skip
"""Parameters that some layers take through `**kwargs` and no signature shows: left to Keras."""
_NOWHERE = Span(1, 0, 1, 0)
_A: dict[Family, Message] = {
    "layers": message("a layer"),
    "initializers": message("an initializer"),
    "regularizers": message("a regularizer"),
    "constraints": message("a constraint"),
}
_EXAMPLES: dict[Family, str] = {
    "layers": "LSTM(4)",
    "initializers": "GlorotUniform(seed=1)",
    "regularizers": "L2(0.01)",
    "constraints": "MaxNorm(2)",
}
_NESTED: dict[Kind, Family] = {
    Kind.INITIALIZER: "initializers",
    Kind.REGULARIZER: "regularizers",
    Kind.CONSTRAINT: "constraints",
    Kind.LAYER: "layers",
}


def check(parsed: Parsed, catalog: Catalog) -> tuple[Problem, ...]:
    """Find what Keras would refuse: names it does not have, arguments missing, given twice or of a wrong kind.

    What the catalog cannot judge passes; Keras has the last word.
    """
    checker = _Checker(catalog)
    for layer in parsed.layers:
        checker.call(layer, "layers")
    return tuple(checker.problems)


class _Checker:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.problems: list[Problem] = []

    def call(self, call: Call, family: Family) -> None:
        """Check a call that must make an object of the family, and all calls nested in it."""
        parameters = self._catalog.family(family).get(call.name)
        if parameters is None:
            self._say(call.span, self._unknown(call.name, family))
            return
        common = self._catalog.common_of(family, call.name)
        given = self._bind(call, parameters, common)
        missing = [p.name for p in parameters if p.required and p.name not in given]
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            self._say(call.span, message("{layer} needs {names}.", layer=call.name, names=names))
        for parameter, argument in given.values():
            self._argument(parameter, argument)

    def _unknown(self, name: str, family: Family) -> Message:
        other = self._catalog.family_of(name)
        if other:
            return message("`{name}` is {other}, not {kind}.", name=name, other=_A[other], kind=_A[family])
        return self._no_such(name, family, near(name, self._catalog.family(family)))

    def _no_such(self, name: str, family: Family, guess: str) -> Message:
        kind, version = _A[family], self._catalog.keras
        if guess:
            template = "`{name}` is not {kind} of Keras {version}; did you mean `{guess}`?"
            return message(template, name=name, kind=kind, version=version, guess=guess)
        return message("`{name}` is not {kind} of Keras {version}.", name=name, kind=kind, version=version)

    def _bind(
        self, call: Call, parameters: tuple[Parameter, ...], common: tuple[Parameter, ...]
    ) -> dict[str, tuple[Parameter, Argument]]:
        """Which argument is for which parameter; what is too much or unknown is said."""
        known = {p.name: p for p in (*common, *parameters)}
        given: dict[str, tuple[Parameter, Argument]] = {}
        places = iter(parameters)
        for argument in call.arguments:
            parameter = known.get(argument.name) if argument.name is not None else next(places, None)
            if parameter is None:
                self._stranger(call, argument, list(known), len(parameters))
                if argument.name is None:
                    break
            elif parameter.name in given:
                self._say(argument.span, message("`{name}` is given twice.", name=parameter.name))
            else:
                given[parameter.name] = (parameter, argument)
        return given

    def _stranger(self, call: Call, argument: Argument, known: list[str], places: int) -> None:
        if argument.name is None:
            why = message("{layer} takes at most {n} arguments without a name.", layer=call.name, n=places)
            self._say(argument.span, why)
        elif argument.name not in UNLISTED:
            guess = near(argument.name, known)
            why = message("`{name}` is not a parameter of {layer}.", name=argument.name, layer=call.name)
            if guess:
                template = "`{name}` is not a parameter of {layer}; did you mean `{guess}`?"
                why = message(template, name=argument.name, layer=call.name, guess=guess)
            self._say(argument.span, why)

    def _argument(self, parameter: Parameter, argument: Argument) -> None:
        kind, value = parameter.kind, argument.value
        if value is None and not parameter.required:
            return
        if isinstance(value, Call) and kind is Kind.ACTIVATION:
            self.call(value, "layers")
        elif isinstance(value, Call) and kind in _NESTED:
            self.call(value, _NESTED[kind])
        elif kind in (Kind.ANY, Kind.SEED) and (calls := _calls_in(value)):
            for call in calls:
                self._nested(call)
        elif kind is Kind.ACTIVATION:
            self._activation(parameter.name, argument)
        elif kind in _NESTED:
            self._word(parameter.name, _NESTED[kind], argument)
        else:
            self._say(argument.span, literal_problem(parameter.name, kind, value, parameter.choices))

    def _nested(self, call: Call) -> None:
        """Check a call that stands where anything may stand."""
        family = self._catalog.family_of(call.name)
        if family:
            self.call(call, family)
        else:
            why = message("Keras {version} has no `{name}` that could stand here.", version=self._catalog.keras,
                          name=call.name)  # fmt: skip
            self._say(call.span, why)

    def _activation(self, name: str, argument: Argument) -> None:
        value, known = argument.value, self._catalog.activations
        if not isinstance(value, str):
            why = message("`{name}` must be the name of an activation in quotes, not {value}.",
                          name=name, value=shown(value))  # fmt: skip
            self._say(argument.span, why)
        elif value not in known and value not in self._catalog.layers:
            guess, version = near(value, known), self._catalog.keras
            why = message("{value} is not an activation of Keras {version}.", value=shown(value), version=version)
            if guess:
                template = "{value} is not an activation of Keras {version}; did you mean {guess}?"
                why = message(template, value=shown(value), version=version, guess=shown(guess))
            self._say(argument.span, why)

    def _word(self, name: str, family: Family, argument: Argument) -> None:
        """Check a name in quotes that stands for an object of the family, e.g. `'glorot_uniform'`."""
        value = argument.value
        if family == "layers" or not isinstance(value, str):
            template = "`{name}` must be {kind}, such as {example}, not {value}."
            why = message(template, name=name, kind=_A[family], example=_EXAMPLES[family], value=shown(value))
            self._say(argument.span, why)
        elif value not in (words := self._catalog.words(family)):
            lower_first = sorted(words, key=lambda word: (word[:1].isupper(), word))
            self._say(argument.span, self._no_such(value, family, near(value, lower_first)))

    def _say(self, span: Span | None, why: Message | None) -> None:
        if why is not None:
            self.problems.append(Problem(why, span or _NOWHERE))


def _calls_in(value: Value) -> list[Call]:
    if isinstance(value, Call):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [call for v in value for call in _calls_in(v)]
    return []
