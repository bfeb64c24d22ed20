"""What a Keras offers: its layers and what may be nested in them, with their parameters.

A snapshot is shipped for each flavour; the person's own Keras replaces it by what it reports about itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from reproviewer import resources
from reproviewer.core.catalog_check import check
from reproviewer.core.message import ReproError
from reproviewer.core.parameter_kinds import Kind, choices_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reproviewer.core.experiment import Flavour
    from reproviewer.core.model_spec import Value

__all__ = ["FAMILIES", "Catalog", "Family", "Parameter", "check", "shipped"]

Family = Literal["layers", "initializers", "regularizers", "constraints"]
FAMILIES: tuple[Family, ...] = ("layers", "initializers", "regularizers", "constraints")
_BASES = frozenset({"Layer", "Wrapper", "Initializer", "Regularizer", "Constraint", "InputSpec"})


@dataclass(frozen=True)
class Parameter:
    """A parameter of a constructor. `choices` are the only words that it takes, empty when there is no such list."""

    name: str
    required: bool = False
    default: Value = None
    kind: Kind = Kind.ANY
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalog:
    """The constructors of one Keras by family and name.

    `common` are the parameters that every layer takes besides its own.
    """

    keras: str = ""
    flavour: str = "keras"
    layers: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    initializers: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    regularizers: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    constraints: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    activations: tuple[str, ...] = ()
    common: tuple[Parameter, ...] = ()

    @staticmethod
    def shipped(flavour: Flavour = "keras") -> Catalog:
        """The snapshot that is used until the person's own Keras has answered."""
        return shipped(flavour)

    @classmethod
    def from_json(cls, data: object) -> Catalog:
        """Read what a worker reports about its Keras. Raises ReproError."""
        try:
            return cls._from_json(_object(data))
        except (KeyError, TypeError, ValueError) as error:
            raise ReproError("What this Keras reports about itself cannot be read ({why}).", why=repr(error)) from None

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> Catalog:
        families = {
            family: {name: _parameters(name, entry) for name, entry in _object(data[family]).items()}
            for family in FAMILIES
        }
        return cls(
            keras=str(data["keras"]),
            flavour=str(data["flavour"]),
            **families,
            activations=tuple(str(name) for name in data["activations"]),
            common=_parameters("", {"parameters": data["common"]}),
        )

    def family(self, family: Family) -> Mapping[str, tuple[Parameter, ...]]:
        """The constructors of a family by name."""
        found: Mapping[str, tuple[Parameter, ...]] = getattr(self, family)
        return found

    def family_of(self, name: str) -> Family | None:
        """The first family that has a constructor of this name."""
        return next((family for family in FAMILIES if name in self.family(family)), None)

    def common_of(self, family: Family, name: str) -> tuple[Parameter, ...]:
        """The parameters that a constructor takes besides its own. `Input` is a function: it takes none."""
        return self.common if family == "layers" and name != "Input" else ()

    def choices(self, family: Family) -> tuple[str, ...]:
        """The constructors to choose from: no base classes, and one spelling each."""
        return tuple(name for name in self.family(family) if name[:1].isupper() and name not in _BASES)

    def words(self, family: Family) -> frozenset[str]:
        """All names by which a text may call for an object of the family, e.g. `glorot_uniform`."""
        names = self.family(family)
        aliases = {"normal", "uniform", "zero", "one", "l1_l2"}
        return frozenset(names) | {snake_case(name) for name in names} | aliases


@cache
def shipped(flavour: Flavour = "keras") -> Catalog:
    """The snapshot that is used until the person's own Keras has answered."""
    return Catalog.from_json(json.loads(resources.read_text(f"catalog/{flavour}.json")))


def snake_case(name: str) -> str:
    """`GlorotUniform` as `glorot_uniform`: the way Keras makes words of class names."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _parameters(owner: str, entry: object) -> tuple[Parameter, ...]:
    return tuple(_parameter(owner, _object(data)) for data in _object(entry)["parameters"])


def _parameter(owner: str, data: dict[str, Any]) -> Parameter:
    name, default = str(data["name"]), _frozen(data.get("default"))
    kind = kind_of(owner, name, default)
    choices = choices_of(owner, name) if kind is Kind.CHOICE else ()
    return Parameter(name, bool(data.get("required", False)), default, kind, choices)


def _object(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TypeError("an object is missing")
    return data


def _frozen(value: Any) -> Value:
    """JSON has no tuples; every default that is a list here is a tuple in Keras."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
