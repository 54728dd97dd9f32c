//! Data that do not come off chain, or come false.

use alloy::primitives::U256;
use halo2curves::bn256::Fr;
use zkescrow_circuits::sample;
use zkescrow_client::{
    rounds::{Consumer, Provider, case::State, next::Move},
    store::Prediction,
};

use crate::stage::{COUNT, Stage, WINDOW, open, play, serve};

/// A round whose provider has demanded its inputs, which did not come.
async fn demanded(stage: &Stage, consumer: &Consumer, provider: &Provider) -> U256 {
    let id = open(consumer, provider).await;
    provider.look(id).await.expect("looked").expect("accepted");
    consumer.look(id).await.expect("looked").expect("committed");
    assert!(provider.look(id).await.expect("looked").is_none(), "they may still come");
    stage.pass(WINDOW / 2 + 1).await;
    let moved = provider.look(id).await.expect("looked").expect("moved");
    assert_eq!(moved.made, Move::DemandInputs(0..COUNT));
    id
}

#[tokio::test]
async fn demanded_inputs_are_handed_over_off_chain_or_on() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let consumer = stage.knowing(2).await;

    // The ciphertext comes by HTTP.
    let service = serve(&provider).await;
    let id = demanded(&stage, &consumer, &provider).await;
    let case = play(&consumer, &provider, Some(&service), id).await;
    assert_eq!(case.state, State::Served);
    let delivery = case.delivery.expect("a delivery");
    assert!(delivery.key.is_some() && delivery.published.is_empty());

    // Not even that comes: it is published, chunk by chunk.
    let id = demanded(&stage, &consumer, &provider).await;
    let case = play(&consumer, &provider, None, id).await;
    assert_eq!(case.state, State::Delivering, "it is the provider's turn");
    stage.pass(WINDOW / 2 + 1).await;
    let case = play(&consumer, &provider, None, id).await;
    // The inputs came, so there are predictions; those have to be published as well.
    assert_eq!(case.state, State::Predicted);
    assert_eq!(
        case.delivery.as_ref().and_then(|d| d.words_on_chain()).map(|w| w.len() as u64),
        case.delivery.as_ref().map(|d| d.words)
    );
    stage.pass(WINDOW / 2 + 1).await;
    let case = play(&consumer, &provider, None, id).await;
    assert_eq!((case.state, case.published.len() as u64), (State::Served, COUNT));
    for (place, published) in &case.published {
        let input = consumer.desk.store.input(id, *place).await.expect("read").expect("an input");
        let label = consumer.audit.model.as_ref().expect("known").infer(&input.stored).expect("an answer").label;
        assert_eq!(published.label, U256::from(label));
    }
    stage.assert_paid_out(&provider.desk).await;
}

#[tokio::test]
async fn a_consumer_that_does_not_hand_over_its_inputs_loses() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let consumer = stage.consumer(2, &[]).await;
    let id = demanded(&stage, &consumer, &provider).await;
    stage.pass(3 * WINDOW).await;
    assert_eq!(provider.look(id).await.expect("looked").map(|moved| moved.made), Some(Move::Settle));
    let case = consumer.desk.case(id).await.expect("a round");
    assert_eq!(case.state, State::ConsumerFailed);

    // False data are complained about: the consumer's store is changed behind its back.
    let id = demanded(&stage, &consumer, &provider).await;
    let case = consumer.desk.case(id).await.expect("a round");
    consumer.desk.show_inputs(&case).await.expect("shown");
    let other = sample::input(&consumer.network, 999);
    let changed = sqlx::query("UPDATE inputs SET stored = ? WHERE case_id = ? AND place = 2").bind(other);
    let changed = changed.bind(id.to_be_bytes::<32>().to_vec()).execute(consumer.desk.store.pool()).await;
    assert_eq!(changed.expect("changed").rows_affected(), 1);
    let service = serve(&provider).await;
    let case = play(&consumer, &provider, Some(&service), id).await;
    assert_eq!(case.state, State::ConsumerFailed, "the complaint was upheld");
    stage.assert_paid_out(&provider.desk).await;
}

#[tokio::test]
async fn predictions_that_do_not_come_are_published_or_cost_everything() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let consumer = stage.consumer(2, &[]).await;
    let (_, penalty, _) = stage.models(&provider.desk).constants().await.expect("constants");
    stage.models(&provider.desk).stake(provider.offer.model, penalty).await.expect("staked");
    for publishes in [true, false] {
        let id = open(&consumer, &provider).await;
        provider.look(id).await.expect("looked").expect("accepted");
        consumer.look(id).await.expect("looked").expect("committed");
        let service = serve(&provider).await;
        service.client.exchange(&consumer, &consumer.desk.case(id).await.expect("a round")).await.expect("sent");
        drop(service);
        // What it said, it does not stand by: the root is over another output.
        sqlx::query("DELETE FROM predictions WHERE case_id = ? AND place = 1")
            .bind(id.to_be_bytes::<32>().to_vec())
            .execute(provider.desk.store.pool())
            .await
            .expect("changed");
        let said = consumer.desk.store.prediction(id, 1).await.expect("read").expect("a prediction").label;
        let (label, logits) = ((said + 1) % 10, vec![0; 10]);
        let other = Prediction { label, logits, salt: Fr::from(1), commitment: Fr::from(2) };
        provider.desk.store.put_prediction(id, 1, &other).await.expect("kept");
        let case = provider.desk.case(id).await.expect("a round");
        provider.desk.commit_predictions(&case).await.expect("committed");

        assert!(consumer.look(id).await.expect("looked").is_none(), "they may still come");
        stage.pass(WINDOW / 2 + 1).await;
        let moved = consumer.look(id).await.expect("looked").expect("moved");
        assert_eq!(moved.made, Move::DemandPredictions(0..COUNT));
        if publishes {
            assert_eq!(provider.look(id).await.expect("looked").map(|m| m.made), Some(Move::PublishPredictions));
            let moved = consumer.look(id).await.expect("looked").expect("moved");
            assert_eq!(moved.made, Move::Contest(vec![1]), "what is published is not what was said");
            stage.pass(2 * WINDOW).await;
            assert_eq!(consumer.look(id).await.expect("looked").map(|m| m.made), Some(Move::Settle));
            assert_eq!(consumer.desk.case(id).await.expect("a round").state, State::ProviderFailed);
            stage.models(&provider.desk).stake(provider.offer.model, penalty).await.expect("staked");
        } else {
            stage.pass(2 * WINDOW).await;
            assert_eq!(consumer.look(id).await.expect("looked").map(|m| m.made), Some(Move::Settle));
            assert_eq!(consumer.desk.case(id).await.expect("a round").state, State::ProviderFailed);
        }
    }
    stage.assert_paid_out(&provider.desk).await;
}
