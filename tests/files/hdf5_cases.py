"""HDF5 files that no reader should believe, each made by a function of its name in `BUILDERS`."""

import h5py
import numpy as np

CANARY = "the canary sings"

K = np.ones((1, 5), "f4")
B = np.zeros(5, "f4")
BUILDERS = {}


def case(*words):
    """Register a builder of a file that must be refused with these words."""

    def register(build):
        BUILDERS[build.__name__] = (build, words)
        return build

    return register


def weights(folder, fill):
    """A new `.weights.h5` with an empty `layers/dense/vars`, handed to `fill(root, vars)`."""
    path = folder / "x.weights.h5"
    with h5py.File(path, "w") as root:
        fill(root, root.create_group("layers/dense/vars"))
    return path


def legacy(folder, layers, names, values=None):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = layers
        group = root.create_group("dense")
        group.attrs["weight_names"] = names
        for name, value in (values or {"k": K, "b": B}).items():
            group[name] = value
    return path


def other_file(folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["vars/0"] = other["k"] = np.full((1, 5), 7, "f4")
    return "other.h5"


@case("link to another file", "layers/dense/vars")
def ext_link_group(folder):
    path = folder / "x.weights.h5"
    with h5py.File(path, "w") as root:
        root.create_group("layers/dense")["vars"] = h5py.ExternalLink(other_file(folder), "/vars")
    return path


@case("link to another file", "layers/dense/vars/0")
def ext_link_dataset(folder):
    return weights(folder, lambda _, g: g.__setitem__("0", h5py.ExternalLink(other_file(folder), "/k")))


@case("link to another file", "model_weights")
def ext_link_model_weights(folder):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root["model_weights"] = h5py.ExternalLink(other_file(folder), "/")
    return path


@case("soft link")
def soft_link(folder):
    def fill(root, group):
        root["layers/real/vars/0"] = K
        group["0"] = h5py.SoftLink("/layers/real/vars/0")

    return weights(folder, fill)


@case("soft link")
def dangling_link(folder):
    return weights(folder, lambda _, g: g.__setitem__("0", h5py.SoftLink("/nowhere")))


@case("kept in another file")
def ext_storage(folder):
    (folder / "n.txt").write_bytes(b"secret bytes of a file")
    return weights(folder, lambda _, g: g.create_dataset("0", (1, 5), "f4", external=[(str(folder / "n.txt"), 0, 20)]))


@case("virtual dataset")
def virtual(folder):
    layout = h5py.VirtualLayout((1, 5), "f4")
    layout[:] = h5py.VirtualSource(str(folder / other_file(folder)), "k", (1, 5))
    return weights(folder, lambda _, g: g.create_virtual_dataset("0", layout))


@case("declares the shape (4194304, 1048576)", "16.0 TiB")
def shape_bomb_16t(folder):
    return weights(
        folder, lambda _, g: g.create_dataset("0", (1 << 22, 1 << 20), "f4", chunks=(1024, 1024), compression="gzip")
    )


@case("3.0 GiB", "0 bytes are stored")
def shape_bomb_3g(folder):
    return weights(
        folder, lambda _, g: g.create_dataset("0", (805306368,), "f4", chunks=(1 << 20,), compression="gzip")
    )


@case("3.0 GiB", "0 bytes are stored")
def shape_bomb_contiguous(folder):
    return weights(folder, lambda _, g: g.create_dataset("0", (805306368,), "f4"))


@case("3.0 GiB")
def shape_bomb_legacy(folder):
    path = legacy(folder, ["dense"], ["k", "b", "bomb"])
    with h5py.File(path, "a") as root:
        root["dense"].create_dataset("bomb", (805306368,), "f4", chunks=(1 << 20,), compression="gzip")
    return path


@case("would expand")
def gzip_bomb(folder):
    def fill(_, group):
        data = group.create_dataset("0", (300, 1 << 18), "f4", chunks=(1, 1 << 18), compression="gzip")
        packed = zlib_of_zeros(1 << 20)
        for row in range(300):
            data.id.write_direct_chunk((row, 0), packed)

    return weights(folder, fill)


@case("too large to unpack")
def gzip_one_chunk(folder):
    def fill(_, group):
        data = group.create_dataset("0", (1 << 25,), "f4", chunks=(1 << 25,), compression="gzip")
        data.id.write_direct_chunk((0,), zlib_of_zeros(1 << 27))

    return weights(folder, fill)


def zlib_of_zeros(count):
    import zlib

    return zlib.compress(bytes(count), 1)


@case("linked twice")
def cycle(folder):
    return weights(folder, lambda root, g: g.__setitem__("loop", root["/"]))


@case("linked twice")
def dag40(folder):
    def fill(root, _):
        low = root.create_group("bottom")
        for level in range(40):
            high = root.create_group(f"level{level}")
            high["a"] = high["b"] = low
            low = high

    return weights(folder, fill)


def linked_once(path, address):
    """Let a group claim that a single link leads to it, so that HDF5 does not expect to come upon it again."""
    with path.open("r+b") as file:
        file.seek(address + 4)
        count = int.from_bytes(file.read(4), "little")
        assert count > 1
        file.seek(address + 4)
        file.write((1).to_bytes(4, "little"))
    return path


@case("linked twice")
def twice_but_says_once(folder):
    addresses = []

    def fill(root, _):
        low = root.create_group("bottom")
        low["values"] = K
        root["again"] = low
        addresses.append(h5py.h5o.get_info(low.id).addr)

    return linked_once(weights(folder, fill), *addresses)


@case("linked twice")
def cycle_but_says_once(folder):
    addresses = []

    def fill(root, group):
        group["loop"] = group
        addresses.append(h5py.h5o.get_info(group.id).addr)

    return linked_once(weights(folder, fill), *addresses)


@case("linked twice")
def dag40_but_says_once(folder):
    addresses = []

    def fill(root, _):
        low = root.create_group("bottom")
        for level in range(40):
            high = root.create_group(f"level{level}")
            high["a"] = high["b"] = low
            addresses.append(h5py.h5o.get_info(low.id).addr)
            low = high

    path = weights(folder, fill)
    for address in addresses:
        linked_once(path, address)
    return path


@case("linked twice")
def cycle_behind_a_user_block(folder):
    path = folder / "x.weights.h5"
    with h5py.File(path, "w", userblock_size=512) as root:
        root["layers/dense/vars/0"] = K
        root["layers/dense/loop"] = root["/"]
    return path


@case("linked twice")
def cycle_in_the_newest_format(folder):
    path = folder / "x.weights.h5"
    with h5py.File(path, "w", libver="latest") as root:
        root["layers/dense/vars/0"] = K
        root["layers/dense/loop"] = root["layers"]
    return path


@case("nested more than 64 deep")
def deep_3000(folder):
    def fill(root, _):
        for _ in range(3000):
            root = root.create_group("g")

    return weights(folder, fill)


@case("holds object, not numbers")
def strings(folder):
    return weights(folder, lambda _, g: g.create_dataset("0", data=["a", "b"], dtype=h5py.string_dtype()))


@case("not numbers")
def fixed_strings(folder):
    return weights(folder, lambda _, g: g.__setitem__("0", np.array([b"ab", b"cd"])))


@case("not numbers")
def references(folder):
    return weights(folder, lambda root, g: g.create_dataset("0", data=root.ref, dtype=h5py.ref_dtype))


@case("not numbers")
def compound(folder):
    return weights(folder, lambda _, g: g.__setitem__("0", np.zeros(2, [("a", "f4"), ("b", "i4")])))


@case("not numbers")
def enumeration(folder):
    kind = h5py.enum_dtype({"a": 0, "b": 1}, "i1")
    return weights(folder, lambda _, g: g.create_dataset("0", (2,), kind, data=[0, 1]))


@case("it holds a name that is not UTF-8 text")
def a_name_that_is_no_text(folder):
    return weights(folder, lambda root, _: h5py.h5g.create(root.id, b"\xff\xfe"))


@case("is damaged")
def chunk_of_nonsense(folder):
    def fill(_, group):
        data = group.create_dataset("0", (5,), "f4", chunks=(5,), compression="gzip")
        data.id.write_direct_chunk((0,), b"this is not compressed")

    return weights(folder, fill)


@case("not numbers")
def opaque_of_three(folder):
    return weights(folder, lambda _, g: g.__setitem__("0", np.zeros(2, "V3")))


@case("not numbers")
def array_type(folder):
    return weights(folder, lambda _, g: g.create_dataset("0", (1,), np.dtype(("f4", (2,)))))


@case("not numbers")
def odd_float(folder):
    def fill(_, group):
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(31, 22, 9, 0, 22)
        kind.set_ebias(255)
        space = h5py.h5s.create_simple((4,))
        h5py.h5d.create(group.id, b"0", kind, space)
        group["0"][...] = np.ones(4, "f4")

    return weights(folder, fill)


@case("`layers/dense/vars/0` has a bfloat16 mark on float32 data")
def lie_bf16(folder):
    def fill(_, group):
        group["0"] = K
        group["0"].attrs["dtype"] = "bfloat16"

    return weights(folder, fill)


@case("`layers/dense/vars/0` holds nothing")
def null_space(folder):
    return weights(folder, lambda _, g: g.create_dataset("0", data=h5py.Empty("f4")))


@case("variable 1 of `layers/dense/vars` is missing")
def misnumbered(folder):
    def fill(_, group):
        group["0"], group["7"] = K, B

    return weights(folder, fill)


@case("not a dataset")
def group_for_dataset(folder):
    return weights(folder, lambda _, g: g.create_group("0"))


@case("an HDF5 file without any numbers")
def nothing_in_it(folder):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root.create_group("measurements").attrs["note"] = "none yet"
    return path


@case("an HDF5 file without any numbers")
def nothing_but_texts(folder):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root["notes"] = ["a", "b"]
    return path


def without_layout(folder, fill):
    """A file that is not one of Keras, handed to `fill(root)`."""
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root["encoder/weight"] = K
        fill(root)
    return path


@case("link to another file", "decoder")
def ext_link_outside_the_layout(folder):
    return without_layout(folder, lambda f: f.__setitem__("decoder", h5py.ExternalLink(other_file(folder), "/vars")))


@case("soft link", "decoder")
def soft_link_outside_the_layout(folder):
    return without_layout(folder, lambda f: f.__setitem__("decoder", h5py.SoftLink("/encoder")))


@case("kept in another file")
def ext_storage_outside_the_layout(folder):
    (folder / "n.txt").write_text(CANARY)
    return without_layout(
        folder, lambda f: f.create_dataset("w", (4,), "f4", external=[(str(folder / "n.txt"), 0, 16)])
    )


@case("virtual dataset")
def virtual_outside_the_layout(folder):
    layout = h5py.VirtualLayout((1, 5), "f4")
    layout[:] = h5py.VirtualSource(str(folder / other_file(folder)), "k", (1, 5))
    return without_layout(folder, lambda f: f.create_virtual_dataset("w", layout))


@case("3.0 GiB")
def shape_bomb_outside_the_layout(folder):
    return without_layout(folder, lambda f: f.create_dataset("w", (805306368,), "f4", chunks=(1 << 20,)))


@case("linked twice")
def cycle_outside_the_layout(folder):
    return without_layout(folder, lambda f: f.__setitem__("loop", f["/"]))


@case("unknown filter 32015")
def unknown_filter(folder):
    def fill(_, group):
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((5,))
        properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        space = h5py.h5s.create_simple((5,))
        data = h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space, properties)
        data.write_direct_chunk((0,), B.tobytes(), 1)

    return weights(folder, fill)


@case("`layer_names` is not a list of names")
def ln_int(folder):
    return legacy(folder, 3, ["k", "b"])


@case("`layer_names` is not a list of names")
def ln_floats(folder):
    return legacy(folder, [1.0, 2.0], ["k", "b"])


@case("not UTF-8")
def ln_not_utf8(folder):
    return legacy(folder, [b"\xff\xfe"], ["k", "b"])


@case("names `ghost` but does not hold it")
def ln_ghost(folder):
    return legacy(folder, ["dense", "ghost"], ["k", "b"])


@case("lists `dense` twice")
def ln_twice(folder):
    return legacy(folder, ["dense", "dense"], ["k", "b"])


@case("outside its group, `../dense`")
def ln_dotdot(folder):
    return legacy(folder, ["../dense"], ["k", "b"])


@case("outside its group, `/dense`")
def ln_absolute(folder):
    return legacy(folder, ["/dense"], ["k", "b"])


@case("outside its group")
def ln_empty(folder):
    return legacy(folder, [""], ["k", "b"])


@case("lists `k` twice")
def wn_twice(folder):
    return legacy(folder, ["dense"], [b"k", b"k"])


@case("names `dense/lost` but does not hold it")
def wn_missing(folder):
    return legacy(folder, ["dense"], ["k", "lost"])


@case("`dense/k` is not a dataset")
def wn_group(folder):
    path = legacy(folder, ["dense"], ["k"], {"b": B})
    with h5py.File(path, "a") as root:
        root.create_group("dense/k")
    return path


@case("has no list `weight_names`")
def wn_none(folder):
    path = legacy(folder, ["dense"], ["k"])
    with h5py.File(path, "a") as root:
        del root["dense"].attrs["weight_names"]
    return path


@case("without any numbers")
def model_weights_empty(folder):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root.create_group("model_weights")
    return path


@case("`dense` is not a group")
def layer_is_dataset(folder):
    path = folder / "x.h5"
    with h5py.File(path, "w") as root:
        root.attrs["layer_names"] = ["dense"]
        root["dense"] = K
    return path
