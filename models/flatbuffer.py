"""Reading and rewriting .tflite files through TensorFlow's object API."""

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

OPERATORS = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


def read(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(content, 0)


def write(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def name_of(model: schema.ModelT, operator: schema.OperatorT) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    return OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]


def names(content: bytes) -> list[str]:
    model = read(content)
    return [name_of(model, operator) for operator in model.subgraphs[0].operators]


def logits_only(content: bytes) -> bytes:
    """The same network without what follows the logits (SOFTMAX, DEQUANTIZE), so that the logits are its output.

    Reading the tensor in the middle of a run is no substitute: a delegate may never write it.
    """
    model = read(content)
    graph = model.subgraphs[0]
    while name_of(model, graph.operators[-1]) in ("SOFTMAX", "DEQUANTIZE"):
        last = graph.operators.pop()
        graph.outputs = [last.inputs[0]]
    for signature in model.signatureDefs or []:
        signature.outputs[0].tensorIndex = graph.outputs[0]
    return write(model)


def input_shape(content: bytes) -> tuple[int, ...]:
    """Height, width, channels."""
    graph = read(content).subgraphs[0]
    return tuple(int(size) for size in graph.tensors[graph.inputs[0]].shape[1:])
