//! Deliveries for forge's tests of the judge of complaints: `make fixtures` writes them, a test looks whether they are
//! what the client makes now.

use std::{fs, io, path::PathBuf};

use alloy::primitives::{B256, U256};
use halo2curves::{bn256::Fr, ff::Field as _};
use serde_json::{Value, json};
use zkescrow_circuits::{
    network::Network,
    poseidon::{Packed, hash2, input_packing},
    sample,
};
use zkescrow_client::{
    protocol::sealed::{Complaint, Expected, Fault, Format, Item, Label, Sealed, key_hash, mask},
    scalar::word,
};

use crate::fixtures::{folder, packing};

/// Items of a delivery.
const ITEMS: u64 = 2;

/// Where the deliveries are.
pub fn path() -> PathBuf {
    folder().join("sealed.json")
}

/// Writes them.
pub fn write() -> io::Result<()> {
    fs::write(path(), text())
}

/// What belongs there. Nothing here is random.
pub fn text() -> String {
    format!("{:#}\n", json!({ "small": small(), "large": large() }))
}

/// A delivery of labelled inputs.
struct Delivery {
    net: Network,
    format: Format,
    items: Vec<Item>,
    expected: Vec<Expected>,
    key: Fr,
}

impl Delivery {
    fn new(net: Network) -> Self {
        let format = Format { packing: input_packing(&net), labels: true };
        let secret = |i: u64| hash2([Fr::from(7), Fr::from(i)]);
        let item = |i: u64| Item {
            input: Packed::input(&net, &sample::input(&net, i)),
            salt: secret(2 * i + 1),
            label: Some(Label { label: Fr::from(i + 3), salt: secret(2 * i + 2) }),
        };
        let items: Vec<Item> = (0..ITEMS).map(item).collect();
        let expect = |item: &Item| Expected {
            commitment: item.input.commit(item.salt),
            label: item.label.map(|label| label.commitment()).unwrap_or_default(),
        };
        let expected = items.iter().map(expect).collect();
        Self { net, format, items, expected, key: secret(0) }
    }

    fn sealed(&self) -> Sealed {
        self.format.seal(&self.items, self.key).expect("items of the format")
    }

    fn describe(&self) -> Value {
        json!({
            "items": ITEMS,
            "extras": self.format.extras(),
            "packing": packing(&self.net),
            "key": B256::from(word(&self.key)),
            "keyHash": key_hash(self.key),
            "root": self.sealed().tree().root(),
            "commitments": self.expected.iter().map(|e| B256::from(word(&e.commitment))).collect::<Vec<_>>(),
            "labelCommitments": self.expected.iter().map(|e| e.label).collect::<Vec<_>>(),
        })
    }

    /// A complaint about words that are delivered.
    fn complaint(&self, sealed: &Sealed, complaint: &Complaint, upheld: bool) -> Value {
        let tree = sealed.tree();
        let words = complaint.words(&self.format);
        let paths = words.clone().flat_map(|t| tree.path(t as u64).expect("a leaf"));
        json!({
            "root": tree.root(),
            "fault": complaint.fault as u8,
            "item": complaint.item,
            "position": complaint.position,
            "words": words.clone().map(|t| B256::from(sealed.words()[t])).collect::<Vec<_>>(),
            "paths": paths.collect::<Vec<_>>(),
            "upheld": u8::from(upheld),
        })
    }
}

/// Every word of a delivery of the tiny model's inputs.
fn small() -> Value {
    let delivery = Delivery::new(sample::tiny(1).network);
    let plain = delivery.items.iter().flat_map(|item| delivery.format.plain(item).expect("of the format"));
    let mut text = delivery.describe();
    text["plain"] = plain.map(|w| B256::from(word(&w))).collect::<Vec<_>>().into_iter().map(|w| json!(w)).collect();
    text["sealed"] = delivery.sealed().words().iter().map(|&c| json!(B256::from(c))).collect();
    text
}

/// What the client complains about when a word of the second item is wrong, for pictures of 96 by 96 pixels in three
/// colours; and the same complaint about the true words.
fn large() -> Value {
    let mut net = sample::tiny(1).network;
    (net.maps[0].channels, net.maps[0].height, net.maps[0].width) = (3, 96, 96);
    let delivery = Delivery::new(net);
    let (format, honest) = (&delivery.format, delivery.sealed());
    let (n, size) = (format.packing.elements, format.size());
    // The word changed, what is added to it before it is encrypted, and the fault that this is.
    let one = Fr::one();
    let beyond = |bytes: u64| Fr::from(256).pow([bytes, 0, 0, 0]);
    let lies = [
        (0, one, Fault::Step, 0),
        (1, one, Fault::Step, 0),
        (2 * 500, one, Fault::Step, 500),
        (2 * 500 + 1, one, Fault::Step, 500),
        (2 * n + 1, one, Fault::Step, n),
        (2 * 96, beyond(9), Fault::NotBytes, 96),
        (2 * 97, beyond(31), Fault::NotBytes, 97),
        (2 * n + 2, one, Fault::Label, 0),
        (2 * n + 3, one, Fault::Label, 0),
    ];
    let mut complaints = vec![];
    let mut complain = |words: Vec<U256>, expected: &[Expected], fault, position| {
        let sealed = Sealed::new(*format, words).expect("whole items");
        let complaint = sealed.open(delivery.key, expected).expect("as many").expect_err("a fault");
        assert_eq!(complaint, Complaint { fault, item: 1, position });
        complaints.push(delivery.complaint(&sealed, &complaint, true));
        complaints.push(delivery.complaint(&honest, &complaint, false));
    };
    let plain = format.plain(&delivery.items[1]).expect("of the format");
    for (offset, change, fault, position) in lies {
        let mut words = honest.words().to_vec();
        words[size + offset] = word(&(plain[offset] + change + mask(delivery.key, size + offset)));
        complain(words, &delivery.expected, fault, position);
    }
    // The same scalar, written differently.
    let modulus = word(&-one) + U256::from(1);
    for offset in [0, 999, size - 1] {
        let mut words = honest.words().to_vec();
        words[size + offset] += modulus;
        complain(words, &delivery.expected, Fault::NotReduced, offset);
    }
    // Another picture, all right in itself.
    let items = [delivery.items[0].clone(), Item { salt: one, ..delivery.items[1].clone() }];
    let other = format.seal(&items, delivery.key).expect("items of the format");
    complain(other.words().to_vec(), &delivery.expected, Fault::Commitment, 0);

    let mut text = delivery.describe();
    text["complaints"] = complaints.into();
    text
}
