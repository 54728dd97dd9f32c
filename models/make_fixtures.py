"""Writes every .tflite of this folder, the pictures, and the digits' test set. Ends with 1 if a network is not alive."""

from pathlib import Path

import digits
import environment
import images
import networks
import numpy as np
import operators
import quantise
import refused
from alive import check, labels
from enliven import Temper, enliven

FOLDER = Path(__file__).parent
CLASSES = 1001

# name: width multiplier, resolution, temper
V2 = {
    "mobilenet_v2_0.35_96": (0.35, 96, Temper(directions=10, loud=22, covariance_power=0.6)),
    "mobilenet_v2_0.5_224": (0.5, 224, Temper()),
    "mobilenet_v2_0.75_192": (0.75, 192, Temper()),
}
V1 = {"mobilenet_v1_0.25_128_uint8": (0.25, 128, Temper(directions=8))}


def calibration(side: int) -> np.ndarray:
    """112 natural and 16 random images; the golden outputs and the comparison use others."""
    return np.concatenate([images.crops(112, side, environment.SEED), images.noises(16, (side, side, 3), environment.SEED)])


def mobilenet(name: str, network, side: int, quantised, temper: Temper) -> None:
    environment.start(environment.SEED)
    model = network()
    stored = calibration(side)
    enliven(model, quantise.scaled(stored), environment.SEED, temper)
    content = quantised(model, stored)
    check(name, content, stored)
    (FOLDER / f"{name}.tflite").write_bytes(content)


def main() -> None:
    images.write_pictures()
    for name, (width, side, temper) in V2.items():
        mobilenet(name, lambda: networks.mobilenet_v2(width, side, CLASSES), side, quantise.model_int8, temper)
    for name, (width, side, temper) in V1.items():
        mobilenet(name, lambda: networks.mobilenet_v1(width, side, CLASSES), side, quantise.model_uint8, temper)
    content = digits.make(FOLDER, labels)
    check("digits", content, np.load(FOLDER / "digits_test_images.npy")[:64], fewest_labels=10)
    operators.make(FOLDER / "operators")
    refused.make(FOLDER / "operators" / "refused")


if __name__ == "__main__":
    main()
