"""Reports: one page that needs nothing else, the same as JSON and CSV, and an old report that stays when it fails."""

import csv
import hashlib
import io
import json
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest

from reproviewer.core import groups
from reproviewer.core.compare import compare
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import Criteria, Tolerance, Tolerances
from reproviewer.core.weights import Tensor
from reproviewer.files import read
from reproviewer.reports.document import Source
from reproviewer.reports.pictures import pictures, png
from reproviewer.reports.write import write

EVIL = "<script>alert('&1')</script>"


@pytest.fixture
def compared(tmp_path):
    """Three files, two of which are identical, and what a report is made of."""
    rng = np.random.default_rng(1)
    kernel, bias = rng.standard_normal((64, 96), dtype=np.float32), np.zeros(96, np.float32)
    touched = kernel.copy()
    touched[10, 20] += 1
    for name, arrays in {
        "a": {"dense/kernel": kernel, "dense/bias": bias, EVIL: bias},
        "b": {"dense/kernel": touched, "dense/bias": bias, EVIL: bias},
        "c": {"dense/kernel": kernel, "dense/bias": bias, EVIL: bias},
    }.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
    found = [read(tmp_path / f"{name}.npz", tmp_path / "scratch") for name in "abc"]
    sources = [
        Source(f"{name}.npz", one.weights, one.format, one.metadata, one.remarks, tuple(one.stamps))
        for name, one in zip("abc", found, strict=True)
    ]
    sets = [one.weights for one in found]
    comparisons = [compare(sets[0], other) for other in sets[1:]]
    others = [(source.label, comparison) for source, comparison in zip(sources[1:], comparisons, strict=True)]
    return sources, others, groups.group(sets, comparisons), Criteria()


class Page(HTMLParser):
    """Collects the tags of a page with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_a_page_needs_nothing_else_and_runs_nothing(tmp_path, compared):
    write(tmp_path / "report.html", *compared)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in {"src", "href"} & set(attributes):
            assert attributes[name].startswith("data:image/png;base64,")
    assert f"✓ {EVIL}" not in page.text
    assert EVIL in page.text  # as text
    assert "✕ different" in page.text
    assert "a.npz = c.npz" in page.text
    assert "1 of 6,144" in page.text
    digest = hashlib.sha256((tmp_path / "b.npz").read_bytes()).hexdigest()
    assert digest in page.text
    assert sum(tag == "img" for tag, _ in page.tags) == 3


def test_every_form_states_the_terms_of_the_comparison(tmp_path, compared):
    sources, _, _, _ = compared
    sets = [source.weights for source in sources[:2]]
    by_name = (("*/bias", Tolerance(atol=1e-6)), ("out/*", Tolerance()))
    terms = Criteria(Tolerances(Tolerance(ulp=3, atol=2.0), by_name), with_state=True)
    comparison = compare(*sets, terms.tolerance)
    assert comparison.verdict == "close"
    for form in ("html", "json", "csv"):
        write(tmp_path / f"r.{form}", sources[:2], [("b.npz", comparison)], groups.of_two(comparison), terms)
    said = ["Tolerance: 3 ULP or 2, and others by name. Optimizer and other state counts."]
    said += ["*/bias: Tolerance: 1e-06.", "out/*: Tolerance: none."]
    assert json.loads((tmp_path / "r.json").read_text())["criteria"] == said
    page = Page((tmp_path / "r.html").read_text(encoding="utf-8")).text
    assert all(sentence in page for sentence in said)
    rows = {row["tensor"]: row for row in csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text()))}
    limits = ("ulp tolerance", "absolute tolerance", "relative tolerance")
    assert [rows["dense/kernel"][limit] for limit in limits] == ["3", "2.0", "0.0"]
    assert [rows["dense/bias"][limit] for limit in limits] == ["0", "1e-06", "0.0"]
    write(tmp_path / "usual.html", *compared)
    assert "olerance" not in (tmp_path / "usual.html").read_text(encoding="utf-8")


def test_json_tells_what_compare_tells_and_what_was_compared(tmp_path, compared):
    write(tmp_path / "report.json", *compared)
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert document["schema"] == "reproviewer/report-1"
    assert document["verdict"] == "different"
    assert document["groups"] == [["a.npz", "c.npz"], ["b.npz"]]
    assert [source["label"] for source in document["sources"]] == ["a.npz", "b.npz", "c.npz"]
    kernel = document["sources"][0]["tensors"][0]
    assert kernel["sha256"] == hashlib.sha256(np.load(tmp_path / "a.npz")["dense/kernel"].tobytes()).hexdigest()
    assert set(document["versions"]) == {"reproviewer", "python", "numpy"}


def test_csv_has_a_row_for_every_tensor_and_no_formulas(tmp_path, compared):
    write(tmp_path / "report.csv", *compared)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text(encoding="utf-8"))))
    assert [(row["other"], row["verdict"]) for row in rows[:4]] == [
        ("b.npz", "different"),
        ("b.npz", "identical"),
        ("b.npz", "identical"),
        ("c.npz", "identical"),
    ]
    assert rows[0]["differing"] == "1"
    assert rows[0]["first index"] == "[10, 20]"
    sources, others, found, terms = compared
    write(tmp_path / "evil.csv", sources, [("=cmd()", others[0][1]), others[1]], found, terms)
    assert "\n'=cmd()," in (tmp_path / "evil.csv").read_text(encoding="utf-8")


def decoded(data):
    """The pixels of a PNG file without a filter."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    at = data.index(b"IDAT")
    size = int.from_bytes(data[at - 4 : at], "big")
    rows = np.frombuffer(zlib.decompress(data[at + 4 : at + 4 + size]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    assert zlib.crc32(data[at : at + 4 + size]) == int.from_bytes(data[at + 4 + size : at + 8 + size], "big")
    return rows[:, 1:].reshape(height, width, 3)


def test_one_differing_weight_is_one_pixel(tmp_path, compared):
    sources = compared[0]
    a, b = (source.weights.by_name["dense/kernel"] for source in sources[:2])
    drawn = pictures(a, b, (10, 20), lambda: False)
    pixels = decoded(drawn.difference)
    assert pixels.shape == (64, 96, 3)
    assert np.argwhere((pixels != 255).any(axis=-1)).tolist() == [[10, 20]]
    assert (decoded(drawn.a) != decoded(drawn.b)).any(axis=-1).sum() == 1
    empty = png(np.full((1, 1), 0xFF102030, np.uint32))
    assert decoded(empty).tolist() == [[[0x10, 0x20, 0x30]]]


def test_a_report_that_cannot_be_made_leaves_the_old_one(tmp_path, compared):
    target = tmp_path / "report.html"
    target.write_text("old")
    (tmp_path / "b.npz").unlink()
    with pytest.raises(ReproError, match=r"b\.npz"):
        write(target, *compared)
    assert target.read_text() == "old"
    with pytest.raises(ReproError, match=r"^A report is a \.html, a \.json or a \.csv file, not report\.pdf\.$"):
        write(tmp_path / "report.pdf", *compared)


@pytest.mark.parametrize(
    ("values", "table", "caption"),
    [
        ([np.nan, 0, 0, 0], "not finite (NaN or infinity)", "difference: 1 not finite (NaN or infinity)"),
        (
            [np.nan, 0.5, np.inf, 0],
            "not finite (NaN or infinity)",
            "difference: 2 not finite (NaN or infinity), else largest |Δ| 0.5",
        ),
        ([-1.394, 0, 0, 0], "1.39", "difference: largest |Δ| 1.39"),
        ([-0.0, 0, 0, 0], "0", "difference: other bits"),
    ],
)
def test_the_caption_of_a_picture_says_what_the_table_says(tmp_path, values, table, caption):
    sources = []
    for name, array in {"a": np.zeros((2, 2)), "b": np.reshape(values, (2, 2))}.items():
        np.savez(tmp_path / f"{name}.npz", kernel=array)
        found = read(tmp_path / f"{name}.npz", tmp_path / "scratch")
        sources.append(Source(f"{name}.npz", found.weights))
    sets = [source.weights for source in sources]
    comparison = compare(*sets)
    write(tmp_path / "report.html", sources, [("b.npz", comparison)], groups.group(sets, [comparison]), Criteria())
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert f"<td>{table}</td>" in text
    assert f"<figcaption>{caption}</figcaption>" in text
    assert "Infinity" not in text


def test_what_is_no_number_is_not_drawn(tmp_path):
    paths = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for path, data in zip(paths, (b"abcd", b"abce"), strict=True):
        path.write_bytes(data)
    a, b = (Tensor("kernel", "V2", (2,), str(path), 0) for path in paths)
    assert pictures(a, b, (1,), lambda: False) is None


def test_a_page_names_what_is_identical_and_says_where_nothing_is(tmp_path, compared):
    write(tmp_path / "report.html", *compared)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<ul><li>a.npz = c.npz</li></ul>" in page
    assert "No two are identical." not in page
    np.savez(tmp_path / "c.npz", **{"dense/kernel": np.ones((64, 96), np.float32), "dense/bias": np.zeros(96)})
    sources, others, _, terms = compared
    other = read(tmp_path / "c.npz", tmp_path / "scratch")
    sources[2] = Source("c.npz", other.weights, other.format, {}, {}, tuple(other.stamps))
    sets = [source.weights for source in sources]
    others[1] = ("c.npz", compare(sets[0], sets[2]))
    write(tmp_path / "report.html", sources, others, groups.group(sets, [c for _, c in others]), terms)
    assert "<p>No two are identical.</p>" in (tmp_path / "report.html").read_text(encoding="utf-8")
