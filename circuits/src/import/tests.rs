//! Files that are damaged, absurd or planted: each is refused in one sentence, none makes the importer panic or allocate.

use proptest::prelude::*;

use super::{import, schema::tflite::*};

fn quantised(scale: f32, zero: i64) -> Option<Box<Quantization>> {
    Some(Box::new(Quantization { scale: Some(vec![scale]), zero_point: Some(vec![zero]), ..Quantization::default() }))
}

fn tensor(shape: &[i32], type_: TensorType, buffer: u32) -> Tensor {
    Tensor { shape: Some(shape.to_vec()), type_, buffer, quantization: quantised(0.5, 3), ..Tensor::default() }
}

/// A 3×3 convolution of 4×4 pixels and a fully connected layer.
fn model() -> Model {
    let operator = |opcode_index, inputs: &[i32], output, options| Operator {
        opcode_index,
        inputs: Some(inputs.to_vec()),
        outputs: Some(vec![output]),
        options: Some(options),
    };
    let conv = Conv2DOptions { stride_w: 1, stride_h: 1, activation: Activation::Relu6, ..Conv2DOptions::default() };
    let graph = SubGraph {
        tensors: Some(vec![
            tensor(&[1, 4, 4, 2], TensorType::Int8, 0),
            tensor(&[3, 3, 3, 2], TensorType::Int8, 1),
            tensor(&[3], TensorType::Int32, 2),
            tensor(&[1, 4, 4, 3], TensorType::Int8, 0),
            tensor(&[5, 48], TensorType::Int8, 3),
            tensor(&[1, 5], TensorType::Int8, 0),
        ]),
        inputs: Some(vec![0]),
        outputs: Some(vec![5]),
        operators: Some(vec![
            operator(0, &[0, 1, 2], 3, Options::Conv2DOptions(Box::new(conv))),
            operator(1, &[3, 4, -1], 5, Options::FullyConnectedOptions(Box::default())),
        ]),
        name: None,
    };
    let code = |kind: i32| OperatorCode { old_kind: kind as i8, kind, ..OperatorCode::default() };
    let bytes = |n: usize| (0..n).map(|i| (i * 37 % 251) as u8).collect();
    let buffer = |data: Vec<u8>| Buffer { data: Some(data) };
    Model {
        version: 3,
        operator_codes: Some(vec![code(3), code(9)]),
        subgraphs: Some(vec![graph]),
        description: None,
        buffers: Some(vec![Buffer::default(), buffer(bytes(54)), buffer(vec![0; 12]), buffer(bytes(240))]),
    }
}

fn encoded(model: &Model) -> Vec<u8> {
    // The library puts the mark before the root's offset, where no reader looks for it.
    let mut bytes = planus::Builder::new().finish(model, None).to_vec();
    let root = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
    bytes.splice(..4, (root + 4).to_le_bytes().into_iter().chain(*b"TFL3"));
    bytes
}

/// The error that a changed model meets.
fn refused(change: impl Fn(&mut SubGraph, &mut Vec<Buffer>)) -> String {
    let mut model = model();
    let graph = &mut model.subgraphs.as_mut().expect("graphs")[0];
    change(graph, model.buffers.as_mut().expect("buffers"));
    let error = import("test", &encoded(&model)).expect_err("refused").to_string();
    assert!(!error.contains('\n') && error.len() < 300, "{error}");
    error
}

fn tensors(graph: &mut SubGraph) -> &mut Vec<Tensor> {
    graph.tensors.as_mut().expect("tensors")
}

fn operators(graph: &mut SubGraph) -> &mut Vec<Operator> {
    graph.operators.as_mut().expect("operators")
}

#[test]
fn the_model_itself_is_fine() {
    let model = import("test", &encoded(&model())).expect("imported");
    // RELU6 of steps of 0.5 keeps 13 values: the convolution is followed by a copy that clamps at the other end.
    let names: Vec<_> = model.network.layers.iter().map(|layer| &layer.name[..]).collect();
    assert_eq!(names, ["conv 1", "copy 2", "full 3"]);
    assert_eq!(model.network.maps[0].pad, 131);
}

#[test]
fn absurd_shapes_are_refused() {
    let most = i32::MAX;
    for (shape, reason) in [
        (&[1, most, most, most][..], "at most"),
        (&[1, 0, 4, 2], "at most"),
        (&[1, 4, 4, -2], "negative"),
        (&[most, 4, 4, 2], "one image"),
        (&[1, 4, 2], "one image"),
        (&[1, 1, 1, 1, 1, 1, 1, 1], "dimensions"),
    ] {
        let error = refused(|graph, _| tensors(graph)[0].shape = Some(shape.to_vec()));
        assert!(error.contains(reason), "{shape:?}: {error}");
    }
    for shape in [&[most, most, most, most][..], &[3, 3, 3, 0], &[0, 3, 3, 2], &[3, 3, 3, 3], &[54]] {
        let error = refused(|graph, _| tensors(graph)[1].shape = Some(shape.to_vec()));
        assert!(error.starts_with("operator 0 (CONV_2D) "), "{shape:?}: {error}");
    }
    let error = refused(|graph, _| tensors(graph)[3].shape = Some(vec![1, 5, 4, 3]));
    assert!(error.contains("[1, 4, 4, 3] is what it computes"), "{error}");
}

#[test]
fn useless_scales_are_refused() {
    for scale in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = refused(|graph, _| tensors(graph)[3].quantization = quantised(scale, 0));
        assert!(error.contains("scale"), "{scale}: {error}");
    }
    for id in [0, 1, 3, 4, 5] {
        assert!(refused(|graph, _| tensors(graph)[id].quantization = None).contains("without scales"), "tensor {id}");
    }
    assert!(refused(|graph, _| tensors(graph)[0].quantization = quantised(1.0, 300)).contains("zero point of 300"));
    // Weights so large that nothing can be computed with them.
    assert!(refused(|graph, _| tensors(graph)[3].quantization = quantised(1e-37, 0)).contains("so large"));
}

#[test]
fn references_into_nothing_are_refused() {
    assert!(refused(|graph, _| graph.inputs = Some(vec![77])).contains("input are missing"));
    assert!(refused(|graph, _| graph.outputs = Some(vec![0, 5])).contains("2 outputs"));
    assert!(refused(|graph, _| graph.outputs = Some(vec![1])).contains("no operator makes"));
    assert!(refused(|graph, _| graph.operators = None).contains("operators are missing"));
    assert!(refused(|graph, _| operators(graph)[1].opcode_index = 9).contains("operator codes are missing"));
    assert!(refused(|graph, _| operators(graph)[1].inputs = Some(vec![3, 99, -1])).contains("do not exist"));
    assert!(refused(|graph, _| operators(graph)[1].inputs = Some(vec![5, 4, -1])).contains("no operator before it"));
    assert!(refused(|graph, _| operators(graph)[1].options = None).contains("no options"));
    assert!(refused(|graph, _| operators(graph)[0].outputs = Some(vec![0])).contains("operator 0"));
    assert!(refused(|graph, _| tensors(graph)[1].buffer = 1000).contains("buffers are missing"));
    assert!(refused(|_, buffers| buffers[1].data = Some(vec![1; 53])).contains("another size than their shape"));
    assert!(refused(|_, buffers| buffers[2].data = Some(vec![1; 8])).contains("another size than their shape"));
}

#[test]
fn one_buffer_shared_by_many_layers_is_no_bomb() {
    // Four million weights, a thousand times.
    let error = refused(|graph, buffers| {
        buffers[3].data = Some(vec![1; 1 << 22]);
        tensors(graph)[0].shape = Some(vec![1, 1, 1, 2048]);
        tensors(graph)[4].shape = Some(vec![2048, 2048]);
        let first = tensors(graph).len() as i32;
        for _ in 0..1000 {
            tensors(graph).push(tensor(&[1, 2048], TensorType::Int8, 0));
        }
        let layer = operators(graph)[1].clone();
        *operators(graph) = (0..1000)
            .map(|n| Operator {
                inputs: Some(vec![if n == 0 { 0 } else { first + n - 1 }, 4, -1]),
                outputs: Some(vec![first + n]),
                ..layer.clone()
            })
            .collect();
    });
    assert!(error.contains("one too many"), "{error}");
}

#[test]
fn every_truncation_is_refused() {
    let bytes = encoded(&model());
    for length in 0..bytes.len() {
        // The last bytes may be ones that nothing refers to.
        if let Err(error) = import("test", &bytes[..length]) {
            assert!(error.to_string().len() < 300, "{length}");
        } else {
            assert!(length + 8 > bytes.len(), "{length} of {}", bytes.len());
        }
    }
    assert!(import("test", b"").is_err());
    assert!(import("test", &[0xff; 4096]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to the bytes, what is imported is a network that the rest of the crate accepts.
    #[test]
    fn damaged_files_are_refused_or_valid(hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = encoded(&model());
        for (index, byte) in hits {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(model) = import("test", &bytes) {
            prop_assert!(model.check().is_ok());
        }
    }

    #[test]
    fn garbage_is_refused(mut bytes in prop::collection::vec(any::<u8>(), 8..400)) {
        bytes[4..8].copy_from_slice(b"TFL3");
        prop_assert!(import("test", &bytes).is_err());
    }
}
