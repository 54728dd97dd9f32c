//! Requests that end early, or because somebody was silent.

use alloy::primitives::{Address, U256, address};
use serde_json::json;
use zkescrow_client::requests::{case::State, dataset::State as DatasetState, draw::Chance, next::Move};

use crate::stage::{BOND, DELAY, REWARD, Stage, bounds, done, refused, times};

/// Where EIP-2935 keeps hashes of blocks.
const HISTORY: Address = address!("0x0000F90827F1C53a10cb7A02335B175320002935");

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_draw_is_armed_again_and_the_requester_draws_when_the_responder_sleeps() {
    let stage = Stage::new().await;
    let dataset = stage.commit(3).await;
    let id = stage.posted(&dataset, &[0], bounds::ONE).await;
    let first = stage.case(id).await;
    let desk = &stage.requester.desk;
    assert_eq!(done(desk.chance(&first).await), Chance::Ahead);
    assert_eq!((stage.answer(id).await, stage.ask(id).await), (None, None));
    assert!(refused(desk.rearm(&first).await).contains("DrawPending"));

    // Without EIP-2935, hashes are in reach for 256 blocks: with it, mining enough of them would take minutes.
    stage.rpc("anvil_setCode", json!([HISTORY, "0x"])).await;
    stage.mine(DELAY + 200).await;
    assert_eq!(done(desk.chance(&first).await), Chance::Here { blocks: 200 });
    stage.mine(60).await;
    assert_eq!(done(desk.chance(&first).await), Chance::Missed);
    assert!(refused(desk.draw(&first).await).contains("UnknownBlock"));
    assert_eq!(stage.ask(id).await, Some(Move::Rearm));
    let second = stage.case(id).await;
    assert!(second.draw_block > first.draw_block);

    stage.mine(DELAY + 1).await;
    assert_eq!(stage.ask(id).await, None, "the responder is first");
    stage.mine(16).await;
    assert_eq!(stage.ask(id).await, Some(Move::Draw));
    let drawn = stage.case(id).await;
    assert_eq!((drawn.state, drawn.outstanding().count()), (State::Drawn, 1));

    stage.wait(drawn.deadline - done(desk.chain.now().await) + 1).await;
    assert_eq!(stage.ask(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::FullDisclosure);
    assert_eq!(stage.credits().await, [U256::from(REWARD + BOND - BOND / 10), U256::ZERO]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_withdrawn_by_word_and_by_silence() {
    let stage = Stage::new().await;
    let dataset = stage.commit(2).await;
    let windows = times().windows;
    let desk = &stage.requester.desk;

    let taken_back = stage.file(&dataset, &[0], bounds::ONE).await;
    done(desk.settle(&taken_back).await);
    let not_approved = stage.file(&dataset, &[0], bounds::ONE).await;
    assert_eq!(stage.ask(not_approved.id).await, None);
    stage.wait(u64::from(windows.approve) + 1).await;
    assert_eq!(stage.ask(not_approved.id).await, Some(Move::Settle));
    for id in [taken_back.id, not_approved.id] {
        assert_eq!(stage.case(id).await.state, State::Withdrawn);
    }
    assert_eq!(stage.credits().await, [U256::from(2 * REWARD), U256::ZERO]);

    // No block comes for a week.
    let not_drawn = stage.posted(&dataset, &[0], bounds::ONE).await;
    stage.wait(7 * 86_400 + 1).await;
    assert_eq!(stage.ask(not_drawn).await, Some(Move::Settle));
    assert_eq!(stage.case(not_drawn).await.state, State::Withdrawn);

    // The bond answers for what was filed before it was asked back, and for nothing else.
    let filed = stage.file(&dataset, &[0], bounds::ONE).await;
    done(stage.responder.desk.retire(&dataset).await);
    let mut late = filed.request.clone();
    late.salt += U256::ONE;
    assert!(refused(desk.file(&dataset, late).await).contains("WrongDatasetState"));
    done(stage.approver.approve(&filed).await);
    assert_eq!(stage.ask(filed.id).await, None);
    stage.wait(u64::from(windows.results) + 1).await;
    assert_eq!(stage.answer(filed.id).await, None);
    assert_eq!(stage.ask(filed.id).await, Some(Move::Settle));
    let ended = stage.case(filed.id).await;
    assert_eq!(ended.state, State::FullDisclosure);
    assert_eq!(ended.payout.expect("a payout").burned, U256::from(BOND / 10));
    assert_eq!(done(desk.dataset(dataset.id).await).state, DatasetState::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requester_that_is_silent_pays() {
    let stage = Stage::new().await;
    let dataset = stage.commit(2).await;
    let id = stage.proven(&dataset, &[1], bounds::ONE).await;
    assert_eq!(stage.answer(id).await, None);
    stage.wait(u64::from(times().windows.demand) + 1).await;
    assert_eq!(stage.answer(id).await, Some(Move::Settle));
    assert_eq!(stage.case(id).await.state, State::Fulfilled);
    assert_eq!(stage.credits().await, [U256::ZERO, U256::from(REWARD)]);
}
