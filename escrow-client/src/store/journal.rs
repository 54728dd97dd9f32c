//! Transactions that this party sent, or was about to send.

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256};
use sqlx::{Row, Sqlite, SqliteExecutor, Transaction, sqlite::SqliteRow};

use super::Store;
use crate::failure::Failure;

/// An account on a chain. Local chains share an id, but not their first block: what was sent to one of them is none of the
/// next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The account.
    pub account: Address,
    /// The chain's id.
    pub chain_id: u64,
    /// The hash of its first block.
    pub genesis: B256,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its place among those of the account.
    pub nonce: u64,
    /// Its hash.
    pub hash: B256,
    /// What is sent.
    pub raw: Vec<u8>,
    /// Whether its step was taken already, as far as is known.
    pub mined: bool,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was executed.
    Mined,
    /// It was executed and undone: its step may be tried again.
    Reverted,
    /// Another transaction has its nonce: it can never be executed.
    Lost,
}

impl Fate {
    fn word(self) -> &'static str {
        match self {
            Self::Mined => "mined",
            Self::Reverted => "reverted",
            Self::Lost => "lost",
        }
    }
}

impl Store {
    /// The transactions that were signed for a step, oldest first, unless none of them counts any more.
    pub async fn attempts(&self, payer: &Payer, name: &str) -> Result<Vec<Attempt>, Failure> {
        self.attempts_by(self.pool(), payer, name).await
    }

    /// The same, perhaps within what has to happen as a whole.
    pub async fn attempts_by(
        &self,
        executor: impl SqliteExecutor<'_>,
        payer: &Payer,
        name: &str,
    ) -> Result<Vec<Attempt>, Failure> {
        let sql = "SELECT * FROM transactions WHERE name = ? AND account = ? AND chain_id = ? AND genesis = ?
            AND state IN ('sent', 'mined') ORDER BY id";
        let query = sqlx::query(sql).bind(name).bind(payer.account.to_vec()).bind(payer.chain_id as i64);
        let rows = self.of(query.bind(payer.genesis.to_vec()).fetch_all(executor).await)?;
        rows.iter().map(|row| self.attempt_of(row)).collect()
    }

    /// Which nonces, from one on, are taken.
    pub async fn taken_nonces(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payer: &Payer,
        from: u64,
    ) -> Result<BTreeSet<u64>, Failure> {
        let sql = "SELECT nonce FROM transactions WHERE account = ? AND chain_id = ? AND genesis = ? AND nonce >= ?
            AND state IN ('sent', 'mined')";
        let query = sqlx::query_scalar(sql).bind(payer.account.to_vec()).bind(payer.chain_id as i64);
        let query = query.bind(payer.genesis.to_vec()).bind(from as i64);
        let nonces: Vec<i64> = self.of(query.fetch_all(&mut **transaction).await)?;
        Ok(nonces.into_iter().map(|nonce| nonce as u64).collect())
    }

    /// Transactions with nonces from one up to another, that is what the latter waits for.
    pub async fn attempts_between(&self, payer: &Payer, from: u64, to: u64) -> Result<Vec<Attempt>, Failure> {
        let sql = "SELECT * FROM transactions WHERE account = ? AND chain_id = ? AND genesis = ?
            AND nonce >= ? AND nonce < ? AND state IN ('sent', 'mined') ORDER BY nonce, id";
        let query = sqlx::query(sql).bind(payer.account.to_vec()).bind(payer.chain_id as i64);
        let query = query.bind(payer.genesis.to_vec()).bind(from as i64).bind(to as i64);
        let rows = self.of(query.fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.attempt_of(row)).collect()
    }

    /// Keeps a transaction that is about to be sent.
    pub async fn put_attempt(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        payer: &Payer,
        name: Option<&str>,
        attempt: &Attempt,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO transactions (name, account, chain_id, genesis, nonce, raw, hash, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, 'sent') ON CONFLICT (hash) DO UPDATE SET name = excluded.name, state = 'sent'";
        let query = sqlx::query(sql).bind(name).bind(payer.account.to_vec()).bind(payer.chain_id as i64);
        let query = query.bind(payer.genesis.to_vec()).bind(attempt.nonce as i64).bind(&attempt.raw);
        self.of(query.bind(attempt.hash.to_vec()).execute(&mut **transaction).await)?;
        Ok(())
    }

    /// Forgets a transaction that a node refused to take.
    pub async fn forget_attempt(&self, hash: B256) -> Result<(), Failure> {
        let query = sqlx::query("DELETE FROM transactions WHERE hash = ?").bind(hash.to_vec());
        self.of(query.execute(self.pool()).await)?;
        Ok(())
    }

    /// Remembers what became of the transactions of a step.
    pub async fn put_fate(&self, attempts: &[Attempt], fate: Fate) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for attempt in attempts {
            let query = sqlx::query("UPDATE transactions SET state = ? WHERE hash = ?").bind(fate.word());
            self.of(query.bind(attempt.hash.to_vec()).execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    fn attempt_of(&self, row: &SqliteRow) -> Result<Attempt, Failure> {
        let hash: Vec<u8> = self.of(row.try_get("hash"))?;
        Ok(Attempt {
            nonce: self.of(row.try_get::<i64, _>("nonce"))? as u64,
            hash: B256::try_from(&hash[..]).map_err(|_| self.damaged("hash"))?,
            raw: self.of(row.try_get("raw"))?,
            mined: self.of(row.try_get::<String, _>("state"))? == Fate::Mined.word(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_keep_their_transactions_until_they_failed() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(&folder.path().join("store.db")).await.expect("a store");
        let payer = Payer { account: Address::repeat_byte(1), chain_id: 5, genesis: B256::repeat_byte(2) };
        let attempt = |nonce, byte| Attempt { nonce, hash: B256::repeat_byte(byte), raw: vec![byte], mined: false };
        let all = [attempt(7, 1), attempt(7, 2), attempt(9, 3)];
        for (attempt, name) in all.iter().zip([Some("step"), Some("step"), None]) {
            let mut transaction = store.begin().await.expect("begun");
            store.put_attempt(&mut transaction, &payer, name, attempt).await.expect("kept");
            transaction.commit().await.expect("kept");
        }
        assert_eq!(store.attempts(&payer, "step").await.expect("read"), all[..2]);
        assert_eq!(store.attempts_between(&payer, 7, 9).await.expect("read"), all[..2]);
        let other = Payer { genesis: B256::ZERO, ..payer };
        assert_eq!(store.attempts(&other, "step").await.expect("read"), []);

        for (fate, left) in [(Fate::Mined, 2), (Fate::Reverted, 0)] {
            store.put_fate(&all[..2], fate).await.expect("kept");
            let some = store.attempts(&payer, "step").await.expect("read");
            assert_eq!(some.iter().filter(|attempt| attempt.mined).count(), left);
        }
        let mut transaction = store.begin().await.expect("begun");
        assert_eq!(store.taken_nonces(&mut transaction, &payer, 0).await.expect("read"), BTreeSet::from([9]));
        drop(transaction);
        store.forget_attempt(all[2].hash).await.expect("forgotten");
        assert_eq!(store.attempts_between(&payer, 0, 99).await.expect("read"), []);
    }
}
