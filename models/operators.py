"""Tiny quantised networks, each there for one thing an importer has to get right. All end in a vector of logits."""

import zlib
from pathlib import Path

import alive
import environment  # (before tensorflow: it sets it up)
import images
import numpy as np
import quantise
import tensorflow as tf

MAP = (8, 8, 3)
CALIBRATION = 64
UINT8, FLOAT = tf.uint8, tf.float32


class Weights:
    """Random weights in the order they are asked for, scaled so that values neither grow nor fade."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)

    def draw(self, shape: tuple[int, ...], inputs: int):
        return tf.constant(self.random.normal(0.0, (2.0 / inputs) ** 0.5, shape), tf.float32)

    def bias(self, channels: int):
        return tf.constant(self.random.normal(0.0, 0.2, channels), tf.float32)

    def conv(self, x, channels, size=3, stride=1, padding="SAME", bias=True, dilation=1):
        kernel = self.draw((size, size, x.shape[-1], channels), size * size * x.shape[-1])
        y = tf.nn.conv2d(x, kernel, stride, padding, dilations=dilation)
        return y + self.bias(channels) if bias else y

    def depthwise(self, x, multiplier=1, stride=1, padding="SAME"):
        kernel = self.draw((3, 3, x.shape[-1], multiplier), 9)
        y = tf.nn.depthwise_conv2d(x, kernel, (1, stride, stride, 1), padding)
        return y + self.bias(y.shape[-1])

    def dense(self, x, outputs, bias=True):
        y = tf.matmul(x, self.draw((x.shape[-1], outputs), x.shape[-1]))
        return y + self.bias(outputs) if bias else y

    def logits(self, x, classes=10):
        return self.dense(flatten(x), classes)


def flatten(x):
    return tf.reshape(x, (x.shape[0], -1))


def pad(x, vertical, horizontal):
    return tf.pad(x, ((0, 0), vertical, horizontal, (0, 0)))


def pool(x, size, stride):
    return tf.nn.avg_pool2d(x, size, stride, "VALID")


def conv_valid(w, x):
    return w.logits(w.conv(x, 8, padding="VALID"))


def conv_stride2(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8, stride=2)))


def conv_without_bias(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8, bias=False)))


def pad_conv(w, x):
    """One on each side, as PyTorch pads. On even sizes with stride 2 that is not SAME, which pads below and right only."""
    return w.logits(tf.nn.relu6(w.conv(pad(x, (1, 1), (1, 1)), 8, stride=2, padding="VALID")))


def pad_depthwise(w, x):
    x = tf.nn.relu6(w.conv(x, 8, size=1))
    return w.logits(tf.nn.relu6(w.depthwise(pad(x, (1, 1), (1, 1)), stride=2, padding="VALID")))


def pad_absorbed(w, x):
    """Keras' MobileNet v2 pads below and right before stride 2. That is SAME, and the converter turns it into SAME."""
    return w.logits(tf.nn.relu6(w.conv(pad(x, (0, 1), (0, 1)), 8, stride=2, padding="VALID")))


def pad_asymmetric(w, x):
    return w.logits(tf.nn.relu6(w.conv(pad(x, (1, 2), (2, 0)), 8, padding="VALID")))


def depthwise_multiplier(w, x):
    return w.logits(tf.nn.relu6(w.depthwise(x, multiplier=8)))


def depthwise_stride2(w, x):
    return w.logits(tf.nn.relu6(w.depthwise(tf.nn.relu6(w.conv(x, 8)), stride=2)))


def add_relu(w, x):
    return w.logits(tf.nn.relu(w.conv(x, 8) + w.conv(x, 8, size=1)))


def add_relu6(w, x):
    return w.logits(tf.nn.relu6(2.0 * w.conv(x, 8) + w.conv(x, 8, size=1)))


def add_scales(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8)) + 5.0 * w.conv(x, 8, size=1))


def mean_keepdims(w, x):
    x = tf.reduce_mean(tf.nn.relu6(w.conv(x, 16)), axis=(1, 2), keepdims=True)
    return flatten(w.conv(x, 10, size=1))


def mean_flat(w, x):
    return w.dense(tf.reduce_mean(tf.nn.relu6(w.conv(x, 16)), axis=(1, 2)), 10)


def average_pool_2x2(w, x):
    return w.logits(pool(tf.nn.relu6(w.conv(x, 8)), 2, 2))


def average_pool_global(w, x):
    return flatten(w.conv(pool(tf.nn.relu6(w.conv(x, 16)), 8, 1), 10, size=1))


def average_pool_linear(w, x):
    """Values on both sides of the zero point: pools differ in how they round ties below it."""
    return w.logits(pool(w.conv(x, 8), 2, 2))


def dense_flatten(w, x):
    return w.dense(flatten(x), 20)


def dense_two(w, x):
    return w.dense(tf.nn.relu(w.dense(flatten(x), 24)), 5)


def dense_without_bias(w, x):
    return w.dense(tf.nn.relu(w.dense(flatten(x), 24, bias=False)), 2, bias=False)


def relu(w, x):
    return w.logits(tf.nn.relu(w.conv(x, 8)))


def relu6(w, x):
    return w.logits(tf.nn.relu6(4.0 * w.conv(x, 8)))


def relu6_inside(w, x):
    """The stored range is wider than 0..6 on both sides, so the activation clamps strictly inside 0..255."""
    x = tf.nn.relu6(4.0 * w.conv(x, 8))
    return w.logits(fake(x, -1.0, 8.0))


def softmax(w, x):
    return tf.nn.softmax(w.logits(tf.nn.relu6(w.conv(x, 8, stride=2))))


def resnet_block(w, x):
    """One map feeds two convolutions of stride 2."""
    x = tf.nn.relu(w.conv(x, 8))
    y = tf.nn.relu(w.conv(x, 16, stride=2))
    return w.logits(tf.nn.relu(w.conv(y, 16) + w.conv(x, 16, size=1, stride=2)))


def bottleneck(w, x):
    x = w.conv(x, 8)
    y = w.conv(tf.nn.relu6(w.depthwise(tf.nn.relu6(w.conv(x, 24, size=1)))), 8, size=1)
    return w.logits(x + y)


def fake(x, low, high):
    return tf.quantization.fake_quant_with_min_max_args(x, low, high)


def fake_conv(w, x, channels, size):
    kernel = w.draw((size, size, x.shape[-1], channels), size * size * x.shape[-1])
    return tf.nn.conv2d(x, fake(kernel, -1.1, 0.9), 1, "SAME") + w.bias(channels)


def fake_logits(w, x):
    x = flatten(x)
    return fake(tf.matmul(x, fake(w.draw((x.shape[-1], 10), x.shape[-1]), -0.4, 0.45)) + w.bias(10), -6.0, 6.0)


def uint8_bottleneck(w, x):
    x = fake(fake_conv(w, x, 8, 3), -4.0, 3.0)
    y = fake(tf.nn.relu6(fake_conv(w, x, 24, 1)), 0.0, 6.0)
    kernel = fake(w.draw((3, 3, 24, 1), 9), -1.3, 1.2)
    y = fake(tf.nn.depthwise_conv2d(y, kernel, (1, 1, 1, 1), "SAME") + w.bias(24), -6.0, 6.0)
    x = fake(x + fake(fake_conv(w, y, 8, 1), -5.0, 6.0), -6.0, 7.0)
    return fake_logits(w, pool(fake(tf.nn.relu(x), 0.0, 7.0), 2, 2))


def uint8_requantise(w, x):
    """A pool keeps the scale of its input; another one asked of its output takes a QUANTIZE in the middle."""
    x = pool(fake(tf.nn.relu6(fake_conv(w, x, 8, 3)), 0.0, 6.0), 2, 2)
    x = fake(tf.nn.relu6(fake_conv(w, fake(x, -1.0, 3.0), 8, 1)), 0.0, 6.0)
    return fake_logits(w, x)


# name: network, shape of the input, other arguments of quantise.int8
NETWORKS = {
    "conv_valid": (conv_valid, MAP, {}),
    "conv_stride2_even": (conv_stride2, MAP, {}),
    "conv_stride2_odd": (conv_stride2, (9, 9, 3), {}),
    "conv_without_bias": (conv_without_bias, MAP, {}),
    "pad_conv": (pad_conv, MAP, {}),
    "pad_depthwise": (pad_depthwise, MAP, {}),
    "pad_absorbed": (pad_absorbed, MAP, {}),
    "pad_asymmetric": (pad_asymmetric, MAP, {}),
    "depthwise_multiplier": (depthwise_multiplier, (8, 8, 1), {}),
    "depthwise_stride2": (depthwise_stride2, (7, 7, 3), {}),
    "add_relu": (add_relu, MAP, {}),
    "add_relu6": (add_relu6, MAP, {}),
    "add_scales": (add_scales, MAP, {}),
    "mean_keepdims": (mean_keepdims, MAP, {}),
    "mean_flat": (mean_flat, MAP, {}),
    "average_pool_2x2": (average_pool_2x2, MAP, {}),
    "average_pool_global": (average_pool_global, MAP, {}),
    "average_pool_linear": (average_pool_linear, MAP, {}),
    "dense_flatten": (dense_flatten, (6, 5, 3), {}),
    "dense_two": (dense_two, (4, 4, 3), {}),
    "dense_without_bias": (dense_without_bias, (4, 4, 3), {}),
    "relu": (relu, MAP, {}),
    "relu6": (relu6, MAP, {}),
    "relu6_inside": (relu6_inside, MAP, {}),
    "softmax": (softmax, MAP, {}),
    "uint8_ends": (bottleneck, MAP, {"ends": (UINT8, UINT8)}),
    "float_ends": (bottleneck, MAP, {"ends": (FLOAT, FLOAT)}),
    "per_tensor": (bottleneck, MAP, {"per_channel": False}),
    "resnet_block": (resnet_block, MAP, {}),
    "rectangular": (bottleneck, (6, 10, 3), {}),
}
# uint8 and one scale per tensor: the ranges are those of the fake-quant nodes.
UINT8_NETWORKS = {"uint8_bottleneck": uint8_bottleneck, "uint8_requantise": uint8_requantise}


def smooth(count: int, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Half noise, half noise around a random grey, so that ranges and labels are not those of noise alone."""
    noise = images.noises(count, shape, seed)
    grey = np.random.default_rng(seed).integers(0, 256, (count, 1, 1, shape[2]))
    return np.where(np.arange(count)[:, None, None, None] % 2, noise, (noise // 4 + grey * 3 // 4)).astype(np.uint8)


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (network, shape, options) in NETWORKS.items():
        environment.start(environment.SEED)
        stored = smooth(CALIBRATION, shape, environment.SEED)
        graph = quantise.traced(lambda image: network(Weights(seed(name)), image), shape)
        keep(folder, name, quantise.int8(graph, stored, **options), stored)
    for name, network in UINT8_NETWORKS.items():
        stored = smooth(CALIBRATION, MAP, environment.SEED)
        content = quantise.uint8(lambda image: network(Weights(seed(name)), image), MAP)
        keep(folder, name, content, stored)


def seed(name: str) -> int:
    """Of its own for each network, so that a new one changes no other."""
    return zlib.crc32(name.encode())


def keep(folder: Path, name: str, content: bytes, stored: np.ndarray) -> None:
    alive.check(name, content, stored, fewest_labels=2)
    (folder / f"{name}.tflite").write_bytes(content)
