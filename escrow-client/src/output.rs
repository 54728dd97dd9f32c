//! The one place that prints: results on stdout, everything else on stderr, progress only where somebody watches.

use std::{
    borrow::Cow,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zkescrow_circuits::srs::Origin;

use crate::{failure::Failure, text};

/// Most characters of an error.
const LONGEST: usize = 2000;

/// What a verb has to say at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether the answer is yes; verbs that are not asked anything say yes.
    pub yes: bool,
    /// For programs.
    pub json: Value,
    /// For people.
    pub text: String,
}

impl Outcome {
    /// A verb did what it should.
    pub fn done(json: Value, text: impl Into<String>) -> Self {
        Self { yes: true, json, text: text.into() }
    }

    /// A verb ended that had announced its result before.
    pub fn over(yes: bool) -> Self {
        Self { yes, json: Value::Null, text: String::new() }
    }
}

/// Where words go while a verb runs.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    json: bool,
    quiet: bool,
}

impl Ui {
    /// With `json`, stdout carries one document and nothing else.
    pub fn new(json: bool) -> Self {
        Self { json, quiet: false }
    }

    /// The same without warnings, for those who have given them already.
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// A fact worth knowing.
    pub fn note(&self, text: impl AsRef<str>) {
        line(&mut io::stderr(), text.as_ref());
    }

    /// Something that must not be overlooked.
    pub fn warn(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.note(format!("WARNING: {}", text.as_ref()));
        }
    }

    /// Warns if proofs over this reference string can be forged.
    pub fn warn_origin(&self, origin: &Origin) {
        if let Some(warning) = origin.warning() {
            self.warn(warning);
        }
    }

    /// A line of a story that is told while it happens: part of the result for people, a log for programs.
    pub fn tell(&self, text: impl AsRef<str>) {
        if self.json { self.note(text) } else { line(&mut io::stdout(), text.as_ref()) }
    }

    /// Prints the result of a verb that goes on running; its outcome is then [`Outcome::over`].
    pub fn announce(&self, json: &Value, text: &str) {
        if self.json { document(json) } else { line(&mut io::stdout(), text) }
    }

    /// A spinner for as long as the answer lives; invisible unless stderr is a terminal.
    #[must_use]
    pub fn progress(&self, text: impl Into<Cow<'static, str>>) -> Progress {
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        let bar = ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(text);
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// Prints the end of a verb and says what the process returns.
    pub fn finish(&self, outcome: Result<Outcome, Failure>) -> ExitCode {
        match outcome {
            Ok(outcome) => {
                if !outcome.json.is_null() {
                    self.announce(&outcome.json, &outcome.text);
                }
                ExitCode::from(u8::from(!outcome.yes))
            }
            Err(failure) => {
                let reason = text::single_line(&failure.to_string(), LONGEST);
                self.note(format!("error: {reason}"));
                if self.json {
                    document(&json!({ "error": reason }));
                }
                ExitCode::from(failure.exit_code())
            }
        }
    }
}

/// A spinner; gone when dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Says what is being done now.
    pub fn set(&self, text: impl Into<Cow<'static, str>>) {
        self.0.set_message(text);
    }

    /// Lets something else speak on the same terminal.
    pub fn aside(&self, speak: impl FnOnce()) {
        self.0.suspend(speak);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Help that was asked for, or a command line that makes no sense.
pub fn usage(error: &clap::Error) -> ExitCode {
    let asked = !error.use_stderr();
    if !asked && std::env::args_os().any(|arg| arg == "--json") {
        let text = error.to_string();
        // What comes after the first empty line is advice.
        let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        document(&json!({ "error": lines.join(" ").trim_start_matches("error: ") }));
    }
    // A closed pipe is nobody's fault.
    let _ = error.print();
    ExitCode::from(if asked { 0 } else { 2 })
}

fn document(value: &Value) {
    line(&mut io::stdout(), &text::escaped(&format!("{value:#}")));
}

fn line(to: &mut impl Write, text: &str) {
    // A closed pipe is nobody's fault.
    let _ = writeln!(to, "{}", text::visible(text));
}
