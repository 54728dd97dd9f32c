"""Makes a random MobileNet behave like a trained one: alive, different from image to image, and not chaotic.

Merely random weights under batch norm are chaotic: a difference of one in one value of the first layer changes every logit by
dozens. That would make two correct kernels that round one tie differently incomparable. Three
things let a difference die out: depthwise kernels that average, pointwise convolutions and logits that look along the directions
in which the images themselves differ most, and residual branches that add little to their trunk.
"""

from dataclasses import dataclass

import environment  # noqa: F401  (first: it sets TensorFlow up)
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.cluster import KMeans

QUIET = 0.3  # length of the rows of labels that never win
SAMPLED = 20_000


@dataclass(frozen=True)
class Temper:
    """How calm a network is, found by trying: calmer ones hide small errors, wilder ones magnify those of any kernel."""

    directions: int = 12  # that the logits look along
    loud: int = 24  # labels that win; the others are random rows
    covariance_power: float = 0.5  # how much pointwise layers look along the directions in which their inputs differ most


def enliven(model: keras.Model, images: np.ndarray, seed: int, temper: Temper) -> None:
    """Gives each layer its weights when its true inputs over `images` are known, front to back."""
    random = np.random.default_rng(seed)
    values = {id(model.input): tf.constant(images)}
    uses = count_uses(model)
    for layer in model.layers[1:]:
        inputs = [values[id(tensor)] for tensor in tensors(layer)]
        assign(layer, inputs[0], random, temper)
        # Batch norms have momentum 0: one pass in training mode stores exactly the statistics of that pass.
        training = {"training": True} if isinstance(layer, layers.BatchNormalization) else {}
        values[id(layer.output)] = layer(inputs if len(inputs) > 1 else inputs[0], **training)
        for tensor in tensors(layer):
            uses[id(tensor)] -= 1
            if uses[id(tensor)] == 0:
                del values[id(tensor)]


def tensors(layer) -> list:
    return layer.input if isinstance(layer.input, list) else [layer.input]


def count_uses(model: keras.Model) -> dict[int, int]:
    uses = {}
    for layer in model.layers[1:]:
        for tensor in tensors(layer):
            uses[id(tensor)] = uses.get(id(tensor), 0) + 1
    return uses


def assign(layer, inputs: tf.Tensor, random: np.random.Generator, temper: Temper) -> None:
    if layer.name == "logits":
        assign_logits(layer, inputs, random, temper)
    elif isinstance(layer, layers.DepthwiseConv2D):
        shape = layer.kernel.shape
        layer.kernel.assign(random.uniform(0.2, 1.0, shape) * random.choice((-1, 1), (1, 1, shape[2], 1)))
    elif isinstance(layer, layers.Conv2D) and layer.kernel_size == (1, 1) and 2 * layer.kernel.shape[2] >= layer.filters:
        assign_pointwise(layer, inputs, random, temper.covariance_power)
    elif isinstance(layer, layers.BatchNormalization):
        layer.gamma.assign(layer.gamma * random.uniform(0.7, 1.3, layer.gamma.shape))
        layer.beta.assign(random.normal(0.0, 0.2, layer.beta.shape))


def assign_pointwise(layer, inputs: tf.Tensor, random: np.random.Generator, power: float) -> None:
    """Random, but larger along the directions in which the inputs differ most.

    Not for the expansions, to six times as many channels: that would leave too few directions.
    """
    pixels = centred(inputs)
    variances, axes = np.linalg.eigh(pixels.T @ pixels)
    kernel = axes @ (np.maximum(variances, 0.0)[:, None] ** power * random.normal(size=layer.kernel.shape[2:]))
    layer.kernel.assign((kernel / np.abs(kernel).max())[None, None])


def assign_logits(layer, inputs: tf.Tensor, random: np.random.Generator, temper: Temper) -> None:
    """A few loud labels, each the centre of a cluster of the images, among quiet random ones: a winner wins by a margin."""
    features = centred(inputs)
    _, _, axes = np.linalg.svd(features, full_matrices=False)
    axes = axes[:temper.directions] / (features @ axes[:temper.directions].T).std(axis=0)[:, None]
    clusters = KMeans(temper.loud, n_init=4, random_state=0).fit(features @ axes.T).cluster_centers_
    rows = unit(random.normal(size=(layer.filters, temper.directions))) * QUIET
    rows[random.choice(layer.filters, temper.loud, replace=False)] = unit(clusters)
    kernel = axes.T @ rows.T
    layer.kernel.assign(kernel[None, None])
    layer.bias.assign(-inputs.numpy()[:, 0, 0].astype(np.float64).mean(axis=0) @ kernel)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def centred(inputs: tf.Tensor) -> np.ndarray:
    """(samples, channels), every n-th pixel of every image, less their mean."""
    pixels = inputs.numpy().reshape(-1, inputs.shape[-1])
    pixels = pixels[:: max(1, len(pixels) // SAMPLED)].astype(np.float64)
    return pixels - pixels.mean(axis=0)
