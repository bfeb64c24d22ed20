"""Keras as this interpreter has it: Keras 3 (`keras`) or Keras 2 (`tf_keras`, or `tf.keras` before TensorFlow 2.16)."""

from __future__ import annotations

import importlib
import platform
import sys
import traceback
from typing import Any

from .protocol import Mistake


class Stack:
    """The modules of one flavour. `keras` is the flavour's own; `private` looks up its inner modules."""

    def __init__(self, flavour: str, keras: Any, tf: Any, private: str) -> None:
        self.flavour = flavour
        self.keras = keras
        self.tf = tf
        self.np = importlib.import_module("numpy")
        self._private = private
        self.is_keras3 = _major(keras) >= 3
        backend = keras.config if self.is_keras3 else keras.backend
        self.defaults = (backend.floatx(), backend.epsilon(), backend.image_data_format())

    def private(self, name: str) -> Any:
        """An inner module of Keras (`saving.saving_lib`), None where this version has none of that name."""
        try:
            return importlib.import_module(self._private + "." + name)
        except ImportError:
            return None

    @property
    def package(self) -> str:
        """Where the Keras in use comes from: `keras`, `tf_keras` or `tf.keras`."""
        return "tf.keras" if self.keras is getattr(self.tf, "keras", None) else self.flavour

    def versions(self) -> dict[str, str]:
        """Versions of what takes part; `keras` is the Keras in use, whatever its flavour."""
        return {
            "python": platform.python_version(),
            "numpy": str(self.np.__version__),
            "tensorflow": str(self.tf.__version__),
            "keras": version_of(self.keras),
        }


def load(flavour: str) -> Stack:
    """Import Keras. No op is run and no device is touched, so that the process can still be forked.

    Raises
    ------
    Mistake
        The interpreter lacks it, or has another generation of it.
    """
    if flavour == "keras":
        keras = _import("keras")
        if _major(keras) < 3:
            raise Mistake(
                "This interpreter has Keras {version}, which is Keras 2: choose the flavour tf_keras.",
                version=version_of(keras),
            )
        return Stack(flavour, keras, _import("tensorflow"), "keras.src")
    try:
        return Stack(flavour, importlib.import_module("tf_keras"), _import("tensorflow"), "tf_keras.src")
    except ImportError:
        tf = _import("tensorflow")
    keras = tf.keras
    if _major(keras) >= 3:
        raise Mistake("Keras 2 is not installed for {python}: it lacks the package tf_keras.", python=sys.executable)
    return Stack(flavour, keras, tf, _private_root(keras))


def version_of(keras: Any) -> str:
    """The version of a Keras module (TensorFlow's own copy keeps it in another place in some versions)."""
    return str(getattr(keras, "__version__", None) or getattr(keras, "version", lambda: "unknown")())


def _major(keras: Any) -> int:
    return int(version_of(keras).split(".")[0])


def _private_root(keras: Any) -> str:
    module = str(keras.layers.Dense.__module__)
    for root in ("keras.src", "keras", "tensorflow.python.keras"):
        if module.startswith(root + "."):
            return root
    return module.split(".")[0]


def _import(name: str) -> Any:
    shown = {"keras": "Keras", "tensorflow": "TensorFlow"}[name]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise Mistake("{package} is not installed for {python}.", package=shown, python=sys.executable) from None
        why, details = str(error), traceback.format_exc()
    except Exception as error:
        why, details = f"{type(error).__name__}: {error}", traceback.format_exc()
    raise Mistake(
        "{package} does not start under {python}: {why}.",
        package=shown,
        python=sys.executable,
        why=(why.splitlines() or [""])[0].rstrip("."),
        details=details,
    )
