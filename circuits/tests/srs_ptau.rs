//! Imports a powers-of-tau file that snarkjs makes here, then everything that can be wrong with one.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use halo2_proofs::poly::{
    EvaluationDomain,
    commitment::{Blind, Params as _, ParamsProver as _},
    kzg::commitment::ParamsKZG,
};
use halo2curves::{
    bn256::{Bn256, Fq2, Fr, G1Affine, G2Affine},
    ff::Field,
    group::{Curve, cofactor::CofactorGroup, prime::PrimeCurveAffine},
    serde::SerdeObject,
};
use proptest::prelude::*;
use rand::rngs::OsRng;
use zkescrow_circuits::srs::{Origin, Srs, SrsError};

const POWER: u32 = 8;

/// The files of one small ceremony, as snarkjs writes them.
struct Ceremony {
    /// `powersoftau new`: the secret is 1.
    fresh: Vec<u8>,
    /// After two contributions and a beacon.
    done: Vec<u8>,
    /// With Lagrange bases.
    prepared: Vec<u8>,
}

static CEREMONY: LazyLock<Ceremony> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let [fresh, one, two, done, prepared] = ["fresh", "one", "two", "done", "prepared"].map(file);
    snarkjs(&["new", "bn128", &POWER.to_string(), &fresh]);
    snarkjs(&["contribute", &fresh, &one, "--name=Ada", "-e=some entropy"]);
    snarkjs(&["contribute", &one, &two, "--name=Grace", "-e=more entropy"]);
    snarkjs(&["beacon", &two, &done, &"0123456789abcdef".repeat(4), "10", "-n=Moon"]);
    snarkjs(&["prepare", "phase2", &done, &prepared]);
    let read = |path: &String| fs::read(path).expect("what snarkjs wrote");
    Ceremony { fresh: read(&fresh), done: read(&done), prepared: read(&prepared) }
});

fn snarkjs(arguments: &[&str]) {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/snarkjs/build/cli.cjs");
    assert!(cli.is_file(), "snarkjs is not installed: run `make setup`");
    let output = Command::new("node").arg(cli).arg("powersoftau").args(arguments).output();
    let output = output.expect("node is not installed: see the README, then run `make setup`");
    assert!(output.status.success(), "snarkjs {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
}

/// Writes the bytes to a file of their own and imports it.
fn import(bytes: &[u8], k: u32) -> Result<Srs, SrsError> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("test.ptau");
    fs::write(&path, bytes).expect("written");
    Srs::from_ptau(&path, k)
}

/// The message of the refusal, which must name the file.
fn refusal(bytes: &[u8], k: u32) -> String {
    let message = import(bytes, k).expect_err("a bad file must be refused").to_string();
    assert!(message.contains("test.ptau"), "{message}");
    message
}

/// Imports a changed copy of the finished ceremony.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = CEREMONY.done.clone();
    change(&mut bytes);
    refusal(&bytes, POWER)
}

#[track_caller]
fn assert_says(message: &str, part: &str) {
    assert!(message.contains(part), "{message:?} does not say {part:?}");
}

/// Number, position of the section's header and length of its data.
fn sections(bytes: &[u8]) -> Vec<(u32, usize, usize)> {
    let mut list = Vec::new();
    let mut at = 12;
    while at < bytes.len() {
        let id = u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let length = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().expect("eight bytes")) as usize;
        list.push((id, at, length));
        at += 12 + length;
    }
    list
}

/// Where the data of a section starts.
fn data(bytes: &[u8], id: u32) -> usize {
    sections(bytes).iter().find(|section| section.0 == id).expect("section").1 + 12
}

fn commitments_work(srs: &Srs) {
    let params = &srs.params;
    let domain = EvaluationDomain::new(1, srs.k());
    let blind = Blind::default();
    for i in 0..1usize << srs.k() {
        let mut power = domain.empty_coeff();
        power[i] = Fr::ONE;
        assert_eq!(params.commit(&power, blind).to_affine(), params.get_g()[i]);
    }
    let mut values = domain.empty_lagrange();
    values.iter_mut().for_each(|value| *value = Fr::random(OsRng));
    let coefficients = domain.lagrange_to_coeff(values.clone());
    assert_eq!(params.commit_lagrange(&values, blind), params.commit(&coefficients, blind));
}

fn raw(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut bytes = Vec::new();
    params.write_custom(&mut bytes, halo2_proofs::SerdeFormat::RawBytes).expect("written");
    bytes
}

#[test]
fn a_real_ceremony_is_imported_in_every_size() {
    for k in 1..=POWER {
        let srs = import(&CEREMONY.done, k).expect("imported");
        assert_eq!(srs.k(), k);
        assert_eq!(srs.params.get_g()[0], G1Affine::generator());
        assert_eq!(srs.params.g2(), G2Affine::generator());
        commitments_work(&srs);
    }
}

#[test]
fn provenance_is_recorded() {
    let srs = import(&CEREMONY.done, 4).expect("imported");
    let expected = Origin::Ceremony {
        file: "test.ptau".into(),
        power: POWER,
        ceremony_power: POWER,
        contributions: ["Ada", "Grace", "Moon"].map(String::from).into(),
    };
    assert_eq!(srs.origin, expected);
    assert!(!srs.origin.is_insecure() && srs.origin.warning().is_none());
    let json = serde_json::to_string(&srs.origin).expect("JSON");
    assert_eq!(serde_json::from_str::<Origin>(&json).expect("parsed"), expected);
    assert_says(&json, r#""ceremonyPower":8"#);
}

#[test]
fn a_prepared_file_gives_the_same_string() {
    for k in 1..=POWER {
        let plain = import(&CEREMONY.done, k).expect("imported");
        let prepared = import(&CEREMONY.prepared, k).expect("imported");
        assert_eq!(raw(&plain.params), raw(&prepared.params));
        assert_eq!(plain.digest, prepared.digest);
    }
}

#[test]
fn an_imported_string_is_saved_and_loaded() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("ceremony.srs");
    let srs = import(&CEREMONY.prepared, 6).expect("imported");
    srs.save(&path).expect("saved");
    let loaded = Srs::load(&path).expect("loaded");
    assert_eq!((raw(&srs.params), srs.origin, srs.digest), (raw(&loaded.params), loaded.origin, loaded.digest));
    assert_ne!(srs.digest, Srs::development(6).digest);
}

#[test]
fn too_small_a_ceremony_is_refused() {
    assert_says(&refusal(&CEREMONY.done, 9), "has power 8, needs at least 9");
    assert!(matches!(import(&CEREMONY.done, 0), Err(SrsError::SizeOutOfRange { k: 0 })));
    assert!(matches!(import(&CEREMONY.done, 29), Err(SrsError::SizeOutOfRange { k: 29 })));
}

#[test]
fn a_ceremony_without_contributions_is_refused() {
    let message = refusal(&CEREMONY.fresh, 5);
    assert_says(&message, "section 3 (tauG2) shows that nobody contributed");
    assert!(matches!(import(&CEREMONY.fresh, 5), Err(SrsError::NoContribution { .. })));

    // Points of a real secret, but nobody who vouches for it.
    let mut bytes = CEREMONY.done.clone();
    let (_, header, length) = *sections(&bytes).last().expect("contributions");
    bytes.splice(header + 4..header + 12 + length, [4u64.to_le_bytes().as_slice(), &[0; 4]].concat());
    assert_says(&refusal(&bytes, 5), "section 7 (contributions) shows that nobody contributed");
}

#[test]
fn the_development_secret_is_no_ceremony() {
    let srs = Srs::development(POWER + 1);
    let message = changed(|bytes| {
        let (g1, g2) = (data(bytes, 2), data(bytes, 3));
        for (i, point) in srs.params.get_g()[..(2 << POWER) - 1].iter().enumerate() {
            bytes[g1 + 64 * i..][..64].copy_from_slice(&point.to_raw_bytes());
        }
        bytes[g2 + 128..][..128].copy_from_slice(&srs.params.s_g2().to_raw_bytes());
    });
    assert_says(&message, "public development secret");
}

#[test]
fn truncated_files_are_refused() {
    let done = &CEREMONY.done;
    let mut cuts: Vec<usize> = (0..60).collect();
    for (_, header, length) in sections(done) {
        cuts.extend([header, header + 4, header + 11, header + 12, header + 12 + length / 2, header + 11 + length]);
    }
    cuts.extend([done.len() / 3, done.len() - 1]);
    for cut in cuts {
        refusal(&done[..cut], 4);
    }
    assert_says(&refusal(&done[..done.len() - 1], 4), "section 7 (contributions) claims");
    assert_says(&refusal(&done[..40_000], 4), "section 3 (tauG2) claims 32768 bytes, but the file has");
    assert_says(&refusal(b"", 4), "is not a .ptau file of snarkjs");
    assert_says(&refusal(&[done, &[0][..]].concat(), 4), "leaves 1 bytes after the last section");
}

#[test]
fn changed_section_headers_are_refused() {
    for source in [&CEREMONY.done, &CEREMONY.prepared] {
        for (id, header, length) in sections(source) {
            // An unknown number: only sections that nobody needs may have one.
            let mut bytes = source.clone();
            bytes[header] = 99;
            if id <= 7 {
                assert_says(&refusal(&bytes, 4), "is missing");
            }
            for wrong in [0, 1, length - 1, length + 1, length + 64, length * 2, 10 << 30, usize::MAX] {
                let mut bytes = source.clone();
                bytes[header + 4..header + 12].copy_from_slice(&(wrong as u64).to_le_bytes());
                refusal(&bytes, 4);
            }
        }
    }
    assert_says(&changed(|bytes| bytes[0] = b'q'), "is not a .ptau file");
    assert_says(&changed(|bytes| bytes[4] = 2), "has version 2 instead of 1");
    assert_says(&changed(|bytes| bytes[8] = 8), "announces 8 sections");
    assert_says(&changed(|bytes| bytes[8] = 6), "after the last section");
    assert_says(&changed(|bytes| bytes[8..12].fill(255)), "announces 4294967295 sections");
    let second = sections(&CEREMONY.done)[1].1;
    assert_says(&changed(|bytes| bytes[second] = 3), "section 3 (tauG2) occurs twice");
}

#[test]
fn huge_claims_are_refused_before_any_allocation() {
    let second = sections(&CEREMONY.done)[1].1;
    let claim = |bytes: &mut Vec<u8>| bytes[second + 4..second + 12].copy_from_slice(&(10u64 << 30).to_le_bytes());
    assert_says(&changed(claim), "section 2 (tauG1) claims 10737418240 bytes, but the file has");
    let power = data(&CEREMONY.done, 1) + 36;
    for claimed in [28u8, 29, 64, 255] {
        let message = changed(|bytes| (bytes[power], bytes[power + 4]) = (claimed, claimed));
        assert_says(&message, if claimed == 28 { "instead of 34359738304" } else { "claims power" });
    }
    let contributions = data(&CEREMONY.done, 7);
    assert_says(&changed(|bytes| bytes[contributions..][..4].fill(255)), "is not a list of contributions");
}

#[test]
fn another_curve_is_refused() {
    let header = data(&CEREMONY.done, 1);
    for byte in header..header + 36 {
        assert_says(&changed(|bytes| bytes[byte] ^= 1), "is for another curve than bn128");
    }
    assert_says(&changed(|bytes| bytes[header + 40] = 7), "claims power 8 of a ceremony of power 7");
}

#[test]
fn points_off_the_curve_or_at_infinity_are_refused() {
    let g1 = data(&CEREMONY.done, 2);
    for (point, byte) in [(0, 0), (1, 63), (100, 17), (255, 40)] {
        let message = changed(|bytes| bytes[g1 + 64 * point + byte] ^= 4);
        assert_says(&message, &format!("section 2 (tauG1) has an invalid point at {point}"));
        assert_says(&changed(|bytes| bytes[g1 + 64 * point..][..64].fill(0)), "has an invalid point");
        assert_says(&changed(|bytes| bytes[g1 + 64 * point..][..32].fill(255)), "has an invalid point");
    }
    let g2 = data(&CEREMONY.done, 3);
    assert_says(&changed(|bytes| bytes[g2 + 3] ^= 1), "section 3 (tauG2) does not start with the generator");
    for byte in [0, 40, 70, 127] {
        let message = changed(|bytes| bytes[g2 + 128 + byte] ^= 1);
        assert_says(&message, "section 3 (tauG2) has a second point that is not in the group");
    }
    assert_says(&changed(|bytes| bytes[g2 + 128..][..128].fill(0)), "not in the group");
}

#[test]
fn a_point_of_the_twist_outside_the_group_is_refused() {
    let b = G2Affine::generator().y.square() - G2Affine::generator().x.square() * G2Affine::generator().x;
    let outside = (1u64..)
        .filter_map(|i| {
            let x = Fq2 { c0: i.into(), c1: i.into() };
            Option::from((x.square() * x + b).sqrt()).map(|y| G2Affine { x, y })
        })
        .find(|point| !bool::from(point.to_curve().is_torsion_free()))
        .expect("most points of the twist are outside");
    let at = data(&CEREMONY.done, 3) + 128;
    let message = changed(|bytes| bytes[at..][..128].copy_from_slice(&outside.to_raw_bytes()));
    assert_says(&message, "section 3 (tauG2) has a second point that is not in the group");
}

#[test]
fn valid_points_in_wrong_places_are_refused() {
    let g1 = data(&CEREMONY.done, 2);
    let stranger = (G1Affine::generator() * Fr::random(OsRng)).to_affine().to_raw_bytes();
    for point in [1, 2, 77, 254, 255] {
        let message = changed(|bytes| bytes[g1 + 64 * point..][..64].copy_from_slice(&stranger));
        assert_says(&message, "section 2 (tauG1) does not hold the powers of the secret in section 3");
    }
    assert_says(&changed(|bytes| bytes[g1..][..64].copy_from_slice(&stranger)), "does not start with the generator");
    // Two powers exchanged; a power negated.
    changed(|bytes| (0..64).for_each(|i| bytes.swap(g1 + 64 * 7 + i, g1 + 64 * 8 + i)));
    changed(|bytes| {
        let point = G1Affine::from_raw_bytes(&bytes[g1 + 64 * 9..][..64]).expect("point");
        bytes[g1 + 64 * 9..][..64].copy_from_slice(&(-point).to_raw_bytes());
    });

    let g2 = data(&CEREMONY.done, 3) + 128;
    let stranger = (G2Affine::generator() * Fr::random(OsRng)).to_affine().to_raw_bytes();
    let message = changed(|bytes| bytes[g2..][..128].copy_from_slice(&stranger));
    assert_says(&message, "does not hold the powers of the secret in section 3");
}

#[test]
fn contributions_must_lead_to_the_points() {
    let start = data(&CEREMONY.done, 7) + 4;
    // The last contribution's point in G1: two named contributions come before it.
    let last = start + 2 * 1504 + (2 + "Ada".len()) + (2 + "Grace".len());
    let first: [u8; 64] = CEREMONY.done[start..start + 64].try_into().expect("a point");
    let message = changed(|bytes| bytes[last..last + 64].copy_from_slice(&first));
    assert_says(&message, "section 7 (contributions) ends with another secret than sections 2 and 3 have");
    assert_says(&changed(|bytes| bytes[start + 1500] = 200), "is not a list of contributions");
}

#[test]
fn a_wrong_lagrange_basis_is_refused() {
    for k in [2, POWER] {
        let at = data(&CEREMONY.prepared, 12) + 64 * ((1 << k) - 1) + 64 * 3;
        let mut bytes = CEREMONY.prepared.clone();
        bytes[at + 5] ^= 1;
        assert_says(&refusal(&bytes, k), "section 12 (Lagrange basis of tauG1) has an invalid point at 3");
        let stranger = (G1Affine::generator() * Fr::random(OsRng)).to_affine().to_raw_bytes();
        bytes[at..at + 64].copy_from_slice(&stranger);
        assert_says(&refusal(&bytes, k), "does not belong to the powers in section 2");
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    assert!(matches!(Srs::from_ptau(folder.path(), 4), Err(SrsError::WrongKind { .. })));
    let missing: PathBuf = folder.path().join("none.ptau");
    assert!(matches!(Srs::from_ptau(missing, 4), Err(SrsError::Io { action: "open", .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600), k in 1u32..=28) {
        prop_assert!(import(&bytes, k).is_err());
        prop_assert!(import(&[&b"ptau\x01\0\0\0"[..], &bytes].concat(), k).is_err());
        prop_assert!(import(&[&CEREMONY.done[..68], &bytes].concat(), k).is_err());
    }

    #[test]
    fn any_change_to_what_is_used_is_refused(at in any::<proptest::sample::Index>(), bit in 0u8..8) {
        // Header and the 2^8 powers that are read.
        let mut bytes = CEREMONY.done.clone();
        bytes[at.index(80 + 64 * 256)] ^= 1 << bit;
        let ceremony_power = data(&CEREMONY.done, 1) + 40;
        if bytes[ceremony_power] == CEREMONY.done[ceremony_power] {
            prop_assert!(import(&bytes, POWER).is_err());
        }
    }

    #[test]
    fn no_change_makes_it_panic(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = CEREMONY.prepared.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = import(&bytes, 3);
    }
}
