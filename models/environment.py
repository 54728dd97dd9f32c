"""Settings that make TensorFlow repeatable. Import before TensorFlow."""

import os

SEED = 20210  # the one seed everything random in this folder starts from
THREADS = 2

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its blocking depends on the CPU, and so would the last float bits
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()


def start(seed: int) -> None:
    """Forgets every earlier network and seeds Python, NumPy and TensorFlow, so that each fixture is independent of the others."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
