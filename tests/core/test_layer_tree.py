"""Lines into a tree of layers, and what is wanted of it."""

import pytest

from reproviewer.core import layer_tree
from reproviewer.core.layer_tree import Arrangement, arranged, fitting, grow, next_unlike, tensors
from reproviewer.core.tensor_rows import TensorRow
from reproviewer.core.verdict import Verdict

SAME = Verdict.IDENTICAL


def row(name, verdict=SAME, differing=0, size=10, **more):
    shape = more.pop("shape", (size,))
    return TensorRow(name, name, shape, "float32", verdict, differing, size, **more)


def outline(nodes):
    """The labels; a group as a pair of its label and what is in it."""
    return [(node.label, outline(node.children)) if node.children else node.label for node in nodes]


def labels(*names, **more):
    return outline(grow([row(name, **more) for name in names]))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["dense/kernel", "dense/bias"], [("dense", ["kernel", "bias"])]),
        (["kernel", "bias"], ["kernel", "bias"]),
        (["sequential/dense/kernel:0", "sequential/dense/bias:0"], [("sequential/dense", ["kernel", "bias"])]),
        (["dense/dense/kernel:0", "dense/dense/bias:0"], [("dense", ["kernel", "bias"])]),
        (["a/x/kernel", "a/x/bias", "a/emb/table"], [("x", ["kernel", "bias"]), "emb/table"]),
        (
            ["enc/block_1/attention/q", "enc/block_1/attention/k", "dec/kernel", "dec/bias"],
            [("enc/block_1/attention", ["q", "k"]), ("dec", ["kernel", "bias"])],
        ),
        (["layers/dense/vars/0", "layers/dense/vars/1", "layers/d2/vars/0"], [("dense/vars", ["0", "1"]), "d2/vars/0"]),
        (["state_dict/l1.0.conv.weight", "state_dict/l1.0.conv.bias"], [("state_dict/l1.0.conv", ["weight", "bias"])]),
        (["h.0.w", "h.0.b", "h.1.w", "wte"], [("h", [("0", ["w", "b"]), "1.w"]), "wte"]),
        (["layer_with_weights-0/kernel", "v1.5-final/kernel"], ["layer_with_weights-0/kernel", "v1.5-final/kernel"]),
        (["a", "a/b", "a/c", "a"], ["a", ("a", ["b", "c"]), "a"]),
    ],
)
def test_names_are_paths(names, expected):
    assert labels(*names) == expected


def test_every_line_is_in_the_tree_once_whatever_its_name():
    names = [
        "",
        "/",
        "//x",
        "x/",
        ".a",
        "a.",
        "a..b",
        "a/b",
        "a/b",
        "a.b",
        ":0",
        "\0",
        "\0optimizer",
        "other",
        "other/x",
    ]
    lines = [row(name, role=role) for role in ("weight", "draw", "optimizer", "other") for name in names]
    nodes = grow(lines)
    assert sorted(node.row for node in tensors(nodes)) == list(range(len(lines)))
    paths = [node.path for node in walk(nodes)]
    assert len(set(paths)) == len(paths)


def walk(nodes):
    for node in nodes:
        yield node
        yield from walk(node.children)


def test_groups_stand_where_their_first_tensor_stands():
    assert labels("b/x", "a/x", "b/y", "a/y") == [("b", ["x", "y"]), ("a", ["x", "y"])]


def test_state_stands_at_the_end_and_draws_are_calls():
    lines = [
        row("adam/m", role="optimizer", verdict=None),
        row("d/kernel"),
        row("d/bias"),
        row("numpy.random.rand(2)", role="draw"),
        row("rng/state", role="other", verdict=None),
    ]
    assert outline(grow(lines)) == [
        ("d", ["kernel", "bias"]),
        "numpy.random.rand(2)",
        ("Optimizer state", ["adam/m"]),
        ("Other state", ["rng/state"]),
    ]
    assert [node.section for node in grow(lines)] == ["", "", "optimizer", "other"]


def test_a_group_carries_the_worst_of_what_is_in_it():
    (group,) = grow(
        [
            row("d/a", Verdict.EQUAL, 1, 10, max_abs=0.0, max_ulp=None),
            row("d/b", Verdict.DIFFERENT, 3, 30, max_abs=float("inf"), max_ulp=7),
            row("d/c", None, size=60),
        ]
    )
    assert group.tally == (Verdict.DIFFERENT, 4, 100, float("inf"), 7, 3, 2)
    assert group.tally.share == 0.04
    assert grow([row("d/a", None), row("d/b", None)])[0].tally.verdict is None


LINES = [
    row("model/enc/q/kernel", shape=(4, 8), size=32),
    row("model/enc/q/bias", Verdict.DIFFERENT, 2, 8, max_abs=0.5, max_ulp=3),
    row("model/dec/kernel_10", Verdict.DIFFERENT, 10, 10, max_abs=0.1, max_ulp=9),
    row("model/dec/kernel_9", Verdict.MISMATCHED, 0, 10, names=("kernel_9", None), aliases=("layers/x/vars/0",)),
]


def shown(**wanted):
    return outline(arranged(grow(LINES), LINES, Arrangement(**wanted)))


def test_only_what_differs():
    assert shown(only_unlike=True) == [("enc/q", ["bias"]), ("dec", ["kernel_10", "kernel_9"])]
    group = arranged(grow(LINES), LINES, Arrangement(only_unlike=True))[0]
    assert group.tally.size == 40


@pytest.mark.parametrize("text", ["Q/BIAS", "q/bias", " bias ", "(8,)"])
def test_search_by_name_and_shape_upper_or_lower_case(text):
    assert shown(text=text) == [("enc/q", ["bias"])]


def test_search_by_dtype_other_names_and_in_vain():
    assert len(fitting(LINES, Arrangement(text="FLOAT32"))) == 4
    assert fitting(LINES, Arrangement(text="x/vars")) == {3}
    assert shown(text="no such") == []
    assert fitting(LINES, Arrangement(text="kernel", only_unlike=True)) == {2, 3}


def test_orders():
    assert shown(order="name") == [("dec", ["kernel_9", "kernel_10"]), ("enc/q", ["bias", "kernel"])]
    assert shown(order="share", descending=True) == [("dec", ["kernel_9", "kernel_10"]), ("enc/q", ["bias", "kernel"])]
    assert shown(order="abs", descending=True) == [("enc/q", ["bias", "kernel"]), ("dec", ["kernel_10", "kernel_9"])]
    assert shown(order="ulp", descending=True)[0] == ("dec", ["kernel_10", "kernel_9"])
    assert shown(order="model") == outline(grow(LINES))


def test_what_is_not_compared_stays_at_the_end_in_every_order():
    lines = [*LINES, row("aaa", None, role="optimizer")]
    for order in ("name", "share", "abs", "ulp"):
        for descending in (False, True):
            nodes = arranged(grow(lines), lines, Arrangement(order=order, descending=descending))
            assert nodes[-1].section == "optimizer"


def test_the_next_difference_goes_round():
    nodes = grow(LINES)
    assert [next_unlike(nodes, at) for at in (None, 0, 1, 2, 3)] == [1, 1, 2, 3, 1]
    assert [next_unlike(nodes, at, forward=False) for at in (None, 0, 1, 2, 3)] == [3, 3, 3, 1, 2]
    assert next_unlike(grow([row("a"), row("b")]), 0) is None


@pytest.mark.parametrize(
    ("differing", "size", "text"),
    [
        (0, 10, ""),
        (10, 10, "all"),
        (1, 4_000_000, "1 of 4 M"),
        (480_000, 4_000_000, "12 %"),
        (3_999_999, 4_000_000, "99 %"),
        (3, 24, "3 of 24"),
        (39_999, 4_000_000, "40 k of 4 M"),
    ],
)
def test_shares_in_few_signs(differing, size, text):
    tally = layer_tree.Tally(Verdict.DIFFERENT if differing else SAME, differing, size)
    assert str(layer_tree.share_text(tally)) == text


def test_counts_in_three_digits():
    counts = {
        0: "0",
        999: "999",
        1000: "1 k",
        12_345: "12.3 k",
        999_999: "1 M",
        2_128_904_871: "2.13 G",
        10**21: "1e+03 E",
    }
    assert {count: layer_tree.short_count(count) for count in counts} == counts


def test_why_a_tensor_does_not_fit():
    one = row("a", Verdict.MISMATCHED)
    texts = [str(layer_tree.misfit_text(one._replace(names=names))) for names in (("a", None), (None, "a"), ("a", "a"))]
    assert texts == ["missing", "extra", "other shape"]


def test_ten_thousand_tensors_are_looked_at_a_few_times_each(monkeypatch):
    """Counted, not timed: growing, filtering and sorting take no time that grows with the square."""
    calls = []
    monkeypatch.setattr(layer_tree, "_cut", lambda line, cut=layer_tree._cut: calls.append(1) or cut(line))
    lines = [row(f"m/block_{n // 8}/layer_{n % 8 // 2}/{'kb'[n % 2]}") for n in range(10_000)]
    lines[7777] = lines[7777]._replace(verdict=Verdict.DIFFERENT, differing=1)
    nodes = grow(lines)
    assert len(calls) == 10_000
    assert outline(arranged(nodes, lines, Arrangement(only_unlike=True))) == [("block_972", [("layer_0", ["b"])])]
    assert next_unlike(nodes, None) == 7777
