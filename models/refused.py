"""Small files that an importer has to refuse: each has one thing that zkescrow does not prove."""

from pathlib import Path

import environment  # (before tensorflow: it sets it up)
import flatbuffer
import operators
import quantise
import tensorflow as tf
from operators import MAP, flatten


def plain(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8, stride=2)))


def dilated(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8, dilation=2)))


def max_pool(w, x):
    return w.logits(tf.nn.max_pool2d(tf.nn.relu6(w.conv(x, 8)), 2, 2, "VALID"))


def concatenation(w, x):
    return w.logits(tf.concat((w.conv(x, 4), w.conv(x, 4, size=1)), axis=-1))


def stride_3(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8, stride=3)))


def average_pool_same(w, x):
    """3x3 windows on an 8x8 map: those at the border average fewer values."""
    return w.logits(tf.nn.avg_pool2d(tf.nn.relu6(w.conv(x, 8)), 3, 2, "SAME"))


def add_constant(w, x):
    return w.logits(tf.nn.relu6(w.conv(x, 8)) + w.draw((8, 8, 8), 1))


def transpose_conv(w, x):
    x = tf.nn.relu6(w.conv(x, 8, stride=2))
    return w.logits(tf.nn.conv2d_transpose(x, w.draw((2, 2, 3, 8), 32), (1, 8, 8, 3), 2))


def mean_of_channels(w, x):
    return w.logits(tf.reduce_mean(tf.nn.relu6(w.conv(x, 8)), axis=3))


def leaky_relu(w, x):
    return w.logits(tf.nn.leaky_relu(w.conv(x, 8)))


# Fully quantised like the networks that are accepted. name: network, the operator or trait it is refused for
INT8 = {
    "dilated": (dilated, "CONV_2D"),
    "max_pool": (max_pool, "MAX_POOL_2D"),
    "concatenation": (concatenation, "CONCATENATION"),
    "stride_3": (stride_3, "CONV_2D"),
    "average_pool_same": (average_pool_same, "AVERAGE_POOL_2D"),
    "add_constant": (add_constant, "ADD"),
    "transpose_conv": (transpose_conv, "TRANSPOSE_CONV"),
    "mean_of_channels": (mean_of_channels, "MEAN"),
    "leaky_relu": (leaky_relu, "LEAKY_RELU"),
}


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    stored = operators.smooth(operators.CALIBRATION, MAP, environment.SEED)
    for number, (name, (network, expected)) in enumerate(INT8.items()):
        content = quantise.int8(graph_of(network, number), stored)
        if expected not in flatbuffer.names(content):
            raise SystemExit(f"{name}: the converter made {flatbuffer.names(content)} of it")
        keep(folder, name, content)
    keep(folder, "batch_of_two", quantise.int8(graph_of(plain, 50, batch=2), stored))
    keep(folder, "float32", converted())
    keep(folder, "float16_weights", converted(optimizations=[tf.lite.Optimize.DEFAULT], types=[tf.float16]))
    keep(folder, "dynamic_range", converted(optimizations=[tf.lite.Optimize.DEFAULT]))
    keep(folder, "int16_activations", int16(stored))


def keep(folder: Path, name: str, content: bytes) -> None:
    print(f"refused/{name}: {len(content)} bytes, {' '.join(flatbuffer.names(content))}")
    (folder / f"{name}.tflite").write_bytes(content)


def graph_of(network, seed: int, batch: int = 1):
    environment.start(seed)
    return quantise.traced(lambda image: network(operators.Weights(seed), image), MAP, batch)


def converted(optimizations=(), types=()) -> bytes:
    # The converter compresses weights of 1,024 values and more: those of the fully connected layer, not the convolution's.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph_of(plain, 60)], tf.Module())
    converter.optimizations = list(optimizations)
    converter.target_spec.supported_types = list(types)
    return converter.convert()


def int16(stored) -> bytes:
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph_of(plain, 70)], tf.Module())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([quantise.scaled(image[None])] for image in stored)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    return converter.convert()
