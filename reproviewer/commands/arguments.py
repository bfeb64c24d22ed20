"""What can be typed on the command line."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from reproviewer.core.experiment import FLAVOURS, SEED_FUNCTIONS
from reproviewer.core.message import ReproError
from reproviewer.core.verdict import MOST_ULP, Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCRIPTION = """\
See whether two builds of a Keras model are the same to the last bit, where they differ, and why.

  reproviewer [FILE ...]         open the window, with these weight files on the shelf
  reproviewer run                build an experiment's model again and again, and compare the builds
  reproviewer compare A B        compare weight files with the first one
  reproviewer inspect FILE       list the tensors of a weight file
  reproviewer convert SRC DST    write a weight file in another format, and compare the two
  reproviewer picture            draw what the window would show into a .png or .svg file

`reproviewer COMMAND --help` tells more about each.
"""

ENDED = "130 stopped by Ctrl+C; 143, 129 told to end by SIGTERM, SIGHUP."

VERDICTS = f"""\
The answer is one of five words:
  ✓ identical    same shapes, same dtypes, same bits
  ≈ equal        all values compare equal, but bits or dtypes differ (-0.0 and 0.0, 1.0 as float32 and float64)
  ± close        every difference is within the tolerance that was given
  ✕ different    some values differ
  ≠ mismatched   a tensor is missing, extra or of another shape

Exit status: 0 identical (or each tensor within the tolerance given for it), 1 not identical, 2 no answer; a line on
stderr says why. {ENDED}
"""

LISTED = f"""\
Exit status: 0 listed, 2 no answer; a line on stderr says why. {ENDED}
"""

CONVERSIONS = f"""\
.npz and .safetensors take tensors of any name; .weights.h5 those that are called like its own paths,
layers/dense/vars/0; .h5 those of plain layers, dense/kernel, from a file that keeps their order.
A value is never changed: a dtype or a name that DST cannot keep ends the conversion.

Exit status: 0 done, and identical to the last bit; 2 not done, and DST is what it was; a line on stderr says why.
{ENDED}
"""

EXAMPLES = """\
Examples:
  reproviewer run --model "Dense(5, input_dim=1)"                      no seed: the two builds differ
  reproviewer run --model "Dense(5, input_dim=1)" --seed 1             keras.utils.set_random_seed(1) before each build
  reproviewer run --model "Dense(5, input_dim=1)" --seed 1 --call tf.random.set_seed --runs 4
  reproviewer run experiment.json --fresh --save test.h5               each build in a process of its own
  reproviewer compare test.h5 other.weights.h5 --ulp 4
  reproviewer compare before.npz after.npz --json | python -m json.tool
  reproviewer inspect ./your_dir/record_weight                         a TensorFlow checkpoint, by its prefix
  reproviewer convert model.pt model.safetensors --allow-loss state
  reproviewer picture test.h5 other.h5 -o weights.png
"""


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Raise ReproError instead of printing the usage and leaving."""
        raise ReproError("{message} (see `{program} --help`)", message=message, program=self.prog)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line. `command` is "window" when no command is named. Raises ReproError, SystemExit for help."""
    if argv and argv[0] in _COMMANDS:
        return _COMMANDS[argv[0]]().parse_args(argv[1:], argparse.Namespace(command=argv[0]))
    return _window().parse_args(argv, argparse.Namespace(command="window"))


def _parser(name: str, summary: str, epilog: str = VERDICTS) -> Parser:
    return Parser(
        prog=f"reproviewer {name}".strip(),
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _window() -> Parser:
    parser = _parser("", DESCRIPTION, f"{VERDICTS}\n{EXAMPLES}")
    parser.add_argument("files", nargs="*", type=_name, metavar="FILE", help="a weight file to open in the window")
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    return parser


def _run() -> Parser:
    parser = _parser("run", "Build a model again and again and compare the builds, to the last bit, with the first.")
    parser.add_argument(
        "experiment", nargs="?", type=_name, metavar="EXPERIMENT.json", help="an experiment file; options override"
    )
    parser.add_argument("--model", metavar="TEXT", help='the layers as in Keras: "Dense(5, input_dim=1)"')
    parser.add_argument("--seed", type=int, metavar="N", help="the seed of the seeding calls, 0 to 4294967295")
    parser.add_argument(
        "--call",
        nargs="+",
        action="extend",
        metavar="NAME",
        help=f"the seeding calls, in order: {', '.join(SEED_FUNCTIONS)} (default: the first)",
    )
    parser.add_argument("--once", action="store_true", help="seed once at the start, not before each build")
    parser.add_argument("--runs", type=int, metavar="N", help="how many builds (default: 2)")
    parser.add_argument("--fresh", action="store_true", help="each build in a process of its own")
    parser.add_argument("--flavour", choices=FLAVOURS, help="Keras 3 (keras) or Keras 2 (tf_keras)")
    parser.add_argument("--python", metavar="PATH", help="another Python interpreter that has TensorFlow")
    parser.add_argument(
        "--save",
        type=_name,
        metavar="FILE",
        help="save the weights of run 1: .weights.h5, .h5, .npz, .safetensors, or no suffix for a checkpoint",
    )
    _json(
        parser,
        "its verdict is null when models were built but not compared (one run, or nothing in them to compare); "
        "nothing when none could be built",
    )
    return parser


def _compare() -> Parser:
    parser = _parser("compare", "Compare weight files, tensor by tensor and to the last bit, with the first one.")
    parser.add_argument("files", nargs="+", type=_name, metavar="FILE", help="two weight files or more")
    parser.add_argument(
        "--ulp", type=_limit(int), default=0, metavar="N", help="close: up to N units in the last place"
    )
    parser.add_argument("--atol", type=_limit(float), default=0.0, metavar="X", help="close: |a - b| <= X ...")
    parser.add_argument(
        "--rtol", type=_limit(float), default=0.0, metavar="X", help="... + X * |a|, a in the first file"
    )
    parser.add_argument(
        "--tolerance",
        type=_tolerance,
        action="append",
        default=[],
        metavar="PATTERN:ulp=N,atol=X,rtol=X",
        help="another one for tensors whose name in the first file fits, '*/bias:atol=1e-6'; the last that fits counts",
    )
    parser.add_argument(
        "--pair",
        type=_pair,
        action="append",
        default=[],
        metavar="A=B",
        help="the tensor A of the first file belongs to the tensor B of the second",
    )
    parser.add_argument("--all", action="store_true", help="compare optimizer and other state too")
    parser.add_argument(
        "--report",
        type=_name,
        action="append",
        default=[],
        metavar="OUT",
        help="write a report: .html (one page with pictures), .json, or .csv (repeatable)",
    )
    _json(parser)
    return parser


def _inspect() -> Parser:
    parser = _parser("inspect", "List the tensors of a weight file with their digests.", LISTED)
    parser.add_argument("file", type=_name, metavar="FILE", help="a weight file, or the prefix of a checkpoint")
    _json(parser)
    return parser


def _convert() -> Parser:
    parser = _parser(
        "convert",
        "Write a weight file in another format, read it back, and compare it with the first, to the last bit.",
        CONVERSIONS,
    )
    parser.add_argument("source", type=_name, metavar="SRC", help="a weight file, or the prefix of a checkpoint")
    parser.add_argument("target", type=_name, metavar="DST", help=".npz, .safetensors, .weights.h5 or .h5")
    parser.add_argument("--replace", action="store_true", help="put the new file in the place of an old DST")
    parser.add_argument(
        "--allow-loss",
        action="append",
        default=[],
        choices=("state", "metadata"),
        help="leave out what DST has no place for: the state of optimizers, or text beside the tensors (repeatable)",
    )
    return parser


def _picture() -> Parser:
    parser = _parser("picture", "Draw what the window would show, without a screen.")
    parser.add_argument("files", nargs="+", type=_name, metavar="FILE", help="one EXPERIMENT.json, or weight files")
    parser.add_argument("-o", "--output", required=True, type=_name, metavar="OUT", help="the picture: .png or .svg")
    return parser


def _json(parser: Parser, without_answer: str = "nothing when there is no answer (exit status 2)") -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"print one JSON document on stdout and nothing else; {without_answer}",
    )


def _name(text: str) -> str:
    """An empty name would be the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("a file name is empty")
    return text


def _pair(text: str) -> tuple[str, str]:
    a, _, b = text.partition("=")
    if not a or not b:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form A=B")
    return a, b


def _tolerance(text: str) -> tuple[str, Tolerance]:
    pattern, _, limits = text.rpartition(":")
    kinds: dict[str, type[int] | type[float]] = {"ulp": int, "atol": float, "rtol": float}
    found: dict[str, float] = {}
    for limit in limits.split(","):
        key, _, value = limit.partition("=")
        if key not in kinds or not pattern:
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form PATTERN:ulp=N,atol=X,rtol=X")
        found[key] = _limit(kinds[key])(value)
    return pattern, Tolerance(int(found.get("ulp", 0)), found.get("atol", 0.0), found.get("rtol", 0.0))


def _limit(kind: type[int] | type[float]) -> Callable[[str], float]:
    most = MOST_ULP if kind is int else sys.float_info.max

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = -1
        if not 0 <= value <= most:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a number from 0 to {most}")
        return value

    return read


_COMMANDS: dict[str, Callable[[], Parser]] = {
    "run": _run,
    "compare": _compare,
    "inspect": _inspect,
    "convert": _convert,
    "picture": _picture,
}
