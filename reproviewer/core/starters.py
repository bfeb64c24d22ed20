"""What a layer looks like when it is added: its name with what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reproviewer.core.keras_text import parse_value
from reproviewer.core.model_spec import Argument, Call
from reproviewer.core.parameter_kinds import Kind

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog, Family, Parameter
    from reproviewer.core.model_spec import Value

_WHOLE = {
    "Input": "Input((8,))",
    "Conv1D": "Conv1D(8, 3)",
    "Dropout": "Dropout(0.5)",
    "Embedding": "Embedding(100, 8)",
    "EinsumDense": "EinsumDense('ab,bc->ac', output_shape=8)",
    "Reshape": "Reshape((-1,))",
    "Permute": "Permute((1,))",
    "TimeDistributed": "TimeDistributed(Dense(8))",
    "SpectralNormalization": "SpectralNormalization(Dense(8))",
    "RNN": "RNN(LSTMCell(8))",
    "StackedRNNCells": "StackedRNNCells([LSTMCell(8)])",
}
_BY_NAME: dict[str, Value] = {
    "activation": "relu",
    "equation": "ab,bc->ac",
    "key_dim": 8,
    "kernel_size": 3,
    "layer": Call("LSTM", (Argument(None, 8),)),
    "num_heads": 2,
    "pool_size": 2,
    "output_size": 1,
}
_BY_KIND: dict[Kind, Value] = {Kind.COUNT: 8, Kind.SIZE: 2, Kind.RATE: 0.5, Kind.NUMBER: 0.1, Kind.SHAPE: (8,)}


def starter(catalog: Catalog, name: str, family: Family = "layers") -> Call:
    """A call that Keras takes as it is wherever that can be told; what else is needed gets the value 1."""
    if family == "layers" and name in _WHOLE:
        made: Call = parse_value(_WHOLE[name])
        return made
    required = [p for p in catalog.family(family).get(name, ()) if p.required]
    return Call(name, tuple(Argument(None, _value(parameter)) for parameter in required))


def _value(parameter: Parameter) -> Value:
    return _BY_NAME.get(parameter.name, _BY_KIND.get(parameter.kind, 1))
