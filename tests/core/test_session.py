from dataclasses import replace

from reproviewer.core import session
from reproviewer.core.history import History
from reproviewer.core.session import Item, Session
from reproviewer.core.weights import Tensor, WeightSet

RUNS = tuple(Item(f"r{n}", "run", f"Run {n}") for n in (1, 2, 3))
FILE = Item("f", "file", "test.h5", path="/somewhere/test.h5")


def desk(*items):
    return Session(items=tuple(items))


def ids(value):
    return [item.id for item in value.items]


def test_the_first_item_is_the_reference_until_another_is_chosen():
    value = desk(*RUNS)
    assert value.reference_item is RUNS[0]
    chosen = session.set_reference(value, "r3")
    assert chosen.reference_item is RUNS[2]
    assert [i.id for i in chosen.others()] == ["r1", "r2"]
    assert session.remove(chosen, "r3").reference_item is RUNS[0]


def test_an_empty_desk_has_no_reference():
    assert Session().reference_item is None
    assert Session().others() == ()


def test_a_build_replaces_runs_but_not_files_and_kept_runs():
    value = session.keep(desk(*RUNS, FILE), "r2", True)
    assert ids(session.start_build(value)) == ["r2", "f"]


def test_runs_stand_before_files():
    assert ids(session.add(desk(RUNS[0], FILE), RUNS[1])) == ["r1", "r2", "f"]


def test_a_load_makes_its_file_the_reference_and_drops_the_load_before():
    old = desk(RUNS[0], Item("b", "before", "Before load"), Item("a", "after", "After load"), FILE)
    again = Item("f2", "file", "test.h5", path=FILE.path)
    value = session.start_load(old, again)
    assert ids(value) == ["f2", "r1"]
    assert value.reference_item is again


def test_a_file_read_again_takes_the_place_and_the_label_of_what_it_held():
    value = session.set_reference(desk(RUNS[0], session.rename(desk(FILE), "f", "mine").items[0]), "f")
    fresh = Item("f2", "file", "test.h5", path=FILE.path)
    again = session.reload(value, "f", fresh)
    assert ids(again) == ["r1", "f2"]
    assert again.reference_item.label == "mine"
    assert again.reference == "f2"
    assert session.reload(desk(*RUNS), "f", fresh) == desk(*RUNS)


def test_a_loaded_file_that_came_back_as_it_was_is_the_loaded_one_still():
    file = Item("f", "file", "test.h5", path="test.h5", stamps={"test.h5": (1, 2, 3, 4)})
    value = session.start_load(desk(Item("b", "before", "b"), Item("a", "after", "a")), file)
    value = session.add(session.add(value, Item("b2", "before", "b")), Item("a2", "after", "a"))
    assert value.load is not None
    assert session.reload(value, "f", replace(file, id="f2")).load == value.load
    assert session.reload(value, "f", replace(file, id="f2", stamps={"test.h5": (1, 9, 3, 4)})).load is None


def test_another_tensor_starts_at_its_first_slice():
    value = session.look_at(session.look_at(desk(*RUNS), slice_index=(2, 1)), tensor="dense/kernel")
    assert value.look.slice_index == ()
    assert session.look_at(value, kind="values").look.tensor == "dense/kernel"


def test_old_runs_are_dropped_when_they_take_too_much_room():
    def build(number):
        weights = WeightSet((Tensor("dense/kernel", "float32", (25,), f"run-{number}.bin", 0),))
        return Session(items=(Item(f"r{number}", "run", "Run 1", weights), FILE))

    history = History(build(0))
    for number in range(1, 6):
        history = history.push(build(number))
    same, none = session.tidied(history, budget=600)
    assert (same, none) == (history, ())
    shorter, gone = session.tidied(history, budget=350)
    assert [item.id for item in gone] == ["r0", "r1", "r2"]
    assert shorter.present == history.present
    assert shorter.undo().present == build(4)
    nothing_but_now, _ = session.tidied(history, budget=1)
    assert nothing_but_now.past == ()
    assert nothing_but_now.present == build(5)


def test_keep_rename_and_remove_touch_one_item():
    value = session.rename(desk(*RUNS), "r2", "seeded")
    assert [i.label for i in value.items] == ["Run 1", "seeded", "Run 3"]
    assert ids(session.remove(value, "r1")) == ["r2", "r3"]
    assert session.remove(value, "no such item") == value


def test_choices_belong_to_two_items_and_can_be_taken_back():
    desk = Session(items=(Item("a", "file", "a"), Item("b", "file", "b"), Item("c", "file", "c")))
    chosen = session.pair(session.pair(desk, "b", "x", "y"), "c", "x", None)
    assert chosen.choices("b") == (("x", "y"),)
    assert chosen.choices("c") == (("x", None),)
    assert session.set_reference(chosen, "b").choices("c") == ()
    assert session.pair(chosen, "b", "z", "y").choices("b") == (("z", "y"),)
    assert session.pair(chosen, "b", "x", "w").choices("b") == (("x", "w"),)
    assert session.pair_by_rule(chosen, "b", "x", None).choices("b") == ()
    assert session.pair_by_rule(chosen, "b", None, "y").choices("b") == ()
    assert session.pair(desk, "a", "x", "y") == desk
    assert session.pair(desk, "gone", "x", "y") == desk
