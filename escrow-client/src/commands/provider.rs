//! `zkescrow provider …`: everything that a provider does.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::primitives::{Address, B256, U256, keccak256};
use clap::Subcommand;
use serde_json::json;
use tokio::net::TcpListener;
use zkescrow_circuits::keys::VerifierKeys;

use super::party::{self, CaseArg, Party, PartyArgs, moved};
use crate::{
    chain::Receipt,
    contracts::Claim,
    failure::Failure,
    folder,
    market::{deployment::Deployment, models::Models, money},
    output::{Outcome, Ui},
    paths,
    queue::Queue,
    rounds::{
        Offer, Provider, desk,
        next::Move,
        offer::{Handover, Seconds},
        provider::Goods,
    },
    service::http,
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register a committed model, and stake on it.
    Register(Register),
    /// Add to a model's stake.
    Stake(Amount),
    /// Ask for a part of a model's stake back.
    Unbond(Amount),
    /// Credit stake that was asked back and is free.
    WithdrawStake(ModelArg),
    /// Say where a model's weights can be found.
    PublishOpening(PublishOpening),
    /// Write what a model's predictions cost into a file.
    Offer(MakeOffer),
    /// Serve an offer: take inputs by HTTP, answer, prove what is contested, until interrupted.
    Serve(Serve),
    /// Accept a round.
    Accept(Act),
    /// Say that inputs did not come: the consumer has to hand them over.
    DemandInputs(Demand),
    /// Say that the announced ciphertext is here.
    Acknowledge(Act),
    /// Have the announced ciphertext published.
    DemandPublication(Act),
    /// Show that what was handed over is false.
    Complain(ActWithModel),
    /// Give a round back.
    Decline(Act),
    /// Commit to the predictions that were made.
    CommitPredictions(Act),
    /// Publish demanded predictions.
    PublishPredictions(Act),
    /// Answer a contested prediction with a proof.
    Respond(Respond),
    /// End a round that has come to its end.
    Settle(Act),
    /// Withdraw what rounds and stakes paid out.
    Withdraw(Withdraw),
}

/// Flags of `register`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  zkescrow provider register --keys keys --rpc http://127.0.0.1:8545 --stake 1eth")]
pub struct Register {
    /// The key folder: its commitment is registered.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// What to stake; by default, what is missing to the least that is needed.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount)]
    stake: Option<U256>,
    #[command(flatten)]
    party: PartyArgs,
}

/// Which model.
#[derive(Debug, clap::Args)]
pub struct ModelArg {
    /// The model's id in the registry.
    #[arg(long, value_name = "ID")]
    model_id: B256,
    #[command(flatten)]
    party: PartyArgs,
}

/// A model and an amount.
#[derive(Debug, clap::Args)]
pub struct Amount {
    /// How much.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount)]
    amount: U256,
    #[command(flatten)]
    model: ModelArg,
}

/// Flags of `publish-opening`.
#[derive(Debug, clap::Args)]
pub struct PublishOpening {
    /// The published file: its keccak hash goes on chain.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Where it can be found.
    #[arg(long)]
    uri: String,
    #[command(flatten)]
    model: ModelArg,
}

/// Flags of `offer`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow provider offer --keys keys --deployment deployment.json --provider 0xf39F… \\
    --price 0.00001eth --proof-cost 0.001eth -o offer.json

Windows are a day for what people decide, hours for what machines do; edit the file to change them.")]
pub struct MakeOffer {
    /// The key folder of the model.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The deployment file.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_DEPLOYMENT", default_value = "deployment.json")]
    deployment: PathBuf,
    /// The account that sells.
    #[arg(long, value_name = "ADDRESS")]
    provider: Address,
    /// What a prediction costs.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    price: u128,
    /// What a proof costs: more than its gas, and than the time it takes.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    proof_cost: u128,
    /// How many times the price of its proofs the provider locks.
    #[arg(long, default_value_t = 2)]
    beta: u16,
    /// Most predictions of a round.
    #[arg(long, default_value_t = 1_000)]
    most: u32,
    /// What a demand costs, for each index: it should pay for 20,000 gas.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128, default_value = "0.0002eth")]
    demand_bond: u128,
    /// What rounds are paid in: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    currency: Address,
    /// The file to write.
    #[arg(short, long, value_name = "FILE", default_value = "offer.json")]
    output: PathBuf,
}

/// What a provider serves from.
#[derive(Clone, Debug, clap::Args)]
pub struct Stock {
    /// The model.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_MODEL")]
    model: PathBuf,
    /// Its key folder.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// The offer.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_OFFER", default_value = "offer.json")]
    offer: PathBuf,
    /// Where proofs are ordered; `zkescrow worker` makes them.
    #[arg(long, value_name = "LOCATION", env = "ZKESCROW_QUEUE", default_value = "zkescrow-queue.db")]
    queue: String,
}

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow provider serve --model model.zkm --keys keys --offer offer.json --rpc http://127.0.0.1:8545 &
  zkescrow worker --model model.zkm --keys keys")]
pub struct Serve {
    #[command(flatten)]
    stock: Stock,
    /// Where to listen. Put a proxy that speaks TLS in front of it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// Seconds between two looks at the chain.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    poll: f64,
    #[command(flatten)]
    party: PartyArgs,
}

/// A move in a round.
#[derive(Debug, clap::Args)]
pub struct Act {
    #[command(flatten)]
    case: CaseArg,
    #[command(flatten)]
    party: PartyArgs,
}

/// A move in a round that depends on the model.
#[derive(Debug, clap::Args)]
pub struct ActWithModel {
    #[command(flatten)]
    stock: Stock,
    #[command(flatten)]
    act: Act,
}

/// Flags of `demand-inputs`.
#[derive(Debug, clap::Args)]
pub struct Demand {
    /// The first index.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// How many; by default, all from there on.
    #[arg(long)]
    count: Option<u64>,
    #[command(flatten)]
    act: Act,
}

/// Flags of `respond`.
#[derive(Debug, clap::Args)]
pub struct Respond {
    #[command(flatten)]
    stock: Stock,
    /// The contested index.
    #[arg(long)]
    index: u64,
    /// A proof file; by default, the queue's proof.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
    #[command(flatten)]
    act: Act,
}

/// Flags of `withdraw`.
#[derive(Debug, clap::Args)]
pub struct Withdraw {
    /// In which currency: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    currency: Address,
    /// Where the money goes; by default, to the account itself.
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,
    #[command(flatten)]
    party: PartyArgs,
}

/// Runs a verb.
pub async fn run(command: &Command, ui: &Ui) -> Result<Outcome, Failure> {
    match command {
        Command::Register(args) => register(args, ui).await,
        Command::Stake(args) => stake(args, true).await,
        Command::Unbond(args) => stake(args, false).await,
        Command::WithdrawStake(args) => {
            let models = models(&args.party).await?;
            about_model(&models, args.model_id, &models.withdraw_stake(args.model_id).await?).await
        }
        Command::PublishOpening(args) => {
            let models = models(&args.model.party).await?;
            let opening = keccak256(paths::read(&args.file, u64::MAX - 1)?);
            let id = args.model.model_id;
            about_model(&models, id, &models.publish_opening(id, opening, args.uri.clone()).await?).await
        }
        Command::Offer(args) => offer(args),
        Command::Serve(args) => serve(args, ui).await,
        Command::Accept(args) => act(args, Move::Accept).await,
        Command::DemandInputs(args) => {
            let party = args.act.party.open().await?;
            let case = party.desk.case(args.act.case.case).await?;
            let end = args.count.map_or(case.count(), |count| args.first.saturating_add(count));
            done(&party, party.desk.demand_inputs(&case, args.first..end).await?, &case).await
        }
        Command::Acknowledge(args) => act(args, Move::Acknowledge).await,
        Command::DemandPublication(args) => act(args, Move::DemandPublication).await,
        Command::Complain(args) => complain(args, ui).await,
        Command::Decline(args) => act(args, Move::Decline).await,
        Command::CommitPredictions(args) => act(args, Move::CommitPredictions).await,
        Command::PublishPredictions(args) => act(args, Move::PublishPredictions).await,
        Command::Respond(args) => respond(args, ui).await,
        Command::Settle(args) => act(args, Move::Settle).await,
        Command::Withdraw(args) => withdraw(args).await,
    }
}

async fn models(party: &PartyArgs) -> Result<Models, Failure> {
    let Party { deployment, desk } = party.open().await?;
    Ok(Models { chain: desk.chain, registry: deployment.market.registry.address })
}

async fn register(args: &Register, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let commitment = folder::commitment(&args.keys, &keys)?;
    let Party { deployment, desk } = args.party.open().await?;
    let models = Models { chain: desk.chain, registry: deployment.market.registry.address };
    let architecture = deployment.architecture(&keys.arch)?;
    let weights = commitment.model_id(&keys.arch, &models.chain.sender.into_array());
    let points = commitment.words().into_iter().map(U256::from_be_bytes).collect();
    let (id, registered) = models.register(architecture, weights, points).await?;
    let (minimum, _, currency) = models.constants().await?;
    let model = models.model(id).await?;
    let bonded = U256::from(model.stake - model.unbonding);
    let amount = args.stake.unwrap_or(minimum.saturating_sub(bonded));
    let staked = if amount.is_zero() { None } else { Some(models.stake(id, amount).await?) };
    let gas: u64 = registered.iter().chain(&staked).map(|receipt| receipt.gas).sum();
    let stake = models.model(id).await?.stake;
    let json = json!({
        "modelId": id,
        "weights": B256::from(weights),
        "stake": stake.to_string(),
        "minimumStake": minimum.to_string(),
        "tx": staked.as_ref().or(registered.as_ref()).map(|receipt| receipt.hash),
        "gasUsed": gas,
    });
    let stake = party::money(U256::from(stake), currency);
    Ok(Outcome::done(json, format!("model {id}, stake {stake}, of {} needed", party::money(minimum, currency))))
}

async fn stake(args: &Amount, more: bool) -> Result<Outcome, Failure> {
    let models = models(&args.model.party).await?;
    let id = args.model.model_id;
    let receipt = if more { models.stake(id, args.amount).await? } else { models.unbond(id, args.amount).await? };
    about_model(&models, id, &receipt).await
}

async fn about_model(models: &Models, id: B256, receipt: &Receipt) -> Result<Outcome, Failure> {
    let model = models.model(id).await?;
    let (_, _, currency) = models.constants().await?;
    let json = json!({
        "modelId": id,
        "stake": model.stake.to_string(),
        "unbonding": model.unbonding.to_string(),
        "withdrawableAt": model.withdrawableAt,
        "openCases": model.openCases,
        "opening": model.opening,
        "tx": receipt.hash,
        "gasUsed": receipt.gas,
    });
    let (stake, unbonding) = (U256::from(model.stake), U256::from(model.unbonding));
    let text = format!(
        "model {id}: stake {}, of it {} unbonding",
        party::money(stake, currency),
        party::money(unbonding, currency)
    );
    Ok(Outcome::done(json, text))
}

fn offer(args: &MakeOffer) -> Result<Outcome, Failure> {
    paths::require_target(&args.output)?;
    let keys = VerifierKeys::load(&args.keys)?;
    let commitment = folder::commitment(&args.keys, &keys)?;
    let deployment = Deployment::load(&args.deployment)?;
    let weights = commitment.model_id(&keys.arch, &args.provider.into_array());
    let offer = Offer {
        provider: args.provider,
        model: Deployment::model_id(deployment.architecture(&keys.arch)?, weights),
        currency: args.currency,
        most: args.most,
        beta: args.beta,
        proof_cost: args.proof_cost,
        price: args.price,
        demand_bond: args.demand_bond,
        windows: Seconds::default(),
        courier: Handover::default(),
    };
    let json = json!(offer);
    folder::write_json(&args.output, &json)?;
    let text = format!("{}: model {} for {} a prediction", args.output.display(), offer.model, offer.price);
    Ok(Outcome::done(json, text))
}

/// Reads an offer.
pub fn read_offer(path: &Path) -> Result<Offer, Failure> {
    let text = paths::read(path, 1 << 16)?;
    serde_json::from_slice(&text).map_err(|e| Failure::Request(format!("{} is no offer: {e}", path.display())))
}

async fn provider(party: Party, stock: &Stock, ui: &Ui) -> Result<Provider, Failure> {
    let keys = VerifierKeys::load(&stock.keys)?;
    ui.warn_origin(&keys.description.origin);
    let model = paths::model(&stock.model)?;
    let commitment = folder::commitment(&stock.keys, &keys)?;
    let offer = read_offer(&stock.offer)?;
    let Party { deployment, desk } = party;
    let sender = desk.chain.sender;
    let weights = commitment.model_id(&keys.arch, &sender.into_array());
    let sold = Deployment::model_id(deployment.architecture(&keys.arch)?, weights);
    if offer.provider != sender || offer.model != sold {
        let path = stock.offer.display();
        return Err(Failure::Request(format!(
            "{path} offers model {} of {}, the keys are of model {sold} of {sender}: write another offer",
            offer.model, offer.provider
        )));
    }
    let queue = Queue::open(&stock.queue).await?;
    Ok(Provider { desk, goods: Arc::new(Goods { model, keys, commitment }), offer, queue })
}

async fn serve(args: &Serve, ui: &Ui) -> Result<Outcome, Failure> {
    let party = args.party.open().await?;
    let models = Models { chain: party.desk.chain.clone(), registry: party.deployment.market.registry.address };
    let provider = Arc::new(provider(party, &args.stock, ui).await?);
    let model = models.model(provider.offer.model).await?;
    let (minimum, _, currency) = models.constants().await?;
    let bonded = U256::from(model.stake - model.unbonding);
    if bonded < minimum {
        let missing = party::money(minimum - bonded, currency);
        ui.warn(format!("the model's stake is too small to accept rounds: add {missing}"));
    }
    let refused = |e| Failure::Request(format!("cannot listen at {}: {e}", args.listen));
    let listener = TcpListener::bind(args.listen).await.map_err(refused)?;
    let at = listener.local_addr().map_err(refused)?;
    let json =
        json!({ "url": format!("http://{at}"), "model": provider.offer.model, "provider": provider.offer.provider });
    ui.announce(&json, &format!("serving model {} at http://{at}; interrupt to end", provider.offer.model));
    let poll = Duration::from_secs_f64(args.poll.clamp(0.05, 3_600.0));
    let served = http::serve(provider.clone(), listener, std::future::pending());
    tokio::select! {
        ended = served => ended?,
        () = play(&provider, poll, ui) => {}
    }
    Ok(Outcome::over(true))
}

/// Plays all rounds, until the service ends. What fails is tried again: the reason may be gone by then.
async fn play(provider: &Provider, poll: Duration, ui: &Ui) {
    let mut over = std::collections::HashSet::new();
    let mut said = std::collections::HashMap::new();
    loop {
        let rounds = provider.desk.cases(provider.desk.chain.sender).await;
        let rounds = rounds.unwrap_or_else(|failure| {
            ui.note(format!("error: {failure}"));
            vec![]
        });
        for id in rounds {
            if over.contains(&id) {
                continue;
            }
            match provider.look(id).await {
                Ok(Some(moved)) => {
                    said.remove(&id);
                    let (verb, round, gas) = (moved.made.verb(), desk::short(id), moved.receipt.gas);
                    ui.note(format!("round {round}: {verb}, {gas} gas"));
                }
                Ok(None) => {
                    if provider.desk.case(id).await.is_ok_and(|case| case.is_over()) {
                        over.insert(id);
                    }
                }
                Err(failure) => {
                    let text = failure.to_string();
                    if said.insert(id, text.clone()) != Some(text.clone()) {
                        ui.note(format!("round {}: {text}", desk::short(id)));
                    }
                }
            }
        }
        tokio::time::sleep(poll).await;
    }
}

/// A move that needs no model.
async fn act(args: &Act, made: Move) -> Result<Outcome, Failure> {
    let party = args.party.open().await?;
    let desk = &party.desk;
    let case = desk.case(args.case.case).await?;
    let receipt = match made {
        Move::Accept => desk.accept(&case).await?,
        Move::Acknowledge => desk.acknowledge(&case).await?,
        Move::DemandPublication => desk.demand_publication(&case).await?,
        Move::Decline => desk.decline(&case).await?,
        Move::CommitPredictions => desk.commit_predictions(&case).await?,
        Move::PublishPredictions => desk.publish_predictions(&case).await?,
        Move::Settle => desk.settle(&case).await?,
        other => return Err(Failure::Internal(format!("{} needs a model", other.verb()))),
    };
    done(&party, receipt, &case).await
}

async fn complain(args: &ActWithModel, ui: &Ui) -> Result<Outcome, Failure> {
    let party = args.act.party.open().await?;
    let case = party.desk.case(args.act.case.case).await?;
    let provider = provider(party, &args.stock, ui).await?;
    let fault = provider.facts(&case).await?.fault;
    let fault = fault.ok_or_else(|| Failure::Request("the delivery is what was committed to".into()))?;
    let receipt = provider.make(&case, &Move::Complain(fault)).await?;
    after(&provider, receipt, &case).await
}

async fn respond(args: &Respond, ui: &Ui) -> Result<Outcome, Failure> {
    let party = args.act.party.open().await?;
    let case = party.desk.case(args.act.case.case).await?;
    let provider = provider(party, &args.stock, ui).await?;
    let receipt = match &args.proof {
        Some(path) => {
            let claim = Claim::new(&provider.goods.commitment, &paths::proof(path)?);
            provider.desk.respond(&case, args.index, &claim).await?
        }
        None => provider.make(&case, &Move::Respond(args.index)).await?,
    };
    after(&provider, receipt, &case).await
}

async fn after(provider: &Provider, receipt: Receipt, case: &crate::rounds::Case) -> Result<Outcome, Failure> {
    let case = provider.desk.case(case.id).await?;
    Ok(Outcome::done(moved(&case, &receipt), super::status::line(&case, provider.desk.chain.now().await?)))
}

async fn done(party: &Party, receipt: Receipt, case: &crate::rounds::Case) -> Result<Outcome, Failure> {
    let case = party.desk.case(case.id).await?;
    Ok(Outcome::done(moved(&case, &receipt), super::status::line(&case, party.desk.chain.now().await?)))
}

async fn withdraw(args: &Withdraw) -> Result<Outcome, Failure> {
    withdraw_all(&args.party, args.currency, args.to).await
}

/// Withdraws from all contracts that owe the account something.
pub async fn withdraw_all(party: &PartyArgs, currency: Address, to: Option<Address>) -> Result<Outcome, Failure> {
    let Party { deployment, desk } = party.open().await?;
    let (chain, market) = (&desk.chain, deployment.market);
    let to = to.unwrap_or(chain.sender);
    let (mut total, mut gas, mut hashes) = (U256::ZERO, 0, vec![]);
    for contract in [market.registry, market.prediction_escrow, market.accuracy_escrow, market.retrieval_escrow] {
        let credit = money::credit(chain, contract.address, currency, chain.sender).await?;
        if !credit.is_zero() {
            let receipt = money::withdraw(chain, contract.address, currency, to).await?;
            total += credit;
            gas += receipt.gas;
            hashes.push(receipt.hash);
        }
    }
    let json = json!({ "amount": total.to_string(), "to": to, "tx": hashes, "gasUsed": gas });
    Ok(Outcome::done(json, format!("{} withdrawn to {to}", party::money(total, currency))))
}
