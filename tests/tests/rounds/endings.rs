//! Who is paid what, however a round ends.

use alloy::primitives::U256;
use zkescrow_circuits::sample;
use zkescrow_client::rounds::{Case, case::State, next::Move};

use crate::stage::{COUNT, Stage, WINDOW, open, play, serve};

/// What was locked: `KZ`, the price of all, `βKZ`.
fn amounts(case: &Case) -> [U256; 3] {
    let count = U256::from(case.terms.count);
    let proofs = count * U256::from(case.terms.proofCost);
    [proofs, count * U256::from(case.terms.price), U256::from(case.terms.beta) * proofs]
}

fn assert_payout(case: &Case, state: State, consumer: U256, provider: U256) {
    assert_eq!(case.state, state);
    let payout = case.payout.expect("it is over");
    assert_eq!((payout.consumer, payout.provider, payout.burned), (consumer, provider, U256::ZERO));
}

#[tokio::test]
async fn honest_rounds_are_served_contested_or_not() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let service = serve(&provider).await;
    let two = U256::from(2);

    let consumer = stage.knowing(2).await;
    let id = open(&consumer, &provider).await;
    let case = play(&consumer, &provider, Some(&service), id).await;
    let [proofs, price, locked] = amounts(&case);
    assert_eq!(case.contested, [] as [u64; 0]);
    assert_payout(&case, State::Served, two * proofs, locked + price);
    let stored = consumer.desk.store.predictions(id).await.expect("predictions");
    for (place, said) in &stored {
        let input = consumer.desk.store.input(id, *place).await.expect("read").expect("an input");
        let trace = consumer.audit.model.as_ref().expect("known").infer(&input.stored).expect("an answer");
        assert_eq!((said.label, &said.logits[..]), (trace.label as u64, trace.logits()));
    }
    assert_eq!(stored.len() as u64, COUNT);

    // A second consumer contests two, at the same provider.
    let doubtful = stage.consumer(3, &[1, 3]).await;
    let id = open(&doubtful, &provider).await;
    let case = play(&doubtful, &provider, Some(&service), id).await;
    let cost = two * two * U256::from(case.terms.proofCost);
    assert_eq!(case.proven.keys().copied().collect::<Vec<_>>(), [1, 3]);
    assert_payout(&case, State::Served, two * proofs - cost, locked + price + cost);

    assert_eq!(stage.open_cases(&provider).await, 0);
    stage.assert_paid_out(&provider.desk).await;
}

#[tokio::test]
async fn other_weights_are_found_out_and_cost_everything() {
    let stage = Stage::new().await;
    let liar = stage.provider(1, sample::tiny(2)).await;
    let service = serve(&liar).await;
    let stake = stage.stake(&liar).await;
    // It does not know the weights, but contests half.
    let consumer = stage.consumer(2, &[0, 2]).await;
    let id = open(&consumer, &liar).await;
    let case = play(&consumer, &liar, Some(&service), id).await;
    assert_eq!(case.state, State::Contested, "the contract takes no proof of other weights");
    let refused = liar.look(id).await.expect_err("refused").to_string();
    assert!(refused.contains("InvalidProof"), "{refused}");

    let early = consumer.desk.settle(&case).await.expect_err("too early").to_string();
    assert!(early.contains("DeadlineNotPassed"), "{early}");
    stage.pass(2 * WINDOW).await;
    let case = play(&consumer, &liar, Some(&service), id).await;
    let [proofs, price, locked] = amounts(&case);
    assert_payout(&case, State::ProviderFailed, U256::from(2) * proofs + price + locked, U256::ZERO);
    let (_, penalty, _) = stage.models(&liar.desk).constants().await.expect("constants");
    assert_eq!(stage.stake(&liar).await, stake - penalty);

    // Who knows the weights contests exactly what is wrong.
    let knowing = stage.knowing(3).await;
    stage.models(&liar.desk).stake(liar.offer.model, penalty).await.expect("staked");
    let id = open(&knowing, &liar).await;
    let case = play(&knowing, &liar, Some(&service), id).await;
    let mut wrong = vec![];
    for place in 0..COUNT {
        let input = knowing.desk.store.input(id, place).await.expect("read").expect("an input");
        let label = |seed| sample::tiny(seed).infer(&input.stored).expect("an answer").label;
        if label(1) != label(2) {
            wrong.push(place);
        }
    }
    assert!(!wrong.is_empty(), "the models differ");
    assert_eq!((case.state, case.contested), (State::Contested, wrong));
    stage.pass(2 * WINDOW).await;
    play(&knowing, &liar, Some(&service), id).await;
    stage.assert_paid_out(&liar.desk).await;
}

#[tokio::test]
async fn whoever_is_silent_ends_the_round_as_the_protocol_says() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let consumer = stage.consumer(2, &[]).await;
    let two = U256::from(2);

    // Nobody accepts.
    let id = open(&consumer, &provider).await;
    assert_eq!(consumer.look(id).await.expect("looked").map(|moved| moved.made), None);
    stage.pass(WINDOW + 1).await;
    assert!(provider.look(id).await.expect("looked").is_none(), "too late to accept");
    let moved = consumer.look(id).await.expect("looked").expect("moved");
    assert_eq!(moved.made, Move::Cancel);
    let case = consumer.desk.case(id).await.expect("a round");
    let [proofs, price, locked] = amounts(&case);
    assert_payout(&case, State::Refunded, two * proofs + price, U256::ZERO);

    // The consumer does not commit to inputs.
    let id = open(&consumer, &provider).await;
    provider.look(id).await.expect("looked").expect("accepted");
    stage.pass(WINDOW + 1).await;
    assert_eq!(provider.look(id).await.expect("looked").map(|moved| moved.made), Some(Move::Settle));
    let case = consumer.desk.case(id).await.expect("a round");
    assert_payout(&case, State::Refunded, two * proofs + price, locked);

    // The provider does nothing with them.
    let id = open(&consumer, &provider).await;
    provider.look(id).await.expect("looked").expect("accepted");
    consumer.look(id).await.expect("looked").expect("committed");
    stage.pass(WINDOW + 1).await;
    assert!(provider.look(id).await.expect("looked").is_none(), "it is too late");
    assert_eq!(consumer.look(id).await.expect("looked").map(|moved| moved.made), Some(Move::Settle));
    let case = consumer.desk.case(id).await.expect("a round");
    assert_payout(&case, State::ProviderFailed, two * proofs + price + locked, U256::ZERO);

    // The consumer neither contests nor says that it does not.
    let service = serve(&provider).await;
    let (_, penalty, _) = stage.models(&provider.desk).constants().await.expect("constants");
    stage.models(&provider.desk).stake(provider.offer.model, penalty).await.expect("staked");
    let id = open(&consumer, &provider).await;
    provider.look(id).await.expect("looked").expect("accepted");
    consumer.look(id).await.expect("looked").expect("committed");
    service.client.exchange(&consumer, &consumer.desk.case(id).await.expect("a round")).await.expect("sent");
    assert_eq!(provider.look(id).await.expect("looked").map(|moved| moved.made), Some(Move::CommitPredictions));
    assert!(provider.look(id).await.expect("looked").is_none(), "the consumer has time");
    stage.pass(WINDOW + 1).await;
    assert_eq!(provider.look(id).await.expect("looked").map(|moved| moved.made), Some(Move::Settle));
    let case = consumer.desk.case(id).await.expect("a round");
    assert_payout(&case, State::Served, two * proofs, locked + price);
    stage.assert_paid_out(&provider.desk).await;
}
