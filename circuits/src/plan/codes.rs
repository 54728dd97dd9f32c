//! What the fixed columns say of each row.

use std::collections::{BTreeSet, HashMap};

use super::{Code, Flag, RowKind};

/// Kinds and flags of rows. Plans have millions of rows, so a row takes little.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    kinds: Vec<RowKind>,
    index: HashMap<RowKind, u16>,
    /// By row, one more than the index of its kind or zero, and its flags.
    rows: Vec<(u16, u8)>,
}

impl Codes {
    fn row(&mut self, row: usize) -> &mut (u16, u8) {
        if row >= self.rows.len() {
            self.rows.resize(row + 1, (0, 0));
        }
        &mut self.rows[row]
    }

    pub(super) fn set_kind(&mut self, row: usize, kind: RowKind) {
        let kinds = &mut self.kinds;
        let index = *self.index.entry(kind).or_insert_with(|| {
            kinds.push(kind);
            kinds.len() as u16
        });
        self.row(row).0 = index;
    }

    pub(super) fn set_flag(&mut self, row: usize, flag: Flag) {
        self.row(row).1 |= flag.bit();
    }

    /// Number of rows; those beyond are not described.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is described.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What is said of a row.
    pub fn get(&self, row: usize) -> Code {
        self.rows.get(row).map_or(Code::default(), |&packed| self.unpack(packed))
    }

    /// What is said of any row.
    pub fn distinct(&self) -> impl Iterator<Item = Code> {
        let packed: BTreeSet<(u16, u8)> = self.rows.iter().copied().collect();
        packed.into_iter().map(|packed| self.unpack(packed))
    }

    fn unpack(&self, (kind, flags): (u16, u8)) -> Code {
        Code { kind: usize::from(kind).checked_sub(1).map(|index| self.kinds[index]), flags }
    }
}
