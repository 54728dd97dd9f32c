//! Which node, and which account.

use std::path::PathBuf;

use alloy::primitives::Address;

/// Flags of verbs that need a chain. They come last in their verbs: what follows would be listed among them.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chain")]
pub struct NodeArgs {
    /// The node: an http or https address.
    #[arg(long, value_name = "URL", env = "ZKESCROW_RPC", hide_env_values = true)]
    pub rpc: String,
    /// The encrypted file with the key of the account that pays, as `cast wallet` makes it. Its password comes from
    /// --password-file, from ZKESCROW_PASSWORD, or is asked for.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_KEYSTORE", hide_env_values = true)]
    pub keystore: Option<PathBuf>,
    /// The file with the keystore's password.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_PASSWORD_FILE", hide_env_values = true)]
    pub password_file: Option<PathBuf>,
    /// The file with the private key of the account that pays: 64 hexadecimal digits.
    #[arg(long, value_name = "FILE", env = "ZKESCROW_KEY_FILE", hide_env_values = true)]
    pub key_file: Option<PathBuf>,
    /// The account that pays. Without a key, it is one that a local node signs for; without an account, its first.
    #[arg(long, value_name = "ADDRESS", env = "ZKESCROW_ACCOUNT")]
    pub account: Option<Address>,
    /// In how many blocks, its own included, a transaction has to be before it counts; by default 1 on
    /// Anvil's and other local chains, else 2.
    #[arg(long, value_name = "N", env = "ZKESCROW_CONFIRMATIONS", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub confirmations: Option<u64>,
    /// The most that a unit of gas may cost.
    #[arg(long, value_name = "GWEI", env = "ZKESCROW_MAX_FEE_GWEI", default_value_t = Self::MAX_FEE_GWEI)]
    pub max_fee_gwei: u64,
}

impl NodeArgs {
    /// Many times what busy chains take: a node that asks for more is wrong, or lies.
    const MAX_FEE_GWEI: u64 = 500;

    /// A local node, and its first account.
    pub fn local(rpc: impl Into<String>) -> Self {
        Self {
            rpc: rpc.into(),
            keystore: None,
            password_file: None,
            key_file: None,
            account: None,
            confirmations: None,
            max_fee_gwei: Self::MAX_FEE_GWEI,
        }
    }

    /// The same node with one of the accounts that it signs for.
    pub fn with_account(self, account: Address) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Files that are read.
    pub fn files(&self) -> impl Iterator<Item = &std::path::Path> {
        [&self.keystore, &self.password_file, &self.key_file].into_iter().flatten().map(PathBuf::as_path)
    }
}
