//! Strings on disk: saved, loaded, and the cache of development strings.
//!
//! ```text
//! "zkescsrs"  version u32  k u32  digest [32]  origin length u32  origin JSON
//! parameters as halo2 writes them raw (k u32, powers, Lagrange basis, G2 generator, s·G2)
//! checksum [32]: Blake2b-256 of everything before it
//! ```
//!
//! The checksum catches accidents. It does not catch somebody who can write the file: keep it as safe as the keys.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use halo2_proofs::SerdeFormat;
use halo2curves::bn256::{G1Affine, G2Affine};

use super::{
    Origin, Srs, SrsError,
    development::{self, check_size},
    points::{G1_BYTES, G2_BYTES, PointError, digest_bytes, g2, read_g1},
};

const MAGIC: &[u8; 8] = b"zkescsrs";
const VERSION: u32 = 1;
/// Magic word, version, size, digest, length of the origin.
const HEADER_BYTES: u64 = 8 + 4 + 4 + 32 + 4;
const CHECKSUM_BYTES: u64 = 32;
const BUFFER: usize = 1 << 20;

/// What happens while a cached string is fetched, for those who show progress.
#[derive(Debug)]
pub enum CacheEvent<'a> {
    /// The string is being read from this file.
    Reading(&'a Path),
    /// The file in the cache cannot be used and is replaced.
    Replacing(&'a SrsError),
    /// The string is being made, which takes a while where `k` is large.
    Making {
        /// Base-2 logarithm of the number of powers.
        k: u32,
    },
    /// The string was written to this file.
    Saved(&'a Path),
}

impl Srs {
    /// **Insecure.** The [development string](Self::development), kept in `folder` between calls.
    ///
    /// A damaged or foreign file in the cache is reported to `progress` and replaced.
    pub fn cached_development(
        k: u32,
        folder: &Path,
        mut progress: impl FnMut(CacheEvent<'_>),
    ) -> Result<Self, SrsError> {
        check_size(k)?;
        let path = folder.join(format!("development-{k}.srs"));
        if path.exists() {
            progress(CacheEvent::Reading(&path));
            match load_development(&path, k) {
                Err(error @ SrsError::Io { .. }) => return Err(error),
                Err(error) => progress(CacheEvent::Replacing(&error)),
                found => return found,
            }
        }
        progress(CacheEvent::Making { k });
        let srs = Self::development(k);
        srs.save(&path)?;
        progress(CacheEvent::Saved(&path));
        Ok(srs)
    }

    /// Writes the string to a file, whole or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), SrsError> {
        let path = path.as_ref();
        self.write(path).map_err(|source| SrsError::Io { action: "write", file: path.into(), source })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let mut writer = BufWriter::with_capacity(BUFFER, Hashed::new(file.as_file_mut()));
        let origin = serde_json::to_vec(&self.origin)?;
        writer.write_all(MAGIC)?;
        writer.write_all(&VERSION.to_le_bytes())?;
        writer.write_all(&self.k().to_le_bytes())?;
        writer.write_all(&self.digest)?;
        writer.write_all(&u32::try_from(origin.len()).map_err(io::Error::other)?.to_le_bytes())?;
        writer.write_all(&origin)?;
        self.params.write_custom(&mut writer, SerdeFormat::RawBytesUnchecked)?;
        let hashed = writer.into_inner().map_err(|error| error.into_error())?;
        let checksum = digest_bytes(&hashed.hash);
        hashed.inner.write_all(&checksum)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Reads what [`save`](Self::save) wrote.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, SrsError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| SrsError::Io { action: "open", file: path.into(), source })?;
        let metadata =
            file.metadata().map_err(|source| SrsError::Io { action: "examine", file: path.into(), source })?;
        if !metadata.is_file() {
            return Err(wrong_kind(path));
        }
        Loader { path, length: metadata.len(), reader: Hashed::new(BufReader::with_capacity(BUFFER, file)) }.load()
    }
}

/// Reads a file of the cache and makes sure that it holds what its name says.
fn load_development(path: &Path, k: u32) -> Result<Srs, SrsError> {
    let srs = Srs::load(path)?;
    if srs.origin == Origin::Development && srs.digest == development::digest(k) {
        return Ok(srs);
    }
    let problem = format!("is not that of the development string with k = {k}");
    Err(SrsError::Damaged { file: path.into(), section: "the content", problem })
}

fn wrong_kind(path: &Path) -> SrsError {
    SrsError::WrongKind { file: path.into(), expected: "a reference string saved by this version of zkescrow" }
}

struct Loader<'a> {
    path: &'a Path,
    length: u64,
    reader: Hashed<BufReader<File>>,
}

impl Loader<'_> {
    fn load(mut self) -> Result<Srs, SrsError> {
        if self.length < HEADER_BYTES || self.take("the header")? != *MAGIC {
            return Err(wrong_kind(self.path));
        }
        if u32::from_le_bytes(self.take("the header")?) != VERSION {
            return Err(wrong_kind(self.path));
        }
        let k = u32::from_le_bytes(self.take("the header")?);
        let digest: [u8; 32] = self.take("the header")?;
        let origin_bytes = u64::from(u32::from_le_bytes(self.take("the header")?));
        check_size(k).map_err(|_| self.damaged("the header", format!("claims a size of 2^{k}")))?;

        // Nothing below allocates more than the file is long.
        let params_bytes = 4 + ((2 * G1_BYTES as u64) << k) + 2 * G2_BYTES as u64;
        let expected = HEADER_BYTES + origin_bytes + params_bytes + CHECKSUM_BYTES;
        if self.length != expected {
            return Err(self.damaged("the file", format!("has {} bytes instead of {expected}", self.length)));
        }
        let mut origin = vec![0; origin_bytes as usize];
        self.fill("the origin", &mut origin)?;
        let (powers, lagrange, s_g2) = self.params(k)?;

        let checksum = digest_bytes(&self.reader.hash);
        if self.take::<32>("the checksum")? != checksum {
            return Err(self.damaged("the checksum", "does not match the content"));
        }
        let origin = serde_json::from_slice(&origin).map_err(|_| self.damaged("the origin", "does not parse"))?;
        let srs = Srs::new(k, powers, lagrange, s_g2, origin);
        if srs.digest != digest {
            return Err(self.damaged("the header", "has the digest of another string"));
        }
        if (srs.params.s_g2() == development::secret_g2()) != srs.origin.is_insecure() {
            return Err(self.damaged("the origin", "does not fit the points"));
        }
        Ok(srs)
    }

    fn params(&mut self, k: u32) -> Result<(Vec<G1Affine>, Vec<G1Affine>, G2Affine), SrsError> {
        if u32::from_le_bytes(self.take("the parameters")?) != k {
            return Err(self.damaged("the parameters", "have another size than the header says"));
        }
        let powers = self.points("the powers", 1 << k)?;
        let lagrange = self.points("the Lagrange basis", 1 << k)?;
        let generator = g2(&self.take::<G2_BYTES>("G2")?);
        let s_g2 = g2(&self.take::<G2_BYTES>("G2")?);
        match (generator, s_g2) {
            (Some(generator), Some(s_g2)) if generator == G2Affine::generator() => Ok((powers, lagrange, s_g2)),
            _ => Err(self.damaged("G2", "holds invalid points")),
        }
    }

    fn points(&mut self, section: &'static str, count: usize) -> Result<Vec<G1Affine>, SrsError> {
        read_g1(&mut self.reader, count).map_err(|error| match error {
            PointError::Io(source) => self.io(source),
            PointError::Invalid(index) => self.damaged(section, format!("holds an invalid point at {index}")),
        })
    }

    fn take<const N: usize>(&mut self, section: &'static str) -> Result<[u8; N], SrsError> {
        let mut bytes = [0; N];
        self.fill(section, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, section: &'static str, bytes: &mut [u8]) -> Result<(), SrsError> {
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(section, "is cut short"),
            _ => self.io(error),
        })
    }

    fn io(&self, source: io::Error) -> SrsError {
        SrsError::Io { action: "read", file: self.path.into(), source }
    }

    fn damaged(&self, section: &'static str, problem: impl Into<String>) -> SrsError {
        SrsError::Damaged { file: PathBuf::from(self.path), section, problem: problem.into() }
    }
}

/// Hashes everything that is read or written through it.
struct Hashed<T> {
    inner: T,
    hash: blake2b_simd::State,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: blake2b_simd::Params::new().hash_length(32).to_state() }
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::poly::{commitment::ParamsProver as _, kzg::commitment::ParamsKZG};
    use halo2curves::bn256::Bn256;
    use rand::rngs::OsRng;

    use super::{super::lagrange::lagrange_points, *};

    fn saved(k: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("development.srs");
        Srs::development(k).save(&path).expect("saved");
        (folder, path)
    }

    fn raw(srs: &Srs) -> Vec<u8> {
        let mut bytes = Vec::new();
        srs.params.write_custom(&mut bytes, SerdeFormat::RawBytes).expect("written");
        bytes
    }

    /// A string with a secret that nobody knows.
    fn random(origin: Origin) -> Srs {
        let params = ParamsKZG::<Bn256>::setup(2, OsRng);
        let lagrange = lagrange_points(params.get_g());
        Srs::new(2, params.get_g().to_vec(), lagrange, params.s_g2(), origin)
    }

    #[test]
    fn what_is_saved_is_loaded() {
        let (_folder, path) = saved(7);
        let (made, loaded) = (Srs::development(7), Srs::load(&path).expect("loaded"));
        assert_eq!(raw(&made), raw(&loaded));
        assert_eq!((made.origin, made.digest, made.lagrange), (loaded.origin, loaded.digest, loaded.lagrange));
        assert_eq!(fs::read_dir(path.parent().expect("folder")).expect("listed").count(), 1, "nothing left behind");
    }

    #[test]
    fn every_damage_is_noticed() {
        let (_folder, path) = saved(2);
        let good = fs::read(&path).expect("file");
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 1;
            fs::write(&path, &bad).expect("written");
            assert!(Srs::load(&path).is_err(), "byte {i} changed");
            fs::write(&path, &good[..i]).expect("written");
            assert!(Srs::load(&path).is_err(), "cut to {i} bytes");
        }
        fs::write(&path, [&good[..], &[0]].concat()).expect("written");
        assert!(matches!(Srs::load(&path), Err(SrsError::Damaged { .. })));
    }

    #[test]
    fn huge_claims_allocate_nothing() {
        let (_folder, path) = saved(1);
        let mut bytes = fs::read(&path).expect("file");
        bytes[12] = 28;
        fs::write(&path, &bytes).expect("written");
        let error = Srs::load(&path).expect_err("too short").to_string();
        assert!(error.contains("bytes instead of"), "{error}");
        bytes[12] = 200;
        fs::write(&path, &bytes).expect("written");
        assert!(Srs::load(&path).expect_err("too large").to_string().contains("claims a size of 2^200"));
    }

    #[test]
    fn other_files_are_told_apart() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("other");
        for content in [&b""[..], b"ptau", &[7; 500]] {
            fs::write(&path, content).expect("written");
            assert!(matches!(Srs::load(&path), Err(SrsError::WrongKind { .. })));
        }
        assert!(matches!(Srs::load(folder.path()), Err(SrsError::WrongKind { .. })));
        assert!(matches!(Srs::load(folder.path().join("none")), Err(SrsError::Io { action: "open", .. })));
    }

    #[test]
    fn an_origin_that_hides_the_development_secret_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("wolf.srs");
        let ceremony =
            Origin::Ceremony { file: "sheep.ptau".into(), power: 2, ceremony_power: 2, contributions: vec![] };
        let mut srs = Srs::development(2);
        srs.origin = ceremony.clone();
        srs.save(&path).expect("saved");
        let error = Srs::load(&path).expect_err("refused").to_string();
        assert!(error.contains("the origin does not fit the points"), "{error}");

        random(Origin::Development).save(&path).expect("saved");
        assert!(Srs::load(&path).is_err());
        random(ceremony.clone()).save(&path).expect("saved");
        assert_eq!(Srs::load(&path).expect("loaded").origin, ceremony);
    }

    #[test]
    fn the_cache_is_made_used_and_repaired() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let cache = folder.path().join("a/b");
        let fetch = |k| {
            let mut events = Vec::new();
            let srs = Srs::cached_development(k, &cache, |event| {
                events.push(format!("{event:?}").split(['(', ' ']).next().unwrap_or_default().to_owned());
            });
            (srs.map(|srs| srs.params.get_g().to_vec()), events.join(" "))
        };
        let expected = Srs::development(4).params.get_g().to_vec();
        let path = cache.join("development-4.srs");
        for (damage, events) in [
            (None, "Making Saved"),
            (None, "Reading"),
            (Some(vec![]), "Reading Replacing Making Saved"),
            (None, "Reading"),
            (Some(b"garbage".to_vec()), "Reading Replacing Making Saved"),
        ] {
            if let Some(bytes) = damage {
                fs::write(&path, bytes).expect("written");
            }
            let (points, seen) = fetch(4);
            assert_eq!((points.expect("fetched"), seen.as_str()), (expected.clone(), events));
        }

        Srs::development(3).save(&path).expect("saved");
        let (points, seen) = fetch(4);
        assert_eq!((points.expect("fetched"), seen.as_str()), (expected, "Reading Replacing Making Saved"));
        assert!(matches!(fetch(0).0, Err(SrsError::SizeOutOfRange { k: 0 })));
    }
}
