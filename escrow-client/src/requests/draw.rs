//! Whether a sample can be drawn: its block has to be past, and not for too long.

use alloy::{primitives::U256, sol};

use super::{Case, Desk};
use crate::{bindings::RetrievalEscrow as escrow, failure::Failure};

sol! {
    /// What is needed of `IRandomness`.
    interface Randomness {
        function available(uint256 blockNumber) external view returns (bool);
    }
}

/// The chance to draw a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chance {
    /// Its block is still to come.
    #[default]
    Ahead,
    /// It can be drawn.
    Here {
        /// For how many blocks it could have been.
        blocks: u64,
    },
    /// The hash of its block is out of reach.
    Missed,
}

impl Desk {
    /// Whether the sample of a case can be drawn now.
    pub async fn chance(&self, case: &Case) -> Result<Chance, Failure> {
        // The latest block, and so the one that a transaction gets into, is after the one that draws.
        let Some(blocks) = self.chain.height().await?.checked_sub(case.draw_block).filter(|&blocks| blocks > 0) else {
            return Ok(Chance::Ahead);
        };
        let ask = "look for the block that draws a sample";
        let randomness = self.chain.ask(ask, self.escrow, &escrow::randomnessCall {}).await?;
        let call = Randomness::availableCall { blockNumber: U256::from(case.draw_block) };
        let available = self.chain.ask(ask, randomness, &call).await?;
        Ok(if available { Chance::Here { blocks } } else { Chance::Missed })
    }
}
