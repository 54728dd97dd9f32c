//! The provider's service. Whatever comes is bounded in size, time and number before anything is done with it, and believed only as
//! far as the chain or a commitment says so.

use std::{future::Future, sync::Arc, time::Duration};

use alloy::primitives::U256;
use axum::{
    Json, Router,
    body::Bytes,
    error_handling::HandleErrorLayer,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower::{BoxError, ServiceBuilder, limit::GlobalConcurrencyLimitLayer, timeout::TimeoutLayer};

use super::{
    access,
    wire::{self, Answer, Answers, Info},
};
use crate::{
    failure::Failure,
    protocol::{leaves, merkle::MerkleTree},
    rounds::{Case, Provider, case::State as Round},
    scalar::word,
    store::Input,
};

/// Requests that are answered at a time; the others wait.
const CONCURRENCY: usize = 64;
/// How long a request may take, with its body.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most predictions of an answer.
const PAGE: u64 = 4_096;

type Shared = Arc<Provider>;

/// Serves until `end`.
pub async fn serve(
    provider: Arc<Provider>,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let served = axum::serve(listener, router(provider)).with_graceful_shutdown(end).await;
    served.map_err(|e| Failure::Request(format!("the service ended: {e}")))
}

/// All routes.
pub fn router(provider: Arc<Provider>) -> Router {
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(|_: BoxError| async {
            Refused(StatusCode::REQUEST_TIMEOUT, "this took too long".into())
        }))
        .layer(TimeoutLayer::new(PATIENCE))
        .layer(GlobalConcurrencyLimitLayer::new(CONCURRENCY));
    Router::new()
        .route("/v1/info", get(info))
        .route("/v1/rounds/{case}/commitments", put(commitments))
        .route("/v1/rounds/{case}/inputs", put(inputs))
        .route("/v1/rounds/{case}/predictions", get(predictions))
        .route("/v1/rounds/{case}/delivery", put(delivery))
        .layer(DefaultBodyLimit::max(wire::BODY_LIMIT))
        .layer(limits)
        .with_state(provider)
}

/// A refused request.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(wire::Refusal { error: self.1 })).into_response()
    }
}

impl From<Failure> for Refused {
    /// Consumers learn that something is wrong here, not what: failures name files and nodes.
    fn from(_: Failure) -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, "the provider has a problem of its own: try again".into())
    }
}

fn bad(reason: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, reason.into())
}

fn conflict(reason: &str) -> Refused {
    Refused(StatusCode::CONFLICT, reason.into())
}

/// A round whose consumer asks. Extracted before a body is read, so strangers cannot make anybody read theirs.
struct Asked(Case);

impl FromRequestParts<Shared> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, provider: &Shared) -> Result<Self, Refused> {
        let unauthorised = |reason: &str| Refused(StatusCode::UNAUTHORIZED, reason.into());
        let Path(case) = Path::<String>::from_request_parts(parts, provider)
            .await
            .map_err(|_| bad("the round's id is 0x and 64 hexadecimal digits"))?;
        let case = crate::scalar::identity(&case).map_err(|_| bad("the round's id is 0x and 64 hexadecimal digits"))?;
        let id = U256::from_be_bytes(case);
        let header = parts.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let desk = &provider.desk;
        let signer = header.and_then(|header| access::permitted(header, desk.chain.id, desk.escrow, id));
        let signer = signer.ok_or_else(|| unauthorised("sign an Access to this round"))?;
        let case = desk.case(id).await.map_err(|_| Refused(StatusCode::NOT_FOUND, "there is no such round".into()))?;
        let ours = case.terms.provider == desk.chain.sender && case.terms.model == provider.offer.model;
        if case.terms.consumer != signer || !ours {
            return Err(unauthorised("this is somebody else's round"));
        }
        Ok(Self(case))
    }
}

async fn info(State(provider): State<Shared>) -> Json<Info> {
    Json(Info {
        chain_id: provider.desk.chain.id,
        escrow: provider.desk.escrow,
        offer: provider.offer.clone(),
        arch_digest: provider.goods.keys.arch.into(),
    })
}

/// All commitments of a round's inputs: together they make the root that is on chain.
async fn commitments(State(provider): State<Shared>, Asked(case): Asked, body: Bytes) -> Result<(), Refused> {
    if case.inputs.is_zero() {
        return Err(conflict("commit to the inputs on chain first"));
    }
    let all = wire::read_scalars(&body).filter(|all| all.len() as u64 == case.count());
    let all = all.ok_or_else(|| bad("expected 32 bytes for each input of the round"))?;
    let leaves = all.iter().zip(0..).map(|(commitment, i)| leaves::input(i, word(commitment)));
    if MerkleTree::new(leaves.collect()).root() != case.inputs {
        return Err(conflict("these are not the inputs that were committed to"));
    }
    Ok(provider.desk.store.put_commitments(case.id, &all).await?)
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    first: u64,
}

/// Inputs, from one on: their predictions are the answer.
async fn inputs(
    State(provider): State<Shared>,
    Asked(case): Asked,
    Query(Start { first }): Query<Start>,
    body: Bytes,
) -> Result<Json<Answers>, Refused> {
    if !matches!(case.state, Round::Committed | Round::InputsDemanded | Round::InputsShown | Round::Delivering) {
        return Err(conflict("this round does not take inputs now"));
    }
    let network = &provider.goods.model.network;
    let batch = wire::read_inputs(&body, network.input().len());
    let batch = batch.ok_or_else(|| bad("expected a salt and the stored values of each input"))?;
    let known = provider.desk.store.commitments(case.id).await?;
    if known.is_empty() {
        return Err(conflict("send the commitments first"));
    }
    let mut answers = vec![];
    for ((salt, stored), place) in batch.into_iter().zip(first..=u64::MAX) {
        let (network, owned) = (provider.goods.clone(), stored.to_vec());
        let commit = move || zkescrow_circuits::poseidon::Packed::input(&network.model.network, &owned).commit(salt);
        let commitment = tokio::task::spawn_blocking(commit).await.map_err(|_| bad("the input cannot be packed"))?;
        if usize::try_from(place).ok().and_then(|place| known.get(place)) != Some(&commitment) {
            return Err(conflict(&format!("input {place} is not the one that was committed to")));
        }
        let input = Input { stored: stored.to_vec(), salt, commitment };
        let Some(prediction) = provider.predict(case.id, place, input).await? else {
            let reason = format!("the model has no provable answer to input {place}: the round will be declined");
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, reason));
        };
        answers.push(Answer::new(place, &prediction, None));
    }
    signed(&provider, &case, answers).await
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    first: u64,
    count: Option<u64>,
}

/// Predictions that the provider is committed to, with their paths.
async fn predictions(
    State(provider): State<Shared>,
    Asked(case): Asked,
    Query(Range { first, count }): Query<Range>,
) -> Result<Json<Answers>, Refused> {
    if case.predictions.is_zero() {
        return Err(conflict("there are no predictions on chain yet"));
    }
    let (tree, _) = provider.desk.prediction_tree(&case).await?;
    let page = count.unwrap_or(PAGE).min(PAGE);
    let all = provider.desk.store.predictions(case.id).await?;
    let asked = all.iter().filter(|(place, _)| (first..first.saturating_add(page)).contains(place));
    let answers = asked.map(|(place, prediction)| Answer::new(*place, prediction, tree.path(*place))).collect();
    signed(&provider, &case, answers).await
}

/// The ciphertext of inputs that were demanded.
async fn delivery(State(provider): State<Shared>, Asked(case): Asked, body: Bytes) -> Result<(), Refused> {
    if !body.len().is_multiple_of(wire::WORD) {
        return Err(bad("expected words of 32 bytes"));
    }
    let words: Vec<U256> = body.chunks(wire::WORD).map(U256::from_be_slice).collect();
    if provider.receive(&case, &words).await? { Ok(()) } else { Err(conflict("this is not what was announced")) }
}

async fn signed(provider: &Provider, case: &Case, predictions: Vec<Answer>) -> Result<Json<Answers>, Refused> {
    let receipt = access::receipt(&provider.desk.chain, provider.desk.escrow, case.id, &predictions).await?;
    Ok(Json(Answers { predictions, receipt }))
}
