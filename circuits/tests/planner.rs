//! The planner's promises: exact lengths of proofs, layouts that fit without waste, choices that depend on the architecture
//! alone.

use std::collections::HashMap;

use halo2curves::bn256::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::ThreadPoolBuilder;
use zkescrow_circuits::{
    commitment::{self, Opening},
    keys::ProverKeys,
    model::Model,
    network::{Network, Precision},
    plan::{BLINDING_ROWS, Choice, Plan, PlanError},
    planner::{self, Candidate, MEMORY, Objective, PATIENCE, candidates, choose},
    prover::{self, Request},
    sample::{self, Step},
    srs::Srs,
    witness::Salts,
};

#[allow(dead_code, reason = "the reference and the mock prover are for other tests")]
#[path = "soundness/networks.rs"]
mod networks;
#[path = "planner/xml.rs"]
mod xml;

const OBJECTIVES: [Objective; 3] = [Objective::Balanced, Objective::Time, Objective::Gas];
/// Larger keys take too long to make here.
const LARGEST_KEYS: u32 = 13;

/// Networks of both generators, and one with more parameters than activations: it takes many weight columns.
fn models(seeds: u64) -> impl Iterator<Item = Model> {
    let steps = [
        Step::Conv { channels: 16, kernel: 3, stride: 2 },
        Step::Pointwise { channels: 200, linear: false },
        Step::Pool,
        Step::Logits { classes: 400 },
    ];
    let heavy = sample::build("heavy", Precision { bits: 11, frac: 1 }, [3, 12, 12], &steps, 1);
    let random = (0..seeds).flat_map(|seed| [sample::random(seed), networks::arbitrary(seed)]);
    [sample::tiny(1), heavy].into_iter().chain(random)
}

fn weighed(network: &Network, objective: Objective, k: Option<u32>) -> Vec<Candidate> {
    candidates(network, objective, k).expect("small networks can be laid out")
}

fn choices(candidates: &[Candidate]) -> Vec<Choice> {
    candidates.iter().map(|candidate| candidate.choice).collect()
}

#[test]
fn predicted_lengths_are_those_of_real_keys() {
    let mut strings: HashMap<u32, Srs> = HashMap::new();
    let mut compared = 0;
    for model in models(2) {
        let small =
            weighed(&model.network, Objective::Time, None).into_iter().filter(|c| c.choice.k <= Some(LARGEST_KEYS));
        for candidate in small {
            let k = candidate.choice.k.expect("candidates have a size");
            let srs = strings.entry(k).or_insert_with(|| Srs::development(k)).clone();
            let keys = ProverKeys::generate(&model.network, candidate.choice, srs).expect("keys");
            assert_eq!(candidate.prediction.proof_bytes, keys.verifier.proof_length(), "{:?}", candidate.choice);
            assert_eq!(candidate.rows_used, keys.verifier.plan.rows_used);
            compared += 1;
        }
    }
    assert!(compared >= 6, "only {compared} keys were made");
}

#[test]
fn a_chosen_layout_has_the_proofs_that_were_predicted() {
    let model = sample::tiny(1);
    let chosen = weighed(&model.network, Objective::Time, None).remove(0);
    let srs = Srs::development(chosen.choice.k.expect("a size"));
    let keys = ProverKeys::generate(&model.network, chosen.choice, srs).expect("keys");
    let opening = Opening::random();
    let committed = commitment::commit(&keys.verifier.plan, &keys.srs, &model.params, &opening);
    let input = sample::input(&model.network, 5);
    let salts = Salts { input: Fr::from(1), output: Fr::from(2) };
    let request = Request { input: &input, salts, context: Fr::from(3), provider: [4; 20] };
    let proven = prover::prove(&keys, &model, &committed, &opening, request).expect("an honest proof");
    assert_eq!(proven.proof.bytes.len(), chosen.prediction.proof_bytes);
}

#[test]
fn the_best_comes_first() {
    for model in models(20) {
        let [balanced, time, gas] = OBJECTIVES.map(|objective| weighed(&model.network, objective, None));
        assert!(time.iter().all(|candidate| candidate.prediction.memory_bytes <= MEMORY), "these networks are small");
        assert!(time.is_sorted_by(|a, b| a.prediction.prove_seconds <= b.prediction.prove_seconds));
        assert!(gas.is_sorted_by(|a, b| a.prediction.gas <= b.prediction.gas));
        let patience = PATIENCE * time[0].prediction.prove_seconds;
        let quick = balanced.iter().filter(|candidate| candidate.prediction.prove_seconds <= patience).count();
        let (first, rest) = balanced.split_at(quick);
        assert!(quick > 0 && rest.iter().all(|candidate| candidate.prediction.prove_seconds > patience));
        assert!(first.is_sorted_by(|a, b| a.prediction.gas <= b.prediction.gas));
        // All weigh the same layouts; asking for a size leaves the others out.
        for all in [&balanced, &gas] {
            assert_eq!(all.len(), time.len());
            assert!(choices(&time).iter().all(|choice| choices(all).contains(choice)));
        }
        for (objective, all) in OBJECTIVES.into_iter().zip([balanced, time, gas]) {
            let all = choices(&all);
            assert_eq!(choose(&model.network, objective, None).expect("a choice"), all[0]);
            for k in all.iter().map(|choice| choice.k) {
                let of_size: Vec<Choice> = all.iter().copied().filter(|choice| choice.k == k).collect();
                let asked = choices(&weighed(&model.network, objective, k));
                assert_eq!(asked.len(), of_size.len());
                assert!(objective == Objective::Balanced || asked == of_size);
            }
        }
    }
}

#[test]
fn layouts_fit_and_waste_no_column() {
    let mut widest = 0;
    for model in models(20) {
        for candidate in weighed(&model.network, Objective::Time, None) {
            let choice = candidate.choice;
            let plan = Plan::new(&model.network, choice).expect("it fits");
            assert_eq!((Some(plan.shape.k), plan.rows_used), (choice.k, candidate.rows_used));
            assert!(plan.rows_used <= plan.usable_rows() && plan.usable_rows() + BLINDING_ROWS == 1 << plan.shape.k);
            widest = widest.max(choice.weight_columns);
            let fewer = Choice { weight_columns: choice.weight_columns - 1, ..choice };
            let answer = Plan::new(&model.network, fewer).map(|plan| plan.rows_used);
            match fewer.weight_columns {
                0 => assert!(matches!(answer, Err(PlanError::Choice { .. }))),
                _ => assert!(
                    matches!(answer, Err(PlanError::Rows { .. })),
                    "{choice:?} has a column too many: {answer:?}"
                ),
            }
        }
    }
    assert!(widest > 4, "at most {widest} columns are tried");
}

#[test]
fn plots_show_every_layout_and_join_the_best() {
    for model in models(4) {
        let all = planner::weigh(&model.network, None).expect("layouts");
        let plot = planner::plot(&all, &format!("{} & <others>", model.name));
        let elements = xml::parse(&plot).unwrap_or_else(|reason| panic!("{reason}: {plot}"));
        let points = elements.iter().filter(|e| e.name == "title").count();
        assert_eq!(points, all.len());
        assert!(!plot.contains("NaN") && !plot.contains("inf"), "{plot}");
        let best = planner::frontier(&all);
        assert!(best.is_sorted_by(|a, b| {
            let (a, b) = (a.prediction, b.prediction);
            a.prove_seconds < b.prove_seconds && a.gas > b.gas
        }));
        for candidate in &all {
            let beaten = |other: &&Candidate| {
                let (a, b) = (other.prediction, candidate.prediction);
                a.prove_seconds <= b.prove_seconds && a.gas <= b.gas
            };
            assert!(best.iter().any(beaten));
        }
    }
}

#[test]
fn choices_depend_on_the_architecture_only() {
    for (seed, model) in (0..).zip(models(6)) {
        let network = &model.network;
        let other = networks::with_parameters(network.clone(), &mut ChaCha20Rng::seed_from_u64(seed));
        assert!(other.params != model.params && other.network == *network);
        for objective in OBJECTIVES {
            let first = weighed(network, objective, None);
            // Layouts are weighed side by side: how many at once must not matter.
            for threads in [1, 3] {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let again = pool.install(|| weighed(&other.network, objective, None));
                assert_eq!(choices(&first), choices(&again));
                let predictions = |all: &[Candidate]| all.iter().map(|c| c.prediction).collect::<Vec<_>>();
                assert_eq!(predictions(&first), predictions(&again));
            }
            let digest = |network| Plan::new(network, first[0].choice).expect("it fits").digest();
            assert_eq!(digest(network), digest(&other.network));
        }
    }
}

#[test]
fn a_chosen_layout_has_one_verifying_key() {
    let keys = [1, 2].map(|seed| {
        let network = sample::tiny(seed).network;
        let choice = choose(&network, Objective::Time, None).expect("a choice");
        let srs = Srs::development(choice.k.expect("a size"));
        ProverKeys::generate(&network, choice, srs).expect("keys").verifier
    });
    assert_eq!(keys[0].arch, keys[1].arch);
    assert_eq!(keys[0].plan.digest(), keys[1].plan.digest());
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    for model in models(6) {
        let network = &model.network;
        let all = weighed(network, Objective::Time, None);
        let smallest = all.iter().filter_map(|candidate| candidate.choice.k).min().expect("a candidate");
        for objective in OBJECTIVES {
            for k in (0..smallest).chain([28, 60, 63, 64, u32::MAX]) {
                let error = candidates(network, objective, Some(k)).expect_err("no layout is that small or large");
                let needed = match error {
                    PlanError::Rows { k: asked, needed } if k < smallest => {
                        (asked == k && needed > k).then_some(needed)
                    }
                    PlanError::TooManyRows { k: asked, needed } if k > smallest => (asked == k).then_some(needed),
                    _ => None,
                };
                let needed = needed.unwrap_or_else(|| panic!("k = {k}: {error:?}"));
                assert!(candidates(network, objective, Some(needed)).is_ok(), "k = {k}: {needed} is no better");
                let sentence = error.to_string();
                assert!(sentence.contains("--k") && !sentence.contains('\n'), "{sentence}");
            }
        }
    }
}

#[test]
fn drawings_are_documents_that_name_every_layer() {
    let mut evil = sample::tiny(1);
    for (layer, name) in
        evil.network.layers.iter_mut().zip(["<a>", "&amp;", "\"quoted'", "]]>", "</svg>\u{1b}[2J\0", "ä 層\u{1f600}"])
    {
        layer.name = name.into();
    }
    for model in models(4).chain([evil]) {
        let choice = choose(&model.network, Objective::Time, None).expect("a choice");
        let plan = Plan::new(&model.network, choice).expect("it fits");
        let title = format!("{} & <its> \"layout\"", model.name);
        let drawing = planner::draw(&plan, &title);
        let elements = xml::parse(&drawing).unwrap_or_else(|reason| panic!("{reason}: {drawing}"));
        assert_eq!(elements[0].name, "svg");
        assert!(elements.iter().any(|e| e.name == "text" && e.text == title));
        for layer in &model.network.layers {
            let shown: String = layer.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            for what in ["parameters of", "output of"] {
                let named = elements.iter().any(|e| e.text.starts_with(&format!("{what} {shown}: rows ")));
                assert!(named, "{what} {shown:?}");
            }
        }
        for (name, value) in elements.iter().flat_map(|e| &e.attributes) {
            let number = value.parse::<f64>().ok();
            assert!(
                !matches!(&name[..], "width" | "height") || value == "100%" || number >= Some(0.0),
                "{name}={value}"
            );
            assert!(!value.contains("NaN") && !value.contains("inf"), "{name}={value}");
        }
    }
}
