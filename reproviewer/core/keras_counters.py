"""Names that Keras gives by itself: the class of a layer, and how many of it there were before."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"(.+?)_([1-9]\d*)$")
"""Keras counts `dense`, `dense_1`: a name that ends in `_0` or `_01` is a person's."""
_HALF = re.compile(r"(forward|backward)_")
_CLASS = re.compile(
    r"(einsum_)?dense|(reversible_)?embedding|p_re_lu"
    r"|(depthwise_|separable_)?conv[123]d(_transpose)?"
    r"|((batch|layer|group|rms|spectral)_)?normalization"
    r"|(cu_dnn)?(lstm|gru)|simple_rnn|rnn|conv_lstm[123]d|(lstm|gru|simple_rnn|conv_lstm)_cell|stacked_rnn_cells"
    r"|bidirectional|time_distributed|((multi_head|grouped?_query|additive)_)?attention"
    r"|sequential|functional|model"
)
"""Classes of Keras that hold weights, as it writes them. Other names may be a person's: `block_2`, `enc_2`."""


def numbered(name: str) -> tuple[str, int]:
    """A name and the number that was added to it: (`dense`, 3) for `dense_3`, (`dense`, 0) for `dense`."""
    match = _NUMBERED.match(name)
    return (match[1], int(match[2])) if match else (name, 0)


def is_counted(base: str) -> bool:
    """Whether Keras gives this name, so that its number says nothing but when the layer was made."""
    return _CLASS.fullmatch(_HALF.sub("", base, count=1)) is not None
