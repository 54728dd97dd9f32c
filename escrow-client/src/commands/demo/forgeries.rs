//! `zkescrow demo forgeries`: an honest proof accepted, and every cheat refused, on a chain of its own.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use image::RgbImage;
use serde_json::{Value, json};
use zkescrow_circuits::{keys::ProverKeys, model::Model, proof::Proof, sample};

use super::digits;
use crate::{
    chain::{Chain, NodeArgs, local::LocalChain},
    cheats::{self, Case, Honest},
    commands::{deploy, generate, infer, model, prove, setup, verify},
    contracts::Contracts,
    failure::Failure,
    folder, input,
    layout::LayoutArgs,
    output::{Outcome, Ui},
    paths,
    scratch::Scratch,
};

/// Seeds of the provider's model, of the model that it might wish it had sold, and of the picture.
const SEEDS: [u64; 3] = [1, 2, 3];
/// What the proof is for.
const CONTEXT: u64 = 77;

/// The files of one run.
struct Files {
    root: PathBuf,
    model: PathBuf,
    keys: PathBuf,
    input: PathBuf,
    proof: PathBuf,
    verifier: PathBuf,
    deployment: PathBuf,
}

impl Files {
    fn new(folder: &Path) -> Self {
        let at = |name: &str| folder.join(name);
        Self {
            root: folder.into(),
            model: at("model.zkm"),
            keys: at("keys"),
            input: at("input.png"),
            proof: at("proof.json"),
            verifier: at("verifier"),
            deployment: at("deployment.json"),
        }
    }

    /// What a verb says, with the names of files inside the folder.
    fn tell(&self, ui: &Ui, step: &str, text: &str) {
        let text = text.replace(&format!("{}/", self.root.display()), "").replace('\n', "\n          ");
        ui.tell(format!("{step:<9} {text}"));
    }
}

/// One line of the table: who says what about a claim.
struct Verdict {
    name: &'static str,
    native: Result<(), String>,
    /// Natively: whether the proof is valid for some weights.
    circuit: bool,
    on_chain: bool,
    /// Whether the contract says the same about that.
    agree: bool,
    gas: u64,
}

/// Runs the verb.
pub async fn run(keep: Option<&Path>, ui: &Ui) -> Result<Outcome, Failure> {
    let begin = Instant::now();
    if let Some(folder) = keep {
        paths::require_empty(folder)?;
    }
    let temporary = Scratch::new()?;
    let files = Files::new(keep.unwrap_or(temporary.path()));
    ui.tell("A provider sells what its hidden model says. First it is honest, then it is not.\n");
    let made = off_chain(&files, ui)?;
    let (deployed, verdicts) = on_chain(&files, ui).await?;

    let [honest, cheats @ ..] = &verdicts[..] else { unreachable!("the honest proof is always judged") };
    let holds = honest.native.is_ok() && honest.on_chain;
    let accepted: Vec<_> = cheats.iter().filter(|c| c.native.is_ok() || c.on_chain).map(|c| c.name).collect();
    let disputed: Vec<_> = verdicts.iter().filter(|v| !v.agree).map(|v| v.name).collect();
    let yes = holds && accepted.is_empty() && disputed.is_empty();
    let end = if yes {
        format!("The honest proof was accepted, all {} cheats were refused.", cheats.len())
    } else if !holds {
        "THIS IS A BUG: the honest proof was refused.".into()
    } else if !accepted.is_empty() {
        format!("THIS IS A BUG: accepted although untrue: {}.", accepted.join(", "))
    } else {
        format!("THIS IS A BUG: client and contract disagree about: {}.", disputed.join(", "))
    };
    let mut json = made;
    json["deployment"] = deployed;
    json["honest"] = describe(honest);
    json["cheats"] = cheats.iter().map(describe).collect();
    json["asExpected"] = json!(yes);
    json["kept"] = json!(keep);
    json["seconds"]["demo"] = json!(begin.elapsed().as_secs_f64());
    let kept = keep.map_or(String::new(), |folder| format!("\nAll files are in {}.", folder.display()));
    Ok(Outcome { yes, json, text: format!("{}\n\n{end}{kept}", table(&verdicts)) })
}

/// Model, keys, inference, proof, native verification: the verbs, one after the other.
fn off_chain(files: &Files, ui: &Ui) -> Result<Value, Failure> {
    let model_args = model::Command::Sample { seed: SEEDS[0], output: files.model.clone() };
    files.tell(ui, "model", &model::run(&model_args, ui)?.text);
    write_picture(&files.input)?;

    let setup = setup::run(
        &setup::Args {
            model: files.model.clone(),
            keys: files.keys.clone(),
            layout: LayoutArgs::default(),
            srs: None,
            cache: None,
        },
        ui,
    )?;
    files.tell(ui, "setup", &setup.text);
    let inferred =
        infer::run(&infer::Args { model: files.model.clone(), input: files.input.clone(), logits: None }, ui)?;
    files.tell(ui, "infer", &inferred.text);
    let proven = prove::run(
        &prove::Args {
            model: files.model.clone(),
            keys: files.keys.clone(),
            input: vec![files.input.clone()],
            output: files.proof.clone(),
            context: CONTEXT.into(),
            provider: [0x11; 20],
            public: false,
        },
        &ui.quiet(),
    )?;
    files.tell(ui, "prove", &proven.text);
    let verified = verify::run(
        &verify::Args {
            keys: files.keys.clone(),
            proof: files.proof.clone(),
            model_id: None,
            context: Some(CONTEXT.into()),
            label: None,
        },
        &ui.quiet(),
    )?;
    // The rest repeats what was said before.
    files.tell(ui, "verify", verified.text.lines().next().unwrap_or_default());
    Ok(json!({
        "k": setup.json["k"],
        "archDigest": setup.json["archDigest"],
        "srs": setup.json["srs"],
        "modelId": proven.json["modelId"],
        "label": inferred.json["label"],
        "instances": proven.json["instances"],
        "proofBytes": proven.json["proofBytes"],
        "peakMemoryBytes": proven.json["peakMemoryBytes"],
        "seconds": {
            "setup": setup.json["seconds"],
            "prove": proven.json["seconds"],
            "verify": verified.json["seconds"],
        },
    }))
}

/// A picture of noise, in the size that the model takes.
fn write_picture(path: &Path) -> Result<(), Failure> {
    let network = sample::tiny(SEEDS[0]).network;
    let (map, values) = (network.input(), sample::input(&network, SEEDS[2]));
    let pixel = |x: u32, y: u32| image::Rgb([0, 1, 2].map(|c| values[map.index(c, y as usize, x as usize)]));
    let picture = RgbImage::from_fn(map.width as u32, map.height as u32, pixel);
    picture.save(path).map_err(|e| Failure::Input { path: path.into(), reason: e.to_string() })
}

/// Deploys the contracts on a fresh chain and asks them about the honest proof and all cheats.
async fn on_chain(files: &Files, ui: &Ui) -> Result<(Value, Vec<Verdict>), Failure> {
    let keys = ProverKeys::load(&files.keys)?;
    let generate_args = generate::Args { keys: files.keys.clone(), out: files.verifier.clone() };
    let (compiled, written) = generate::write(&generate_args, &keys.verifier, ui)?;
    files.tell(ui, "generate", &written.text);
    let local = LocalChain::start(0)?;
    let chain = Chain::connect(&NodeArgs::local(&local.rpc)).await?;
    let contracts = Contracts::deploy(&chain, &keys.verifier, &compiled).await?;
    let mut deployment = json!(deploy::describe(&keys.verifier, &contracts));
    folder::write_json(&files.deployment, &deployment)?;
    deployment["codeBytes"] = written.json["codeBytes"].clone();
    deployment["keyBytes"] = written.json["keyBytes"].clone();
    deployment["predictedGas"] = written.json["predictedGas"].clone();
    let text = format!(
        "shared verifier for {} gas, key {}, model verifier {}, inference verifier {}, on Anvil",
        digits(contracts.shared.gas),
        digits(contracts.key.gas),
        digits(contracts.model.gas),
        digits(contracts.inference.gas),
    );
    files.tell(ui, "deploy", &text);
    ui.tell("");

    let model = Model::load(&files.model)?;
    let commitment = folder::commitment(&files.keys, &keys.verifier)?;
    let opening = folder::opening(&files.keys)?;
    let input = input::read(&files.input, model.network.input())?;
    let proof = Proof::load(&files.proof)?;
    let progress = ui.progress("cheating");
    let honest =
        Honest { keys: &keys, model: &model, commitment: &commitment, opening: &opening, input: &input, proof: &proof };
    let mut cases = vec![honest.case()];
    cases.extend(cheats::all(honest, &sample::tiny(SEEDS[1]))?);
    let mut verdicts = vec![];
    for Case { name, native, circuit, claim } in cases {
        progress.set(format!("asking the contract: {name}"));
        let on_chain = contracts.verify(&chain, &claim).await?;
        let agree = contracts.verify_proof(&chain, &claim).await? == circuit;
        let gas = contracts.verify_gas(&chain, &claim).await?;
        verdicts.push(Verdict { name, native, circuit, on_chain, agree, gas });
    }
    Ok((deployment, verdicts))
}

fn describe(verdict: &Verdict) -> Value {
    json!({
        "name": verdict.name,
        "native": { "accepted": verdict.native.is_ok(), "reason": verdict.native.as_ref().err() },
        "circuit": { "accepted": verdict.circuit, "agree": verdict.agree },
        "onChain": { "accepted": verdict.on_chain, "gasUsed": verdict.gas },
    })
}

fn table(verdicts: &[Verdict]) -> String {
    let word = |accepted: bool| if accepted { "accepted" } else { "refused" };
    let row = |name: &str, native: &str, chain: &str, circuit: &str, gas: &str, why: &str| {
        format!("{name:<42}{native:<10}{chain:<10}{circuit:<10}{gas:>9}  {why}").trim_end().to_owned()
    };
    let mut lines = vec![row("claim", "native", "on chain", "circuit*", "gas", "")];
    lines.extend(verdicts.iter().map(|v| {
        let why = v.native.as_ref().err().map_or("", String::as_str);
        row(v.name, word(v.native.is_ok()), word(v.on_chain), word(v.circuit), &digits(v.gas), why)
    }));
    lines.push(
        "\n* the proof without link and model id: accepted means that it is sound, but not about this model".into(),
    );
    lines.join("\n")
}
