//! Test sets, and answers to them.

use alloy::primitives::{B256, U256};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};
use zkescrow_circuits::commitment::scalar_word;

use super::{Store, items::key};
use crate::{failure::Failure, protocol::sealed::Label};

/// What is public of an example: its two commitments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExampleLeaf {
    /// Commitment to the input.
    pub input: Fr,
    /// Commitment to its true label.
    pub label: B256,
}

/// What opens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Stored values of the input.
    pub stored: Vec<u8>,
    /// The salt of its commitment.
    pub salt: Fr,
    /// The true label.
    pub label: Label,
}

/// An example of a test set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its commitments.
    pub leaf: ExampleLeaf,
    /// What opens them: the consumer has it from the beginning, the provider when it was handed over.
    pub opened: Option<Opened>,
}

/// What the provider says about one example of an exam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What the model says.
    pub label: u64,
    /// Whether that is the example's label.
    pub correct: bool,
}

impl Store {
    /// Keeps the examples of a test set, in order. What opens an example that is known is kept with it.
    pub async fn put_examples(&self, test_set: B256, examples: &[Example]) -> Result<(), Failure> {
        // All or nothing: some of the leaves do not make the root.
        let mut transaction = self.begin().await?;
        for (example, place) in examples.iter().zip(0i64..) {
            let ExampleLeaf { input, label } = example.leaf;
            let sql = "INSERT INTO examples (test_set, place, input, label) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(test_set.to_vec()).bind(place).bind(scalar_word(&input).to_vec());
            self.of(query.bind(label.to_vec()).execute(&mut *transaction).await)?;
            if let Some(opened) = &example.opened {
                let query = Self::open_query(test_set, place, opened);
                self.of(query.execute(&mut *transaction).await)?;
            }
        }
        self.of(transaction.commit().await)
    }

    /// Keeps what opens an example of a known test set.
    pub async fn open_example(&self, test_set: B256, place: u64, opened: &Opened) -> Result<(), Failure> {
        self.of(Self::open_query(test_set, place as i64, opened).execute(self.pool()).await)?;
        Ok(())
    }

    fn open_query(
        test_set: B256,
        place: i64,
        opened: &Opened,
    ) -> sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
        let sql = "UPDATE examples SET stored = ?, salt = ?, true_label = ?, label_salt = ?
            WHERE test_set = ? AND place = ? AND stored IS NULL";
        let words = [opened.salt, opened.label.label, opened.label.salt].map(|x| scalar_word(&x).to_vec());
        let query = words.into_iter().fold(sqlx::query(sql).bind(&opened.stored), |query, word| query.bind(word));
        query.bind(test_set.to_vec()).bind(place)
    }

    /// The commitments of a test set, in order.
    pub async fn example_leaves(&self, test_set: B256) -> Result<Vec<ExampleLeaf>, Failure> {
        let sql = "SELECT input, label FROM examples WHERE test_set = ? ORDER BY place";
        let rows = self.of(sqlx::query(sql).bind(test_set.to_vec()).fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.leaf(row)).collect()
    }

    /// An example, if its test set is known.
    pub async fn example(&self, test_set: B256, place: u64) -> Result<Option<Example>, Failure> {
        let query = sqlx::query("SELECT * FROM examples WHERE test_set = ? AND place = ?");
        let query = query.bind(test_set.to_vec()).bind(place as i64);
        let Some(row) = self.of(query.fetch_optional(self.pool()).await)? else { return Ok(None) };
        let stored: Option<Vec<u8>> = self.of(row.try_get("stored"))?;
        let opened = match stored {
            None => None,
            Some(stored) => Some(Opened {
                stored,
                salt: self.scalar(&row, "salt")?,
                label: Label { label: self.scalar(&row, "true_label")?, salt: self.scalar(&row, "label_salt")? },
            }),
        };
        Ok(Some(Example { leaf: self.leaf(&row)?, opened }))
    }

    fn leaf(&self, row: &SqliteRow) -> Result<ExampleLeaf, Failure> {
        let label: Vec<u8> = self.of(row.try_get("label"))?;
        let label = B256::try_from(&label[..]).map_err(|_| self.damaged("label"))?;
        Ok(ExampleLeaf { input: self.scalar(row, "input")?, label })
    }

    /// Remembers which exam a test set is for, and says which one it was for already: whoever has seen a part of it could
    /// choose the order.
    pub async fn use_test_set(&self, test_set: B256, case: U256) -> Result<U256, Failure> {
        let sql = "INSERT INTO used_sets (test_set, case_id) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.of(sqlx::query(sql).bind(test_set.to_vec()).bind(key(case)).execute(self.pool()).await)?;
        let query = sqlx::query_scalar("SELECT case_id FROM used_sets WHERE test_set = ?").bind(test_set.to_vec());
        let used: Vec<u8> = self.of(query.fetch_one(self.pool()).await)?;
        U256::try_from_be_slice(&used).ok_or_else(|| self.damaged("case"))
    }

    /// Forgets that a test set is for an exam, which does not exist.
    pub async fn release_test_set(&self, test_set: B256, case: U256) -> Result<(), Failure> {
        let query = sqlx::query("DELETE FROM used_sets WHERE test_set = ? AND case_id = ?").bind(test_set.to_vec());
        self.of(query.bind(key(case)).execute(self.pool()).await)?;
        Ok(())
    }

    /// Keeps the answers of an exam, in order; the first ones stay.
    pub async fn put_answers(&self, case: U256, answers: &[Answer]) -> Result<(), Failure> {
        let text = serde_json::to_string(answers).unwrap_or_default();
        let sql = "INSERT INTO answers (case_id, answers) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.of(sqlx::query(sql).bind(key(case)).bind(text).execute(self.pool()).await)?;
        Ok(())
    }

    /// The answers of an exam, in order.
    pub async fn answers(&self, case: U256) -> Result<Option<Vec<Answer>>, Failure> {
        let query = sqlx::query_scalar("SELECT answers FROM answers WHERE case_id = ?").bind(key(case));
        let text: Option<String> = self.of(query.fetch_optional(self.pool()).await)?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| self.damaged("list of answers"))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(&folder.path().join("store.db")).await.expect("a store");
        (folder, store)
    }

    fn example(number: u64, opened: bool) -> Example {
        let label = Label { label: Fr::from(number), salt: Fr::from(number + 1) };
        let leaf = ExampleLeaf { input: Fr::from(number + 2), label: label.commitment() };
        let opening = Opened { stored: vec![number as u8; 3], salt: Fr::from(number + 3), label };
        Example { leaf, opened: opened.then_some(opening) }
    }

    #[tokio::test]
    async fn examples_are_opened_once() {
        let (_folder, store) = store().await;
        let set = B256::repeat_byte(1);
        store.put_examples(set, &[example(10, false), example(20, true)]).await.expect("kept");
        assert_eq!(store.example_leaves(set).await.expect("read"), [example(10, false).leaf, example(20, true).leaf]);
        assert_eq!(store.example(set, 0).await.expect("read"), Some(example(10, false)));
        assert_eq!(store.example(set, 1).await.expect("read"), Some(example(20, true)));
        assert_eq!(store.example(set, 2).await.expect("read"), None);
        for number in [10, 30] {
            let opened = example(number, true).opened.expect("opened");
            store.open_example(set, 0, &opened).await.expect("kept");
            assert_eq!(store.example(set, 0).await.expect("read"), Some(example(10, true)));
        }
        // Leaves that come again open nothing and close nothing.
        store.put_examples(set, &[example(10, false)]).await.expect("kept");
        assert_eq!(store.example(set, 0).await.expect("read"), Some(example(10, true)));
        assert_eq!(store.example_leaves(B256::ZERO).await.expect("read"), []);
    }

    #[tokio::test]
    async fn a_test_set_is_for_one_exam() {
        let (_folder, store) = store().await;
        let set = B256::repeat_byte(1);
        for case in [7, 8, 7] {
            assert_eq!(store.use_test_set(set, U256::from(case)).await.expect("kept"), U256::from(7));
        }
        for case in [8, 7] {
            store.release_test_set(set, U256::from(case)).await.expect("released");
        }
        assert_eq!(store.use_test_set(set, U256::from(8)).await.expect("kept"), U256::from(8));
    }

    #[tokio::test]
    async fn the_first_answers_stay() {
        let (_folder, store) = store().await;
        let answers = [true, false].map(|correct| Answer { label: 3, correct });
        assert_eq!(store.answers(U256::ONE).await.expect("read"), None);
        store.put_answers(U256::ONE, &answers).await.expect("kept");
        store.put_answers(U256::ONE, &answers[..1]).await.expect("no error");
        assert_eq!(store.answers(U256::ONE).await.expect("read"), Some(answers.to_vec()));
    }
}
