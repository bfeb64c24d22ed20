from reproviewer.core.history import LIMIT, History


def test_undo_and_redo_walk_the_same_way():
    history = History(1).push(2).push(3)
    assert history.undo().present == 2
    assert history.undo().undo().present == 1
    assert history.undo().undo().undo().present == 1
    assert history.undo().redo().present == 3
    assert history.undo().redo() == History(3, (1, 2))


def test_a_new_edit_forgets_what_was_undone():
    history = History(1).push(2).undo().push(5)
    assert history.redo().present == 5
    assert history.undo().present == 1


def test_consecutive_edits_with_one_key_are_one_step():
    history = History("").push("a", "typing").push("ab", "typing").push("abc", "typing")
    assert history.undo().present == ""
    other = history.push("seeded", "seed").push("abcd", "typing")
    assert other.undo().present == "seeded"


def test_what_comes_to_nothing_is_no_step():
    history = History("a").push("ab", "typing").push("a", "typing")
    assert history == History("a")
    assert history.push("ac", "typing").undo().present == "a"


def test_an_unchanged_value_is_no_step():
    assert History(1).push(1) == History(1)


def test_amend_changes_the_present_without_a_step():
    history = History(1).push(2).amend(20)
    assert history.present == 20
    assert history.undo().present == 1
    assert history.undo().redo().present == 20


def test_the_past_is_bounded():
    history = History(0)
    for value in range(1, 3 * LIMIT):
        history = history.push(value)
    assert len(history.past) == LIMIT
