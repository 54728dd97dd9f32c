//! What travels between the sides of an exam off chain, as files: ciphertexts one way, answers the other. Whoever receives them
//! compares them with what the chain has, so it does not matter who carried them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy::primitives::{B256, U256};
use zkescrow_circuits::files;

use super::answers::{self, Answer};
use crate::{failure::Failure, paths};

/// Most bytes of a ciphertext.
const LIMIT: u64 = 1 << 33;

/// Bytes of a word.
const WORD: usize = 32;

/// Writes a ciphertext: its words, 32 bytes each.
pub fn write_ciphertext(path: &Path, words: &[U256]) -> Result<(), Failure> {
    let bytes: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<WORD>).collect();
    Ok(files::write_whole(path, &bytes, false)?)
}

/// Reads a ciphertext.
pub fn read_ciphertext(path: &Path) -> Result<Vec<U256>, Failure> {
    let bytes = paths::read(path, LIMIT)?;
    if !bytes.len().is_multiple_of(WORD) {
        return Err(Failure::Request(format!("{} is no ciphertext: it is not of whole words", path.display())));
    }
    Ok(bytes.chunks(WORD).map(U256::from_be_slice).collect())
}

/// A folder that both sides see.
#[derive(Clone, Debug)]
pub struct Exchange {
    folder: PathBuf,
}

impl Exchange {
    /// Makes the folder if there is none.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        paths::require_folder(folder)?;
        fs::create_dir_all(folder)
            .map_err(|e| Failure::Request(format!("cannot make folder {}: {e}", folder.display())))?;
        Ok(Self { folder: folder.into() })
    }

    /// Leaves a ciphertext for the provider.
    pub fn give_ciphertext(&self, root: B256, words: &[U256]) -> Result<(), Failure> {
        let path = self.ciphertext(root);
        if path.exists() { Ok(()) } else { write_ciphertext(&path, words) }
    }

    /// The ciphertext with a root, if it is there.
    pub fn take_ciphertext(&self, root: B256) -> Result<Option<Vec<U256>>, Failure> {
        let path = self.ciphertext(root);
        path.exists().then(|| read_ciphertext(&path)).transpose()
    }

    /// Leaves answers for the consumer.
    pub fn give_answers(&self, case: U256, all: &[Answer]) -> Result<(), Failure> {
        let path = self.answers(case);
        if path.exists() { Ok(()) } else { answers::write(&path, all) }
    }

    /// The answers of an exam, if they are there.
    pub fn take_answers(&self, case: U256) -> Result<Option<Vec<Answer>>, Failure> {
        let path = self.answers(case);
        path.exists().then(|| answers::read(&path)).transpose()
    }

    fn ciphertext(&self, root: B256) -> PathBuf {
        self.folder.join(format!("{root}.ciphertext"))
    }

    fn answers(&self, case: U256) -> PathBuf {
        self.folder.join(format!("{case:#066x}.answers.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_can_be_taken() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let exchange = Exchange::new(&folder.path().join("new")).expect("a folder");
        let (root, case) = (B256::repeat_byte(1), U256::from(2));
        assert!(exchange.take_ciphertext(root).expect("none").is_none());
        assert!(exchange.take_answers(case).expect("none").is_none());
        let (words, all) = ([U256::MAX, U256::ZERO], [Answer { label: 3, correct: true }]);
        exchange.give_ciphertext(root, &words).expect("given");
        exchange.give_answers(case, &all).expect("given");
        assert_eq!(exchange.take_ciphertext(root).expect("read"), Some(words.to_vec()));
        assert_eq!(exchange.take_answers(case).expect("read"), Some(all.to_vec()));
        let path = folder.path().join("torn");
        fs::write(&path, [0; 33]).expect("written");
        assert!(read_ciphertext(&path).is_err());
    }
}
