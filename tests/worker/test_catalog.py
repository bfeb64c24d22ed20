"""The catalog: what the form offers."""

import pytest

from reproviewer.core.experiment import Environment


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_the_catalog(engine, ask, flavour):
    environment = Environment(flavour)
    catalog = ask(engine.catalog(environment)).data
    assert catalog["flavour"] == flavour
    assert catalog["keras"] == engine.versions(environment)["keras"]
    dense = {p["name"]: p for p in catalog["layers"]["Dense"]["parameters"]}
    assert dense["units"] == {"name": "units", "required": True, "has_default": False}
    assert dense["use_bias"] == {"name": "use_bias", "required": False, "has_default": True, "default": True}
    assert dense["kernel_initializer"]["default"] == "glorot_uniform"
    assert {"Input", "LSTM", "Conv2D", "Bidirectional", "BatchNormalization"} <= set(catalog["layers"])
    assert "Lambda" not in catalog["layers"]
    assert "TFSMLayer" not in catalog["layers"]
    assert catalog["layers"]["Input"]["parameters"][0]["name"] == "shape"
    assert catalog["initializers"]["GlorotUniform"]["parameters"][0]["name"] == "seed"
    assert {"L2", "NonNeg"} <= {*catalog["regularizers"], *catalog["constraints"]}
    assert {"relu", "softmax"} <= set(catalog["activations"])
    assert "get" not in catalog["activations"]
    assert {"name", "dtype", "trainable", "input_shape", "input_dim"} <= {p["name"] for p in catalog["common"]}


@pytest.mark.parametrize("flavour", ["keras", "tf_keras"])
def test_no_parameter_is_hidden_in_stars(engine, ask, flavour):
    catalog = ask(engine.catalog(Environment(flavour))).data
    for room in ("layers", "initializers", "regularizers", "constraints"):
        for name, entry in catalog[room].items():
            names = [p["name"] for p in entry["parameters"]]
            assert not {"self", "args", "kwargs"} & set(names), name
            assert all(p["required"] is not p["has_default"] for p in entry["parameters"])
