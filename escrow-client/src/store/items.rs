//! Inputs, predictions and keys of cases.

use alloy::primitives::{B256, U256};
use halo2curves::bn256::Fr;
use sqlx::{
    Row, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use zkescrow_circuits::commitment::{scalar, scalar_word};

use super::Store;
use crate::failure::Failure;

type SqliteQuery<'q> = Query<'q, Sqlite, SqliteArguments>;

/// An input with what hides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Stored values.
    pub stored: Vec<u8>,
    /// The salt of its commitment.
    pub salt: Fr,
    /// The commitment.
    pub commitment: Fr,
}

/// What a model says about an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The label.
    pub label: u64,
    /// All logits.
    pub logits: Vec<u8>,
    /// The salt of the output's commitment.
    pub salt: Fr,
    /// The commitment.
    pub commitment: Fr,
}

impl Store {
    /// Keeps the commitments of a case's inputs, in order, unless they are known.
    pub async fn put_commitments(&self, case: U256, commitments: &[Fr]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (place, commitment) in commitments.iter().enumerate() {
            let sql = "INSERT INTO inputs (case_id, place, commitment) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(key(case)).bind(place as i64).bind(scalar_word(commitment).to_vec());
            self.of(query.execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// The commitments of a case's inputs, in order.
    pub async fn commitments(&self, case: U256) -> Result<Vec<Fr>, Failure> {
        let query = sqlx::query("SELECT commitment FROM inputs WHERE case_id = ? ORDER BY place").bind(key(case));
        let rows = self.of(query.fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.scalar(row, "commitment")).collect()
    }

    /// Keeps all inputs of a case.
    pub async fn put_inputs(&self, case: U256, inputs: &[Input]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (input, place) in inputs.iter().zip(0..) {
            self.of(Self::input_query(case, place, input).execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// Keeps an input.
    pub async fn put_input(&self, case: U256, place: u64, input: &Input) -> Result<(), Failure> {
        self.of(Self::input_query(case, place, input).execute(self.pool()).await)?;
        Ok(())
    }

    fn input_query(case: U256, place: u64, input: &Input) -> SqliteQuery<'_> {
        let sql = "INSERT INTO inputs (case_id, place, commitment, salt, stored) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET salt = excluded.salt, stored = excluded.stored WHERE commitment = excluded.commitment";
        let query = sqlx::query(sql).bind(key(case)).bind(place as i64).bind(scalar_word(&input.commitment).to_vec());
        query.bind(scalar_word(&input.salt).to_vec()).bind(&input.stored)
    }

    /// An input, if it is here.
    pub async fn input(&self, case: U256, place: u64) -> Result<Option<Input>, Failure> {
        let sql = "SELECT * FROM inputs WHERE case_id = ? AND place = ? AND stored IS NOT NULL";
        let query = sqlx::query(sql).bind(key(case)).bind(place as i64);
        let Some(row) = self.of(query.fetch_optional(self.pool()).await)? else { return Ok(None) };
        Ok(Some(Input {
            stored: self.of(row.try_get("stored"))?,
            salt: self.scalar(&row, "salt")?,
            commitment: self.scalar(&row, "commitment")?,
        }))
    }

    /// Which inputs are known by their commitments only.
    pub async fn missing_inputs(&self, case: U256) -> Result<Vec<u64>, Failure> {
        let sql = "SELECT place FROM inputs WHERE case_id = ? AND stored IS NULL ORDER BY place";
        self.places(sql, case).await
    }

    /// Which inputs have no prediction.
    pub async fn unpredicted(&self, case: U256) -> Result<Vec<u64>, Failure> {
        let sql = "SELECT place FROM inputs WHERE case_id = ?1
            AND place NOT IN (SELECT place FROM predictions WHERE case_id = ?1) ORDER BY place";
        self.places(sql, case).await
    }

    async fn places(&self, sql: &'static str, case: U256) -> Result<Vec<u64>, Failure> {
        let places: Vec<i64> = self.of(sqlx::query_scalar(sql).bind(key(case)).fetch_all(self.pool()).await)?;
        Ok(places.into_iter().map(|place| place as u64).collect())
    }

    /// Keeps a prediction; the first one stays.
    pub async fn put_prediction(&self, case: U256, place: u64, prediction: &Prediction) -> Result<(), Failure> {
        let sql = "INSERT INTO predictions (case_id, place, commitment, salt, label, logits) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING";
        let Prediction { label, logits, salt, commitment } = prediction;
        let query = sqlx::query(sql).bind(key(case)).bind(place as i64).bind(scalar_word(commitment).to_vec());
        let query = query.bind(scalar_word(salt).to_vec()).bind(*label as i64).bind(logits);
        self.of(query.execute(self.pool()).await)?;
        Ok(())
    }

    /// The predictions of a case, with their places, in order.
    pub async fn predictions(&self, case: U256) -> Result<Vec<(u64, Prediction)>, Failure> {
        let query = sqlx::query("SELECT * FROM predictions WHERE case_id = ? ORDER BY place").bind(key(case));
        let rows = self.of(query.fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.prediction_of(row)).collect()
    }

    /// A prediction, if it is here.
    pub async fn prediction(&self, case: U256, place: u64) -> Result<Option<Prediction>, Failure> {
        let query = sqlx::query("SELECT * FROM predictions WHERE case_id = ? AND place = ?");
        let query = query.bind(key(case)).bind(place as i64);
        let row = self.of(query.fetch_optional(self.pool()).await)?;
        Ok(row.map(|row| self.prediction_of(&row)).transpose()?.map(|(_, prediction)| prediction))
    }

    fn prediction_of(&self, row: &SqliteRow) -> Result<(u64, Prediction), Failure> {
        let prediction = Prediction {
            label: self.of(row.try_get::<i64, _>("label"))? as u64,
            logits: self.of(row.try_get("logits"))?,
            salt: self.scalar(row, "salt")?,
            commitment: self.scalar(row, "commitment")?,
        };
        Ok((self.of(row.try_get::<i64, _>("place"))? as u64, prediction))
    }

    /// Remembers that the model has no answer for an input of a case.
    pub async fn refuse(&self, case: U256) -> Result<(), Failure> {
        let query = sqlx::query("INSERT INTO refused (case_id) VALUES (?) ON CONFLICT DO NOTHING").bind(key(case));
        self.of(query.execute(self.pool()).await)?;
        Ok(())
    }

    /// Whether the model has no answer for an input of a case.
    pub async fn is_refused(&self, case: U256) -> Result<bool, Failure> {
        let query = sqlx::query("SELECT 1 FROM refused WHERE case_id = ?").bind(key(case));
        Ok(self.of(query.fetch_optional(self.pool()).await)?.is_some())
    }

    /// Keeps the key of a delivery that is about to be announced.
    pub async fn put_delivery(&self, case: U256, root: B256, secret: Fr) -> Result<(), Failure> {
        let sql = "INSERT INTO deliveries (case_id, root, secret) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(key(case)).bind(root.to_vec()).bind(scalar_word(&secret).to_vec());
        self.of(query.execute(self.pool()).await)?;
        Ok(())
    }

    /// The keys of all deliveries that this party announced, or was about to, with their roots.
    pub async fn deliveries(&self, case: U256) -> Result<Vec<(B256, Fr)>, Failure> {
        let query = sqlx::query("SELECT * FROM deliveries WHERE case_id = ?").bind(key(case));
        let rows = self.of(query.fetch_all(self.pool()).await)?;
        let pair = |row: &SqliteRow| {
            let root: Vec<u8> = self.of(row.try_get("root"))?;
            Ok((B256::try_from(&root[..]).map_err(|_| self.damaged("root"))?, self.scalar(row, "secret")?))
        };
        rows.iter().map(pair).collect()
    }

    /// Keeps a ciphertext that was received.
    pub async fn put_ciphertext(&self, case: U256, root: B256, words: &[U256]) -> Result<(), Failure> {
        let bytes: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
        let sql = "INSERT INTO ciphertexts (case_id, root, words) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(key(case)).bind(root.to_vec()).bind(bytes);
        self.of(query.execute(self.pool()).await)?;
        Ok(())
    }

    /// The words of a received ciphertext.
    pub async fn ciphertext(&self, case: U256, root: B256) -> Result<Option<Vec<U256>>, Failure> {
        let query = sqlx::query_scalar("SELECT words FROM ciphertexts WHERE case_id = ? AND root = ?");
        let query = query.bind(key(case)).bind(root.to_vec());
        let bytes: Option<Vec<u8>> = self.of(query.fetch_optional(self.pool()).await)?;
        Ok(bytes.map(|bytes| bytes.chunks(32).map(U256::from_be_slice).collect()))
    }

    /// Keeps which predictions of a round were drawn to be contested; the first draw stays.
    pub async fn put_sample(&self, case: U256, drawn: &[u64]) -> Result<(), Failure> {
        let drawn = serde_json::to_string(drawn).unwrap_or_default();
        let sql = "INSERT INTO samples (case_id, drawn) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.of(sqlx::query(sql).bind(key(case)).bind(drawn).execute(self.pool()).await)?;
        Ok(())
    }

    /// Which predictions of a round were drawn to be contested.
    pub async fn sample(&self, case: U256) -> Result<Option<Vec<u64>>, Failure> {
        let query = sqlx::query_scalar("SELECT drawn FROM samples WHERE case_id = ?").bind(key(case));
        let drawn: Option<String> = self.of(query.fetch_optional(self.pool()).await)?;
        drawn.map(|text| serde_json::from_str(&text).map_err(|_| self.damaged("sample"))).transpose()
    }

    /// Remembers where the other side of a case can be reached.
    pub async fn put_peer(&self, case: U256, url: &str) -> Result<(), Failure> {
        let sql = "INSERT INTO peers (case_id, url) VALUES (?, ?) ON CONFLICT DO UPDATE SET url = excluded.url";
        self.of(sqlx::query(sql).bind(key(case)).bind(url).execute(self.pool()).await)?;
        Ok(())
    }

    /// Where the other side of a case can be reached.
    pub async fn peer(&self, case: U256) -> Result<Option<String>, Failure> {
        let query = sqlx::query_scalar("SELECT url FROM peers WHERE case_id = ?").bind(key(case));
        self.of(query.fetch_optional(self.pool()).await)
    }

    pub(super) fn scalar(&self, row: &SqliteRow, column: &'static str) -> Result<Fr, Failure> {
        let bytes: Vec<u8> = self.of(row.try_get(column))?;
        let word: [u8; 32] = bytes.try_into().map_err(|_| self.damaged(column))?;
        scalar(&word).ok_or_else(|| self.damaged(column))
    }

    pub(super) fn damaged(&self, column: &str) -> Failure {
        Failure::Request(format!("store {} is damaged: a {column} in it is none", self.path.display()))
    }
}

pub(super) fn key(case: U256) -> Vec<u8> {
    case.to_be_bytes::<32>().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(&folder.path().join("store.db")).await.expect("a store");
        (folder, store)
    }

    #[tokio::test]
    async fn inputs_fill_the_places_of_their_commitments() {
        let (_folder, store) = store().await;
        let case = U256::MAX;
        let [a, b, other] = [1u64, 2, 3].map(Fr::from);
        store.put_commitments(case, &[a, b]).await.expect("kept");
        let input = Input { stored: vec![1, 2, 3], salt: Fr::from(9), commitment: b };
        store.put_input(case, 1, &input).await.expect("kept");
        assert_eq!(store.missing_inputs(case).await.expect("places"), [0]);
        assert_eq!(store.input(case, 0).await.expect("read"), None);
        assert_eq!(store.input(case, 1).await.expect("read"), Some(input));
        // Not what was committed to: not taken.
        let foreign = Input { stored: vec![4], salt: Fr::from(8), commitment: other };
        store.put_input(case, 0, &foreign).await.expect("no error");
        assert_eq!(store.missing_inputs(case).await.expect("places"), [0]);
        assert_eq!(store.commitments(case).await.expect("read"), [a, b]);
        assert_eq!(store.commitments(U256::ZERO).await.expect("read"), []);
    }

    #[tokio::test]
    async fn the_first_prediction_stays() {
        let (_folder, store) = store().await;
        let case = U256::from(5);
        store.put_commitments(case, &[Fr::from(1), Fr::from(2)]).await.expect("kept");
        let make =
            |label| Prediction { label, logits: vec![label as u8], salt: Fr::from(label), commitment: Fr::from(7) };
        for label in [3, 4] {
            store.put_prediction(case, 1, &make(label)).await.expect("kept");
        }
        assert_eq!(store.predictions(case).await.expect("read"), [(1, make(3))]);
        assert_eq!(store.prediction(case, 1).await.expect("read"), Some(make(3)));
        assert_eq!(store.unpredicted(case).await.expect("places"), [0]);
    }

    #[tokio::test]
    async fn keys_and_peers_come_back() {
        let (_folder, store) = store().await;
        let case = U256::from(5);
        let root = B256::repeat_byte(7);
        store.put_delivery(case, root, Fr::from(11)).await.expect("kept");
        store.put_delivery(case, root, Fr::from(12)).await.expect("kept");
        assert_eq!(store.deliveries(case).await.expect("read"), [(root, Fr::from(11))]);
        assert_eq!(store.peer(case).await.expect("read"), None);
        for url in ["http://a", "http://b"] {
            store.put_peer(case, url).await.expect("kept");
        }
        assert_eq!(store.peer(case).await.expect("read").as_deref(), Some("http://b"));
    }
}
