//! Proofs before the real contracts on a real chain: the honest one is accepted; whatever is changed, both verifiers
//! refuse it, and they agree about the circuit alone.

use alloy::{primitives::U256, sol, sol_types::SolCall};
use zkescrow_circuits::{
    commitment::{Opening, commit},
    proof::Proof,
    sample,
    verifier::{VerifyError, verify, verify_proof_only},
};
use zkescrow_client::{cheats, contracts::Claim, purpose::Purpose, scalar::word};
use zkescrow_tests::{PURPOSE, SETTING, Stage};

sol! {
    function modelId(address provider, uint256[] calldata points) external view returns (bytes32);
}

#[tokio::test]
async fn the_honest_proof_is_accepted() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    let claim = Claim::new(&s.commitment, &s.proof);
    assert_eq!(verify(&s.keys.verifier, &s.commitment, &s.proof), Ok(()));
    assert!(stage.contracts.verify_proof(&stage.chain, &claim).await.expect("an answer"));
    assert!(stage.contracts.verify(&stage.chain, &claim).await.expect("an answer"));
    let gas = stage.contracts.verify_gas(&stage.chain, &claim).await.expect("a transaction");
    eprintln!("{gas} gas for {} bytes of proof", s.proof.bytes.len());
    assert!(gas < 700_000, "verification costs {gas} gas");
}

/// A proof is for one asker, case, index, payee and chain; the contract takes asker and chain from the call itself.
#[tokio::test]
async fn proofs_are_for_one_purpose() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    assert_eq!((stage.chain.sender, stage.chain.id), (PURPOSE.contract, PURPOSE.chain_id));
    let claim = Claim::new(&s.commitment, &s.proof);
    let one = U256::from(1);
    let others = [
        Purpose { case_id: PURPOSE.case_id + one, ..PURPOSE },
        Purpose { index: PURPOSE.index + one, ..PURPOSE },
        Purpose { payee: PURPOSE.contract, ..PURPOSE },
    ];
    let ask = |purpose: Purpose, claim: Claim| {
        let stage = &stage;
        async move { stage.contracts.verify_for(&stage.chain, &purpose, &claim).await.expect("an answer") }
    };
    assert!(ask(PURPOSE, claim.clone()).await);
    for other in others {
        assert!(!ask(other, claim.clone()).await, "{other:?}");
        // Who changes the context has no proof any more.
        let mut changed = claim.clone();
        changed.instances[3] = word(&other.context());
        assert!(!ask(other, changed).await, "{other:?}, with its context");
    }
    for elsewhere in [Purpose { chain_id: 1, ..PURPOSE }, Purpose { contract: PURPOSE.payee, ..PURPOSE }] {
        let mut changed = claim.clone();
        changed.instances[3] = word(&elsewhere.context());
        assert!(!ask(elsewhere, changed).await, "{elsewhere:?}");
    }
}

#[tokio::test]
async fn client_and_contract_agree_about_model_ids() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    for provider in [[0; 20], [0x11; 20], [0xff; 20]] {
        let points = Claim::new(&s.commitment, &s.proof).points;
        let input = modelIdCall { provider: provider.into(), points }.abi_encode();
        let answer = stage.chain.call("ask", stage.contracts.inference.address, input).await.expect("an answer");
        let id = modelIdCall::abi_decode_returns(&answer).expect("a word");
        assert_eq!(id, s.commitment.model_id(&s.keys.verifier.arch, &provider));
    }
}

#[tokio::test]
async fn every_cheat_is_refused_natively_and_on_chain() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    let cases = cheats::all(s.honest(), &sample::tiny(2)).expect("cheats");
    assert!(cases.len() > 10);
    for case in cases {
        assert!(case.native.is_err(), "natively accepted: {}", case.name);
        let accepted = stage.contracts.verify(&stage.chain, &case.claim).await.expect("an answer");
        assert!(!accepted, "accepted on chain: {}", case.name);
        let circuit = stage.contracts.verify_proof(&stage.chain, &case.claim).await.expect("an answer");
        assert_eq!(circuit, case.circuit, "the verifiers disagree about the circuit: {}", case.name);
        // Proofs with other weights are valid by themselves: it is the link that stops them.
        let by_the_link = ["another provider", "another model's", "link"].iter().any(|part| case.name.contains(part));
        assert_eq!(circuit, by_the_link, "{}", case.name);
    }
}

/// Flips a bit in every 32-byte word of the proof, another bit in each.
#[tokio::test]
async fn a_flipped_bit_in_any_word_of_the_proof_is_refused() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    for word in 0..s.proof.bytes.len() / 32 {
        let bit = (word * 37 + 5) % 256;
        let mut forged = s.proof.clone();
        forged.bytes[word * 32 + bit / 8] ^= 1 << (bit % 8);
        assert!(verify_proof_only(&s.keys.verifier, &forged).is_err(), "word {word}, natively");
        refused(&stage, &forged, false, &format!("word {word}")).await;
    }
}

#[tokio::test]
async fn a_flipped_bit_in_any_word_of_the_link_is_refused() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    for word in 0..s.proof.link.len() / 32 {
        let mut forged = s.proof.clone();
        forged.link[word * 32 + 31] ^= 1;
        assert_eq!(verify(&s.keys.verifier, &s.commitment, &forged), Err(VerifyError::Link), "word {word}");
        refused(&stage, &forged, true, &format!("link word {word}")).await;
    }
}

#[tokio::test]
async fn every_other_label_is_refused() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    let claim = Claim::new(&s.commitment, &s.proof);
    let classes = s.model.network.classes();
    for label in (0..=classes).chain([255]).map(U256::from).filter(|&l| l != claim.instances[2]) {
        let mut forged = claim.clone();
        forged.instances[2] = label;
        assert!(!stage.contracts.verify_proof(&stage.chain, &forged).await.expect("an answer"), "label {label}");
        assert!(!stage.contracts.verify(&stage.chain, &forged).await.expect("an answer"), "label {label}");
    }
}

/// A second commitment to the very same weights is another model: its own proofs link to it, others do not.
#[tokio::test]
async fn links_are_for_one_commitment() {
    let (s, stage) = (&*SETTING, Stage::new().await);
    let verifier = &s.keys.verifier;
    let again = commit(&verifier.plan, &s.keys.srs, &s.model.params, &Opening::random());
    let model_id = again.model_id(&verifier.arch, &s.proof.provider);
    let moved = Proof { model_id, ..s.proof.clone() };
    assert_eq!(verify(verifier, &again, &moved), Err(VerifyError::Link));
    let claim = Claim::new(&again, &moved);
    assert!(!stage.contracts.verify(&stage.chain, &claim).await.expect("an answer"));
}

/// Asks the contract; with `circuit`, the proof by itself is still good.
async fn refused(stage: &Stage, forged: &Proof, circuit: bool, what: &str) {
    let claim = Claim::new(&SETTING.commitment, forged);
    let alone = stage.contracts.verify_proof(&stage.chain, &claim).await.expect("an answer");
    assert_eq!(alone, circuit, "{what}, on chain, circuit");
    assert!(!stage.contracts.verify(&stage.chain, &claim).await.expect("an answer"), "{what}, on chain");
}
