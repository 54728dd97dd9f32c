//! Powers-of-tau files of snarkjs: structure, contributions, and what the pairing says about the points.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::{
    bn256::{Fq, G1Affine, G2Affine, pairing},
    ff::{Field, PrimeField},
    group::{Curve, cofactor::CofactorGroup, prime::PrimeCurveAffine},
};

use super::{
    MAX_K, Origin, Srs, SrsError,
    development::{check_size, secret_g2},
    lagrange::{bases_agree, from_snarkjs_order, lagrange_points, random_weights},
    points::{G1_BYTES, G2_BYTES, PointError, g1, g2, read_g1},
};

const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const CONTRIBUTIONS: u32 = 7;
/// Only in files prepared for phase 2: the Lagrange bases of all sizes.
const LAGRANGE_G1: u32 = 12;

/// Bytes of a contribution before its parameters: the points after it, the proofs of knowledge, two hash states, type.
const CONTRIBUTION_BYTES: usize = 3 * G1_BYTES + 2 * G2_BYTES + 6 * G1_BYTES + 3 * G2_BYTES + 216 + 64 + 4;
/// Far more than any ceremony had, and little enough to hold in memory.
const MAX_CONTRIBUTIONS_BYTES: u64 = 16 << 20;

impl Srs {
    /// Imports the first `2^k` powers of a `.ptau` file of snarkjs.
    ///
    /// Every point used is checked: on the curve, in the group, and, by a pairing over a random combination of all
    /// of them, a power of the one secret that the file has in G2. Who took part in the ceremony cannot be checked
    /// from the file alone: compare its hash with the published one.
    ///
    /// A file prepared for phase 2 brings its Lagrange basis, which is checked against the powers; without one the
    /// basis is computed, which takes minutes from about `k = 18` on.
    pub fn from_ptau(path: impl AsRef<Path>, k: u32) -> Result<Self, SrsError> {
        check_size(k)?;
        let mut file = Ptau::open(path.as_ref())?;
        if file.power < k {
            return Err(SrsError::TooSmall { file: file.path, power: file.power, k });
        }
        let s_g2 = file.secret_g2()?;
        let powers = file.powers(k, s_g2)?;
        let contributions = file.contributions(powers[1], s_g2)?;
        let given = file.lagrange(k)?;
        let check = given.is_some();
        let lagrange = given.unwrap_or_else(|| lagrange_points(&powers));
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let origin = Origin::Ceremony {
            file: printable(&name),
            power: file.power,
            ceremony_power: file.ceremony_power,
            contributions,
        };
        let srs = Self::new(k, powers, lagrange, s_g2, origin);
        if check && !bases_agree(&srs.params) {
            return Err(file.wrong(LAGRANGE_G1, "does not belong to the powers in section 2"));
        }
        Ok(srs)
    }
}

/// An open file whose sections are where its header says, with the lengths they should have.
struct Ptau {
    path: PathBuf,
    reader: BufReader<File>,
    /// Start and length by number.
    sections: BTreeMap<u32, (u64, u64)>,
    power: u32,
    ceremony_power: u32,
}

impl Ptau {
    fn open(path: &Path) -> Result<Self, SrsError> {
        let io = |action| move |source| SrsError::Io { action, file: path.into(), source };
        let file = File::open(path).map_err(io("open"))?;
        let metadata = file.metadata().map_err(io("examine"))?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut magic = [0; 4];
        if !metadata.is_file() || metadata.len() < 12 || reader.read_exact(&mut magic).is_err() || magic != *b"ptau" {
            return Err(SrsError::WrongKind { file: path.into(), expected: "a .ptau file of snarkjs" });
        }
        let mut ptau = Self { path: path.into(), reader, sections: BTreeMap::new(), power: 0, ceremony_power: 0 };
        ptau.scan(metadata.len())?;
        ptau.header()?;
        ptau.check_lengths()?;
        Ok(ptau)
    }

    /// Finds the sections. Whatever lengths are claimed, they must fit the file, and fill it.
    fn scan(&mut self, length: u64) -> Result<(), SrsError> {
        let version = self.u32(0)?;
        if version != 1 {
            return Err(self.wrong(0, format!("has version {version} instead of 1")));
        }
        let count = self.u32(0)?;
        let mut position = 12;
        for _ in 0..count {
            if length - position < 12 {
                return Err(self.wrong(0, format!("announces {count} sections, but the file ends before them")));
            }
            let id = self.u32(0)?;
            let size = u64::from_le_bytes(self.take(0)?);
            position += 12;
            if size > length - position {
                let left = length - position;
                return Err(self.wrong(id, format!("claims {size} bytes, but the file has {left} left")));
            }
            if self.sections.insert(id, (position, size)).is_some() {
                return Err(self.wrong(id, "occurs twice"));
            }
            position += size;
            self.seek(position)?;
        }
        if position != length {
            return Err(self.wrong(0, format!("leaves {} bytes after the last section", length - position)));
        }
        Ok(())
    }

    fn header(&mut self) -> Result<(), SrsError> {
        let size = self.enter(HEADER)?;
        if size != 44 {
            return Err(self.wrong(HEADER, format!("has {size} bytes instead of 44, as for the curve bn128")));
        }
        let width = self.u32(HEADER)?;
        let prime: [u8; 32] = self.take(HEADER)?;
        // The largest element of the field, plus one.
        let mut expected = (-Fq::ONE).to_repr();
        expected.as_mut()[0] += 1;
        if width != 32 || prime != *expected.as_ref() {
            return Err(self.wrong(HEADER, "is for another curve than bn128 (BN254)"));
        }
        self.power = self.u32(HEADER)?;
        self.ceremony_power = self.u32(HEADER)?;
        if !(1..=MAX_K).contains(&self.power) || !(self.power..=MAX_K).contains(&self.ceremony_power) {
            let (power, whole) = (self.power, self.ceremony_power);
            return Err(self.wrong(HEADER, format!("claims power {power} of a ceremony of power {whole}")));
        }
        Ok(())
    }

    /// Every section has the length that the power asks for.
    fn check_lengths(&self) -> Result<(), SrsError> {
        let (n, point, twist) = (1u64 << self.power, G1_BYTES as u64, G2_BYTES as u64);
        for (id, expected) in
            [(TAU_G1, (2 * n - 1) * point), (TAU_G2, n * twist), (4, n * point), (5, n * point), (6, twist)]
        {
            let size = self.section(id)?.1;
            if size != expected {
                let power = self.power;
                return Err(self.wrong(id, format!("has {size} bytes instead of {expected} (power {power})")));
            }
        }
        let expected = (4 * n - 1) * point;
        match self.sections.get(&LAGRANGE_G1) {
            Some((_, size)) if *size != expected => {
                Err(self.wrong(LAGRANGE_G1, format!("has {size} bytes instead of {expected}")))
            }
            _ => Ok(()),
        }
    }

    /// The secret in G2: in the group, and neither 0 nor 1 nor the development secret.
    fn secret_g2(&mut self) -> Result<G2Affine, SrsError> {
        self.enter(TAU_G2)?;
        let generator: [u8; G2_BYTES] = self.take(TAU_G2)?;
        if g2(&generator) != Some(G2Affine::generator()) {
            return Err(self.wrong(TAU_G2, "does not start with the generator"));
        }
        let secret: [u8; G2_BYTES] = self.take(TAU_G2)?;
        let in_group = |point: &G2Affine| bool::from(point.to_curve().is_torsion_free());
        let Some(secret) = g2(&secret).filter(in_group) else {
            return Err(self.wrong(TAU_G2, "has a second point that is not in the group"));
        };
        if secret == G2Affine::generator() {
            return Err(SrsError::NoContribution { file: self.path.clone(), section: name(TAU_G2) });
        }
        if secret == secret_g2() {
            return Err(SrsError::DevelopmentSecret { file: self.path.clone() });
        }
        Ok(secret)
    }

    /// The first `2^k` powers in G1: each is the secret times the one before it.
    fn powers(&mut self, k: u32, s_g2: G2Affine) -> Result<Vec<G1Affine>, SrsError> {
        self.enter(TAU_G1)?;
        let powers = self.points(TAU_G1, 1 << k)?;
        if powers[0] != G1Affine::generator() {
            return Err(self.wrong(TAU_G1, "does not start with the generator"));
        }
        let weights = random_weights(powers.len() - 1);
        let lower = best_multiexp(&weights, &powers[..powers.len() - 1]).to_affine();
        let upper = best_multiexp(&weights, &powers[1..]).to_affine();
        if pairing(&upper, &G2Affine::generator()) != pairing(&lower, &s_g2) {
            return Err(self.wrong(TAU_G1, "does not hold the powers of the secret in section 3"));
        }
        Ok(powers)
    }

    /// The names of those who took part. The last of them must have left the secret that the file has.
    fn contributions(&mut self, s_g1: G1Affine, s_g2: G2Affine) -> Result<Vec<String>, SrsError> {
        let size = self.enter(CONTRIBUTIONS)?;
        if size > MAX_CONTRIBUTIONS_BYTES {
            return Err(self.wrong(CONTRIBUTIONS, format!("has {size} bytes, more than any ceremony")));
        }
        let mut bytes = vec![0; size as usize];
        self.fill(CONTRIBUTIONS, &mut bytes)?;
        let contributions =
            parse_contributions(&bytes).ok_or_else(|| self.wrong(CONTRIBUTIONS, "is not a list of contributions"))?;
        let Some(last) = contributions.last() else {
            return Err(SrsError::NoContribution { file: self.path.clone(), section: name(CONTRIBUTIONS) });
        };
        if (last.s_g1, last.s_g2) != (Some(s_g1), Some(s_g2)) {
            return Err(self.wrong(CONTRIBUTIONS, "ends with another secret than sections 2 and 3 have"));
        }
        Ok(contributions.into_iter().map(|contribution| contribution.name).collect())
    }

    /// The Lagrange basis of the domain with `2^k` points, if the file has one.
    fn lagrange(&mut self, k: u32) -> Result<Option<Vec<G1Affine>>, SrsError> {
        let Some((start, _)) = self.sections.get(&LAGRANGE_G1).copied() else { return Ok(None) };
        // The bases of 1, 2, 4, … points come before it.
        self.seek(start + ((1u64 << k) - 1) * G1_BYTES as u64)?;
        Ok(Some(from_snarkjs_order(&self.points(LAGRANGE_G1, 1 << k)?)))
    }

    fn section(&self, id: u32) -> Result<(u64, u64), SrsError> {
        self.sections.get(&id).copied().ok_or_else(|| self.wrong(id, "is missing"))
    }

    /// Goes to the start of a section and returns its length.
    fn enter(&mut self, id: u32) -> Result<u64, SrsError> {
        let (start, size) = self.section(id)?;
        self.seek(start)?;
        Ok(size)
    }

    fn seek(&mut self, position: u64) -> Result<(), SrsError> {
        self.reader.seek(SeekFrom::Start(position)).map(drop).map_err(|source| self.io(source))
    }

    fn points(&mut self, id: u32, count: usize) -> Result<Vec<G1Affine>, SrsError> {
        read_g1(&mut self.reader, count).map_err(|error| match error {
            PointError::Io(source) => self.io(source),
            PointError::Invalid(index) => self.wrong(id, format!("has an invalid point at {index}")),
        })
    }

    fn u32(&mut self, id: u32) -> Result<u32, SrsError> {
        self.take(id).map(u32::from_le_bytes)
    }

    fn take<const N: usize>(&mut self, id: u32) -> Result<[u8; N], SrsError> {
        let mut bytes = [0; N];
        self.fill(id, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, id: u32, bytes: &mut [u8]) -> Result<(), SrsError> {
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.wrong(id, "is cut short"),
            _ => self.io(error),
        })
    }

    fn io(&self, source: io::Error) -> SrsError {
        SrsError::Io { action: "read", file: self.path.clone(), source }
    }

    fn wrong(&self, id: u32, problem: impl Into<String>) -> SrsError {
        SrsError::Ptau { file: self.path.clone(), section: name(id), problem: problem.into() }
    }
}

fn name(id: u32) -> &'static str {
    match id {
        0 => "the list of sections",
        HEADER => "section 1 (header)",
        TAU_G1 => "section 2 (tauG1)",
        TAU_G2 => "section 3 (tauG2)",
        4 => "section 4 (alphaTauG1)",
        5 => "section 5 (betaTauG1)",
        6 => "section 6 (betaG2)",
        CONTRIBUTIONS => "section 7 (contributions)",
        LAGRANGE_G1 => "section 12 (Lagrange basis of tauG1)",
        _ => "a section with another number",
    }
}

/// What matters here of one contribution.
struct Contribution {
    s_g1: Option<G1Affine>,
    s_g2: Option<G2Affine>,
    name: String,
}

/// The whole section, or nothing if it has another form.
fn parse_contributions(mut bytes: &[u8]) -> Option<Vec<Contribution>> {
    let count = u32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?);
    let mut contributions = Vec::new();
    for _ in 0..count {
        let fixed = bytes.split_off(..CONTRIBUTION_BYTES)?;
        let length = u32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?);
        contributions.push(Contribution {
            s_g1: g1(&fixed[..G1_BYTES]),
            s_g2: g2(&fixed[G1_BYTES..G1_BYTES + G2_BYTES]),
            name: parse_name(bytes.split_off(..length as usize)?)?,
        });
    }
    bytes.is_empty().then_some(contributions)
}

/// The name among the parameters of a contribution: 1 name, 2 iterations of a beacon, 3 value of a beacon.
fn parse_name(mut parameters: &[u8]) -> Option<String> {
    let mut name = String::new();
    while let Some(kind) = parameters.split_off_first() {
        let length = if *kind == 2 { 1 } else { usize::from(*parameters.split_off_first()?) };
        let value = parameters.split_off(..length)?;
        match kind {
            1 => name = printable(&String::from_utf8_lossy(value)),
            2 | 3 => {}
            _ => return None,
        }
    }
    Some(name)
}

/// Text from a file that may be shown on a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_made_printable() {
        assert_eq!(parse_name(b"").as_deref(), Some(""));
        assert_eq!(parse_name(b"\x01\x03Ada").as_deref(), Some("Ada"));
        assert_eq!(parse_name(b"\x01\x04\x1b[2J\x02\x0a\x03\x02xy").as_deref(), Some("\u{fffd}[2J"));
        for bad in [&b"\x01"[..], b"\x01\x09Ada", b"\x02", b"\x03\x02x", b"\x04\x01x"] {
            assert_eq!(parse_name(bad), None);
        }
    }

    #[test]
    fn lists_of_contributions_have_no_slack() {
        let one = [&1u32.to_le_bytes()[..], &[0; CONTRIBUTION_BYTES], &5u32.to_le_bytes(), b"\x01\x03Ada"].concat();
        let names = |bytes: &[u8]| parse_contributions(bytes).map(|list| list.len());
        assert_eq!(names(&one), Some(1));
        assert_eq!(names(&0u32.to_le_bytes()), Some(0));
        assert_eq!(names(&u32::MAX.to_le_bytes()), None);
        assert_eq!(names(&[&one[..], &[0]].concat()), None);
        assert!((0..one.len()).all(|length| names(&one[..length]).is_none()));
    }
}
