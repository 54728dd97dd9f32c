"""Is a quantised network alive: does every layer use its range, and do different images get different labels?"""

from dataclasses import dataclass

import flatbuffer
import interpret
import numpy as np

MOST_AT_A_BOUND = 0.95
FEWEST_LABELS = 20


@dataclass
class Layer:
    operator: str
    shape: str
    at_0: float  # share of stored values
    at_255: float
    distinct: int
    dead_channels: int  # the same value everywhere in every image
    channels: int

    def alive(self) -> bool:
        return max(self.at_0, self.at_255) <= MOST_AT_A_BOUND and self.dead_channels < self.channels

    def __str__(self) -> str:
        dead = f"{self.dead_channels}/{self.channels} dead" if self.dead_channels else ""
        return f"{self.operator:18} {self.shape:13} {self.at_0:6.1%} {self.at_255:6.1%} {self.distinct:4} {dead}"


def layers(content: bytes, images: np.ndarray) -> list[Layer]:
    """One entry per operator before the softmax, from what the plain kernels store (a delegate would hide it)."""
    network = interpret.Network(flatbuffer.logits_only(content), "BUILTIN", keep_everything=True)
    values = {op["index"]: [] for op in network.operators}
    for image in images:
        network(image)
        for op in network.operators:
            values[op["index"]].append(network.stored(op["outputs"][0]))
    return [measure(op["op_name"], np.concatenate(values[op["index"]])) for op in network.operators]


def measure(operator: str, values: np.ndarray) -> Layer:
    per_channel = values.reshape(-1, values.shape[-1])
    dead = per_channel.min(axis=0) == per_channel.max(axis=0)
    return Layer(
        operator=operator,
        shape="x".join(map(str, values.shape[1:])),
        at_0=float((values == 0).mean()),
        at_255=float((values == 255).mean()),
        distinct=len(np.unique(values)),
        dead_channels=int(dead.sum()),
        channels=len(dead),
    )


def labels(content: bytes, images: np.ndarray) -> np.ndarray:
    return interpret.run(flatbuffer.logits_only(content), images).argmax(axis=1)


def check(name: str, content: bytes, images: np.ndarray, fewest_labels: int = FEWEST_LABELS) -> None:
    """Prints the statistics; ends the program if a layer is dead or too few labels occur."""
    measured = layers(content, images)
    print(f"\n{name}: {len(content)} bytes\n{'operator':18} {'shape':13} {'at 0':>6} {'at 255':>6} values")
    print(*measured, sep="\n")
    distinct = len(set(labels(content, images)))
    print(f"{distinct} labels over {len(images)} images")
    if not all(layer.alive() for layer in measured):
        raise SystemExit(f"{name}: a layer is dead")
    if distinct < fewest_labels:
        raise SystemExit(f"{name}: only {distinct} labels")
