//! Samples that are proven, and one that cannot be.

use alloy::primitives::U256;
use halo2curves::bn256::Fr;
use serde_json::json;
use zkescrow_client::{
    contracts::Claim,
    requests::{
        case::State,
        dataset::State as DatasetState,
        next::Move,
        positives::{Positives, Shown},
    },
    store::Finding,
};

use crate::stage::{BOND, DELAY, REWARD, Stage, another_salt, bounds, document, done, label, positives, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_with_a_proven_sample_and_checked_positives() {
    let stage = Stage::new().await;
    let dataset = stage.commit(5).await;
    let (responder, requester) = (&stage.responder.desk, &stage.requester.desk);

    // The source signs, somebody else sends it.
    let until = done(requester.chain.now().await) + 1_000;
    let signed = done(stage.source.sign_attestation(&dataset, U256::from(7), until).await);
    done(requester.attest(&dataset, &signed).await);
    assert!(done(requester.dataset(dataset.id).await).attested);

    let id = stage.proven(&dataset, &[1], bounds::TWO).await;
    let case = stage.case(id).await;
    assert_eq!((case.samples, case.proven.len()), (2, 2));
    let sampled: Vec<u64> = (0..2).filter_map(|sample| case.sampled(sample)).collect();
    for (sample, document) in sampled.iter().enumerate() {
        assert_eq!(case.proven[&(sample as u64)].label, U256::from(label(*document)));
    }
    assert_eq!(done(requester.cases(requester.chain.sender).await), [id]);
    assert_eq!(done(responder.cases(responder.chain.sender).await), [id]);
    assert_eq!(done(stage.approver.cases(stage.approver.chain.sender).await), [id]);
    assert!(done(stage.source.cases(stage.source.chain.sender).await).is_empty());

    // Positives travel in a file. Whatever is changed in it is found.
    let path = stage.folder.path().join("positives.json");
    let exported = done(Positives::export(responder, &case).await);
    std::fs::write(&path, json!(exported).to_string()).expect("written");
    let received = done(Positives::read(&path));
    assert_eq!(received, exported);
    let expected = positives(5, &[1]);
    assert_eq!(received.documents.iter().map(|shown| shown.document).collect::<Vec<_>>(), expected);
    type Change = fn(&mut Shown);
    let changes: [Change; 7] = [
        |shown| shown.document += 1,
        |shown| shown.label += 1,
        |shown| shown.salt = another_salt(),
        |shown| {
            shown.stored = {
                let mut s = shown.stored.to_vec();
                s[0] ^= 1;
                s.into()
            }
        },
        |shown| shown.stored = shown.stored[1..].to_vec().into(),
        |shown| {
            shown.document_path.pop();
        },
        |shown| shown.result_path[0].1 += 1,
    ];
    for change in changes {
        let mut changed = received.clone();
        change(&mut changed.documents[0]);
        let reason = refused(stage.requester.take(&case, &changed).await);
        assert!(reason.contains("is not what was committed to"), "{reason}");
    }
    assert_eq!(stage.ask(id).await, None, "they may still come");
    assert_eq!(done(stage.requester.take(&case, &received).await), expected.len());
    for (number, &place) in expected.iter().enumerate() {
        let positive = done(requester.store.positive(id, number as u64).await).expect("a positive");
        assert_eq!((positive.document, positive.label, positive.stored), (place, label(place), document(place)));
    }
    assert_eq!(stage.ask(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::Fulfilled);
    assert_eq!(stage.credits().await, [U256::ZERO, U256::from(REWARD)]);

    // The dataset closes, and the bond comes back.
    let dataset = done(responder.dataset(dataset.id).await);
    assert_eq!((dataset.state, dataset.active), (DatasetState::Committed, None));
    done(responder.retire(&dataset).await);
    assert!(refused(responder.close(&dataset).await).contains("DeadlineNotPassed"));
    stage.wait(u64::from(dataset.terms.notice) + 1).await;
    done(responder.close(&dataset).await);
    assert_eq!(done(responder.dataset(dataset.id).await).state, DatasetState::Closed);
    assert_eq!(stage.credits().await, [U256::ZERO, U256::from(REWARD + BOND)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_label_in_the_sample_cannot_be_proven_and_loses_the_bond() {
    let stage = Stage::new().await;
    let dataset = stage.commit(2).await;
    let case = stage.file(&dataset, &[0, 1], bounds::ALL).await;
    let (id, desk) = (case.id, &stage.responder.desk);
    done(stage.approver.approve(&case).await);
    // It hides the second document.
    let lie = (0..).find(|other| ![label(0), label(1)].contains(other)).expect("another label");
    let findings = [label(0), lie].map(|label| Finding { label, salt: Fr::from(label) });
    done(desk.store.put_findings(id, &findings).await);
    assert_eq!(stage.answer(id).await, Some(Move::PostResults));
    assert_eq!(stage.case(id).await.positives, 1);
    stage.mine(DELAY + 1).await;
    assert_eq!(stage.answer(id).await, Some(Move::Draw));
    assert_eq!(stage.answer(id).await, None);
    stage.work().await;

    let case = stage.case(id).await;
    assert_eq!(case.samples, 2);
    let (honest, false_one) = if case.sampled(0) == Some(0) { (0, 1) } else { (1, 0) };
    assert_eq!(stage.answer(id).await, Some(Move::Prove(honest)));
    assert_eq!(stage.answer(id).await, None, "there is no proof of a lie");
    let order = done(stage.responder.order(&case, false_one).await);
    let proof = done(stage.responder.queue.proof(order.id()).await).expect("a proof of the true label");
    let claim = Claim::new(&stage.responder.goods.commitment, &proof);
    let reason = refused(desk.prove(&case, false_one, &claim).await);
    assert!(reason.contains("the results say that document 1 has label"), "{reason}");
    // Nor does the contract take it for the label that was posted.
    let mut bent = claim.clone();
    bent.instances[2] = U256::from(lie);
    assert!(refused(desk.prove(&case, false_one, &bent).await).contains("InvalidProof"));

    stage.wait(case.deadline - done(desk.chain.now().await) + 1).await;
    assert_eq!(stage.answer(id).await, None);
    assert_eq!(stage.ask(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::FullDisclosure);
    assert_eq!(stage.credits().await, [U256::from(REWARD + BOND - BOND / 10), U256::ZERO]);
    assert_eq!(done(desk.dataset(dataset.id).await).state, DatasetState::Closed);
}
