//! What careless or malicious surroundings must not achieve: planted files, lost secrets, leaks, a terminal that obeys.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::shared::{SETTING, command, copy_of_keys, npy, path, picture, prove_args, run, wrong};

/// Far more than what is waited for takes.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn planted_tools_are_not_run() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name: &str| folder.path().join(name);
    let script = format!("#!/bin/sh\ntouch {}\n", at("was-run").display());
    for name in ["work/scripts/solc", "work/node_modules/solc/package.json", "work/anvil", "bin/zkescrow"] {
        fs::create_dir_all(at(name).parent().expect("a folder")).expect("created");
        fs::write(at(name), &script).expect("written");
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).expect("changed");
    }
    fs::create_dir(at("work/deep")).expect("created");
    fs::copy(env!("CARGO_BIN_EXE_zkescrow"), at("bin/zkescrow")).expect("copied");
    for (binary, work) in [("bin/zkescrow", "work"), ("bin/zkescrow", "work/deep")] {
        let mut alone = Command::new(at(binary));
        alone.current_dir(at(work)).env_remove("ZKESCROW_CHECKOUT").env("PATH", ":.");
        let (keys, out) = (s.path("keys"), path(folder.path(), "verifier"));
        let output = alone.args(["verifier", "generate", "--keys", &keys, "--out", &out]).output().expect("runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("the Solidity compiler is missing"));
        let mut alone = Command::new(at(binary));
        alone.current_dir(at(work)).env_remove("ZKESCROW_CHECKOUT").env("PATH", ":.");
        let output = alone.args(["chain", "up", "--port", "0"]).output().expect("runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("Anvil is missing"));
    }
    assert!(!at("was-run").exists());
}

#[test]
fn every_proof_keeps_its_own_secret() {
    let s = &*SETTING;
    let (folder, keys) = copy_of_keys();
    for name in ["model.zkm", "input.npy"] {
        fs::copy(s.path(name), folder.path().join(name)).expect("copied");
    }
    let prove = |output: &str| prove_args(folder.path(), "model.zkm", "input.npy", output);
    for output in ["answer.1", "answer.2"] {
        let (code, json, stderr) = run(&prove(output));
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(json["opening"], path(folder.path(), &format!("{output}.secret")));
        assert!(stderr.contains("--provider") && !stderr.contains("--context"), "{stderr}");
    }
    let secret = |n: u8| fs::read(folder.path().join(format!("answer.{n}.secret"))).expect("the secret");
    let (first, second) = (secret(1), secret(2));
    assert_ne!(first, second);
    wrong(&prove("answer.1"), "answer.1.secret exists");
    assert_eq!(secret(1), first);

    let before = fs::read(keys.join("srs.bin")).expect("the file");
    for output in ["model.zkm", "input.npy", "keys/srs.bin", "keys/opening.secret"] {
        wrong(&prove(output), "which is read");
    }
    assert_eq!(fs::read(keys.join("srs.bin")).expect("the file"), before);
    wrong(&prove("keys"), "it is a folder");
    wrong(&prove("new/"), "names no file");
    wrong(&prove("input.npy/proof"), "input.npy/proof");
    assert!(!folder.path().join("model.zkm.secret").exists());
}

#[test]
fn only_regular_files_are_read_and_written() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let pipe = path(folder.path(), "pipe.npy");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let (model, keys) = (s.path("model.zkm"), s.path("keys"));
    for target in [&pipe[..], "/dev/null"] {
        wrong(&["model", "sample", "-o", target], "not a regular file");
        wrong(&["deploy", "--keys", &keys, "--rpc", "http://127.0.0.1:1", "-o", target], "not a regular file");
    }
    wrong(&["model", "sample", "-o", &keys], "it is a folder");
    wrong(&["verifier", "generate", "--keys", &keys, "--out", &model], "not a folder");
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("abi.json")).expect("created");
    wrong(&["verifier", "generate", "--keys", &keys, "--out", out.to_str().expect("text")], "abi.json");
    assert_eq!(fs::read_dir(&out).expect("listed").count(), 1, "nothing is written");
    for source in [&pipe[..], "/dev/zero"] {
        wrong(&["infer", "--model", &model, "--input", source], "not a regular file");
        wrong(&["model", "inspect", source], "not a regular file");
        wrong(&["verify", "--keys", &keys, "--proof", source], source);
        let deploy = ["deploy", "--keys", &keys, "--rpc", "http://127.0.0.1:1", "--key-file", source];
        wrong(&[&deploy[..], &["-o", &path(folder.path(), "d.json")]].concat(), "not a regular file");
    }
}

#[test]
fn the_demo_spares_what_is_in_a_folder() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let model = folder.path().join("model.zkm");
    fs::write(&model, "precious").expect("written");
    wrong(&["demo", "forgeries", "--keep", folder.path().to_str().expect("text")], "not empty");
    wrong(&["demo", "forgeries", "--keep", model.to_str().expect("text")], "not a folder");
    assert_eq!(fs::read(&model).expect("the file"), b"precious");
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut demo = command();
    demo.args(["demo", "forgeries"]).env("TMPDIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut demo = demo.spawn().expect("the binary runs");
    let begin = Instant::now();
    let made = loop {
        let found = fs::read_dir(folder.path()).expect("listed").flatten().map(|entry| entry.path()).next();
        if let Some(made) = found.filter(|path| path.join("model.zkm").is_file()) {
            break made;
        }
        assert!(begin.elapsed() < PATIENCE, "the demo does not start");
        thread::sleep(Duration::from_millis(5));
    };
    let mode = fs::metadata(&made).expect("the folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(Command::new("kill").arg(demo.id().to_string()).status().expect("kill runs").success());
    assert_eq!(demo.wait().expect("an end").code(), Some(128 + 15));
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[test]
fn addresses_of_nodes_stay_private() {
    let s = &*SETTING;
    let (keys, output) = (s.path("keys"), s.path("private.json"));
    let addresses = [
        "http://user:hunter2@127.0.0.1:1/v3/hunter2?key=hunter2",
        "ftp://user:hunter2@127.0.0.1/hunter2",
        "user@hunter2 nonsense",
    ];
    for rpc in addresses {
        let (code, json, stderr) = run(&["deploy", "--keys", &keys, "--rpc", rpc, "-o", &output]);
        assert_eq!(code, 2);
        assert!(!stderr.contains("hunter2") && !json.to_string().contains("hunter2"), "{stderr}");
    }
    let mut help = command();
    help.args(["deploy", "--help"]).env("ZKESCROW_RPC", addresses[0]).env("ZKESCROW_KEY_FILE", "hunter2");
    let help = help.output().expect("the binary runs");
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(text.contains("ZKESCROW_RPC") && !text.contains("hunter2"), "{text}");
}

#[test]
fn headers_of_inputs_are_not_repeated() {
    let s = &*SETTING;
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = path(folder.path(), "x.npy");
    let evil = "\u{1b}]0;evil\u{7}\n";
    let headers = [
        npy("(8, 8, 3)", &format!("{evil}|u1"), "False", &picture()),
        npy(&format!("({evil})"), "|u1", "False", &picture()),
        npy(&"(".repeat(60_000), "|u1", "False", &picture()),
        npy(&format!("({}8)", "8, ".repeat(300)), "|u1", "False", &picture()),
    ];
    for bytes in headers {
        fs::write(&file, bytes).expect("written");
        let args = ["infer", "--model", &s.path("model.zkm"), "--input", &file];
        wrong(&args, "x.npy");
        let (_, json, _) = run(&args);
        let error = json["error"].as_str().expect("an error");
        assert!(!error.contains("evil") && error.len() < 400, "{error}");
    }
}

#[test]
fn verification_says_what_is_valid_and_takes_expectations() {
    let s = &*SETTING;
    let args = ["verify", "--keys", &s.path("keys"), "--proof", &s.path("proof.json")];
    let label = s.prove["label"].as_u64().expect("a label");
    let (code, json, _) = run(&args);
    assert_eq!((code, json["label"].as_u64()), (0, Some(label)));
    assert_eq!(json["insecure"], true);
    for (name, instance) in [("inputCommitment", 0), ("outputCommitment", 1), ("context", 3)] {
        assert_eq!(json[name], s.prove["instances"][instance], "{name}");
    }
    let with = |flag: &str, value: &str| run(&[&args[..], &[flag, value]].concat());
    assert_eq!(with("--context", "0x4d").0, 0);
    assert_eq!(with("--label", &label.to_string()).0, 0);
    for (flag, value, reason) in [("--context", "4e", "context"), ("--label", &(label + 1).to_string(), "label")] {
        let (code, json, _) = with(flag, value);
        assert_eq!((code, &json["valid"]), (1, &false.into()));
        assert!(json["reason"].as_str().expect("a reason").contains(reason));
    }
    let output = command().args(args).output().expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("valid\n") && text.contains("INSECURE"), "{text}");
    assert!(text.contains(json["modelId"].as_str().expect("an id")), "{text}");
}

#[test]
fn names_cannot_control_the_terminal() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let file = folder.path().join("evil.zkm");
    let mut model = zkescrow_circuits::sample::tiny(1);
    model.name = "\u{1b}[2Jevil\u{9b}31m\nsecond".into();
    model.network.layers[0].name = "\u{1b}]0;evil\u{7}".into();
    model.save(&file).expect("written");
    let hidden = |text: &str| text.chars().any(|c| c != '\n' && c.is_control());
    for json in [false, true] {
        let mut inspect = command();
        if json {
            inspect.arg("--json");
        }
        let output = inspect.args(["model", "inspect"]).arg(&file).output().expect("the binary runs");
        let (text, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!hidden(&text) && !hidden(&stderr), "{text:?} {stderr:?}");
    }
    let missing = Path::new(folder.path()).join("\u{1b}[2J.zkm");
    let output = command().args(["model", "inspect"]).arg(missing).output().expect("the binary runs");
    assert!(!hidden(&String::from_utf8_lossy(&output.stderr)));
}

#[test]
fn damaged_commitments_are_called_damaged() {
    let s = &*SETTING;
    let (_folder, keys) = copy_of_keys();
    let file = keys.join("commitment.json");
    let text = fs::read_to_string(&file).expect("the file");
    let arch = s.setup["archDigest"].as_str().expect("a digest");
    let keys = keys.to_str().expect("text");
    let proof = s.path("proof.json");
    for (replacement, said) in [("0x12".to_owned(), "damaged"), (format!("0x{}", "12".repeat(32)), "other keys")] {
        fs::write(&file, text.replace(arch, &replacement)).expect("written");
        wrong(&["verify", "--keys", keys, "--proof", &proof], said);
    }
    let (_, json, _) = run(&["setup", "--model", &s.path("model.zkm"), "--keys", keys]);
    let advice = json["error"].as_str().expect("an error");
    assert!(advice.contains("choose another folder") && !advice.contains("remove"), "{advice}");
}
