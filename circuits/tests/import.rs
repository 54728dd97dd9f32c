//! Imported models against the answers of Google's interpreter, which `models/make_golden.py` wrote.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use halo2curves::bn256::Fr;
use zkescrow_circuits::{
    import::{ImportError, import},
    model::Model,
    network::MapSpec,
    plan::{Choice, Plan},
    witness::{Salts, Witness},
};

#[path = "soundness/mock.rs"]
mod mock;
#[path = "import/npy.rs"]
mod npy;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

fn load(path: &Path) -> Result<Model, ImportError> {
    import("test", &fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// The files of a folder with an extension, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    files.sort();
    files
}

/// Noise image `seed`, as `models/README.md` defines it, planar.
fn noise(map: &MapSpec, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = vec![];
    while bytes.len() < map.len() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend((z ^ (z >> 31)).to_le_bytes());
    }
    planar(&bytes, map)
}

fn planar(interleaved: &[u8], map: &MapSpec) -> Vec<u8> {
    let pixels = map.height * map.width;
    (0..map.channels).flat_map(|c| (0..pixels).map(move |p| interleaved[p * map.channels + c])).collect()
}

/// The middle of a picture, without resizing.
fn picture(path: &Path, map: &MapSpec) -> Vec<u8> {
    let image = image::open(path).expect("a picture");
    let (left, top) = ((image.width() - map.width as u32) / 2, (image.height() - map.height as u32) / 2);
    planar(&image.crop_imm(left, top, map.width as u32, map.height as u32).into_rgb8().into_raw(), map)
}

/// How our logits differ from the interpreter's.
#[derive(Debug, Default)]
struct Difference {
    logits: usize,
    equal: usize,
    within_1: usize,
    most: u8,
    labels: usize,
    images: usize,
}

impl Difference {
    fn count(&mut self, ours: &[u8], theirs: &[u8]) {
        let label =
            |logits: &[u8]| logits.iter().enumerate().max_by_key(|&(i, &y)| (y, usize::MAX - i)).map(|(i, _)| i);
        let apart = || ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
        assert_eq!(ours.len(), theirs.len(), "as many logits");
        self.logits += ours.len();
        self.equal += apart().filter(|&d| d == 0).count();
        self.within_1 += apart().filter(|&d| d <= 1).count();
        self.most = apart().fold(self.most, u8::max);
        self.labels += usize::from(label(ours) == label(theirs));
        self.images += 1;
    }

    fn share(part: usize, whole: usize) -> f64 {
        part as f64 / whole as f64
    }
}

#[test]
fn operators_do_what_the_interpreter_does() {
    let mut whole = Difference::default();
    for path in files(&models().join("operators"), "tflite") {
        let name = path.file_stem().expect("a name").to_str().expect("text");
        let model = load(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let golden = npy::read(&models().join("golden/operators").join(format!("{name}.npy")));
        let mut difference = Difference::default();
        for (seed, logits) in golden.rows().enumerate() {
            let trace =
                model.infer(&noise(model.network.input(), seed as u64)).unwrap_or_else(|e| panic!("{name}: {e}"));
            difference.count(trace.logits(), logits);
            whole.count(trace.logits(), logits);
        }
        assert!(difference.most <= 1, "{name}: {difference:?}");
        assert!(Difference::share(difference.equal, difference.logits) > 0.9, "{name}: {difference:?}");
    }
    assert!(Difference::share(whole.equal, whole.logits) > 0.985, "{whole:?}");
    assert!(Difference::share(whole.labels, whole.images) > 0.98, "{whole:?}");
}

/// Whatever imports can be laid out, and its trace satisfies the circuit.
#[test]
fn operators_can_be_proven() {
    for path in files(&models().join("operators"), "tflite") {
        let name = path.file_stem().expect("a name").to_str().expect("text");
        // Their tables have 2^16 rows: one circuit of them takes seconds to check. These are the ones that differ in layout.
        if !["pad_asymmetric", "relu6_inside", "resnet_block", "rectangular", "uint8_bottleneck"].contains(&name) {
            Plan::new(&load(&path).expect("imported").network, Choice::default())
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            continue;
        }
        let model = load(&path).expect("imported");
        let plan = Arc::new(Plan::new(&model.network, Choice::default()).unwrap_or_else(|e| panic!("{name}: {e}")));
        let trace = model.infer(&noise(model.network.input(), 3)).expect("in range");
        let salts = Salts { input: Fr::from(11), output: Fr::from(12) };
        let witness = Witness::from_trace(&plan, &model, &trace, salts, Fr::from(99));
        let instances = witness.instances.to_vec();
        let failures = mock::failures(&plan, witness, instances);
        assert!(failures.is_empty(), "{name}: {}", failures[0]);
    }
}

#[test]
fn mobilenets_say_what_the_interpreter_says() {
    for (name, parameters, layers) in [
        ("mobilenet_v2_0.35_96", 1_664_000, 64),
        ("mobilenet_v2_0.5_224", 1_951_000, 64),
        ("mobilenet_v2_0.75_192", 2_611_000, 64),
        ("mobilenet_v1_0.25_128_uint8", 469_000, 29),
    ] {
        let model = load(&models().join(format!("{name}.tflite"))).unwrap_or_else(|e| panic!("{name}: {e}"));
        let map = *model.network.input();
        assert!(model.network.layers.len().abs_diff(layers) <= 1, "{name}: {} layers", model.network.layers.len());
        // The published counts, and the constants of additions and pools, which are parameters here.
        let count = model.network.parameter_count();
        assert!((parameters..parameters + 100_000).contains(&count), "{name}: {count} parameters");
        let golden = npy::read(&models().join(format!("golden/{name}.npy")));
        let pictures = files(&models().join("pictures"), "png").into_iter().map(|path| picture(&path, &map));
        let mut difference = Difference::default();
        for (image, logits) in pictures.chain((0..).map(|seed| noise(&map, seed))).zip(golden.rows()) {
            difference.count(model.infer(&image).unwrap_or_else(|e| panic!("{name}: {e}")).logits(), logits);
        }
        println!("{name}: {difference:?}");
        assert_eq!(difference.images, 24, "{name}");
        assert!(Difference::share(difference.within_1, difference.logits) >= 0.999, "{name}: {difference:?}");
        assert!(difference.most <= 2, "{name}: {difference:?}");
        assert!(difference.labels >= 23, "{name}: {difference:?}");
    }
}

#[test]
fn the_trained_network_is_as_good_as_in_floats() {
    let model = load(&models().join("digits.tflite")).expect("imported");
    let map = *model.network.input();
    let images = npy::read(&models().join("digits_test_images.npy"));
    let labels = npy::read(&models().join("digits_test_labels.npy"));
    let right = |(image, &label): (&[u8], &u8)| {
        model.infer(&planar(image, &map)).expect("in range").label == usize::from(label)
    };
    let right = images.rows().zip(&labels.values).filter(|&pair| right(pair)).count();
    let accuracy = Difference::share(right, labels.values.len());
    let written = fs::read_to_string(models().join("digits.json")).expect("the script's figures");
    let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let float = written["float_accuracy"].as_f64().expect("a number");
    assert!(float >= 0.95 && (accuracy - float).abs() <= 0.005, "{accuracy}, in floats {float}");
}

#[test]
fn what_is_not_supported_is_named() {
    let reasons = [
        ("add_constant", "(ADD) takes a constant"),
        ("average_pool_same", "(AVERAGE_POOL_2D) has padding that changes what is averaged"),
        ("batch_of_two", "one image"),
        ("concatenation", "(CONCATENATION) is not supported"),
        ("dilated", "dilation"),
        ("dynamic_range", "FLOAT32"),
        ("float16_weights", "(DEQUANTIZE) takes a constant"),
        ("float32", "FLOAT32"),
        ("int16_activations", "INT16"),
        ("leaky_relu", "(LEAKY_RELU) is not supported"),
        ("max_pool", "(MAX_POOL_2D) is not supported"),
        ("mean_of_channels", "(MEAN) takes the mean over the axes [3]"),
        ("stride_3", "stride 3"),
        ("transpose_conv", "TRANSPOSE_CONV"),
    ];
    let folder = models().join("operators/refused");
    assert_eq!(files(&folder, "tflite").len(), reasons.len(), "one reason for each file");
    for (name, reason) in reasons {
        let error = load(&folder.join(format!("{name}.tflite"))).expect_err(name).to_string();
        assert!(error.contains(reason), "{name}: {error:?} does not say {reason:?}");
        assert!(!error.contains('\n'), "{name}: one sentence");
    }
}
