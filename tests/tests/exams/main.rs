//! Exams on a real chain: those that pass and fail, and every way in which a side can cheat or fall silent.

mod cli;
mod stage;

use std::collections::BTreeSet;

use alloy::primitives::{B256, U256};
use halo2curves::bn256::Fr;
use zkescrow_client::{
    bindings::Stage as Handover,
    exams::{
        Case, amounts,
        answers::Answer,
        case::State,
        consumer::{self, Audit},
        next::Move,
    },
    protocol::sealed::Fault,
    store::{Example, Opened},
};

use crate::stage::{ANSWERS, EXAMPLES, FIRST, MARKETPLACE, MODEL, Stage, WINDOW, examples, made};

/// What both sides may withdraw when a side has lost everything but deposits of challenges.
fn all(case: &Case) -> U256 {
    U256::from(2) * amounts::lock(&case.terms)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accurate_model_passes_and_both_sides_say_so_without_a_proof() {
    let stage = Stage::new().await;
    let id = stage.open(examples(true)).await;
    let (case, moves) = stage.play(id).await;
    let delivered = ["announce", "acknowledge", "reveal"];
    let expected = [&["accept"], &delivered[..], &["proceed"], &delivered[..], &["post-results", "settle"]].concat();
    assert_eq!(moves, expected);
    assert_eq!((case.state, case.correct), (State::Passed, ANSWERS));
    let (lock, price) = (amounts::lock(&case.terms), amounts::price(&case.terms));
    assert_eq!(stage.credits().await, (lock - price, lock + price));
    assert_eq!(stage.credit(MARKETPLACE).await, U256::from(2) * amounts::fee(&case.terms));
    assert_eq!(case.payout.map(|payout| (payout.consumer, payout.provider)), Some((lock - price, lock + price)));
    // Both deliveries are in the logs, under keys of their own.
    let [first, second] = [&case.first, &case.second].map(|delivery| delivery.clone().expect("a delivery"));
    assert!(first.key.is_some() && second.key.is_some() && first.key != second.key);
    assert_eq!((first.words * u64::from(EXAMPLES - FIRST)), second.words * u64::from(FIRST));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_below_its_target_fails_but_keeps_its_stake() {
    let mut stage = Stage::new().await;
    stage.provider.consent.confidence = Some(0);
    let before = stage.stake().await;
    let id = stage.open(examples(false)).await;
    let (case, _) = stage.play(id).await;
    assert_eq!((case.state, case.correct), (State::Failed, 0));
    assert_eq!(stage.credits().await, (all(&case), U256::ZERO));
    assert_eq!(stage.stake().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_confident_stops_after_the_first_examples() {
    let stage = Stage::new().await;
    let id = stage.open(examples(false)).await;
    let (case, moves) = stage.play(id).await;
    assert_eq!((case.state, moves.last()), (State::Aborted, Some(&"abort")));
    let (lock, fee) = (amounts::lock(&case.terms), amounts::fee(&case.terms));
    assert_eq!(stage.credits().await, (lock - fee, lock + fee));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_answered_with_proofs() {
    let mut stage = Stage::new().await;
    stage.consumer.audit.always = BTreeSet::from([0, 3, 99]);
    let id = stage.open(examples(true)).await;
    let (case, moves) = stage.play(id).await;
    assert_eq!(moves[moves.len() - 4..], ["challenge", "respond", "respond", "settle"]);
    assert_eq!(case.state, State::Passed);
    let proven: Vec<_> = case.proven.iter().map(|(&place, &(_, correct))| (place, correct)).collect();
    assert_eq!(proven, [(0, true), (3, true)]);
    let (lock, price) = (amounts::lock(&case.terms), amounts::price(&case.terms));
    assert_eq!(stage.credits().await, (lock - price, lock + price + amounts::deposit(&case.terms, 2)));
}

/// Plays with a provider that says what it likes, until its results are challenged and no proof of them can be made.
async fn caught(mut stage: Stage, lies: impl Fn(&[Answer]) -> Vec<Answer>) -> Vec<u64> {
    stage.provider.consent.confidence = Some(0);
    let before = stage.stake().await;
    let id = stage.open(examples(false)).await;
    let revealed = |case: &Case| {
        let second = case.second.as_ref();
        !second.is_some_and(|delivery| delivery.stage == Handover::Revealed)
    };
    let (case, _) = stage.play_while(id, revealed).await;
    // What the model says here is wrong everywhere.
    let mut true_answers = vec![];
    for place in 0..ANSWERS {
        let example = case.example_at(u64::from(FIRST) + place).expect("an example");
        let label = stage.consumer.desk.opened(&case.terms, example).await.expect("opened").label.label;
        let label = (0..64).find(|&l| Fr::from(l) == label).expect("a label");
        true_answers.push(Answer { label, correct: true });
    }
    stage.provider.desk.store.put_answers(id, &lies(&true_answers)).await.expect("kept");
    assert_eq!(made(stage.provider.look(id).await), Some(Move::PostResults));
    stage.carry(id).await;
    let Some(Move::Challenge(places)) = made(stage.consumer.look(id).await) else { panic!("no challenge") };
    assert_eq!(made(stage.consumer.look(id).await), None);
    // The proofs are there, but they say what the model says.
    assert_eq!(made(stage.provider.look(id).await), None);
    stage.prove().await;
    assert!(stage.provider.look(id).await.is_err());
    stage.wait(2 * WINDOW).await;
    assert_eq!(made(stage.consumer.look(id).await), Some(Move::Settle));
    let case = stage.case(id).await;
    assert_eq!(case.state, State::ProviderFailed);
    let deposit = amounts::deposit(&case.terms, places.len());
    assert_eq!(stage.credits().await, (all(&case) + deposit, U256::ZERO));
    assert!(stage.stake().await < before);
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn who_counts_wrong_answers_as_correct_is_caught_by_its_own_answers() {
    let stage = Stage::new().await;
    let places = caught(stage, |truth| {
        let mut answers: Vec<Answer> = truth.to_vec();
        // Says what the model says, and that it is right.
        for (answer, place) in answers.iter_mut().zip(0..) {
            if place != 1 {
                answer.label = (answer.label + 9) % 10;
            }
        }
        answers
    });
    // Answer 1 claims the true label: only a proof tells.
    assert_eq!(places.await, [0, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_claims_other_labels_and_shows_none_is_caught_by_whoever_knows_the_model() {
    let mut stage = Stage::new().await;
    stage.answers_travel = false;
    stage.consumer.audit = Audit { model: Some(MODEL.clone()), ..Audit::default() };
    assert_eq!(caught(stage, |truth| truth.to_vec()).await, [0, 1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_travel_is_published() {
    let mut stage = Stage::new().await;
    stage.ciphertexts_travel = false;
    let id = stage.open(examples(true)).await;
    let announced = |case: &Case| case.state != State::FirstDelivery;
    stage.play_while(id, announced).await;
    assert_eq!(made(stage.provider.look(id).await), None);
    stage.wait(WINDOW / 2).await;
    stage.ciphertexts_travel = true;
    assert_eq!(made(stage.provider.look(id).await), Some(Move::DemandPublication));
    let (case, moves) = stage.play(id).await;
    assert_eq!((case.state, moves[0]), (State::Passed, "publish"));
    let first = case.first.expect("a delivery");
    assert_eq!(first.words_on_chain().map(|words| words.len() as u64), Some(first.words));
}

/// Plays with a consumer whose test set is not what it committed to.
async fn lies(change: impl Fn(&mut Opened), fault: Fault) {
    let stage = Stage::new().await;
    let store = &stage.consumer.desk.store;
    let network = &MODEL.network;
    let mut sealed: Vec<Example> = examples(true)
        .into_iter()
        .map(|(image, label)| zkescrow_client::exams::test_set::seal(network, image, label))
        .collect();
    let leaves: Vec<_> = sealed.iter().map(|example| example.leaf).collect();
    let root = zkescrow_client::exams::test_set::tree(&leaves).root();
    for example in &mut sealed {
        change(example.opened.as_mut().expect("opened"));
    }
    store.put_examples(root, &sealed).await.expect("kept");
    stage.provider.learn_test_set(root, &leaves).await.expect("kept");
    let (id, _) = stage.consumer.desk.open(stage.terms(root)).await.expect("opened");
    let complained = |case: &Case| !case.first.as_ref().is_some_and(|d| d.stage == Handover::Revealed);
    stage.play_while(id, complained).await;
    let Some(Move::Complain(complaint)) = made(stage.provider.look(id).await) else { panic!("no complaint") };
    assert_eq!((complaint.fault, complaint.item), (fault, 0));
    let case = stage.case(id).await;
    assert_eq!(case.state, State::ConsumerFailed);
    assert_eq!(stage.credits().await, (U256::ZERO, all(&case)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_hands_over_other_labels_loses() {
    lies(|opened| opened.label.label += Fr::one(), Fault::Label).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_hands_over_other_inputs_loses() {
    lies(|opened| opened.stored[0] ^= 1, Fault::Commitment).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_consumer_loses() {
    let stage = Stage::new().await;
    let id = stage.open(examples(true)).await;
    assert_eq!(made(stage.provider.look(id).await), Some(Move::Accept));
    assert_eq!(made(stage.provider.look(id).await), None);
    stage.wait(WINDOW + 1).await;
    assert_eq!(made(stage.consumer.look(id).await), None);
    assert_eq!(made(stage.provider.look(id).await), Some(Move::Settle));
    let case = stage.case(id).await;
    assert_eq!((case.state, stage.credits().await), (State::ConsumerFailed, (U256::ZERO, all(&case))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_provider_loses_money_and_stake() {
    let stage = Stage::new().await;
    let before = stage.stake().await;
    let id = stage.open(examples(true)).await;
    stage.play_while(id, |case| case.state != State::FirstDelivery).await;
    stage.wait(WINDOW + 1).await;
    assert_eq!(made(stage.provider.look(id).await), None);
    assert_eq!(made(stage.consumer.look(id).await), Some(Move::Settle));
    let case = stage.case(id).await;
    assert_eq!((case.state, stage.credits().await), (State::ProviderFailed, (all(&case), U256::ZERO)));
    assert!(stage.stake().await < before);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_after_the_first_examples_is_no_fault() {
    let stage = Stage::new().await;
    let before = stage.stake().await;
    let id = stage.open(examples(true)).await;
    let revealed = |case: &Case| !case.first.as_ref().is_some_and(|d| d.stage == Handover::Revealed);
    stage.play_while(id, revealed).await;
    stage.wait(WINDOW + 1).await;
    assert_eq!(made(stage.consumer.look(id).await), Some(Move::Settle));
    assert_eq!((stage.case(id).await.state, stage.stake().await), (State::Aborted, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_accepts_is_given_back_and_its_test_set_is_used_up() {
    let mut stage = Stage::new().await;
    stage.provider.consent.accepts = false;
    let id = stage.open(examples(true)).await;
    assert_eq!(made(stage.provider.look(id).await), None);
    stage.wait(WINDOW + 1).await;
    assert_eq!(made(stage.consumer.look(id).await), Some(Move::Cancel));
    let case = stage.case(id).await;
    assert_eq!((case.state, stage.credits().await), (State::Refunded, (amounts::stake(&case.terms), U256::ZERO)));
    let mut terms = case.terms.clone();
    terms.salt += U256::ONE;
    let refused = stage.consumer.desk.open(terms).await.expect_err("refused").to_string();
    assert!(refused.contains("good for one"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enters_an_exam_without_its_test_set() {
    let stage = Stage::new().await;
    let foreign = stage.terms(B256::repeat_byte(9));
    assert!(stage.consumer.desk.open(foreign).await.is_err());
    let store = &stage.consumer.desk.store;
    let (root, leaves) = consumer::commit(store, &MODEL.network, examples(true)).await.expect("kept");
    let (id, _) = stage.consumer.desk.open(stage.terms(root)).await.expect("opened");
    assert_eq!(made(stage.provider.look(id).await), None);
    let refused = stage.provider.desk.accept(&stage.case(id).await).await.expect_err("refused").to_string();
    assert!(refused.contains("ask the consumer"), "{refused}");
    stage.provider.learn_test_set(root, &leaves).await.expect("kept");
    assert_eq!(made(stage.provider.look(id).await), Some(Move::Accept));
    assert_eq!(stage.consumer.desk.cases(stage.consumer.desk.chain.sender).await.expect("listed"), [id]);
}
