//! Datasets: committing to them, attesting them, closing them.

use std::{path::PathBuf, time::SystemTime};

use alloy::primitives::{Address, B256, Bytes, U256};
use rand::random;
use serde_json::json;
use zkescrow_circuits::keys::VerifierKeys;

use super::{Seat, show};
use crate::{
    chain::Receipt,
    commands::party::{self, PartyArgs},
    failure::Failure,
    input::{self, Images},
    output::{Outcome, Ui},
    paths,
    requests::{Dataset, dataset::Terms, desk::Signed, responder, terms::Times},
};

/// Flags of `commit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval commit --keys keys --approver 0x7099… --bond 1eth --rpc http://127.0.0.1:8545 photos.npy

Windows are a week for what people decide, a day for what machines do; --times changes them:
  { \"windows\": { \"approve\": 604800, \"results\": 86400, \"prove\": 86400, \"proveEach\": 600,
                 \"demand\": 604800, \"identify\": 14400, \"identifyEach\": 60 },
    \"courier\": { \"step\": 14400, \"perChunk\": 600, \"bond\": \"10000000000000000\" } }")]
pub struct Commit {
    #[command(flatten)]
    party: PartyArgs,
    /// Keys of the architecture that requests have to use.
    #[arg(long, value_name = "DIR", env = "ZKESCROW_KEYS")]
    keys: PathBuf,
    /// Who decides which requests are answered.
    #[arg(long, value_name = "ADDRESS")]
    approver: Address,
    /// Who may attest that the documents are real; by default, nobody.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    source: Address,
    /// What is lost when a request is not answered.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128)]
    bond: u128,
    /// What a requester pays for each positive that it demands: it should pay for 100,000 gas.
    #[arg(long, value_name = "AMOUNT", value_parser = party::amount_u128, default_value = "0.001eth")]
    demand_bond: u128,
    /// What is paid in: a token's address; ETH by default.
    #[arg(long, value_name = "ADDRESS", default_value_t = Address::ZERO, hide_default_value = true)]
    currency: Address,
    /// Seconds from the wish to close the dataset to its closing; by default, the time for approvals.
    #[arg(long, value_name = "SECONDS")]
    notice: Option<u32>,
    /// A JSON file with the time for each step.
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,
    /// The documents: png, jpeg, or .npy of one (H,W,C) or many (N,H,W,C).
    #[arg(value_name = "IMAGE", required = true)]
    documents: Vec<PathBuf>,
}

/// A dataset.
#[derive(Debug, clap::Args)]
pub struct DatasetArgs {
    #[command(flatten)]
    party: PartyArgs,
    /// The dataset's id.
    #[arg(long, value_name = "ID", value_parser = party::case_id)]
    dataset: U256,
}

/// Flags of `attest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  zkescrow retrieval attest --dataset 0x12… --rpc http://127.0.0.1:8545       as the source: sign and send

  zkescrow retrieval attest --dataset 0x12… --sign-only …                     or sign, for others to send
  zkescrow retrieval attest --dataset 0x12… --nonce 0x… --until 1800000000 --signature 0x… …")]
pub struct Attest {
    #[command(flatten)]
    dataset: DatasetArgs,
    /// Sign, and send nothing.
    #[arg(long)]
    sign_only: bool,
    /// The signature's number; by default, a random one.
    #[arg(long, value_name = "NUMBER")]
    nonce: Option<U256>,
    /// Until when the signature can be used, in seconds since 1970; by default, a week from now.
    #[arg(long, value_name = "TIME")]
    until: Option<u64>,
    /// The source's signature; by default, the account signs.
    #[arg(long, value_name = "HEX", requires = "nonce", requires = "until", conflicts_with = "sign_only")]
    signature: Option<Bytes>,
}

/// How long a signature is good.
const VALIDITY: u64 = 604_800;

/// Commits to a dataset.
pub async fn commit(args: &Commit, ui: &Ui) -> Result<Outcome, Failure> {
    let keys = VerifierKeys::load(&args.keys)?;
    ui.warn_origin(&keys.description.origin);
    let times = args.times.as_deref().map(read_times).transpose()?.unwrap_or_default();
    let network = &keys.plan.network;
    let mut documents = vec![];
    for path in &args.documents {
        match input::read_images(path, network.input())? {
            Images::One(image) => documents.push(image),
            Images::Many(many) => documents.extend(many),
        }
    }
    let seat = Seat::take(&args.party).await?;
    let (windows, courier) = times.terms();
    let terms = Terms {
        responder: seat.desk.chain.sender,
        approver: args.approver,
        source: args.source,
        verifier: seat.deployment.architecture(&keys.arch)?.inference_verifier.address,
        currency: args.currency,
        root: B256::ZERO,
        count: 0,
        bond: args.bond,
        demandBond: args.demand_bond,
        notice: args.notice.unwrap_or(windows.approve),
        windows,
        courier,
        salt: U256::from_be_bytes(random::<[u8; 32]>()),
    };
    let terms = responder::prepare(&seat.desk.store, network, terms, documents).await?;
    let (id, receipt) = seat.desk.commit_dataset(terms).await?;
    done(&seat, id, &receipt).await
}

fn read_times(path: &std::path::Path) -> Result<Times, Failure> {
    let text = paths::read(path, 1 << 16)?;
    serde_json::from_slice(&text).map_err(|e| Failure::Request(format!("{} holds no times: {e}", path.display())))
}

/// Attests a dataset.
pub async fn attest(args: &Attest) -> Result<Outcome, Failure> {
    let seat = Seat::take(&args.dataset.party).await?;
    let dataset = seat.desk.dataset(args.dataset.dataset).await?;
    let nonce = args.nonce.unwrap_or_else(|| U256::from_be_bytes(random::<[u8; 32]>()));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let deadline = args.until.unwrap_or(now + VALIDITY);
    let signed = match &args.signature {
        Some(signature) => Signed { nonce, deadline, signature: signature.clone() },
        None if dataset.terms.source != seat.desk.chain.sender => {
            let source = dataset.terms.source;
            return Err(Failure::Request(format!(
                "the dataset's source is {source}: use its account or its signature"
            )));
        }
        None => seat.desk.sign_attestation(&dataset, nonce, deadline).await?,
    };
    if args.sign_only {
        let json = json!({
            "dataset": format!("{:#066x}", dataset.id),
            "nonce": format!("{nonce:#x}"),
            "until": deadline,
            "signature": signed.signature,
        });
        let text = format!("--nonce {nonce:#x} --until {deadline} --signature {}", signed.signature);
        return Ok(Outcome::done(json, text));
    }
    let receipt = seat.desk.attest(&dataset, &signed).await?;
    done(&seat, dataset.id, &receipt).await
}

/// Asks for a bond back.
pub async fn retire(args: &DatasetArgs) -> Result<Outcome, Failure> {
    let (seat, dataset) = at(args).await?;
    let receipt = seat.desk.retire(&dataset).await?;
    done(&seat, dataset.id, &receipt).await
}

/// Closes a dataset.
pub async fn close(args: &DatasetArgs) -> Result<Outcome, Failure> {
    let (seat, dataset) = at(args).await?;
    let receipt = seat.desk.close(&dataset).await?;
    done(&seat, dataset.id, &receipt).await
}

async fn at(args: &DatasetArgs) -> Result<(Seat, Dataset), Failure> {
    let seat = Seat::take(&args.party).await?;
    let dataset = seat.desk.dataset(args.dataset).await?;
    Ok((seat, dataset))
}

async fn done(seat: &Seat, id: U256, receipt: &Receipt) -> Result<Outcome, Failure> {
    let dataset = seat.desk.dataset(id).await?;
    Ok(Outcome::done(show::dataset_moved(&dataset, receipt), show::dataset_line(&dataset)))
}
