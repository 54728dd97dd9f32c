//! Keys, and who may use them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use zkescrow_client::chain::{Chain, NodeArgs};

use super::stage::{Stage, connect, somebody, step};

/// The key of Anvil's third account.
const KEY: &str = "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

async fn refused(args: &NodeArgs) -> String {
    Chain::connect(args).await.expect_err("refused").to_string()
}

#[tokio::test]
async fn keys_come_from_files() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let at = |name: &str| folder.path().join(name);
    let key = hex(KEY);
    let made =
        PrivateKeySigner::encrypt_keystore(folder.path(), &mut rand::thread_rng(), key, "long", Some("keystore"));
    let (signer, _) = made.expect("a keystore");
    fs::set_permissions(at("keystore"), fs::Permissions::from_mode(0o600)).expect("set");
    write(&at("password"), "long\n", 0o600);
    write(&at("key"), &format!("0x{KEY}\n"), 0o600);
    let keystore = NodeArgs { keystore: Some(at("keystore")), password_file: Some(at("password")), ..stage.args() };
    let key_file = NodeArgs { key_file: Some(at("key")), ..stage.args() };
    for args in [&keystore, &key_file] {
        let chain = connect(&args.clone().with_account(signer.address())).await;
        assert_eq!(chain.sender, signer.address());
        let to = somebody();
        chain.submit(step(None, to)).await.expect("mined");
        assert_eq!(stage.times(to).await, 1);
        let other = refused(&args.clone().with_account(somebody())).await;
        assert!(other.contains("--account"), "{other}");
    }
    let both = NodeArgs { key_file: Some(at("key")), ..keystore.clone() };
    assert!(refused(&both).await.contains("not both"));

    // What others can read is no secret.
    for (args, file) in [(&keystore, "keystore"), (&keystore, "password"), (&key_file, "key")] {
        fs::set_permissions(at(file), fs::Permissions::from_mode(0o640)).expect("set");
        let reason = refused(args).await;
        assert!(reason.contains("run chmod 600") && reason.contains(file), "{reason}");
        fs::set_permissions(at(file), fs::Permissions::from_mode(0o600)).expect("set");
    }

    write(&at("password"), "short", 0o600);
    assert!(refused(&keystore).await.contains("its password is another one"));
    write(&at("key"), "not a key", 0o600);
    let reason = refused(&key_file).await;
    assert!(reason.contains("64 hexadecimal digits") && !reason.contains("not a key"), "{reason}");
}

/// Files that decrypting would choke on.
#[tokio::test]
async fn damaged_keystores_are_refused() {
    let (stage, folder) = (Stage::new(), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("keystore");
    let key = hex(KEY);
    PrivateKeySigner::encrypt_keystore(folder.path(), &mut rand::thread_rng(), key, "", Some("keystore"))
        .expect("made");
    let sound = fs::read_to_string(&path).expect("read");
    write(&folder.path().join("password"), "", 0o600);
    let password_file = Some(folder.path().join("password"));
    let args = NodeArgs { keystore: Some(path.clone()), password_file, ..stage.args() };
    let mut damaged = vec![String::new(), "{}".into(), "[1]".into(), sound[..sound.len() / 2].into()];
    for (from, to) in [("\"dklen\":32", "\"dklen\":8"), ("\"n\":8192", "\"n\":4294967295"), ("\"n\":8192", "\"n\":0")] {
        assert!(sound.contains(from), "{sound}");
        damaged.push(sound.replace(from, to));
    }
    let iv = sound.split("\"iv\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an iv").to_owned();
    damaged.push(sound.replace(&iv, "00"));
    for text in damaged {
        write(&path, &text, 0o600);
        let reason = refused(&args).await;
        assert!(reason.contains("cannot use keystore"), "{reason}");
    }
}

#[tokio::test]
async fn nodes_sign_on_this_machine_only() {
    let stage = Stage::new();
    let accounts: Vec<Address> =
        serde_json::from_value(stage.rpc("eth_accounts", serde_json::json!([])).await).expect("accounts");
    assert_eq!(stage.chain().await.sender, accounts[0]);
    let chain = connect(&stage.args().with_account(accounts[4])).await;
    let to = somebody();
    chain.submit(step(None, to)).await.expect("mined");
    assert_eq!((stage.times(to).await, stage.nonce(accounts[4]).await), (1, 1));
    let unknown = refused(&stage.args().with_account(somebody())).await;
    assert!(unknown.contains("does not sign for"), "{unknown}");
    let remote = refused(&NodeArgs::local("https://user:secret@node.example/key")).await;
    assert!(remote.contains("https://node.example is not on this machine"), "{remote}");
    assert!(!remote.contains("secret") && !remote.contains("/key"), "{remote}");
    let nowhere = refused(&NodeArgs::local("http://127.0.0.1:1")).await;
    assert!(nowhere.contains("is a node running there?"), "{nowhere}");
}

fn hex(digits: &str) -> Vec<u8> {
    alloy::hex::decode(digits).expect("digits")
}
