"""The tree of tensors and the strip, by keys and mouse in a real window with real files, and with many lines."""

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from reproviewer.core.tensor_list import listed
from reproviewer.core.tensor_rows import TensorRow
from reproviewer.core.verdict import Criteria, Tolerance, Tolerances, Verdict
from reproviewer.gui import theme as themes
from reproviewer.gui.actions import Actions
from reproviewer.gui.layer_strip import LayerStrip
from reproviewer.gui.pair_menu import PairMenu
from reproviewer.gui.tensor_model import DTYPE, MIME, NAME, SHAPE, SHARE, ULP, VERDICT_ROLE, TensorModel
from reproviewer.gui.tensor_tree import TensorTree

LAYERS = [f"model/block_{n // 3}/{('attention', 'mlp', 'norm')[n % 3]}" for n in range(12)]


@pytest.fixture
def files(tmp_path):
    """Write the arrays `a`, and what `change` makes of them as `b`."""
    base = {f"{layer}/{weight}": np.full(4, n, "f4") for n, layer in enumerate(LAYERS) for weight in ("kernel", "bias")}

    def write(change=lambda arrays: None):
        other = {name: array.copy() for name, array in base.items()}
        change(other)
        np.savez(tmp_path / "a.npz", **base)
        np.savez(tmp_path / "b.npz", **other)
        return [tmp_path / "a.npz", tmp_path / "b.npz"]

    return write


def two_differ(arrays):
    arrays["model/block_1/mlp/kernel"][2] += 1
    arrays["model/block_3/norm/bias"][:] += 0.5


@pytest.fixture
def compared(open_desk, files):
    """A desk on which two files have been compared."""

    def make(change=two_differ):
        desk = open_desk()
        desk.controller.files.open(files(change))
        desk.wait(lambda: len(desk.state.cards) == 2)
        desk.wait_done()
        return desk

    return make


def press(desk, *keys):
    """Keys as the person presses them, in the window or the part of it that has the focus."""
    for key in keys:
        combination = QKeySequence(key)[0]
        target = desk.window.focusWidget() or desk.window
        desk.qtbot.keyClick(target, combination.key(), combination.keyboardModifiers())


def outline(view):
    """The labels in sight, indented."""
    found, index = [], view.contents.index(0, 0)
    while index.isValid():
        depth, above = 0, index.parent()
        while above.isValid():
            depth, above = depth + 1, above.parent()
        found.append("  " * depth + index.data())
        index = view.indexBelow(index)
    return found


def test_the_tree_says_where_the_differences_are(compared):
    desk = compared()
    tree = desk.window.tensors
    assert outline(tree.view)[:5] == ["block_0", "  attention", "    kernel", "    bias", "  mlp"]
    assert tree.view.current_name() == desk.state.selected == "model/block_1/mlp/kernel"
    index = tree.view.currentIndex()
    assert index.siblingAtColumn(SHARE).data() == "1 of 4"
    assert "different" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "paired by: same name" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "1 of 6 tensors not identical" in index.parent().parent().data(Qt.ItemDataRole.ToolTipRole)
    assert desk.window.strip.accessibleDescription() == "2 of 24 tensors not identical, first model/block_1/mlp/kernel"


def test_every_mark_in_sight_is_drawn_anew_when_the_verdict_changes(compared):
    desk = compared()
    model, told = desk.window.tensors.view.contents, []
    model.dataChanged.connect(lambda first, last: told.append((first.parent(), first.row(), last.row())))
    model.modelReset.connect(lambda: pytest.fail("the tree was made anew"))
    desk.controller.desk.set_criteria(Criteria(Tolerances(Tolerance(atol=10))))
    desk.wait_done()
    leaf = model.index_of(next(at for at, row in enumerate(desk.state.tensors.rows) if row.is_unlike))
    assert leaf.data(VERDICT_ROLE) == Verdict.CLOSE
    assert any(above == leaf.parent() and first <= leaf.row() <= last for above, first, last in told)


def test_a_search_opens_groups_that_were_closed(compared):
    desk = compared()
    tree = desk.window.tensors
    tree.view.collapse(tree.view.contents.index(1, 0))
    assert outline(tree.view).count("block_1") == 1
    press(desk, "Ctrl+F")
    desk.qtbot.keyClicks(tree.finder, "block_1/mlp/k")
    assert outline(tree.view) == ["block_1", "  mlp", "    kernel"]
    tree.finder.clear()
    assert outline(tree.view)[outline(tree.view).index("block_1") :][1] == "  attention", "what is selected is in it"


def test_keys_go_to_differences_and_to_the_ends(compared):
    desk = compared()
    press(desk, "F3")
    assert desk.state.selected == "model/block_3/norm/bias"
    press(desk, "F3")
    assert desk.state.selected == "model/block_1/mlp/kernel"
    press(desk, "Shift+F3")
    assert desk.state.selected == "model/block_3/norm/bias"
    view = desk.window.tensors.view
    view.setFocus()
    press(desk, "Home")
    assert desk.state.selected == "model/block_0/attention/kernel"
    press(desk, "Down")
    assert desk.state.selected == "model/block_0/attention/bias"
    press(desk, "End")
    assert desk.state.selected == "model/block_3/norm/bias"
    press(desk, "Up", "Up")
    assert view.current_name() is None
    assert desk.state.selected == "model/block_3/norm/kernel"
    press(desk, "Return")
    assert not view.isExpanded(view.currentIndex())
    desk.controller.desk.look_as("values")
    assert view.current_name() is None, "the state that is shown again must not pull the person back"


def test_search_and_filter_narrow_the_tree_and_keep_what_is_selected(compared):
    desk = compared()
    tree = desk.window.tensors
    press(desk, "Ctrl+F")
    assert tree.finder.hasFocus()
    desk.qtbot.keyClicks(tree.finder, "BLOCK_1/m")
    assert outline(tree.view) == ["block_1", "  mlp", "    kernel", "    bias"]
    assert tree.view.current_name() == "model/block_1/mlp/kernel"
    press(desk, "Escape")
    assert tree.finder.text() == ""
    press(desk, "Ctrl+D")
    assert outline(tree.view) == ["block_1", "  mlp", "    kernel", "block_3", "  norm", "    bias"]
    press(desk, "Ctrl+D")
    assert len(outline(tree.view)) == 4 + 12 + 24
    assert tree.view.current_name() == "model/block_1/mlp/kernel"


def test_nothing_found_says_so(compared):
    desk = compared(lambda arrays: None)
    tree = desk.window.tensors
    desk.window.actions_.only_differences.trigger()
    assert "No tensor differs." in tree._note.text()
    assert not desk.window.actions_.next_difference.isEnabled()
    desk.window.actions_.only_differences.trigger()
    tree.finder.setText("no such name")
    assert "No tensor fits the search." in tree._note.text()
    assert tree._note.isVisible()


def test_a_click_on_the_header_sorts_in_three_steps(compared):
    desk = compared()
    view = desk.window.tensors.view

    def click(column):
        header = view.header()
        at = QPoint(header.sectionViewportPosition(column) + 10, header.height() // 2)
        desk.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
        return [line.strip() for line in outline(view) if line.startswith("block")]

    model = ["block_0", "block_1", "block_2", "block_3"]
    assert click(NAME) == model
    assert click(NAME) == model[::-1]
    assert view.current_name() == "model/block_1/mlp/kernel"
    assert click(NAME) == model
    assert not view.header().isSortIndicatorShown()
    desk.window._below.setSizes([600, 500])
    assert not view.isColumnHidden(SHARE)
    assert click(SHARE)[:2] == ["block_3", "block_1"]
    assert click(SHAPE)[:2] == ["block_3", "block_1"], "shapes have no order"


def test_columns_come_with_the_room_or_when_chosen(compared):
    desk = compared()
    view = desk.window.tensors.view
    desk.window.resize(1024, 640)
    desk.window._below.setSizes([216, 600])
    assert [view.isColumnHidden(c) for c in (NAME, SHAPE, SHARE, ULP, DTYPE)] == [False, False, True, True, True]
    menu = QMenu()
    view.column_actions(menu)
    next(action for action in menu.actions() if action.text() == "Dtype").trigger()
    assert not view.isColumnHidden(DTYPE)
    next(action for action in menu.actions() if action.text() == "As many as fit").trigger()
    assert view.isColumnHidden(DTYPE)


def test_the_strip_leads_to_tensors_by_mouse_and_keys(compared):
    desk = compared()
    strip = desk.window.strip
    unlike = [cell for cell in strip.cells if cell.verdict is Verdict.DIFFERENT]
    assert len(strip.cells) == 24
    assert [strip._strip.rows[cell.worst].name for cell in unlike] == [
        "model/block_1/mlp/kernel",
        "model/block_3/norm/bias",
    ]
    desk.qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(unlike[1].left + 1, 5))
    assert desk.state.selected == desk.window.tensors.view.current_name() == "model/block_3/norm/bias"
    strip.setFocus()
    press(desk, "Left")
    assert desk.state.selected == "model/block_3/norm/kernel"
    press(desk, "Home", "Right")
    assert desk.state.selected == "model/block_0/attention/bias"
    assert "identical" in strip._about(strip.cells[0])


def loose(arrays):
    """Two weights of the second file have names that no rule knows, and a third keeps the order from telling."""
    arrays["head/w"] = arrays.pop("model/block_3/norm/kernel")
    arrays["head/b"] = arrays.pop("model/block_3/norm/bias")
    arrays["head/scale"] = np.ones(7, "f4")


def menu_of(desk, name):
    row = next(row for row in desk.state.tensors.rows if row.name == name)
    return PairMenu(row, desk.state.pairing, desk.window.tensors)


def offers(menu):
    (inner,) = (action.menu() for action in menu.actions() if action.menu())
    return [action.text() for action in inner.actions() if action.text()]


def found(desk, name):
    """The partner of a tensor, how it was found, and their verdict."""
    row = next(row for row in desk.state.tensors.rows if row.name == name)
    return row.names[1], row.rule, row.verdict


def test_a_person_pairs_what_no_rule_pairs_and_takes_it_back(compared):
    desk = compared(loose)
    tree = desk.window.tensors
    assert desk.state.verdict.verdict is Verdict.MISMATCHED
    menu = menu_of(desk, "model/block_3/norm/kernel")
    assert [offer.split()[0] for offer in offers(menu)[:2]] == ["head/w", "head/b"]
    tree.pairWanted.emit("model/block_3/norm/kernel", "head/w")
    desk.wait_done()
    assert found(desk, "model/block_3/norm/kernel") == ("head/w", "chosen", Verdict.IDENTICAL)
    tree.pairWanted.emit("model/block_3/norm/bias", "head/b")
    desk.wait_done()
    assert found(desk, "model/block_3/norm/bias") == ("head/b", "chosen", Verdict.IDENTICAL)
    desk.controller.desk.undo()
    desk.wait_done()
    assert found(desk, "model/block_3/norm/bias") != ("head/b", "chosen", Verdict.IDENTICAL)
    desk.controller.desk.redo()
    desk.wait_done()
    assert found(desk, "model/block_3/norm/bias") == ("head/b", "chosen", Verdict.IDENTICAL)
    tree.ruleWanted.emit("model/block_3/norm/bias", "head/b")
    desk.wait_done()
    assert found(desk, "model/block_3/norm/bias") != ("head/b", "chosen", Verdict.IDENTICAL)


def test_do_not_pair_leaves_both_in_the_tree(compared):
    desk = compared()
    name = "model/block_0/mlp/kernel"
    next(action for action in menu_of(desk, name).actions() if "not pair" in action.text()).trigger()
    desk.window.tensors.unpairWanted.emit(name)
    desk.wait_done()
    assert {row.names for row in desk.state.tensors.rows if name in row.names} == {(name, None), (None, name)}


def test_dropping_one_line_on_another_pairs_them(compared, qtbot):
    desk = compared(loose)
    view = desk.window.tensors.view
    rows = {row.name: at for at, row in enumerate(desk.state.tensors.rows)}
    index = view.contents.index_of(rows["model/block_3/norm/kernel"])
    extra = view.contents.index_of(rows["head/w"])
    assert extra.flags() & Qt.ItemFlag.ItemIsDragEnabled
    assert not view.contents.index_of(rows["model/block_0/mlp/kernel"]).flags() & Qt.ItemFlag.ItemIsDragEnabled
    mime = view.contents.mimeData([extra])
    assert not view.contents.canDropMimeData(mime, Qt.DropAction.LinkAction, -1, -1, extra)
    assert not view.contents.canDropMimeData(QMimeData(), Qt.DropAction.LinkAction, -1, -1, index)
    assert mime.hasFormat(MIME)
    view.scrollTo(index)
    at = QPointF(view.visualRect(index).center())
    no_keys = Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(at, Qt.DropAction.LinkAction, mime, Qt.MouseButton.LeftButton, no_keys)
    view.dropEvent(drop)
    desk.wait_done()
    assert ("model/block_3/norm/kernel", "head/w") in {row.names for row in desk.state.tensors.rows}


# many lines, without an engine

SIZE = 10_000


def many(unlike=()):
    return tuple(
        TensorRow(
            name := f"model/block_{n // 8}/layer_{n % 8 // 2}/{('kernel', 'bias')[n % 2]}",
            name,
            (64, 96),
            "float32",
            Verdict.DIFFERENT if n in unlike else Verdict.IDENTICAL,
            int(n in unlike),
            6144,
            names=(name, name),
        )
        for n in range(SIZE)
    )


@pytest.fixture
def tree(qtbot):
    """A tree in a window of its own."""
    window = QMainWindow()
    tree = TensorTree(themes.LIGHT, window, Actions(window))
    window.setCentralWidget(tree)
    window.resize(700, 800)
    window.show()
    qtbot.waitExposed(window)
    yield tree
    window.close()
    window.deleteLater()


@pytest.fixture
def asked(monkeypatch):
    """What the views ask the model for, counted."""
    count = {"data": 0}
    data = TensorModel.data

    def counted(self, *args):
        count["data"] += 1
        return data(self, *args)

    monkeypatch.setattr(TensorModel, "data", counted)
    return count


def test_ten_thousand_tensors_cost_what_is_in_sight(qtbot, tree, asked):
    rows = many({5000})
    tree.show_list(listed(rows), rows[5000].name)
    qtbot.wait(20)
    in_sight = 34 * 6 * 10
    assert 0 < asked["data"] < 4 * in_sight
    tree.view.expandAll()
    qtbot.wait(20)
    asked["data"] = 0
    bar = tree.view.verticalScrollBar()
    for step in range(10):
        bar.setValue(bar.maximum() * step // 10)
        tree.view.viewport().repaint()
    assert asked["data"] < 14 * in_sight


def test_new_verdicts_move_nothing(qtbot, tree):
    before, after = many({5000}), many({5000, 5001, 17})
    tree.show_list(listed(before), before[5000].name)
    view, opened = tree.view, tree.view.contents.index(3, 0)
    view.expand(opened)
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 3)
    place = bar.value()
    assert place > 0
    view.contents.modelReset.connect(lambda: pytest.fail("the tree was made anew"))
    tree.show_list(listed(after), before[5000].name)
    assert (bar.value(), view.current_name()) == (place, before[5000].name)
    assert view.isExpanded(view.contents.index(3, 0))
    assert view.contents.rows is after
    assert tree.view.contents.node(view.contents.index(2, 0)).tally.unlike == 1


def test_the_person_finds_the_same_place_after_a_filter(qtbot, tree):
    rows = many({5000, 5003, 9999})
    tree.show_list(listed(rows), rows[5000].name)
    view = tree.view
    view.expand(view.contents.index(3, 0))
    tree.finder.setText("block_625/")
    assert view.current_name() == rows[5000].name
    tree.finder.clear()
    assert view.current_name() == rows[5000].name
    assert view.isExpanded(view.contents.index(3, 0))
    assert not view.isExpanded(view.contents.index(4, 0))
    tree.go_to_difference()
    assert view.current_name() == rows[5003].name
    tree.go_to_difference(forward=False)
    tree.go_to_difference(forward=False)
    assert view.current_name() == rows[9999].name


def test_state_is_listed_closed_at_the_end(qtbot, tree):
    state = [row._replace(role="optimizer", verdict=None, name=f"adam/{at}") for at, row in enumerate(many()[:20])]
    rows = (*many()[:20], *state)
    tree.show_list(listed(rows), None)
    assert outline(tree.view)[-1] == "Optimizer state"
    index = tree.view.contents.index(tree.view.contents.rowCount() - 1, 0)
    assert "20 tensors" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert index.siblingAtColumn(SHARE).data() == ""


def test_one_difference_among_ten_thousand_is_painted(qtbot):
    strip = LayerStrip(themes.LIGHT)
    strip.resize(900, 20)
    strip.show_strip(listed(many({7777})).strip, None)
    image = strip.grab().toImage()
    ink = themes.LIGHT.different_ink.lower()
    loud = [x for x in range(image.width()) if image.pixelColor(x, 2).name() == ink]
    assert len(loud) >= 2
    strip.deleteLater()
