//! Anvil, for as long as it is needed: it ends with its handle, and with this process.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio, exit},
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{checkout, failure::Failure, queue, scratch};

/// Every running Anvil, so that signals can stop them: nothing else runs when a process is interrupted.
static RUNNING: Mutex<Vec<Child>> = Mutex::new(vec![]);

/// A running Anvil.
#[derive(Debug)]
pub struct LocalChain {
    process: u32,
    /// Where it listens.
    pub rpc: String,
}

impl LocalChain {
    /// Starts Anvil and waits until it listens; on port 0, that is a free one.
    pub fn start(port: u16) -> Result<Self, Failure> {
        Self::start_with(port, &[])
    }

    /// Starts Anvil with further arguments.
    pub fn start_with(port: u16, arguments: &[&str]) -> Result<Self, Failure> {
        let program = checkout::anvil()?;
        let failed = |reason: String| Failure::Request(format!("cannot start {}: {reason}", program.display()));
        let mut command = Command::new(&program);
        command.args(["--port", &port.to_string()]).args(arguments).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| failed(e.to_string()))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let process = child.id();
        lock().push(child);
        let mut chain = Self { process, rpc: String::new() };
        let mut lines = stdout.into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok);
        let Some(address) = lines.find_map(|line| Some(line.strip_prefix("Listening on ")?.trim().to_owned())) else {
            let lines = stderr.into_iter().flat_map(|err| BufReader::new(err).lines()).map_while(Result::ok);
            let reason = lines.last().unwrap_or_default();
            return Err(failed(format!("it ended at once ({reason}); is port {port} taken?")));
        };
        // Its log must be read, or it stops when the pipe is full.
        thread::spawn(move || lines.for_each(drop));
        chain.rpc = format!("http://{address}");
        Ok(chain)
    }

    /// Waits until Anvil ends by itself.
    pub async fn ended(&self) {
        while lock().iter_mut().any(|child| child.id() == self.process && matches!(child.try_wait(), Ok(None))) {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
}

impl Drop for LocalChain {
    fn drop(&mut self) {
        let mut running = lock();
        if let Some(at) = running.iter().position(|child| child.id() == self.process) {
            stop(running.swap_remove(at));
        }
    }
}

/// Waits for an interruption, gives claimed jobs back, stops every Anvil, removes temporary folders and ends the process.
pub async fn stop_on_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let signal = tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
    };
    queue::give_back().await;
    lock().drain(..).for_each(stop);
    scratch::remove_all();
    exit(128 + signal.as_raw_value());
}

fn lock() -> std::sync::MutexGuard<'static, Vec<Child>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stop(mut child: Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
