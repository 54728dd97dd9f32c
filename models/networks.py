"""MobileNet v1 and v2 in the layout of TF-Slim's published files, with random weights (`enliven.py` makes them alive).

SAME padding everywhere (no PAD operators), 3x3 stem with stride 2, average pool over the whole map, logits by a 1x1 convolution.
"""

import environment  # noqa: F401  (first: it sets TensorFlow up)
import keras
from keras import layers

# expansion, channels, repeats, stride of the first: table 2 of "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
V2_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
# channels, stride: table 1 of "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications"
V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)) + 5 * ((512, 1),) + ((1024, 2), (1024, 1))

# How much a residual branch adds to its trunk: a gain that keeps the trunk the main thing, as training does.
BRANCH_GAIN = 0.15


def mobilenet_v2(width: float, side: int, classes: int, strides=None, momentum=0.0) -> keras.Model:
    """`strides` overrides those of the bottlenecks, for inputs too small for five halvings."""
    image = keras.Input((side, side, 3), batch_size=None)
    x = convolve(image, make_divisible(32 * width), 3, 2, momentum)
    for block, (expansion, channels, repeats, stride) in enumerate(V2_BLOCKS):
        stride = strides[block] if strides else stride
        for repeat in range(repeats):
            x = bottleneck(x, expansion, make_divisible(channels * width), stride if repeat == 0 else 1, momentum)
    x = convolve(x, max(1280, make_divisible(1280 * width)), 1, 1, momentum)
    return keras.Model(image, classify(x, classes))


def mobilenet_v1(width: float, side: int, classes: int) -> keras.Model:
    image = keras.Input((side, side, 3))
    x = convolve(image, max(8, int(32 * width)), 3, 2, 0.0)
    for channels, stride in V1_BLOCKS:
        x = convolve_each(x, stride, 0.0)
        x = convolve(x, max(8, int(channels * width)), 1, 1, 0.0)
    return keras.Model(image, classify(x, classes))


def make_divisible(channels: float, divisor: int = 8) -> int:
    """TF-Slim's rounding: to the nearest multiple of 8, but never down by more than a tenth."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def bottleneck(x, expansion, channels, stride, momentum):
    into = x.shape[-1]
    y = x if expansion == 1 else convolve(x, expansion * into, 1, 1, momentum)
    y = convolve_each(y, stride, momentum)
    adds = stride == 1 and into == channels
    y = convolve(y, channels, 1, 1, momentum, linear=True, gain=BRANCH_GAIN if adds else 1.0)
    return layers.Add()([x, y]) if adds else y


def convolve(x, channels, size, stride, momentum, linear=False, gain=1.0):
    x = layers.Conv2D(channels, size, stride, "same", use_bias=False, kernel_initializer="he_normal")(x)
    return normalise(x, momentum, linear, gain)


def convolve_each(x, stride, momentum):
    """A depthwise convolution: each channel by a kernel of its own."""
    x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, depthwise_initializer="he_normal")(x)
    return normalise(x, momentum, linear=False)


def normalise(x, momentum, linear, gain=1.0):
    x = layers.BatchNormalization(momentum=momentum, epsilon=1e-3, gamma_initializer=keras.initializers.Constant(gain))(x)
    return x if linear else layers.ReLU(6.0)(x)


def classify(x, classes):
    x = layers.AveragePooling2D(x.shape[1], name="pool")(x)
    x = layers.Conv2D(classes, 1, name="logits")(x)
    x = layers.Reshape((classes,))(x)
    return layers.Softmax()(x)
