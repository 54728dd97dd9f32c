//! Data that is handed over under encryption, so that one false word can be shown to a contract: the twin of
//! `DeliveryJudge.sol`, whose interface says what the words are and why its faults are all there are.

use std::ops::Range;

use alloy::primitives::{B256, U256, keccak256};
use halo2curves::bn256::Fr;
use rayon::prelude::*;
use zkescrow_circuits::{
    commitment::scalar,
    poseidon::{Packed, Packing, hash2},
};

use super::{leaves, merkle::MerkleTree};
use crate::scalar::word;

/// A label with what hides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// The label.
    pub label: Fr,
    /// The salt.
    pub salt: Fr,
}

impl Label {
    /// The commitment to it.
    pub fn commitment(&self) -> B256 {
        leaves::label_commitment(word(&self.label), word(&self.salt))
    }
}

/// What is handed over for one index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The packed input.
    pub input: Packed,
    /// The salt of its commitment.
    pub salt: Fr,
    /// Its label, where the format has labels.
    pub label: Option<Label>,
}

/// What an item has to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The commitment to the input.
    pub commitment: Fr,
    /// The commitment to the label, where the format has labels.
    pub label: B256,
}

/// What the words of a delivery are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// How inputs are packed.
    pub packing: Packing,
    /// Whether items have labels.
    pub labels: bool,
}

impl Format {
    /// Words of an item after those of its commitment.
    pub fn extras(&self) -> usize {
        if self.labels { 2 } else { 0 }
    }

    /// Words of an item.
    pub fn size(&self) -> usize {
        2 * self.packing.elements + 2 + self.extras()
    }

    /// The words of an item; none if it does not have this format.
    pub fn plain(&self, item: &Item) -> Option<Vec<Fr>> {
        let Item { input: Packed { domain, elements }, salt, label } = item;
        let packing = &self.packing;
        if (*domain, elements.len(), label.is_some()) != (packing.domain, packing.elements, self.labels) {
            return None;
        }
        let mut state = hash2([*domain, *salt]);
        let mut words = vec![*salt, state];
        for &element in elements {
            state = hash2([state, element]);
            words.extend([element, state]);
        }
        words.extend(label.iter().flat_map(|l| [l.label, l.salt]));
        Some(words)
    }

    /// Encrypts items, each in its format; `None` if one is not. A key is random and encrypts one delivery: two under
    /// one key would give away the difference of their words.
    pub fn seal(&self, items: &[Item], key: Fr) -> Option<Sealed> {
        let plain = items.par_iter().map(|item| self.plain(item)).collect::<Option<Vec<_>>>()?.concat();
        let words = plain.par_iter().enumerate().map(|(t, &w)| word(&(w + mask(key, t)))).collect();
        Some(Sealed { format: *self, words })
    }
}

/// What position `t` is encrypted with.
pub fn mask(key: Fr, t: usize) -> Fr {
    hash2([key, Fr::from(t as u64)])
}

/// What is published of a key before the key.
pub fn key_hash(key: Fr) -> B256 {
    keccak256(word(&key).to_be_bytes::<32>())
}

/// A delivery as it travels. Words are not reduced: a cheat may send any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    format: Format,
    words: Vec<U256>,
}

impl Sealed {
    /// A received delivery; none if these are not the words of whole items.
    pub fn new(format: Format, words: Vec<U256>) -> Option<Self> {
        words.len().is_multiple_of(format.size()).then_some(Self { format, words })
    }

    /// The words.
    pub fn words(&self) -> &[U256] {
        &self.words
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.words.len() / self.format.size()
    }

    /// The tree whose root is published. Who receives words compares its root before saying so: afterwards only the
    /// faults of words that it has can be shown.
    pub fn tree(&self) -> MerkleTree {
        MerkleTree::new(self.words.iter().enumerate().map(|(t, &c)| leaves::sealed_word(t as u64, c)).collect())
    }

    /// Decrypts what should open `expected`, one for each item, or finds the first fault; none if there are more or fewer
    /// of them than items.
    pub fn open(&self, key: Fr, expected: &[Expected]) -> Option<Result<Vec<Item>, Complaint>> {
        let open = |(i, expected)| self.open_item(key, i, expected);
        let opened = || expected.par_iter().enumerate().map(open).collect::<Vec<_>>();
        (expected.len() == self.items()).then(|| opened().into_iter().collect())
    }

    fn open_item(&self, key: Fr, item: usize, expected: &Expected) -> Result<Item, Complaint> {
        let Format { packing, labels } = self.format;
        let start = item * self.format.size();
        let complain = |fault, position| Complaint { fault, item, position };
        let mut plain = Vec::with_capacity(self.format.size());
        for (offset, c) in self.words[start..start + self.format.size()].iter().enumerate() {
            let c = scalar(&c.to_be_bytes::<32>()).ok_or(complain(Fault::NotReduced, offset))?;
            plain.push(c - mask(key, start + offset));
        }

        let (salt, mut state) = (plain[0], plain[1]);
        if hash2([packing.domain, salt]) != state {
            return Err(complain(Fault::Step, 0));
        }
        let mut elements = Vec::with_capacity(packing.elements);
        for (i, pair) in plain[2..2 * packing.elements + 2].chunks(2).enumerate() {
            let position = i + 1;
            if word(&pair[0]) >> (8 * packing.bytes(i)) != U256::ZERO {
                return Err(complain(Fault::NotBytes, position));
            }
            if hash2([state, pair[0]]) != pair[1] {
                return Err(complain(Fault::Step, position));
            }
            elements.push(pair[0]);
            state = pair[1];
        }
        if state != expected.commitment {
            return Err(complain(Fault::Commitment, 0));
        }
        let label = labels.then(|| Label { label: plain[plain.len() - 2], salt: plain[plain.len() - 1] });
        if label.is_some_and(|label| label.commitment() != expected.label) {
            return Err(complain(Fault::Label, 0));
        }
        Ok(Item { input: Packed { domain: packing.domain, elements }, salt, label })
    }
}

/// What may be wrong with a delivery, numbered as in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// A word of the ciphertext is not below the modulus.
    NotReduced,
    /// An element is of more bytes than it should be.
    NotBytes,
    /// A state is not the hash of what it should be.
    Step,
    /// The last state is not the commitment.
    Commitment,
    /// Label and salt do not open the label's commitment.
    Label,
}

/// One fault and where it is: what the contract is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub fault: Fault,
    /// In which item.
    pub item: usize,
    /// An offset for words that are not reduced; which element or step, from 1 on (0 is the salted hash); otherwise 0.
    pub position: usize,
}

impl Complaint {
    /// The words that show it, by their positions in the delivery.
    pub fn words(&self, format: &Format) -> Range<usize> {
        let (n, i) = (format.packing.elements, self.position);
        let (offset, count) = match self.fault {
            Fault::NotReduced => (i, 1),
            Fault::NotBytes => (2 * i, 1),
            Fault::Step if i == 0 => (0, 2),
            Fault::Step => (2 * i - 1, 3),
            Fault::Commitment => (2 * n + 1, 1),
            Fault::Label => (2 * n + 2, 2),
        };
        let start = self.item * format.size() + offset;
        start..start + count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zkescrow_circuits::{
        commitment::scalar_word,
        poseidon::{PACK, input_packing},
        sample,
    };

    use super::*;

    const ITEMS: usize = 3;

    struct Honest {
        format: Format,
        items: Vec<Item>,
        expected: Vec<Expected>,
        key: Fr,
        sealed: Sealed,
    }

    fn honest(seed: u64, labels: bool) -> Honest {
        let net = sample::tiny(1).network;
        let format = Format { packing: input_packing(&net), labels };
        let secret = |i: u64| hash2([Fr::from(seed), Fr::from(i)]);
        let item = |i: u64| Item {
            input: Packed::input(&net, &sample::input(&net, seed ^ i)),
            salt: secret(3 * i),
            label: labels.then(|| Label { label: Fr::from(i), salt: secret(3 * i + 1) }),
        };
        let items: Vec<Item> = (0..ITEMS as u64).map(item).collect();
        let expect = |item: &Item| Expected {
            commitment: item.input.commit(item.salt),
            label: item.label.map(|label| label.commitment()).unwrap_or_default(),
        };
        let expected = items.iter().map(expect).collect();
        let key = secret(u64::MAX);
        let sealed = format.seal(&items, key).expect("in the format");
        Honest { format, items, expected, key, sealed }
    }

    /// Whether the words that a complaint names show the fault, by the contract's rules.
    fn shown(h: &Honest, sealed: &Sealed, complaint: &Complaint) -> bool {
        let Complaint { fault, item, position } = *complaint;
        let words = complaint.words(&h.format);
        let inside = item * h.format.size()..(item + 1) * h.format.size();
        assert!(inside.start <= words.start && words.end <= inside.end);
        let cipher = &sealed.words()[words.clone()];
        let reduced: Option<Vec<Fr>> = cipher.iter().map(|c| scalar(&c.to_be_bytes::<32>())).collect();
        let Some(reduced) = reduced else { return fault == Fault::NotReduced && cipher.len() == 1 };
        let plain: Vec<Fr> = words.zip(reduced).map(|(t, c)| c - mask(h.key, t)).collect();
        match (fault, &plain[..]) {
            (Fault::NotBytes, [element]) => {
                let most =
                    if position <= h.format.packing.short_elements { h.format.packing.short_bytes } else { PACK };
                scalar_word(element)[..32 - most].iter().any(|&byte| byte != 0)
            }
            (Fault::Step, [salt, state]) => hash2([h.format.packing.domain, *salt]) != *state,
            (Fault::Step, [before, element, state]) => hash2([*before, *element]) != *state,
            (Fault::Commitment, [state]) => *state != h.expected[item].commitment,
            (Fault::Label, &[label, salt]) => Label { label, salt }.commitment() != h.expected[item].label,
            _ => false,
        }
    }

    /// What a changed word at `offset` of an item makes wrong first.
    fn first_fault(format: &Format, offset: usize, fits: bool) -> (Fault, usize) {
        let n = format.packing.elements;
        match offset {
            0 | 1 => (Fault::Step, 0),
            _ if offset >= 2 * n + 2 => (Fault::Label, 0),
            // The changed word's own step comes before the next one, which starts with it.
            _ if offset.is_multiple_of(2) && !fits => (Fault::NotBytes, offset / 2),
            _ => (Fault::Step, offset / 2),
        }
    }

    #[test]
    fn formats_are_insisted_on() {
        let h = honest(1, true);
        let without = Item { label: None, ..h.items[0].clone() };
        assert_eq!(h.format.seal(&[without], h.key), None);
        let mut longer = h.items[0].clone();
        longer.input.elements.push(Fr::zero());
        assert_eq!(h.format.seal(&[longer], h.key), None);
        let mut elsewhere = h.items[0].clone();
        elsewhere.input.domain += Fr::one();
        assert_eq!(h.format.seal(&[elsewhere], h.key), None);
        assert_eq!(Sealed::new(h.format, h.sealed.words()[1..].to_vec()), None);
        assert_eq!(Sealed::new(h.format, h.sealed.words().to_vec()).as_ref(), Some(&h.sealed));
        assert_eq!(h.sealed.open(h.key, &h.expected[1..]), None);
        assert_eq!(h.sealed.tree().count(), h.sealed.words().len() as u64);
    }

    #[test]
    fn key_hashes_are_of_the_word() {
        let mut word = [0; 32];
        word[31] = 7;
        assert_eq!(key_hash(Fr::from(7)), keccak256(word));
    }

    #[test]
    fn another_key_opens_nothing() {
        let h = honest(2, true);
        assert!(h.sealed.open(h.key + Fr::one(), &h.expected).expect("as many").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn honest_deliveries_open(seed: u64, labels: bool) {
            let h = honest(seed, labels);
            prop_assert_eq!(h.sealed.open(h.key, &h.expected), Some(Ok(h.items)));
        }

        /// Before it is sealed: the sender lies about one word, consistently or not.
        #[test]
        fn a_word_changed_before_sealing_is_found(seed: u64, labels: bool, at: usize, small in 1u64..4, wide: bool) {
            let h = honest(seed, labels);
            let t = at % h.sealed.words().len();
            let offset = t % h.format.size();
            let change = if wide { hash2([Fr::from(small), Fr::from(seed)]) } else { Fr::from(small) };
            let mut words = h.sealed.words().to_vec();
            let c = scalar(&words[t].to_be_bytes::<32>()).expect("reduced") + change;
            words[t] = word(&c);
            let sealed = Sealed::new(h.format, words).expect("whole items");
            let complaint = sealed.open(h.key, &h.expected).expect("as many").expect_err("a fault");
            let is_element = offset.is_multiple_of(2) && (2..2 * h.format.packing.elements + 2).contains(&offset);
            let fits = !is_element || {
                let plain = scalar_word(&(c - mask(h.key, t)));
                let bytes = h.format.packing.bytes(offset / 2 - 1);
                plain[..32 - bytes].iter().all(|&byte| byte == 0)
            };
            let (fault, position) = first_fault(&h.format, offset, fits);
            prop_assert_eq!(complaint, Complaint { fault, item: t / h.format.size(), position });
            prop_assert!(complaint.words(&h.format).contains(&t));
            prop_assert!(shown(&h, &sealed, &complaint));
            prop_assert!(!shown(&h, &h.sealed, &complaint), "nor is it shown with true words");
        }

        /// On the way: any other word, also one that is not reduced.
        #[test]
        fn a_word_changed_after_sealing_is_found(seed: u64, labels: bool, at: usize, bit in 0usize..256) {
            let h = honest(seed, labels);
            let t = at % h.sealed.words().len();
            let mut words = h.sealed.words().to_vec();
            words[t] ^= U256::from(1) << bit;
            let reduced = scalar(&words[t].to_be_bytes::<32>()).is_some();
            let sealed = Sealed::new(h.format, words).expect("whole items");
            let complaint = sealed.open(h.key, &h.expected).expect("as many").expect_err("a fault");
            prop_assert_eq!(complaint.item, t / h.format.size());
            prop_assert!(complaint.words(&h.format).contains(&t));
            prop_assert_eq!(complaint.fault == Fault::NotReduced, !reduced);
            prop_assert!(shown(&h, &sealed, &complaint));
            prop_assert!(!shown(&h, &h.sealed, &complaint));
        }

        /// A delivery that is all right for something else.
        #[test]
        fn other_data_is_found(seed: u64, labels: bool, item in 0..ITEMS) {
            let h = honest(seed, labels);
            let mut expected = h.expected.clone();
            expected[item].commitment += Fr::one();
            let complaint = h.sealed.open(h.key, &expected).expect("as many").expect_err("a fault");
            prop_assert_eq!(complaint, Complaint { fault: Fault::Commitment, item, position: 0 });
            let mut expected = h.expected.clone();
            expected[item].label.0[0] ^= 1;
            let opened = h.sealed.open(h.key, &expected).expect("as many");
            let complaint = Complaint { fault: Fault::Label, item, position: 0 };
            prop_assert_eq!(opened, if labels { Err(complaint) } else { Ok(h.items.clone()) });
        }
    }
}
