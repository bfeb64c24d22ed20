import math
import random
import time

import pytest

from reproviewer.core.keras_text import Parsed, format_call, format_model, format_value, parse, parse_value
from reproviewer.core.model_spec import Argument, Call, Span


def only(text: str) -> Call:
    parsed = parse(text)
    assert parsed.problems == ()
    (layer,) = parsed.layers
    return layer


def sentences(text: str) -> list[str]:
    return [str(problem.message) for problem in parse(text).problems]


def marked(text: str) -> list[str]:
    """The stretches of `text` that the problems point at."""
    lines = text.split("\n")
    found = []
    for problem in parse(text).problems:
        span = problem.span
        assert 1 <= span.line <= span.end_line <= len(lines)
        if span.line == span.end_line:
            found.append(lines[span.line - 1][span.column : span.end_column])
        else:
            found.append(lines[span.line - 1][span.column :] + "…")
    return found


DENSE = Call("Dense", (Argument(None, 5), Argument("input_dim", 1)))
TWO = (DENSE, Call("Flatten"))


@pytest.mark.parametrize(
    "text",
    [
        "Dense(5, input_dim=1)\nFlatten()",
        "Dense(5, input_dim=1), Flatten()",
        "Dense(5, input_dim=1),\nFlatten(),\n",
        "# a model\n\nDense(5, input_dim=1)  # five, (of them\nFlatten() # and\n\n",
        "[Dense(5, input_dim=1), Flatten()]",
        "  [\n    Dense(5, input_dim=1),\n    Flatten(),  # last\n]\n",
        "Sequential([Dense(5, input_dim=1), Flatten()])",
        "model = keras.Sequential([\n    layers.Dense(5, input_dim=1),\n    tf.keras.layers.Flatten(),\n])",
        "tf.keras.models.Sequential([Dense(5, input_dim=1), Flatten()],)",
        "Dense(\n    5,  # units\n    input_dim=1,\n)\nkeras.layers.Flatten()",
        "Dense(5, input_dim=1)\r\nFlatten()\r\n",
        "\ufeffDense(5, input_dim=1)\rFlatten()",
    ],
)
def test_all_ways_to_write_two_layers(text: str) -> None:
    assert parse(text) == Parsed(TWO, ())


@pytest.mark.parametrize("text", ["", "  \n\n", "# nothing\n", "[]", "Sequential([])", "[ # none\n]", ",\n,"])
def test_no_layers(text: str) -> None:
    assert parse(text) == Parsed((), ())


def test_values_keep_their_kind() -> None:
    call = only("A(1, -2, 3.5, -0.0, 'x', \"it's\", None, True, (1,), (), [1, [2]], {'a': (1, 2)}, 1e999, +4, 0x10)")
    values = [argument.value for argument in call.arguments]
    assert repr(values[:12]) == repr(
        [1, -2, 3.5, -0.0, "x", "it's", None, True, (1,), (), [1, [2]], {"a": (1, 2)}]
    )  # repr tells 1 from True and -0.0 from 0.0
    assert values[12:] == [math.inf, 4, 16]


def test_nested_calls_lose_their_modules() -> None:
    call = only("Bidirectional(keras.layers.LSTM(4, kernel_initializer=keras.initializers.GlorotUniform(seed=7)))")
    lstm = call.arguments[0].value
    assert lstm.name == "LSTM"
    assert lstm.arguments[1].value == Call("GlorotUniform", (Argument("seed", 7),))


def test_spans_count_characters_over_lines() -> None:
    first, second = parse("# ü\nA(name='äöü', units=5)\n  B(\n 'é', x='ß')").layers
    assert first.span == Span(2, 0, 2, 22)
    assert [argument.span for argument in first.arguments] == [Span(2, 2, 2, 12), Span(2, 14, 2, 21)]
    assert second.span == Span(3, 2, 4, 12)
    assert [argument.span for argument in second.arguments] == [Span(4, 1, 4, 4), Span(4, 6, 4, 11)]


@pytest.mark.parametrize(
    ("text", "sentence", "stretch"),
    [
        ("Dense(5", "`(` is never closed.", "("),
        ("Dense(5]", "`(` is never closed.", "("),
        ("[Dense(5)", "`[` is never closed.", "["),
        ("Sequential([Dense(5)]", "`Sequential(` is never closed.", "]"),
        ("Dense(5))", "There is one `)` too many.", ")"),
        ("Dense(5)\n]", "There is one `]` too many.", "]"),
        ("Dense(5, name='a)", "This text is never closed: a ' is missing.", "'"),
        ("Dense", "`Dense` needs brackets: Dense().", "Dense"),
        ("5", "This is not a layer. A layer is written like Dense(5, activation='relu').", "5"),
        ("[Dense(5)] + 1", "Nothing may follow the list of layers.", "+ 1"),
        (
            "Sequential([Dense(5)], name='m')",
            "Only the list of layers is read from `Sequential`, not this.",
            "name='m')",
        ),
        ("Dense(units)", "`units` is not a value: write 'units' in quotes if a name is meant.", "units"),
        ("A(tf.nn.relu)", "`tf.nn.relu` is not a value: write 'relu' in quotes if a name is meant.", "tf.nn.relu"),
        ("Dense(*[5])", "`*` is not read here: write the values one by one.", "*[5]"),
        ("Dense(**{'units': 5})", "`**` is not read here: write the arguments one by one.", "**{'units': 5}"),
        ("Dense(-'5')", "Only a number can have a sign.", "-'5'"),
        ("Dense(-True)", "Only a number can have a sign.", "-True"),
        ("A({1: 2})", "The keys of a dictionary must be texts in quotes.", "{1: 2}"),
        ("x = Dense(5)", "Only layers are read, nothing else of a script.", "x = Dense(5)"),
        ("import keras", "Only layers are read, nothing else of a script.", "import keras"),
        ("Dense(5 6)", "This cannot be read: invalid syntax. Perhaps you forgot a comma.", "5"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_and_located(text: str, sentence: str, stretch: str) -> None:
    if "Perhaps" in sentence:  # the words are Python's own
        assert sentences(text)[0].startswith("This cannot be read: ")
    else:
        assert sentences(text) == [sentence]
    assert marked(text) == [stretch]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "__import__('os')",
        "os.system('true')",
        "Dense(__import__('os').getpid())",
        "Dense(f'{open}')",
        "Dense([x for x in 'ab'])",
        "Dense(lambda: 1)",
        "Dense((lambda: 1)())",
        "Dense(2**99999)",
        "Dense('a' * 10**9)",
        "Dense(x := 5)",
        "Dense(...)",
        "Dense(5j)",
        "Dense(b'5')",
        "Dense({1, 2})",
        "Dense(a[0])",
        "Dense(not 5)",
        "Dense(5 if 1 else 2)",
        "Dense('\\ud800', 5)\x00",
        "Dense('\ud800', 5)",
        "Dense(" + "9" * 5000 + ")",
        "(" * 1000,
        "Dense" + "(" * 150_000,
        "Dense(" * 30_000,
        "[" * 199_999,
        "Dense(" + "-" * 19_000 + "1)",
        "Dense(" + "1+" * 9_000 + "1)",
        "Dense(a" + ".a" * 9_000 + ")",
        "Dense(" + "not " * 4_000 + "1)",
        "Dense(" + "1 if 1 else " * 1_500 + "1)",
        "A(" + "1," * 50_000 + ")",
        "x" * 10_000_000,
        "\n" * 10_000_000,
        "'" * 10_000_001,
    ],
    ids=lambda text: text[:20].encode("ascii", "backslashreplace").decode().replace("\x00", "0"),
)
def test_hostile_text_gives_one_problem_quickly(text: str) -> None:
    begun = time.perf_counter()
    parsed = parse(text)
    assert len(parsed.problems) == 1
    assert str(parsed.problems[0].message)
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("line", ["(\n", ")\n", "'\n", '"""\n', "[(\n", "Dense(\n", "A(\n)\n", "'''", "\\\n", "A(#\n"])
def test_much_rubbish_stays_quick(line: str) -> None:
    begun = time.perf_counter()
    parse(line * (190_000 // len(line)))
    assert time.perf_counter() - begun < 3


def test_one_bad_line_hides_no_other() -> None:
    text = "Dense(5,\nDense(3)\nConv2D(a)\nFlatten()\nFlatten\n)\nDense('x)\nDropout(0.5)\n"
    parsed = parse(text)
    assert [layer.name for layer in parsed.layers] == ["Dropout"]
    assert [problem.span.line for problem in parsed.problems] == [2, 7]  # line 6 closes the first layer


def test_an_unclosed_call_over_lines_is_one_problem() -> None:
    parsed = parse("Dense(\n    5,\n    kernel_initializer=Zeros()\nFlatten()")
    assert [layer.name for layer in parsed.layers] == ["Flatten"]
    assert sentences("Dense(\n    5,\n    kernel_initializer=Zeros()\nFlatten()") == ["`(` is never closed."]


def test_an_unclosed_call_in_a_list_leaves_the_list_whole() -> None:
    parsed = parse("[\n    Dense(5,\n    Flatten(),\n]")
    assert [layer.name for layer in parsed.layers] == ["Flatten"]
    assert len(parsed.problems) == 1


def test_a_model_has_a_largest_number_of_layers() -> None:
    parsed = parse("Flatten()\n" * 5000)
    assert len(parsed.layers) == 2000
    assert sentences("Flatten()\n" * 5000) == ["A model of more than 2,000 layers is not read."]


def test_format() -> None:
    assert format_call(DENSE) == "Dense(5, input_dim=1)"
    assert format_model(TWO) == "Dense(5, input_dim=1)\nFlatten()"
    assert format_value((1,)) == "(1,)"
    assert format_value(-math.inf) == "-1e999"
    with pytest.raises(ValueError, match="not a literal"):
        format_value(math.nan)
    with pytest.raises(ValueError, match="not a literal"):
        format_value(object())


def test_parse_value() -> None:
    assert parse_value(" (3, 3) ") == (3, 3)
    assert parse_value("GlorotUniform(seed=7)") == Call("GlorotUniform", (Argument("seed", 7),))
    for bad in ("", "1, 2", "1) # ", "x", "1), A(2", "a\nb", "1, v=2"):
        with pytest.raises(ValueError, match=r"."):
            parse_value(bad)


def test_what_is_written_is_read_again() -> None:
    rng = random.Random(20)
    for _ in range(1500):
        layers = tuple(_any_call(rng, 3) for _ in range(rng.randrange(5)))
        text = format_model(layers)
        again = parse(text)
        assert again.problems == ()
        assert repr(_bare(again.layers)) == repr(_bare(layers))  # repr: 1 is not True, -0.0 is not 0.0


TEXTS = [
    "",
    "relu",
    "it's",
    'a "b"',
    "\n",
    "\\",
    "#",
    "ä🙂",
    "(",
    ")]}",
    "\u2028",
    "\r",
    "\x0c",
    "'''",
    "{x}",
    "\ufeff",
]
NUMBERS = [0, 1, -1, 2**40, -(2**70), 0.1, -0.0, 1e-300, 1.5e300, math.inf, -math.inf, True, False, None]


def _any_value(rng: random.Random, depth: int) -> object:
    kind = rng.randrange(7 if depth else 2)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind in (1, 2):
        return rng.choice(TEXTS)
    if kind == 3:
        return tuple(_any_value(rng, depth - 1) for _ in range(rng.randrange(4)))
    if kind == 4:
        return [_any_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if kind == 5:
        return {rng.choice(TEXTS): _any_value(rng, depth - 1) for _ in range(rng.randrange(3))}
    return _any_call(rng, depth - 1)


def _any_call(rng: random.Random, depth: int) -> Call:
    positional = [Argument(None, _any_value(rng, depth)) for _ in range(rng.randrange(3))]
    names = rng.sample(["units", "name", "é", "seed", "activation"], rng.randrange(4))
    named = [Argument(name, _any_value(rng, depth)) for name in names]
    return Call(rng.choice(["Dense", "LSTM", "X1", "Bidirectional"]), (*positional, *named))


def _bare(value: object) -> object:
    if isinstance(value, Call):
        return (value.name, [(argument.name, _bare(argument.value)) for argument in value.arguments])
    if isinstance(value, tuple | list):
        return type(value)(_bare(v) for v in value)
    if isinstance(value, dict):
        return {key: _bare(v) for key, v in value.items()}
    return value
