import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QWidget

from reproviewer.core.catalog import check, shipped
from reproviewer.core.experiment import Experiment
from reproviewer.core.keras_text import Parsed, format_call, parse
from reproviewer.core.model_spec import Call
from reproviewer.core.starters import starter
from reproviewer.gui.panel.call_fields import CallFields
from reproviewer.gui.panel.layer_chooser import USUAL
from reproviewer.gui.panel.object_field import ObjectField

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # the plugin without a screen, of popups
LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier
THREE = "Dense(5)  # a\nDropout(0.5)  # b\nDense(1)  # c"


@pytest.fixture
def form(bench, qtbot):
    """A bench whose panel shows the form of a model."""

    def make(model):
        desk = bench(Experiment(model=model))
        qtbot.mouseClick(desk.panel.model.as_form, LEFT)
        desk.form = desk.panel.model.form
        desk.field = lambda name: desk.form.fields.fields[name]
        return desk

    return make


def retype(qtbot, line, text):
    line.setFocus()
    line.selectAll()
    if text:
        qtbot.keyClicks(line, text)
    else:
        qtbot.keyClick(line, Qt.Key.Key_Backspace)


def choose(qtbot, box, text):
    """Walk to an entry of a combo box with the keys and take it."""
    box.setFocus()
    index = next(i for i in range(box.count()) if box.itemText(i) == text)
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(index):
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == text


def test_text_and_form_take_turns(form, qtbot) -> None:
    desk = form(THREE)
    section = desk.panel.model
    assert section.form.isVisible()
    assert not section.editor.isVisible()
    assert [section.form.list.item(n).text() for n in range(3)] == ["Dense(5)", "Dropout(0.5)", "Dense(1)"]
    qtbot.mouseClick(section.as_form, LEFT)
    assert section.editor.isVisible()
    assert desk.edits == []


def test_a_number_is_typed_and_everything_else_stays(form, qtbot) -> None:
    desk = form(THREE)
    retype(qtbot, desk.field("units").line, "7")
    assert desk.experiment.model == THREE.replace("5)  # a", "7)  # a")
    assert desk.form.list.item(0).text() == "Dense(7)"
    assert desk.panel.model.editor.toPlainText() == desk.experiment.model


@pytest.mark.parametrize(
    ("typed", "written"),
    [("-4", "Dense(-4)"), ("0", "Dense(0)"), ("'", 'Dense("\'")'), ("4x", "Dense('4x')"), ("nan", "Dense('nan')")],
)
def test_what_is_wrong_is_said_and_written_all_the_same(form, qtbot, typed, written) -> None:
    desk = form("Dense(5)")
    units = desk.field("units")
    retype(qtbot, units.line, typed)
    assert units.line.text() == typed
    assert units.problem.isVisible()
    assert units.line.property("bad") is True
    assert desk.experiment.model == written
    assert desk.form.list.item(0).text() == f"✕ {written}"
    assert desk.panel.model.findings.property("kind") == "problem"
    desk.show(Experiment(model="Dense(5)"))
    assert units.line.text() == "5"
    assert not units.problem.isVisible()
    desk.show(Experiment(model=written))
    assert units.problem.isVisible()


def test_what_is_needed_and_missing_is_said_wherever_it_comes_from(form, qtbot) -> None:
    desk = form("Dense(5, 'relu')")
    units = desk.field("units")
    retype(qtbot, units.line, "")
    assert desk.experiment.model == "Dense(activation='relu')"
    assert "needed" in units.problem.text()
    retype(qtbot, units.line, "3")
    assert not units.problem.isVisible()
    assert desk.experiment.model == "Dense(activation='relu', units=3)"
    desk.show(Experiment(model="Dense()"))
    assert units.problem.isVisible()


def test_a_word_without_quotes_is_a_text(form, qtbot) -> None:
    desk = form("Dense(5)")
    qtbot.mouseClick(desk.form.fields.more, LEFT)
    retype(qtbot, desk.field("dtype").line, "float64")
    assert desk.experiment.model == "Dense(5, dtype='float64')"
    assert desk.field("dtype").line.text() == "float64"


def test_only_what_differs_from_the_default_is_written(form, qtbot) -> None:
    desk = form("Dense(5)")
    qtbot.keyClick(desk.field("use_bias").box, Qt.Key.Key_Space)
    assert desk.experiment.model == "Dense(5, use_bias=False)"
    qtbot.keyClick(desk.field("use_bias").box, Qt.Key.Key_Space)
    assert desk.experiment.model == "Dense(5)"
    choose(qtbot, desk.field("activation").box, "relu")
    assert desk.experiment.model == "Dense(5, activation='relu')"
    choose(qtbot, desk.field("activation").box, "None (default)")
    assert desk.experiment.model == "Dense(5)"


def test_an_initializer_with_its_own_seed(form, qtbot) -> None:
    desk = form("Dense(5)")
    field = desk.field("kernel_initializer")
    choose(qtbot, field.box, "HeNormal")
    assert desk.experiment.model == "Dense(5, kernel_initializer='he_normal')"
    retype(qtbot, field.inner.fields["seed"].line, "7")
    assert desk.experiment.model == "Dense(5, kernel_initializer=HeNormal(seed=7))"
    retype(qtbot, field.inner.fields["seed"].line, "")
    assert desk.experiment.model == "Dense(5, kernel_initializer='he_normal')"
    qtbot.keyClick(field.box, Qt.Key.Key_Home)
    assert desk.experiment.model == "Dense(5)"
    assert field.inner is None


def test_a_layer_in_a_layer(form, qtbot) -> None:
    desk = form("Bidirectional(LSTM(4, return_sequences=True))")
    field = desk.field("layer")
    retype(qtbot, field.inner.fields["units"].line, "6")
    assert desk.experiment.model == "Bidirectional(LSTM(6, return_sequences=True))"
    choose(qtbot, field.box, "GRU")
    assert desk.experiment.model == "Bidirectional(GRU(8))"
    choose(qtbot, desk.field("merge_mode").box, "sum")
    assert desk.experiment.model == "Bidirectional(GRU(8), merge_mode='sum')"


def test_tuples_texts_and_names(form, qtbot) -> None:
    desk = form("Conv2D(8, 3)")
    retype(qtbot, desk.field("kernel_size").line, "(3, 5)")
    retype(qtbot, desk.field("strides").line, "2")
    choose(qtbot, desk.field("padding").box, "same")
    qtbot.mouseClick(desk.form.fields.more, LEFT)
    retype(qtbot, desk.field("name").line, "it's")
    assert desk.experiment.model == "Conv2D(8, (3, 5), strides=2, padding='same', name=\"it's\")"


def test_what_the_form_has_no_word_for_stays(form, qtbot) -> None:
    desk = form("Dense(5, activation=LeakyReLU(0.1), kernel_initializer={'class_name': 'Zeros'})")
    assert desk.field("activation").box.currentText() == "LeakyReLU(0.1)"
    assert desk.field("kernel_initializer").box.currentText() == "{'class_name': 'Zeros'}"
    retype(qtbot, desk.field("units").line, "6")
    assert desk.experiment.model.startswith("Dense(6, activation=LeakyReLU(0.1), kernel_initializer={")


def test_seldom_used_parameters_wait_until_they_are_wanted_or_given(form, qtbot) -> None:
    desk = form("Dense(5, bias_initializer='ones')\nDense(6)")
    assert desk.field("bias_initializer").isVisible()
    assert not desk.field("kernel_constraint").isVisible()
    qtbot.mouseClick(desk.form.fields.more, LEFT)
    assert desk.field("kernel_constraint").isVisible()
    assert desk.field("input_dim").isVisible()
    desk.form.list.setCurrentRow(1)
    assert not desk.field("input_dim").isVisible()


def test_layers_are_moved_copied_and_removed_with_the_keys(form, qtbot) -> None:
    desk = form(THREE)
    layers = desk.form.list
    layers.setFocus()
    qtbot.keyClick(layers, Qt.Key.Key_Down, ALT)
    assert desk.experiment.model == "Dropout(0.5)  # b\nDense(5)  # a\nDense(1)  # c"
    assert layers.currentRow() == 1
    qtbot.keyClick(layers, Qt.Key.Key_Up, ALT)
    assert desk.experiment.model == THREE
    qtbot.keyClick(layers, Qt.Key.Key_Up, ALT)
    assert desk.experiment.model == THREE
    qtbot.keyClick(layers, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert desk.experiment.model.startswith("Dense(5)  # a\nDense(5)\nDropout")
    qtbot.keyClick(layers, Qt.Key.Key_Delete)
    assert desk.experiment.model == THREE
    for _ in range(4):
        qtbot.keyClick(layers, Qt.Key.Key_Delete)
    assert desk.experiment.model == ""
    assert desk.form.note.isVisible()


def test_layers_are_moved_copied_and_removed_with_the_buttons(form, qtbot) -> None:
    desk = form(THREE)
    assert not desk.form.earlier.isEnabled()
    for button in (desk.form.later, desk.form.duplicate, desk.form.earlier, desk.form.remove):
        qtbot.mouseClick(button, LEFT)
    assert [layer.name for layer in parse(desk.experiment.model).layers] == ["Dropout", "Dense", "Dense"]


def test_a_dragged_layer(form, qtbot) -> None:
    desk = form(THREE)
    assert desk.form.list.model().moveRow(QModelIndex(), 2, QModelIndex(), 0)
    qtbot.waitUntil(lambda: len(desk.edits) == 1)
    assert desk.experiment.model == "Dense(1)  # c\nDense(5)  # a\nDropout(0.5)  # b"


def test_a_layer_is_added_after_the_chosen_one(form, qtbot) -> None:
    desk = form(THREE)
    qtbot.mouseClick(desk.panel.model.add, LEFT)
    qtbot.keyClicks(desk.panel.model.chooser.search, "flatten")
    qtbot.keyClick(desk.panel.model.chooser.search, Qt.Key.Key_Return)
    assert [layer.name for layer in parse(desk.experiment.model).layers] == ["Dense", "Flatten", "Dropout", "Dense"]
    assert desk.form.title.text() == "Flatten"


def test_an_undone_edit_shows_in_the_form(form, qtbot) -> None:
    desk = form("Dense(5)")
    retype(qtbot, desk.field("units").line, "7")
    desk.show(Experiment(model="Dense(5)"))
    assert desk.field("units").line.text() == "5"
    assert desk.form.list.item(0).text() == "Dense(5)"
    desk.show(Experiment(model=""))
    assert desk.form.list.count() == 0
    assert not desk.form.fields.isVisible()


def test_what_is_typed_stays_as_it_is_typed(form, qtbot) -> None:
    desk = form("Dropout(0.5)")
    retype(qtbot, desk.field("rate").line, "0.50")
    assert desk.field("rate").line.text() == "0.50"
    assert desk.experiment.model == "Dropout(0.5)"


def test_a_text_that_cannot_be_read_is_left_alone(form, qtbot) -> None:
    desk = form("Dense(5\nFlatten()")
    assert desk.form.list.count() == 0
    assert desk.form.note.isVisible()
    qtbot.keyClick(desk.form.list, Qt.Key.Key_Delete)
    assert desk.edits == []


def test_an_unknown_layer_is_said(form) -> None:
    desk = form("Dens(5)")
    assert "no such layer" in desk.form.note.text()
    assert not desk.form.fields.isVisible()


def test_nothing_changes_while_building(form, qtbot) -> None:
    desk = form(THREE)
    desk.panel.set_busy(True)
    qtbot.keyClick(desk.form.list, Qt.Key.Key_Delete)
    qtbot.keyClick(desk.form.list, Qt.Key.Key_Down, ALT)
    qtbot.mouseClick(desk.form.duplicate, LEFT)
    assert desk.edits == []
    assert not desk.form.fields.isEnabled()


@pytest.mark.parametrize("name", shipped().choices("layers"))
@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_every_layer_has_a_form_that_says_what_the_text_says(qtbot, name, flavour) -> None:
    catalog = shipped(flavour)
    if name not in catalog.layers:
        pytest.skip("only the other Keras has it")
    call = starter(catalog, name)
    if name in USUAL:
        assert check(Parsed((call,)), catalog) == ()
    fields = CallFields(catalog, "layers")
    qtbot.addWidget(fields)
    fields.show_call(call, is_first=True)
    assert {p.name for p in catalog.layers[name]} <= set(fields.fields)
    changes = []
    fields.changed.connect(lambda call, name: changes.append(call))
    for field in fields.fields.values():
        assert field.control.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert changes == []
    assert parse(format_call(call)).layers == (call,)


def test_objects_of_every_family_can_be_chosen(qtbot) -> None:
    catalog = shipped()
    fields = CallFields(catalog, "layers")
    qtbot.addWidget(fields)
    changes = []
    fields.changed.connect(lambda call, name: changes.append(call))
    fields.show_call(Call("Dense", parse("Dense(5)").layers[0].arguments))
    for name in ("kernel_initializer", "kernel_regularizer", "kernel_constraint"):
        field = fields.fields[name]
        assert isinstance(field, ObjectField)
        for index in range(1, field.box.count()):
            field.box.setCurrentIndex(index)
            field.box.activated.emit(index)
            assert check(Parsed((changes[-1],)), catalog) == ()
        field.box.activated.emit(0)
    assert format_call(changes[-1]) == "Dense(5)"
    QApplication.processEvents()


def test_the_form_opens_on_the_layer_of_the_cursor_and_the_text_on_the_chosen_layer(form, qtbot) -> None:
    desk = form(THREE)
    section = desk.panel.model
    desk.form.list.setCurrentRow(2)
    qtbot.mouseClick(section.as_form, LEFT)
    assert section.editor.line() == 3
    section.editor.setFocus()
    qtbot.keyClick(section.editor, Qt.Key.Key_Up)
    qtbot.mouseClick(section.as_form, LEFT)
    assert desk.form.list.currentRow() == 1
    assert desk.form.title.text() == "Dropout"


def test_the_form_opens_on_the_layer_that_was_just_added(bench, qtbot) -> None:
    desk = bench(Experiment(model="Dense(5)"))
    section = desk.panel.model
    qtbot.mouseClick(section.add, LEFT)
    qtbot.keyClicks(section.chooser.search, "ReLU")
    qtbot.keyClick(section.chooser.search, Qt.Key.Key_Return)
    qtbot.mouseClick(section.as_form, LEFT)
    assert section.form.title.text() == "ReLU"


def test_the_buttons_below_the_list_stay_in_their_place(form, qtbot) -> None:
    desk = form("Input((8, 8, 3))\nConv2D(4, 3)\nFlatten()\nDense(5)")
    places = set()
    for row in range(4):
        desk.form.list.setCurrentRow(row)
        QApplication.processEvents()
        places.add((desk.panel.model.as_form.pos(), desk.panel.model.add.pos()))
    assert len(places) == 1


def test_a_layer_with_a_mistake_is_marked_in_the_list(form, qtbot) -> None:
    desk = form("Dense(5)\nDense(units=2, unit=3)")
    texts = [desk.form.list.item(row).text() for row in range(2)]
    assert texts == ["Dense(5)", "✕ Dense(units=2, unit=3)"]
    assert "unit" in desk.form.list.item(1).toolTip().splitlines()[1]
    desk.show(Experiment(model="Dense(5)\nDense(units=2)"))
    assert desk.form.list.item(1).text() == "Dense(units=2)"


def test_a_problem_takes_no_room_from_other_fields(form, themed, qtbot) -> None:
    desk = form("Dense(4, kernel_initializer=GlorotUniform(seed=7))")
    for typed in ("-4", "-44444444444444444444", ""):
        retype(qtbot, desk.field("units").line, typed)
        qtbot.wait(50)
        for widget in desk.form.details.findChildren(QWidget):
            needed = widget.minimumSizeHint().height()
            if widget.hasHeightForWidth():
                needed = widget.heightForWidth(widget.width())
            assert not widget.isVisible() or widget.height() >= needed, (typed, widget)
