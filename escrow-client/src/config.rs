//! `zkescrow.toml`: defaults for flags. Flags come before the environment, the environment before the file.
//!
//! A key is a flag's variable without `ZKESCROW_`, in lower case: `rpc`, `key-file`, `deployment`, `store`, `keys`. So
//! whatever has a variable can be written into the file, and nothing else can.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use clap::Command;

use crate::{failure::Failure, paths};

const PREFIX: &str = "ZKESCROW_";
/// Names another file.
const VARIABLE: &str = "ZKESCROW_CONFIG";
const FILE: &str = "zkescrow.toml";
/// Most bytes of the file.
const LIMIT: u64 = 1 << 16;

/// What a file says, by the names of variables.
type Defaults = BTreeMap<String, String>;

/// The command line with the defaults of `zkescrow.toml`, if there is one in the current folder, or of the file that is named.
pub fn apply(command: Command) -> Result<Command, Failure> {
    let named = env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = named.clone().unwrap_or_else(|| FILE.into());
    if named.is_none() && !path.exists() {
        return Ok(command);
    }
    let defaults = read(&path)?;
    let known = variables(&command);
    if let Some(unknown) = defaults.keys().find(|name| !known.contains(name)) {
        let mut keys: Vec<String> = known.iter().map(|name| key(name)).collect();
        keys.sort();
        keys.dedup();
        let (path, unknown, keys) = (path.display(), key(unknown), keys.join(", "));
        return Err(Failure::Request(format!("{path} sets {unknown:?}, which no flag reads: there are {keys}")));
    }
    Ok(with_defaults(command, &defaults))
}

fn read(path: &Path) -> Result<Defaults, Failure> {
    let refuse = |reason: String| Failure::Request(format!("cannot use {}: {reason}", path.display()));
    let text = paths::read(path, LIMIT)?;
    let text = String::from_utf8(text).map_err(|_| refuse("it is no text".into()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| refuse(e.message().to_owned()))?;
    let default = |(name, value): (String, toml::Value)| {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => return Err(refuse(format!("{name} is neither text nor a number"))),
        };
        Ok((format!("{PREFIX}{}", name.to_uppercase().replace('-', "_")), value))
    };
    table.into_iter().map(default).collect()
}

fn key(variable: &str) -> String {
    variable.trim_start_matches(PREFIX).to_lowercase().replace('_', "-")
}

/// The variables of all flags, below all verbs.
fn variables(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_string_lossy().into_owned()));
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

fn with_defaults(command: Command, defaults: &Defaults) -> Command {
    let command = command.mut_args(|arg| {
        let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
        match variable.and_then(|name| defaults.get(&name)) {
            Some(value) => arg.default_value(value.clone()).required(false),
            None => arg,
        }
    });
    command.mut_subcommands(|verb| with_defaults(verb, defaults))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join(FILE);
        std::fs::write(&path, text).expect("written");
        (folder, path)
    }

    #[test]
    fn defaults_reach_every_verb_and_flags_come_first() {
        let (_folder, path) = file("rpc = \"http://file\"\nconfirmations = 7\nkeys = \"from-file\"\n");
        let command = with_defaults(Cli::command(), &read(&path).expect("read"));
        let rpc = |args: &[&str]| {
            let matches = command.clone().try_get_matches_from(args).expect("a command line");
            let (_, matches) = matches.subcommand().expect("a verb");
            matches.get_one::<String>("rpc").expect("a node").clone()
        };
        assert_eq!(rpc(&["zkescrow", "status"]), "http://file");
        assert_eq!(rpc(&["zkescrow", "status", "--rpc", "http://flag"]), "http://flag");
        assert!(command.clone().try_get_matches_from(["zkescrow", "setup", "--model", "m"]).is_ok(), "keys are given");
    }

    #[test]
    fn files_that_make_no_sense_are_refused() {
        for text in ["rpc = [1]", "rpc", "rpc = {a = 1}"] {
            let (_folder, path) = file(text);
            assert!(read(&path).is_err(), "{text}");
        }
        let known = variables(&Cli::command());
        assert!(known.iter().all(|name| name.starts_with(PREFIX)), "{known:?}");
        assert!(known.contains(&"ZKESCROW_RPC".to_owned()));
    }
}
