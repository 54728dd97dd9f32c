//! The net under every verb: a panic becomes an error like any other.

use std::{
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    path::Path,
    sync::{Mutex, PoisonError},
};

use crate::{failure::Failure, text};

/// What the first panic said.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Most characters of a panic's message that are shown.
const MOST: usize = 300;

/// Runs a verb; a panic, on whatever thread it waits for, is its failure. Nothing else is printed.
pub fn caught<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let before = panic::take_hook();
    panic::set_hook(Box::new(record));
    let outcome = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(before);
    outcome.unwrap_or_else(|_| {
        let said = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(Failure::Internal(said.unwrap_or_else(|| "no reason was given".into())))
    })
}

fn record(info: &PanicHookInfo<'_>) {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    if first.is_some() {
        return;
    }
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    // The file's name is enough to find it, and says nothing about the machine that compiled it.
    let place = info.location().and_then(|at| Some((Path::new(at.file()).file_name()?.to_str()?, at.line())));
    let place = place.map_or(String::new(), |(file, line)| format!(" ({file}, line {line})"));
    *first = Some(text::single_line(message.unwrap_or("a panic"), MOST) + &place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_sentence() {
        let outcome: Result<(), Failure> = caught(|| panic!("first line\nsecond {}", "line"));
        let failure = outcome.expect_err("a failure");
        assert_eq!(failure.exit_code(), 2);
        let said = failure.to_string();
        assert!(said.starts_with("internal error: first line second line (panics.rs, line "), "{said}");
        assert!(said.ends_with("; please report it"), "{said}");
        assert_eq!(caught(|| Ok(7)).expect("no panic"), 7);
    }
}
