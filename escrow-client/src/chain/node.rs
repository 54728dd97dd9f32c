//! A node as it is spoken to and spoken of: with patience, and without what lets others use it.

use std::{future::Future, time::Duration};

use alloy::transports::{RpcError, TransportError, TransportResult, http::reqwest::Url};
use tokio::time::{sleep, timeout};

use super::refusal;
use crate::{failure::Failure, text};

/// Most characters of what a node answers.
const REASON: usize = 300;
/// How often something is asked.
const TRIES: u32 = 4;
/// What JSON-RPC calls a method that is not there.
const NO_METHOD: i64 = -32601;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For an answer, before it is asked for again.
    pub answer: Duration,
    /// Before the second time that something is asked; doubled each time.
    pub pause: Duration,
    /// Between two looks at a transaction.
    pub poll: Duration,
    /// For a transaction to be mined, before its fees are raised.
    pub replace: Duration,
    /// For a node that does not answer at all.
    pub silence: Duration,
    /// For a transaction, all in all.
    pub give_up: Duration,
}

impl Patience {
    /// For a chain that mines when it is told to.
    pub const LOCAL: Self = Self {
        answer: Duration::from_secs(30),
        pause: Duration::from_millis(100),
        poll: Duration::from_millis(200),
        replace: Duration::from_secs(30),
        silence: Duration::from_secs(10),
        give_up: Duration::from_secs(600),
    };
    /// For any other.
    pub const REMOTE: Self = Self {
        answer: Duration::from_secs(30),
        pause: Duration::from_millis(500),
        poll: Duration::from_secs(3),
        replace: Duration::from_secs(90),
        silence: Duration::from_secs(180),
        give_up: Duration::from_secs(1800),
    };
}

/// A node as it is named in messages.
#[derive(Clone)]
pub(super) struct Node {
    /// Scheme, host and port.
    pub shown: String,
    /// Whether it runs on this machine.
    pub is_local: bool,
    /// How long to wait for it.
    pub patience: Patience,
    /// Parts of the address that are nobody's business.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Node {
    pub fn new(url: &Url) -> Self {
        let parts = [Some(url.username()), url.password(), url.query(), url.fragment(), Some(url.path())];
        let parts = parts.into_iter().flatten().chain(url.path_segments().into_iter().flatten());
        let mut secrets: Vec<String> = parts.filter(|part| part.len() > 1).map(str::to_owned).collect();
        // The longest first: what contains another secret goes as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let (shown, is_local) = (url.origin().ascii_serialization(), is_loopback(url));
        Self { shown, is_local, patience: Patience::LOCAL, secrets }
    }

    /// Asks something that can be asked again: several times, unless the node means what it says.
    pub async fn read<T, F>(&self, action: &str, ask: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = TransportResult<T>>,
    {
        self.ask(ask).await.map_err(|error| self.problem(action, error))
    }

    /// The same, for those who look at the error themselves.
    pub async fn ask<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Problem>
    where
        F: Future<Output = TransportResult<T>>,
    {
        self.ask_unless(ask, |_| false).await
    }

    /// The same, without asking again after some problems.
    pub async fn ask_unless<T, F>(&self, ask: impl Fn() -> F, stop: impl Fn(&Problem) -> bool) -> Result<T, Problem>
    where
        F: Future<Output = TransportResult<T>>,
    {
        let mut pause = self.patience.pause;
        let mut tries = 1;
        loop {
            let problem = match self.ask_once(&ask).await {
                Ok(answer) => return Ok(answer),
                Err(problem) => problem,
            };
            if tries == TRIES || !problem.may_pass() || stop(&problem) {
                return Err(problem);
            }
            tries += 1;
            sleep(pause).await;
            pause *= 2;
        }
    }

    /// Asks once, and waits for the answer.
    pub async fn ask_once<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Problem>
    where
        F: Future<Output = TransportResult<T>>,
    {
        match timeout(self.patience.answer, ask()).await {
            Ok(answer) => answer.map_err(|error| Problem::Error(Box::new(error))),
            Err(_) => Err(Problem::Silence(self.patience.answer)),
        }
    }

    /// Says what a problem means.
    pub fn problem(&self, action: &str, problem: Problem) -> Failure {
        let error = match problem {
            Problem::Silence(time) => {
                return self.answered(action, &format!("no answer for {} seconds", time.as_secs_f32()));
            }
            Problem::Error(error) => error,
        };
        match error.as_error_resp() {
            Some(answer) => match refusal::of(&error) {
                Some(reason) => Failure::Refused { action: action.into(), reason },
                None => self.answered(action, &answer.message),
            },
            None => self.answered(action, &format!("{}; is a node running there?", innermost(&*error))),
        }
    }

    /// The node answered with something unusable.
    pub fn answered(&self, action: &str, reason: &str) -> Failure {
        let reason = self.secrets.iter().fold(reason.to_owned(), |text, secret| text.replace(secret, "…"));
        let reason = text::single_line(&reason, REASON);
        Failure::Chain { action: action.into(), rpc: self.shown.clone(), reason }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Problem {
    /// None came in time.
    Silence(Duration),
    /// None came, or it is an error.
    Error(Box<TransportError>),
}

impl Problem {
    /// What the node said, if it understood what it was asked.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Silence(_) => None,
            Self::Error(error) => error.as_error_resp().map(|answer| answer.message.to_lowercase()),
        }
    }

    /// Whether asking again may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Silence(_) => true,
            Self::Error(error) => match &**error {
                RpcError::ErrorResp(answer) => answer.code != NO_METHOD && answer.is_retry_err(),
                RpcError::Transport(_) | RpcError::DeserError { .. } | RpcError::NullResp => true,
                _ => false,
            },
        }
    }
}

/// Whether the address is this machine's.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// What an error comes down to.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        let local = |url: &str| is_loopback(&url.parse().expect("a URL"));
        for url in ["http://localhost:8545", "http://127.0.0.1", "http://127.9.9.9:1/x", "https://[::1]:8545"] {
            assert!(local(url), "{url}");
        }
        for url in ["http://10.0.0.1:8545", "https://localhost.example", "http://127.0.0.1.example", "http://[::2]"] {
            assert!(!local(url), "{url}");
        }
    }

    #[test]
    fn secrets_of_an_address_are_not_repeated() {
        let node = Node::new(&"https://user:hunter2@node.example/v3/abcdef?key=xyz".parse().expect("a URL"));
        let shown = node.answered("ask", "v3/abcdef, hunter2 and key=xyz of user are wrong").to_string();
        for secret in ["hunter2", "abcdef", "xyz", "user"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("https://node.example"), "{shown}");
    }
}
