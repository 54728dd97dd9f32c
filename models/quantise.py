"""From float networks to fully quantised .tflite files, by Google's converter."""

import environment  # noqa: F401  (first: it sets TensorFlow up)
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def scaled(stored: np.ndarray) -> np.ndarray:
    """Stored bytes as the networks were built for them: [-1, 1]."""
    return (stored.astype(np.float32) / 127.5 - 1.0).astype(np.float32)


def traced(function, shape: tuple[int, ...], batch: int = 1):
    """A graph with every dimension and every weight a constant, so that the converter leaves nothing to the run time."""
    signature = [tf.TensorSpec((batch, *shape), tf.float32, name="image")]
    return convert_variables_to_constants_v2(tf.function(function, input_signature=signature).get_concrete_function())


def model_int8(model: keras.Model, images: np.ndarray) -> bytes:
    graph = traced(lambda image: model(image, training=False), images.shape[1:])
    return int8(graph, images)


def int8(graph, images: np.ndarray, ends=(tf.int8, tf.int8), per_channel=True) -> bytes:
    """int8 inside; `ends` are the types of input and output. `images` (stored values) decide the ranges of the activations."""
    batch = graph.inputs[0].shape[0]
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    batches = [scaled(images[i : i + batch]) for i in range(0, len(images), batch)]
    converter.representative_dataset = lambda: ([images] for images in batches)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type, converter.inference_output_type = ends
    converter._experimental_disable_per_channel = not per_channel
    return converter.convert()


def model_uint8(model: keras.Model, images: np.ndarray) -> bytes:
    return uint8(fake_quantised(model, images), images.shape[1:])


def uint8(function, shape: tuple[int, ...]) -> bytes:
    """uint8 and one scale per tensor, as in the files of 2018: the ranges are those of the fake-quant nodes in `function`.

    Only the converter of TensorFlow 1 has this mode. It takes a frozen graph.
    """
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        image = tf.compat.v1.placeholder(tf.float32, (1, *shape), name="image")
        converter = tf.compat.v1.lite.TFLiteConverter.from_session(session, [image], [function(image)])
        converter.inference_type = tf.uint8
        converter.quantized_input_stats = {"image": (128.0, 128.0)}  # zero point 128, scale 1/128, as published
        return converter.convert()


def fake_quantised(model: keras.Model, images: np.ndarray):
    """A keras MobileNet as a function with batch norms folded and fake-quant nodes on every weight and every activation.

    None on the pool: it keeps the scale of its input.
    """
    boundaries = [layer for layer in model.layers if isinstance(layer, layers.ReLU)]
    boundaries.append(model.get_layer("logits"))
    ranges = dict(zip([layer.name for layer in boundaries], measured_ranges(model, boundaries, scaled(images))))
    weights = {layer.name: folded(layer, following) for layer, following in zip(model.layers, model.layers[1:])}

    def function(image):
        x = image
        for layer in model.layers:
            if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
                x = fake_quantised_convolution(layer, *weights[layer.name], x)
            elif isinstance(layer, layers.ReLU):
                x = tf.nn.relu6(x)
            elif isinstance(layer, layers.AveragePooling2D):
                x = tf.nn.avg_pool2d(x, layer.pool_size, 1, "VALID")
            elif isinstance(layer, layers.Reshape):
                x = tf.reshape(x, (1, -1))
            elif isinstance(layer, layers.Softmax):
                x = tf.nn.softmax(x)
            if layer.name in ranges:
                x = tf.quantization.fake_quant_with_min_max_args(x, *ranges[layer.name])
        return tf.quantization.fake_quant_with_min_max_args(x, 0.0, 255 / 256)

    return function


def measured_ranges(model, boundaries, images):
    outputs = keras.Model(model.input, [layer.output for layer in boundaries]).predict(images, batch_size=16, verbose=0)
    return [(min(0.0, float(output.min())), float(output.max())) for output in outputs]


def folded(layer, following):
    """Kernel and bias of a convolution with the batch norm after it multiplied in."""
    if not isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        return None
    if not isinstance(following, layers.BatchNormalization):
        return layer.kernel.numpy(), layer.bias.numpy()
    factor = following.gamma.numpy() / np.sqrt(following.moving_variance.numpy() + following.epsilon)
    bias = following.beta.numpy() - following.moving_mean.numpy() * factor
    depthwise = isinstance(layer, layers.DepthwiseConv2D)  # its channels are the last but one axis
    return layer.kernel.numpy() * (factor[:, None] if depthwise else factor), bias


def fake_quantised_convolution(layer, kernel, bias, x):
    # The whole range, not the symmetric one: so the zero points of the weights differ from layer to layer, as in 2018.
    kernel = tf.quantization.fake_quant_with_min_max_args(tf.constant(kernel), float(kernel.min()), float(kernel.max()))
    apply = tf.nn.depthwise_conv2d if isinstance(layer, layers.DepthwiseConv2D) else tf.nn.conv2d
    return apply(x, kernel, (1, *layer.strides, 1), "SAME") + tf.constant(bias)
