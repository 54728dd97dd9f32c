//! The checked-in fixtures of forge's tests are what the generator makes now.

use std::fs;

use serde_json::Value;
use zkescrow_tests::{
    fixtures::{LAYOUTS, code, contracts, folder, sources_folder},
    round,
};

#[test]
fn fixtures_are_not_stale() {
    for layout in &LAYOUTS {
        let (_, generated, contracts) = contracts(layout);
        let path = folder().join(format!("{}.json", layout.name));
        let fixture: Value = serde_json::from_slice(&fs::read(&path).expect("a fixture")).expect("a document");
        let name = layout.name;
        assert!(fixture["contracts"] == code(&contracts), "{name}.json has other code: run `make fixtures`");
        for (name, text) in generated.sources.iter().filter(|_| layout.sources) {
            let kept = fs::read_to_string(sources_folder().join(name)).unwrap_or_default();
            assert!(kept == *text, "{name} is not what is generated now: run `make fixtures`");
        }
    }
}

#[test]
fn rounds_are_not_stale() {
    for name in round::NAMES {
        let (_, _, contracts) = round::contracts(name);
        let path = folder().join(format!("{name}.json"));
        let fixture: Value = serde_json::from_slice(&fs::read(&path).expect("a fixture")).expect("a document");
        assert!(fixture["contracts"] == code(&contracts), "{name}.json has other code: run `make fixtures`");
    }
}
