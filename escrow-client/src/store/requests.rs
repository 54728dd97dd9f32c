//! Documents, what a model says about them, and those that were received.

use alloy::primitives::U256;
use halo2curves::bn256::Fr;
use sqlx::{Row, sqlite::SqliteRow};
use zkescrow_circuits::commitment::scalar_word;

use super::{
    Store,
    items::{Input, key},
};
use crate::failure::Failure;

/// What a model says about a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The label.
    pub label: u64,
    /// The salt of the output's commitment, if it has to be proven.
    pub salt: Fr,
}

/// A document that was asked for and is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positive {
    /// Which document of the dataset.
    pub document: u64,
    /// Its label.
    pub label: u64,
    /// Stored values.
    pub stored: Vec<u8>,
}

impl Store {
    /// Keeps all documents of a dataset, unless they are known.
    pub async fn put_documents(&self, dataset: U256, documents: &[Input]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (place, document) in documents.iter().enumerate() {
            let sql = "INSERT INTO documents (dataset_id, place, commitment, salt, stored) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(key(dataset)).bind(place as i64);
            let query = query.bind(scalar_word(&document.commitment).to_vec());
            let query = query.bind(scalar_word(&document.salt).to_vec()).bind(&document.stored);
            self.of(query.execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// The commitments of a dataset's documents, in order.
    pub async fn document_commitments(&self, dataset: U256) -> Result<Vec<Fr>, Failure> {
        let query = sqlx::query("SELECT commitment FROM documents WHERE dataset_id = ? ORDER BY place");
        let rows = self.of(query.bind(key(dataset)).fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.scalar(row, "commitment")).collect()
    }

    /// A document, if it is here.
    pub async fn document(&self, dataset: U256, place: u64) -> Result<Option<Input>, Failure> {
        let query = sqlx::query("SELECT * FROM documents WHERE dataset_id = ? AND place = ?");
        let query = query.bind(key(dataset)).bind(place as i64);
        let Some(row) = self.of(query.fetch_optional(self.pool()).await)? else { return Ok(None) };
        Ok(Some(Input {
            stored: self.of(row.try_get("stored"))?,
            salt: self.scalar(&row, "salt")?,
            commitment: self.scalar(&row, "commitment")?,
        }))
    }

    /// Keeps what a model says about all documents, in order; what was said first stays.
    pub async fn put_findings(&self, case: U256, findings: &[Finding]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (place, finding) in findings.iter().enumerate() {
            let sql = "INSERT INTO findings (case_id, place, label, salt) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(key(case)).bind(place as i64).bind(finding.label as i64);
            self.of(query.bind(scalar_word(&finding.salt).to_vec()).execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// What a model says about all documents, in order.
    pub async fn findings(&self, case: U256) -> Result<Vec<Finding>, Failure> {
        let query = sqlx::query("SELECT label, salt FROM findings WHERE case_id = ? ORDER BY place").bind(key(case));
        let rows = self.of(query.fetch_all(self.pool()).await)?;
        rows.iter().map(|row| self.finding_of(row)).collect()
    }

    /// What a model says about a document, if it was asked.
    pub async fn finding(&self, case: U256, place: u64) -> Result<Option<Finding>, Failure> {
        let query = sqlx::query("SELECT label, salt FROM findings WHERE case_id = ? AND place = ?");
        let query = query.bind(key(case)).bind(place as i64);
        let row = self.of(query.fetch_optional(self.pool()).await)?;
        row.map(|row| self.finding_of(&row)).transpose()
    }

    fn finding_of(&self, row: &SqliteRow) -> Result<Finding, Failure> {
        Ok(Finding { label: self.of(row.try_get::<i64, _>("label"))? as u64, salt: self.scalar(row, "salt")? })
    }

    /// Keeps positives that were checked, with their numbers.
    pub async fn put_positives(&self, case: U256, positives: &[(u64, Positive)]) -> Result<(), Failure> {
        let mut transaction = self.begin().await?;
        for (ordinal, Positive { document, label, stored }) in positives {
            let sql = "INSERT INTO positives (case_id, ordinal, document, label, stored) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING";
            let query = sqlx::query(sql).bind(key(case)).bind(*ordinal as i64).bind(*document as i64);
            self.of(query.bind(*label as i64).bind(stored).execute(&mut *transaction).await)?;
        }
        self.of(transaction.commit().await)
    }

    /// The numbers of the positives that are here, in order.
    pub async fn known_positives(&self, case: U256) -> Result<Vec<u64>, Failure> {
        let query = sqlx::query_scalar("SELECT ordinal FROM positives WHERE case_id = ? ORDER BY ordinal");
        let numbers: Vec<i64> = self.of(query.bind(key(case)).fetch_all(self.pool()).await)?;
        Ok(numbers.into_iter().map(|number| number as u64).collect())
    }

    /// A positive, if it is here.
    pub async fn positive(&self, case: U256, ordinal: u64) -> Result<Option<Positive>, Failure> {
        let query = sqlx::query("SELECT * FROM positives WHERE case_id = ? AND ordinal = ?");
        let query = query.bind(key(case)).bind(ordinal as i64);
        let Some(row) = self.of(query.fetch_optional(self.pool()).await)? else { return Ok(None) };
        Ok(Some(Positive {
            document: self.of(row.try_get::<i64, _>("document"))? as u64,
            label: self.of(row.try_get::<i64, _>("label"))? as u64,
            stored: self.of(row.try_get("stored"))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_comes_back_and_stays() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(&folder.path().join("store.db")).await.expect("a store");
        let id = U256::MAX;
        let document = |i: u64| Input { stored: vec![i as u8; 3], salt: Fr::from(i), commitment: Fr::from(100 + i) };
        store.put_documents(id, &[document(0), document(1)]).await.expect("kept");
        store.put_documents(id, &[document(7)]).await.expect("kept");
        assert_eq!(store.document_commitments(id).await.expect("read"), [Fr::from(100), Fr::from(101)]);
        assert_eq!(store.document(id, 1).await.expect("read"), Some(document(1)));
        assert_eq!(store.document(id, 2).await.expect("read"), None);

        let finding = |label| Finding { label, salt: Fr::from(label) };
        store.put_findings(id, &[finding(3), finding(4)]).await.expect("kept");
        store.put_findings(id, &[finding(5), finding(6)]).await.expect("kept");
        assert_eq!(store.findings(id).await.expect("read"), [finding(3), finding(4)]);
        assert_eq!(store.finding(id, 1).await.expect("read"), Some(finding(4)));
        assert_eq!(store.finding(id, 2).await.expect("read"), None);
        assert_eq!(store.findings(U256::ZERO).await.expect("read"), []);

        let positive = Positive { document: 9, label: 3, stored: vec![1, 2] };
        store.put_positives(id, &[(2, positive.clone()), (0, positive.clone())]).await.expect("kept");
        assert_eq!(store.known_positives(id).await.expect("read"), [0, 2]);
        assert_eq!(store.positive(id, 2).await.expect("read"), Some(positive));
        assert_eq!(store.positive(id, 1).await.expect("read"), None);
    }
}
