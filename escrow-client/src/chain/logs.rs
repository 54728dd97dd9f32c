//! What contracts said, also from nodes that say only a part of it at a time.

use alloy::{
    eips::BlockNumberOrTag,
    providers::Provider,
    rpc::types::{Filter, FilterBlockOption, Log},
};

use super::{Chain, node::Problem};
use crate::failure::Failure;

/// Parts of what nodes say when they are asked for too much.
const TOO_MUCH: [&str; 9] =
    ["range", "results", "limit", "too many", "too large", "exceed", "response size", "timeout", "timed out"];
/// Parts of what they say when they are asked too often.
const TOO_OFTEN: [&str; 4] = ["rate limit", "rate exceeded", "too many requests", "request limit"];

impl Chain {
    /// What contracts said, oldest first.
    pub async fn logs(&self, action: &str, filter: &Filter) -> Result<Vec<Log>, Failure> {
        let mut logs = match self.some_logs(filter).await {
            Ok(logs) => self.checked(action, filter, logs)?,
            Err(problem) if is_too_much(&problem) => match self.range(action, filter).await? {
                Some((from, to)) if from < to => self.logs_in_parts(action, filter, from, to).await?,
                _ => return Err(self.node.problem(action, problem)),
            },
            Err(problem) => return Err(self.node.problem(action, problem)),
        };
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        Ok(logs)
    }

    /// Asks for fewer blocks at a time, as few as the node wants, and for more again where it answers.
    async fn logs_in_parts(&self, action: &str, filter: &Filter, from: u64, to: u64) -> Result<Vec<Log>, Failure> {
        let (mut logs, mut next, mut width) = (vec![], from, (to - from) / 2 + 1);
        let mut answers = 0;
        while next <= to {
            let end = to.min(next.saturating_add(width - 1));
            let part = filter.clone().from_block(next).to_block(end);
            match self.some_logs(&part).await {
                Ok(some) => {
                    logs.extend(self.checked(action, &part, some)?);
                    answers += 1;
                    if answers % 2 == 0 {
                        width = width.saturating_mul(2);
                    }
                    if end == to {
                        break;
                    }
                    next = end + 1;
                }
                Err(problem) if end > next && is_too_much(&problem) => {
                    (width, answers) = ((end - next).div_ceil(2), 0);
                }
                Err(problem) => return Err(self.node.problem(action, problem)),
            }
        }
        Ok(logs)
    }

    async fn some_logs(&self, filter: &Filter) -> Result<Vec<Log>, Problem> {
        self.node.ask_unless(|| self.provider.get_logs(filter), is_too_much).await
    }

    /// The blocks that a filter is about, if it can be split.
    async fn range(&self, action: &str, filter: &Filter) -> Result<Option<(u64, u64)>, Failure> {
        let FilterBlockOption::Range { from_block, to_block } = filter.block_option else { return Ok(None) };
        let from = match from_block {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => 0,
            _ => return Ok(None),
        };
        let to = match to_block {
            Some(BlockNumberOrTag::Number(number)) => number,
            None | Some(BlockNumberOrTag::Latest) => {
                self.node.read(action, || async { self.provider.get_block_number().await }).await?
            }
            _ => return Ok(None),
        };
        Ok(Some((from, to)))
    }

    /// Refuses logs that nobody asked for: rounds are rebuilt from them.
    fn checked(&self, action: &str, filter: &Filter, mut logs: Vec<Log>) -> Result<Vec<Log>, Failure> {
        logs.retain(|log| !log.removed);
        match logs.iter().all(|log| log.log_index.is_some() && filter.rpc_matches(log)) {
            true => Ok(logs),
            false => Err(self.answered(action, "it gave a log that it was not asked for")),
        }
    }
}

fn is_too_much(problem: &Problem) -> bool {
    let Some(message) = problem.message() else { return false };
    let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    has(&TOO_MUCH) && !has(&TOO_OFTEN)
}
