"""Input images: eight natural pictures, crops of natural pictures, and SplitMix64 noise.

All are *stored* values, uint8 in (H, W, 3): what a uint8 model reads as it is and an int8 model as `stored - 128`.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

FOLDER = Path(__file__).parent
PICTURES = FOLDER / "pictures"
SIDE = 224

# Committed, so only pictures that are free of copyright (see README.md).
COMMITTED = ("astronaut", "camera", "chelsea", "coffee", "hubble_deep_field", "immunohistochemistry", "retina", "rocket")
# Only looked at while calibrating and comparing, out of the packages.
LOOKED_AT = ("brick", "grass", "gravel", "moon")


def write_pictures() -> None:
    """The centre square of each committed picture, at 224 x 224."""
    PICTURES.mkdir(exist_ok=True)
    for name in COMMITTED:
        picture = Image.fromarray(rgb(getattr(data, name)()))
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.crop((left, top, left + side, top + side))
        square.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(PICTURES / f"{name}.png", optimize=True)


def pictures(side: int) -> np.ndarray:
    """The committed pictures in the order of their names, cropped around the centre to `side`, never resized."""
    margin = (SIDE - side) // 2
    all_of_them = np.stack([np.asarray(Image.open(PICTURES / f"{name}.png")) for name in COMMITTED])
    return all_of_them[:, margin : margin + side, margin : margin + side]


def noise(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes of the SplitMix64 stream that starts at `seed`, each word little endian."""
    count = int(np.prod(shape))
    steps = np.arange(1, -(-count // 8) + 1, dtype=np.uint64)
    z = np.uint64(seed) + steps * np.uint64(0x9E3779B97F4A7C15)  # wraps, as it should
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z.astype("<u8").view(np.uint8)[:count].reshape(shape)


def noises(count: int, shape: tuple[int, ...], first_seed: int = 0) -> np.ndarray:
    return np.stack([noise(first_seed + i, shape) for i in range(count)])


def crops(count: int, side: int, seed: int) -> np.ndarray:
    """Random squares of natural pictures, some mirrored, darkened or brightened, resized to `side`."""
    random = np.random.default_rng(seed)
    sources = natural_pictures()
    return np.stack([crop(sources[i % len(sources)], side, random) for i in range(count)])


def crop(source: Image.Image, side: int, random: np.random.Generator) -> np.ndarray:
    width = int(min(source.size) * random.uniform(0.2, 1.0))
    left = int(random.integers(source.width - width + 1))
    top = int(random.integers(source.height - width + 1))
    square = source.crop((left, top, left + width, top + width)).resize((side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(square, dtype=np.float64)
    if random.random() < 0.5:
        pixels = pixels[:, ::-1]
    return np.clip(np.rint(pixels * random.uniform(0.6, 1.4)), 0, 255).astype(np.uint8)


def natural_pictures() -> list[Image.Image]:
    arrays = [getattr(data, name)() for name in COMMITTED + LOOKED_AT]
    arrays += list(data.stereo_motorcycle()[:2])
    arrays += [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    return [Image.fromarray(rgb(array)) for array in arrays]


def rgb(array: np.ndarray) -> np.ndarray:
    return np.stack([array] * 3, axis=-1) if array.ndim == 2 else array[..., :3]
