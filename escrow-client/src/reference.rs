//! `docs/cli.md`, made from the command line itself.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};

use crate::cli::Cli;

const INTRODUCTION: &str = "\
# Command line

Made from `zkescrow --help` (`zkescrow reference > docs/cli.md`); a test compares it.

Every verb takes `--json`: one JSON document on stdout, everything else on stderr. Exit code 0: done; 1: the answer is no (proof
invalid, call refused or reverted, case lost); 2: the request was wrong. Defaults can be written into `zkescrow.toml` in the
current folder: a key is a variable below without `ZKESCROW_`, in lower case with hyphens. Flags come before variables,
variables before the file.
";

/// The whole document.
pub fn markdown() -> String {
    let mut command = Cli::command();
    command.build();
    let mut text = INTRODUCTION.to_owned();
    verbs(&command, "zkescrow", &mut text);
    text
}

fn verbs(command: &Command, path: &str, text: &mut String) {
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set()) {
        let path = format!("{path} {}", verb.get_name());
        if verb.has_subcommands() {
            verbs(verb, &path, text);
        } else {
            describe(verb, &path, text);
        }
    }
}

fn describe(verb: &Command, path: &str, text: &mut String) {
    // Writing into a string cannot fail.
    let _ = write!(text, "\n## {path}\n\n{}\n", verb.get_about().map(ToString::to_string).unwrap_or_default());
    let arguments = verb.get_arguments().filter(|arg| !arg.is_hide_set());
    let own: Vec<&Arg> =
        arguments.filter(|arg| !["help", "version", "json"].contains(&arg.get_id().as_str())).collect();
    if !own.is_empty() {
        text.push_str("\n| | | variable | default |\n|---|---|---|---|\n");
    }
    for arg in own {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let shown = !arg.is_hide_default_value_set() && !defaults.is_empty();
        let default = if shown { format!("`{}`", defaults.join(",")) } else { String::new() };
        let _ = writeln!(text, "| `{}` | {help} | {variable} | {default} |", usage(arg));
    }
    if let Some(example) = verb.get_after_help() {
        let _ = write!(text, "\n```\n{}\n```\n", example.to_string().trim_end());
    }
}

/// How an argument is written.
fn usage(arg: &Arg) -> String {
    let values = if arg.get_action().takes_values() {
        let names = arg.get_value_names().unwrap_or_default();
        names.iter().map(|name| format!(" <{name}>")).collect()
    } else {
        String::new()
    };
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}{values}"),
        (None, Some(long)) => format!("--{long}{values}"),
        (Some(short), None) => format!("-{short}{values}"),
        (None, None) => values.trim_start().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_up_to_date() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
        let written = std::fs::read_to_string(path).expect("docs/cli.md");
        for (line, expected) in written.lines().zip(markdown().lines()) {
            assert_eq!(line, expected, "run `zkescrow reference > docs/cli.md`");
        }
        assert!(written == markdown(), "run `zkescrow reference > docs/cli.md`");
    }
}
