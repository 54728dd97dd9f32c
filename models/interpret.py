"""Google's interpreter, spoken to in stored values: uint8 as it is, int8 plus 128."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

# AUTO is what anybody gets who asks for nothing: XNNPACK wherever it has a kernel.
KERNELS = {
    "XNNPACK": OpResolverType.AUTO,
    "BUILTIN": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "BUILTIN_REF": OpResolverType.BUILTIN_REF,
}


class Network:
    def __init__(self, content: bytes, kernels: str = "XNNPACK", keep_everything: bool = False):
        self.interpreter = Interpreter(
            model_content=content,
            num_threads=2,
            experimental_op_resolver_type=KERNELS[kernels],
            experimental_preserve_all_tensors=keep_everything,
        )
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]["index"]
        # Delegates append themselves to the list of the file's operators.
        self.operators = [op for op in self.interpreter._get_ops_details() if op["op_name"] != "DELEGATE"]

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """The stored output for one stored image, without the batch dimension."""
        self.interpreter.set_tensor(self.input["index"], self.fed(image[None]))
        self.interpreter.invoke()
        return self.stored(self.output)[0]

    def fed(self, image: np.ndarray) -> np.ndarray:
        if self.input["dtype"] == np.float32:
            return self.on_grid(image)
        return (image ^ 0x80).view(np.int8) if self.input["dtype"] == np.int8 else image

    def on_grid(self, image: np.ndarray) -> np.ndarray:
        """Floats that the QUANTIZE at the start turns into exactly `image`."""
        first = next(op for op in self.operators if self.input["index"] in op["inputs"])
        details = {tensor["index"]: tensor for tensor in self.interpreter.get_tensor_details()}
        quantised = details[first["outputs"][0]]
        scale, zero_point = quantised["quantization"]
        if quantised["dtype"] == np.int8:
            zero_point += 128
        return ((image.astype(np.float64) - zero_point) * scale).astype(np.float32)

    def stored(self, tensor: int) -> np.ndarray:
        values = self.interpreter.get_tensor(tensor)
        return values.view(np.uint8) ^ 0x80 if values.dtype == np.int8 else values


def run(content: bytes, images: np.ndarray, kernels: str = "XNNPACK") -> np.ndarray:
    network = Network(content, kernels)
    return np.stack([network(image) for image in images])
