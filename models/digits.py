"""A MobileNet v2 that has really learned something: scikit-learn's 8x8 digits, trained on a CPU in a few minutes."""

import json
from pathlib import Path

import environment  # (before keras: it sets TensorFlow up)
import keras
import networks
import numpy as np
import quantise
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SIDE = 32
TEST = 360
CALIBRATION = 256
EPOCHS = 40
BATCH = 64
# Of the seven bottlenecks: 32x32 has room for the halving of the stem and three more, down to 2x2.
STRIDES = (1, 1, 2, 2, 1, 2, 1)
LEAST_ACCURACY = 0.95
MOST_LOST = 0.005


def load():
    """Training and test images (stored values) and labels. Each of the 8x8 pixels becomes a 4x4 square, grey, 0..16 -> 0..255."""
    digits = load_digits()
    pixels = np.rint(digits.images * 255 / 16).astype(np.uint8)
    squares = pixels.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    images = np.repeat(squares[..., None], 3, axis=-1)
    labels = digits.target.astype(np.uint8)
    return train_test_split(images, labels, test_size=TEST, stratify=labels, random_state=environment.SEED)


def train(images: np.ndarray, labels: np.ndarray) -> keras.Model:
    environment.start(environment.SEED)
    model = networks.mobilenet_v2(0.35, SIDE, 10, STRIDES, momentum=0.9)
    steps = EPOCHS * -(-len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.default_rng(environment.SEED)
    for _ in range(EPOCHS):
        model.fit(quantise.scaled(shifted(images, random)), labels, batch_size=BATCH, shuffle=True, verbose=0)
    return model


def shifted(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Each image moved by up to four of the 32 pixels, against overfitting on 1,437 of them."""
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    corners = random.integers(0, 9, (len(images), 2))
    return np.stack([image[y : y + SIDE, x : x + SIDE] for image, (y, x) in zip(padded, corners)])


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    return float((predicted == labels).mean())


def make(folder: Path, interpreted_labels) -> bytes:
    """Trains, quantises, and writes the model, the test set and its description. `interpreted_labels(content, images)`."""
    train_images, test_images, train_labels, test_labels = load()
    model = train(train_images, train_labels)
    predicted = model.predict(quantise.scaled(test_images), verbose=0).argmax(axis=1)
    content = quantise.model_int8(model, train_images[:CALIBRATION])
    description = {
        "train": len(train_images),
        "test": len(test_images),
        "float_accuracy": round(accuracy(predicted, test_labels), 6),
        "int8_accuracy": round(accuracy(interpreted_labels(content, test_images), test_labels), 6),
    }
    (folder / "digits.tflite").write_bytes(content)
    (folder / "digits.json").write_text(json.dumps(description, indent=2) + "\n")
    np.save(folder / "digits_test_images.npy", test_images)
    np.save(folder / "digits_test_labels.npy", test_labels)
    print("digits", description)
    if description["float_accuracy"] < LEAST_ACCURACY:
        raise SystemExit("digits: not accurate enough")
    if description["float_accuracy"] - description["int8_accuracy"] > MOST_LOST:
        raise SystemExit("digits: quantisation loses too much")
    return content
