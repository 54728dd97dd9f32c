"""Makes a random MobileNet behave like a trained one: alive, different from image to image, and not chaotic.

Merely random weights under batch norm are chaotic: a difference of one in one value of the first layer changes every logit by
dozens. No trained network does that, and it would make two correct kernels that round one tie differently incomparable. Three
things let a difference die out: depthwise kernels that average, pointwise convolutions and logits that look along the directions
in which the images themselves differ most, and residual branches that add little to their trunk.
"""

import environment  # noqa: F401  (first: it sets TensorFlow up)
import keras
import numpy as np
import tensorflow as tf
from keras import layers

DIRECTIONS = 12
LOGIT_DEVIATION = 2.5
LOGIT_SIZES = 0.3  # spread of the logits' sizes: a few classes are loud, so the first label wins by a margin
COVARIANCE_POWER = 0.5
SAMPLED = 20_000


def enliven(model: keras.Model, images: np.ndarray, seed: int) -> None:
    """Gives each layer its weights when its true inputs over `images` are known, front to back."""
    random = np.random.default_rng(seed)
    values = {id(model.input): tf.constant(images)}
    uses = count_uses(model)
    for layer in model.layers[1:]:
        inputs = [values[id(tensor)] for tensor in tensors(layer)]
        assign(layer, inputs[0], random)
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


def assign(layer, inputs: tf.Tensor, random: np.random.Generator) -> None:
    if layer.name == "logits":
        assign_logits(layer, inputs, random)
    elif isinstance(layer, layers.DepthwiseConv2D):
        shape = layer.kernel.shape
        layer.kernel.assign(random.uniform(0.2, 1.0, shape) * random.choice((-1, 1), (1, 1, shape[2], 1)))
    elif isinstance(layer, layers.Conv2D) and layer.kernel.shape[2] > layer.kernel.shape[3]:
        assign_projection(layer, inputs, random)
    elif isinstance(layer, layers.BatchNormalization):
        layer.gamma.assign(layer.gamma * random.uniform(0.7, 1.3, layer.gamma.shape))
        layer.beta.assign(random.normal(0.0, 0.2, layer.beta.shape))


def assign_projection(layer, inputs: tf.Tensor, random: np.random.Generator) -> None:
    """A convolution to fewer channels: random, but larger along the directions in which its inputs differ most."""
    pixels = centred(inputs)
    variances, axes = np.linalg.eigh(pixels.T @ pixels)
    kernel = axes @ (np.maximum(variances, 0.0)[:, None] ** COVARIANCE_POWER * random.normal(size=layer.kernel.shape[2:]))
    layer.kernel.assign((kernel / np.abs(kernel).max())[None, None])


def assign_logits(layer, inputs: tf.Tensor, random: np.random.Generator) -> None:
    """Each logit is a random mixture of the strongest directions, centred over the images, so that no label wins everywhere."""
    features = centred(inputs)
    _, _, axes = np.linalg.svd(features, full_matrices=False)
    axes = axes[:DIRECTIONS]
    axes /= (features @ axes.T).std(axis=0)[:, None]
    kernel = axes.T @ random.normal(size=(DIRECTIONS, layer.filters))
    kernel *= LOGIT_DEVIATION * random.lognormal(0.0, LOGIT_SIZES, layer.filters) / (features @ kernel).std(axis=0)
    layer.kernel.assign(kernel[None, None])
    layer.bias.assign(-inputs.numpy()[:, 0, 0].astype(np.float64).mean(axis=0) @ kernel)


def centred(inputs: tf.Tensor) -> np.ndarray:
    """(samples, channels), every n-th pixel of every image, less their mean."""
    pixels = inputs.numpy().reshape(-1, inputs.shape[-1])
    pixels = pixels[:: max(1, len(pixels) // SAMPLED)].astype(np.float64)
    return pixels - pixels.mean(axis=0)
