"""Compares `zkescrow infer` with Google's interpreter on 1,000 images a network, and writes docs/parity.md.

Ends with 1 if a threshold is missed. Needs `cargo build --release` first.
"""

import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import flatbuffer
import images
import interpret
import numpy as np

FOLDER = Path(__file__).parent
BINARY = FOLDER.parent / "target" / "release" / "zkescrow"
PAGE = FOLDER.parent / "docs" / "parity.md"
NATURAL = RANDOM = 500
SEED = 1  # the networks were calibrated on other crops

LEAST_WITHIN_1 = 0.999
MOST_APART = 2
LEAST_LABELS = 0.995


@dataclass
class Comparison:
    name: str
    images: int
    logits: int
    equal: float
    within_1: float
    most_apart: int
    labels: float
    images_per_second: float

    def passes(self) -> bool:
        return self.within_1 >= LEAST_WITHIN_1 and self.most_apart <= MOST_APART and self.labels >= LEAST_LABELS

    def row(self) -> str:
        shares = f"{share(self.equal)} | {share(self.within_1)} | {self.most_apart} | {share(self.labels)}"
        return f"| `{self.name}` | {self.images:,} | {self.logits:,} | {shares} | {self.images_per_second:.0f} |"


def share(value: float) -> str:
    """Rounded down, so that 100 % means all."""
    return f"{np.floor(value * 1e5) / 1e3:.3f} %"


def compare(name: str, theirs: np.ndarray, ours: np.ndarray, seconds: float) -> Comparison:
    apart = np.abs(theirs.astype(int) - ours)
    return Comparison(
        name=name,
        images=len(theirs),
        logits=theirs.size,
        equal=float((apart == 0).mean()),
        within_1=float((apart <= 1).mean()),
        most_apart=int(apart.max()),
        labels=float((theirs.argmax(axis=1) == ours.argmax(axis=1)).mean()),
        images_per_second=len(theirs) / seconds,
    )


def both(path: Path, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Stored logits of the interpreter and of our binary, and the seconds that ours took."""
    theirs = interpret.run(flatbuffer.logits_only(path.read_bytes()), inputs)
    with tempfile.TemporaryDirectory() as folder:
        model, batch, logits = (Path(folder) / file for file in ("model.zkm", "batch.npy", "logits.npy"))
        np.save(batch, inputs)
        run("model", "import", path, "-o", model)
        start = time.monotonic()
        run("infer", "--model", model, "--input", batch, "--logits", logits)
        return theirs, np.load(logits), time.monotonic() - start


def run(*arguments) -> None:
    subprocess.run([BINARY, *arguments], check=True, stdout=subprocess.DEVNULL)


def mobilenet(path: Path) -> Comparison:
    side = flatbuffer.input_shape(path.read_bytes())[0]
    inputs = np.concatenate([images.crops(NATURAL, side, SEED), images.noises(RANDOM, (side, side, 3))])
    return compare(path.stem, *both(path, inputs))


def digits() -> tuple[Comparison, list[str]]:
    theirs, ours, seconds = both(FOLDER / "digits.tflite", np.load(FOLDER / "digits_test_images.npy"))
    truth = np.load(FOLDER / "digits_test_labels.npy")
    described = json.loads((FOLDER / "digits.json").read_text())
    accuracies = [described["float_accuracy"]] + [float((logits.argmax(axis=1) == truth).mean()) for logits in (theirs, ours)]
    return compare("digits", theirs, ours, seconds), [share(accuracy) for accuracy in accuracies]


def page(compared: list[Comparison], digits_row: Comparison, accuracies: list[str]) -> str:
    header = "| network | images | logits compared | equal | within 1 | largest difference | labels equal | images/s |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    return f"""# Parity with Google's interpreter

Written by `models/parity.py`; do not edit. `zkescrow infer` against `ai_edge_litert` {version("ai-edge-litert")} with its default
kernels (XNNPACK). Compared are logits as stored, before the softmax. Half of the images are crops of natural pictures, mirrored,
darkened or brightened; half are noise.

{header}
{chr(10).join(row.row() for row in compared)}

Images per second are those of `zkescrow infer` on a batch, reading and writing files included, on the machine that wrote this page.

Accepted are networks with at least {LEAST_WITHIN_1:.1%} of the logits within 1, none further apart than {MOST_APART}, and at least
{LEAST_LABELS:.1%} of the labels equal. {verdict(compared)}

## A network that has learned something

The {digits_row.images} held-out images of `digits`. No threshold is set for its logits.

{header}
{digits_row.row()}

| accuracy in float | quantised, interpreter | quantised, zkescrow |
|--:|--:|--:|
| {" | ".join(accuracies)} |
"""


def verdict(compared: list[Comparison]) -> str:
    missed = [row.name for row in compared if not row.passes()]
    return f"Missed by: {', '.join(missed)}." if missed else "All pass."


def main() -> None:
    compared = []
    for path in sorted(FOLDER.glob("mobilenet_*.tflite")):
        compared.append(mobilenet(path))
        print(compared[-1], flush=True)
    digits_row, accuracies = digits()
    print(digits_row, accuracies)
    PAGE.write_text(page(compared, digits_row, accuracies))
    raise SystemExit(0 if all(row.passes() for row in compared) else 1)


if __name__ == "__main__":
    main()
