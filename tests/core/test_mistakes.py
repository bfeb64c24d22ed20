from reproviewer.core.keras_text import parse
from reproviewer.core.message import message
from reproviewer.core.mistakes import problem_at
from reproviewer.core.model_spec import Span

TEXT = "Input((3,))\nDense(5, activation='reluu')"
SENTENCE = message("No such activation.")


def test_a_mistake_is_put_at_its_argument_its_layer_or_the_whole_model():
    parsed = parse(TEXT)
    argument = problem_at(parsed, SENTENCE, (1, "activation"))
    assert argument.message is SENTENCE
    assert (argument.span.line, argument.span.column) == (2, 9)
    assert problem_at(parsed, SENTENCE, (1, None)).span == Span(2, 0, 2, len("Dense(5, activation='reluu')"))
    assert problem_at(parsed, SENTENCE, (1, "units")).span == parsed.layers[1].span
    assert problem_at(parsed, SENTENCE, None).span == Span(1, 0, 2, len("Dense(5, activation='reluu')"))
    assert problem_at(parsed, SENTENCE, (9, None)).span.line == 1
    assert problem_at(parse(""), SENTENCE, None).span.line == 1
