//! Positives that did not come, and are demanded.

use alloy::primitives::U256;
use zkescrow_client::{
    market::handover,
    requests::{case::State, next::Move},
};

use crate::stage::{BOND, DEMAND_BOND, REWARD, Stage, bounds, document, done, positives, refused, times};

#[tokio::test(flavor = "multi_thread")]
async fn demanded_positives_are_identified_and_handed_over() {
    let stage = Stage::new().await;
    let dataset = stage.commit(4).await;
    let id = stage.proven(&dataset, &[0, 2], bounds::ONE).await;
    let expected = positives(4, &[0, 2]);
    let count = expected.len() as u64;
    let courier = u64::from(times().windows.demand) / 2;

    assert_eq!(stage.ask(id).await, None);
    stage.wait(courier + 1).await;
    assert_eq!(stage.ask(id).await, Some(Move::Demand(0..count)));
    for _ in &expected {
        assert_eq!(stage.answer(id).await, Some(Move::Identify));
    }
    let case = stage.case(id).await;
    assert_eq!(case.state, State::Identified);
    let identified: Vec<u64> = case.identified.values().map(|opening| opening.document.to()).collect();
    assert_eq!(identified, expected);
    assert_eq!(stage.answer(id).await, Some(Move::Announce));
    assert_eq!(stage.answer(id).await, None, "it is the requester's turn");

    // The ciphertext travels off chain.
    let case = stage.case(id).await;
    assert!(refused(stage.requester.desk.acknowledge(&case).await).contains("demand it"));
    let (_, sealed) = done(stage.responder.desk.seal(&case, &stage.requester.network).await);
    assert!(!done(stage.requester.receive(&case, &sealed.words()[1..]).await));
    assert!(done(stage.requester.receive(&case, sealed.words()).await));
    assert_eq!(stage.ask(id).await, Some(Move::Acknowledge));
    assert_eq!(stage.answer(id).await, Some(Move::Reveal));
    assert_eq!(stage.ask(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::Fulfilled);
    let store = &stage.requester.desk.store;
    for (number, &place) in expected.iter().enumerate() {
        let positive = done(store.positive(id, number as u64).await).expect("a positive");
        assert_eq!((positive.document, positive.stored), (place, document(place)));
    }
    let bonds = u128::from(count) * DEMAND_BOND;
    assert_eq!(stage.credits().await, [U256::ZERO, U256::from(REWARD + bonds)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_handover_is_complained_about() {
    let stage = Stage::new().await;
    let dataset = stage.commit(3).await;
    let id = stage.proven(&dataset, &[1], bounds::ONE).await;
    let times = times();
    stage.wait(u64::from(times.windows.demand) / 2 + 1).await;
    let Some(Move::Demand(range)) = stage.ask(id).await else { panic!("no demand") };
    for _ in range.clone() {
        assert_eq!(stage.answer(id).await, Some(Move::Identify));
    }

    // What it announces, publishes and reveals is another document.
    let network = &stage.requester.network;
    let forged = stage.forged(&dataset).await.desk;
    done(forged.announce_documents(&stage.case(id).await, network).await);
    assert_eq!(stage.ask(id).await, None, "the ciphertext may still come");
    stage.wait(u64::from(times.courier.step) / 2 + 1).await;
    assert_eq!(stage.ask(id).await, Some(Move::DemandPublication));
    done(forged.publish_chunk(&stage.case(id).await, network).await);
    let case = stage.case(id).await;
    let delivery = case.delivery.as_ref().expect("a delivery");
    assert_eq!(delivery.published.len(), 1);
    assert!(delivery.words_on_chain().is_some());
    assert!(done(handover::key(&forged.store, id, delivery.root).await) != Default::default());
    done(forged.reveal(&case).await);
    let facts = done(stage.requester.facts(&stage.case(id).await).await);
    let fault = facts.fault.expect("a fault");
    assert_eq!(stage.ask(id).await, Some(Move::Complain(fault)));
    assert_eq!(stage.case(id).await.state, State::FullDisclosure);
    let bonds = range.count() as u128 * DEMAND_BOND + 1_000;
    assert_eq!(
        stage.credits().await,
        [U256::from(REWARD + BOND - BOND / 10), U256::from(bonds)],
        "what it did for the bonds is paid"
    );
    assert_eq!(done(stage.requester.desk.store.known_positives(id).await), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_that_stops_handing_over_loses_its_bond() {
    let stage = Stage::new().await;
    let dataset = stage.commit(3).await;
    let id = stage.proven(&dataset, &[1], bounds::ONE).await;
    stage.wait(u64::from(times().windows.demand) / 2 + 1).await;
    let Some(Move::Demand(range)) = stage.ask(id).await else { panic!("no demand") };
    for _ in range {
        assert_eq!(stage.answer(id).await, Some(Move::Identify));
    }
    assert_eq!(stage.answer(id).await, Some(Move::Announce));
    let case = stage.case(id).await;
    let (_, sealed) = done(stage.responder.desk.seal(&case, &stage.requester.network).await);
    assert!(done(stage.requester.receive(&case, sealed.words()).await));
    assert_eq!(stage.ask(id).await, Some(Move::Acknowledge));
    assert_eq!(stage.ask(id).await, None);
    stage.wait(u64::from(times().courier.step) + 1).await;
    assert_eq!(stage.answer(id).await, None, "it is too late for the key");
    assert_eq!(stage.ask(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::FullDisclosure);
}
