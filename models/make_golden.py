"""Writes golden/: what Google's interpreter answers, as stored values, for every fixture.

The answer of a network is its logits, the tensor before the softmax (or before the DEQUANTIZE of a network with float outputs).
"""

from pathlib import Path

import flatbuffer
import images
import interpret
import numpy as np

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "golden"
RANDOM = 16


def main() -> None:
    (GOLDEN / "operators").mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("mobilenet_*.tflite")):
        height, width, channels = flatbuffer.input_shape(path.read_bytes())
        inputs = np.concatenate([images.pictures(height), images.noises(RANDOM, (height, width, channels))])
        write(path, GOLDEN / f"{path.stem}.npy", inputs)
    write(FOLDER / "digits.tflite", GOLDEN / "digits.npy", np.load(FOLDER / "digits_test_images.npy"))
    for path in sorted((FOLDER / "operators").glob("*.tflite")):
        inputs = images.noises(RANDOM, flatbuffer.input_shape(path.read_bytes()))
        write(path, GOLDEN / "operators" / f"{path.stem}.npy", inputs)


def write(model: Path, golden: Path, inputs: np.ndarray) -> None:
    """Prints how far the interpreter's other kernels are from those whose answer is kept."""
    content = flatbuffer.logits_only(model.read_bytes())
    answers = {kernels: interpret.run(content, inputs, kernels) for kernels in interpret.KERNELS}
    kept = answers.pop("XNNPACK")
    np.save(golden, kept)
    print(f"{model.stem:28} {kept.shape!s:12} {len(np.unique(kept)):4} values {len(set(kept.argmax(1))):3} labels", end="")
    for kernels, other in answers.items():
        apart = np.abs(kept.astype(int) - other)
        same = (kept.argmax(axis=1) == other.argmax(axis=1)).mean()
        print(f" | {kernels}: equal {(apart == 0).mean():.4f} within 1 {(apart <= 1).mean():.4f} at most {apart.max()} labels {same:.3f}", end="")
    print()


if __name__ == "__main__":
    main()
