//! Who may ask a provider's service for what.

use reqwest::{Method, StatusCode, header::AUTHORIZATION};
use zkescrow_client::service::access;

use crate::stage::{COUNT, Stage, open, serve};

#[tokio::test]
async fn only_the_consumer_of_a_round_is_answered_and_only_about_its_inputs() {
    let stage = Stage::new().await;
    let provider = stage.honest(1).await;
    let (consumer, stranger) = (stage.consumer(2, &[]).await, stage.desk(3).await);
    let id = open(&consumer, &provider).await;
    provider.look(id).await.expect("looked").expect("accepted");
    let service = serve(&provider).await;
    let http = reqwest::Client::new();
    let ask = async |method: Method, path: &str, permit: Option<&str>, body: Vec<u8>| {
        let request = http.request(method, format!("{}v1/rounds/{path}", service.url)).body(body);
        let request = permit.into_iter().fold(request, |request, permit| request.header(AUTHORIZATION, permit));
        request.send().await.expect("an answer").status()
    };
    let of = |what: &str| format!("{id:#066x}/{what}");
    let (escrow, commitments) = (consumer.desk.escrow, consumer.desk.store.commitments(id).await.expect("read"));
    let commitments = zkescrow_client::service::wire::write_scalars(&commitments);
    let permit = access::permit(&consumer.desk.chain, escrow, id).await.expect("signed");

    // Not before the inputs are committed to on chain.
    let early = ask(Method::PUT, &of("commitments"), Some(&permit), commitments.clone()).await;
    assert_eq!(early, StatusCode::CONFLICT);
    consumer.look(id).await.expect("looked").expect("committed");

    let foreign = access::permit(&stranger.chain, escrow, id).await.expect("signed");
    let other =
        access::permit(&consumer.desk.chain, escrow, id + alloy::primitives::U256::from(1)).await.expect("signed");
    let (expires, signature) = permit.split_once('.').expect("a permit");
    let later = format!("{expires}0.{signature}");
    let expired = format!("zkescrow 1.{signature}");
    for wrong in [None, Some(&foreign), Some(&other), Some(&later), Some(&expired), Some(&"zkescrow".to_owned())] {
        let wrong = wrong.map(String::as_str);
        for what in ["commitments", "inputs?first=0", "delivery"] {
            let status = ask(Method::PUT, &of(what), wrong, commitments.clone()).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what} {wrong:?}");
        }
        assert_eq!(ask(Method::GET, &of("predictions"), wrong, vec![]).await, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }

    // The consumer itself: nothing but what it committed to.
    let ours = Some(&*permit);
    let mut swapped = commitments.clone();
    swapped.rotate_left(32);
    for (body, status) in [
        (vec![], StatusCode::BAD_REQUEST),
        (commitments[1..].to_vec(), StatusCode::BAD_REQUEST),
        (vec![0xff; commitments.len()], StatusCode::BAD_REQUEST),
        (swapped, StatusCode::CONFLICT),
        (commitments, StatusCode::OK),
    ] {
        assert_eq!(ask(Method::PUT, &of("commitments"), ours, body).await, status);
    }
    let size = 32 + consumer.network.input().len();
    for (first, body, status) in [
        ("0", vec![], StatusCode::BAD_REQUEST),
        ("0", vec![0; size - 1], StatusCode::BAD_REQUEST),
        ("0", vec![0; size], StatusCode::CONFLICT),
        ("18446744073709551615", vec![0; 2 * size], StatusCode::CONFLICT),
        ("-1", vec![0; size], StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(ask(Method::PUT, &of(&format!("inputs?first={first}")), ours, body).await, status, "{first}");
    }
    assert_eq!(ask(Method::GET, &of("predictions"), ours, vec![]).await, StatusCode::CONFLICT, "there are none");
    assert_eq!(ask(Method::PUT, &of("delivery"), ours, vec![0; 32]).await, StatusCode::CONFLICT, "there is none");
    assert_eq!(ask(Method::GET, "nonsense/predictions", ours, vec![]).await, StatusCode::BAD_REQUEST);
    assert_eq!(provider.desk.store.missing_inputs(id).await.expect("read").len() as u64, COUNT, "nothing was taken");
}
