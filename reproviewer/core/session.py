"""What lies on the desk: the experiment, the runs and files on the shelf, and what the person is looking at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from reproviewer.core.cause import GOVERNS_ALL
from reproviewer.core.experiment import Experiment, from_json, to_json
from reproviewer.core.verdict import Criteria
from reproviewer.core.weights import LEFT_OUT, WeightSet

if TYPE_CHECKING:
    from reproviewer.core.history import History
    from reproviewer.core.plot_state import PlotKind
    from reproviewer.core.weights import Stamp

ItemKind = Literal["run", "file", "before", "after"]


@dataclass(frozen=True)
class Item:
    """A run or a file on the shelf.

    `before` and `after` are the two runs of a load: the second model before and after it was given a file's weights.
    A `kept` run stays when the next build replaces the runs. `path` is the weight file, or the index of the run file.
    `stamps` are the states of the files that a weight file was read from, by path.
    """

    id: str
    kind: ItemKind
    label: str
    weights: WeightSet = field(default_factory=WeightSet)
    record: dict[str, Any] = field(default_factory=dict, compare=False)
    path: str | None = None
    kept: bool = False
    stamps: dict[str, Stamp] = field(default_factory=dict, compare=False)

    @property
    def about(self) -> dict[str, str]:
        """What a file says about itself, and the reader's remarks on it."""
        if self.kind != "file":
            return {}
        return {**self.record.get("metadata", {}), **self.record.get("remarks", {})}

    @property
    def left_out(self) -> str:
        """What a file holds that no tensor was made of."""
        remarks: dict[str, str] = self.record.get("remarks", {}) if self.kind == "file" else {}
        return remarks.get(LEFT_OUT, "")

    @property
    def stays(self) -> bool:
        """Whether a new build leaves it on the shelf."""
        return self.kept or self.kind == "file"


@dataclass(frozen=True)
class Look:
    """What the person is looking at. None means: let the program choose."""

    tensor: str | None = None
    kind: PlotKind | None = None
    slice_index: tuple[int, ...] = ()
    focus: str | None = None


@dataclass(frozen=True)
class Chosen:
    """A person's word: the reference's tensor `a` belongs to the tensor `b` of an item, or to none of it (None)."""

    reference: str
    item: str
    a: str
    b: str | None


@dataclass(frozen=True)
class Session:
    """The whole desk. Every change is a function that returns a new one, so undo is free."""

    experiment: Experiment = field(default_factory=Experiment)
    items: tuple[Item, ...] = ()
    reference: str | None = None
    look: Look = field(default_factory=Look)
    chosen: tuple[Chosen, ...] = ()
    criteria: Criteria = field(default_factory=Criteria)
    built: Experiment | None = None
    """What the runs of the last build were built from."""
    asked: int = 0
    """How many runs the last build was to have."""
    made: int = 0
    """How many it has."""
    loaded: str | None = None
    """The file that a second model was given last."""

    @property
    def reference_item(self) -> Item | None:
        """The item that all others are compared with: the chosen one, or the first."""
        chosen = self.item(self.reference)
        return chosen or (self.items[0] if self.items else None)

    def item(self, item_id: str | None) -> Item | None:
        """The item of this id."""
        return next((item for item in self.items if item.id == item_id), None)

    def others(self) -> tuple[Item, ...]:
        """All items but the reference."""
        reference = self.reference_item
        return tuple(item for item in self.items if item is not reference)

    @property
    def load(self) -> tuple[Item, Item] | None:
        """The second model before and after it was given the file that all are compared with; None else."""
        ends = {item.kind: item for item in self.items}
        if self.loaded is None or self.reference != self.loaded or not {"before", "after"} <= ends.keys():
            return None
        return ends["before"], ends["after"]

    def counted(self) -> tuple[Item, ...]:
        """The items that the verdict is about: all others; after a load not the runs that were given nothing."""
        others = self.others()
        return others if self.load is None else tuple(item for item in others if item.kind in ("after", "file"))

    def in_view(self) -> tuple[Item, ...]:
        """The items whose tensors are listed: the one chosen, else those that the verdict is about."""
        return tuple(item for item in self.others() if item.id == self.look.focus) or self.counted()

    @property
    def is_edited(self) -> bool:
        """Whether the experiment has become another one since the runs on the shelf were built."""
        runs = any(item.kind == "run" and not item.kept for item in self.items)
        return runs and self.built is not None and _essence(self.built) != _essence(self.experiment)

    def choices(self, item_id: str) -> tuple[tuple[str, str | None], ...]:
        """Which tensors of the present reference the person has paired with which of this item."""
        reference = self.reference_item
        return tuple((c.a, c.b) for c in self.chosen if reference and (c.reference, c.item) == (reference.id, item_id))


def unrepeatable(session: Session) -> tuple[Item, ...]:
    """The kept runs that no build of the present experiment gives again: not fully seeded, or of another experiment."""
    experiment = session.experiment
    is_seeded = any(call.function == GOVERNS_ALL for call in experiment.seeding.calls)
    present = to_json(_essence(experiment)) if is_seeded else None
    kept = (item for item in session.items if item.kind == "run" and item.kept)
    return tuple(item for item in kept if present is None or _built_from(item) != present)


def _built_from(item: Item) -> dict[str, Any] | None:
    document = item.record.get("experiment")
    return to_json(_essence(from_json(document))) if document else None


def _essence(experiment: Experiment) -> Experiment:
    """What decides about the weights."""
    return replace(experiment, model=" ".join(experiment.model.split()), runs=1, title="", notes="")


def edit(session: Session, experiment: Experiment) -> Session:
    """Another experiment; the shelf stays."""
    return replace(session, experiment=experiment)


def start_build(session: Session) -> Session:
    """Take the runs of the last build off the shelf, for those of the experiment; files and kept runs stay."""
    items = tuple(item for item in session.items if item.stays)
    experiment, look = session.experiment, replace(session.look, focus=None)
    return replace(session, items=items, look=look, built=experiment, asked=experiment.runs, made=0)


def start_load(session: Session, file: Item) -> Session:
    """Put the file that is loaded on the shelf as the reference; the runs of an earlier load go."""
    items = tuple(i for i in session.items if i.kind not in ("before", "after") and i.path != file.path)
    return set_reference(replace(session, items=(file, *items), loaded=file.id), file.id)


def add(session: Session, item: Item) -> Session:
    """Put an item on the shelf: a file at its end, a run behind the other runs or the file that they came from."""
    ahead = [at for at, other in enumerate(session.items, 1) if other.kind != "file" or other.id == session.reference]
    place = len(session.items) if item.kind == "file" else max(ahead, default=0)
    made = session.made + (item.kind == "run")
    return replace(session, items=(*session.items[:place], item, *session.items[place:]), made=made)


def reload(session: Session, item_id: str, fresh: Item) -> Session:
    """Put what a file holds now in the place of what it held; under its own label, still the reference if it was.

    One that was loaded counts as loaded on when it is as it was.
    """
    before = session.item(item_id)
    same = before is not None and before.id == session.loaded and before.stamps == fresh.stamps
    items = tuple(replace(fresh, label=i.label) if i.id == item_id else i for i in session.items)
    reference = fresh.id if session.reference == item_id else session.reference
    return replace(session, items=items, reference=reference, loaded=fresh.id if same else session.loaded)


def remove(session: Session, item_id: str) -> Session:
    """Take an item off the shelf."""
    return replace(session, items=tuple(i for i in session.items if i.id != item_id))


def keep(session: Session, item_id: str, kept: bool) -> Session:
    """Let a run stay on the shelf when the next build replaces the others, or no longer."""
    items = tuple(replace(i, kept=kept) if i.id == item_id else i for i in session.items)
    return replace(session, items=items)


def rename(session: Session, item_id: str, label: str) -> Session:
    """Give an item another label."""
    items = tuple(replace(i, label=label) if i.id == item_id else i for i in session.items)
    return replace(session, items=items)


def set_reference(session: Session, item_id: str) -> Session:
    """Compare all others with this item."""
    return replace(session, reference=item_id, look=replace(session.look, focus=None))


def set_criteria(session: Session, criteria: Criteria) -> Session:
    """Compare on other terms."""
    return replace(session, criteria=criteria)


def pair(session: Session, item_id: str, a: str, b: str | None) -> Session:
    """Pair the reference's tensor `a` with the tensor `b` of an item, or with none of it, whatever the rules say."""
    reference = session.reference_item
    if reference is None or session.item(item_id) in (None, reference):
        return session
    without = pair_by_rule(session, item_id, a, b)
    chosen = (*without.chosen, Chosen(reference.id, item_id, a, b))
    return replace(without, chosen=chosen, look=replace(session.look, tensor=a))


def pair_by_rule(session: Session, item_id: str, a: str | None, b: str | None) -> Session:
    """Forget what was chosen for the reference's tensor `a` and for the tensor `b` of an item."""
    reference = session.reference_item
    here = reference.id if reference else None, item_id
    kept = tuple(c for c in session.chosen if (c.reference, c.item) != here or (c.a != a and (b is None or c.b != b)))
    return replace(session, chosen=kept)


def tidied(history: History[Session], budget: int) -> tuple[History[Session], tuple[Item, ...]]:
    """Drop the oldest steps while the runs of all steps together take more than `budget` bytes.

    Returns
    -------
    The shorter history, and the runs that no step of it needs any more.
    """
    before = _runs(history)
    while history.past and sum(item.weights.nbytes for item in _runs(history).values()) > budget:
        history = history.drop_oldest()
    kept = _runs(history)
    return history, tuple(item for item_id, item in before.items() if item_id not in kept)


def _runs(history: History[Session]) -> dict[str, Item]:
    steps = (*history.past, history.present, *history.future)
    return {item.id: item for step in steps for item in step.items if item.kind != "file"}


def look_at(session: Session, **changes: Any) -> Session:
    """Look at another tensor, slice, kind of plot or run. Another tensor starts at its first slice."""
    if "tensor" in changes:
        changes.setdefault("slice_index", ())
    return replace(session, look=replace(session.look, **changes))
