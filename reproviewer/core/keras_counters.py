"""Names that Keras gives by itself: the class of a layer, and how many of it there were before."""

from __future__ import annotations

import re

_NUMBERED = re.compile(r"(.+?)_([1-9]\d*)$")
"""Keras counts `dense`, `dense_1`: a name that ends in `_0` or `_01` is a person's."""
_HALF = re.compile(r"(forward|backward)_")
_CLASSES = frozenset(
    """
    dense einsum_dense embedding reversible_embedding p_re_lu
    conv1d conv2d conv3d conv1d_transpose conv2d_transpose conv3d_transpose
    depthwise_conv1d depthwise_conv2d separable_conv1d separable_conv2d
    batch_normalization layer_normalization group_normalization rms_normalization spectral_normalization normalization
    simple_rnn lstm gru rnn bidirectional time_distributed conv_lstm1d conv_lstm2d conv_lstm3d cu_dnnlstm cu_dnngru
    simple_rnn_cell lstm_cell gru_cell stacked_rnn_cells conv_lstm_cell
    multi_head_attention group_query_attention grouped_query_attention attention additive_attention
    sequential functional model
    """.split()
)
"""Classes of Keras that hold weights, as it writes them. Other names may be a person's, `block_2` as well as `enc_2`."""


def numbered(name: str) -> tuple[str, int]:
    """A name and the number that was added to it: (`dense`, 3) for `dense_3`, (`dense`, 0) for `dense`."""
    match = _NUMBERED.match(name)
    return (match[1], int(match[2])) if match else (name, 0)


def is_counted(base: str) -> bool:
    """Whether Keras gives this name, so that its number says nothing but when the layer was made."""
    return _HALF.sub("", base, count=1) in _CLASSES
