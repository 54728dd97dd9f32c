//! A worker in a process of its own, to be killed or paused: this test binary, started once more.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use zkescrow_client::queue::{Order, Refusal};

use crate::stage::{HASTY, Place, Rule, worker};

const LOCATION: &str = "ZKESCROW_TEST_QUEUE";
const RELEASE: &str = "ZKESCROW_TEST_RELEASE";

/// What the process says of every order, once it is let.
pub const LATE: &str = "from a worker that was overtaken";

/// A worker that proves for as long as the file `release` is not there, and then says that nothing can be proven.
pub struct WorkerProcess(pub Child);

impl WorkerProcess {
    pub fn start(place: &Place, release: &Path) -> Self {
        let mut command = Command::new(env::current_exe().expect("this binary"));
        command.args(["--exact", "process::a_worker", "--ignored", "--nocapture"]);
        command.env(LOCATION, &place.location).env(RELEASE, release).stdout(Stdio::null());
        Self(command.spawn().expect("this binary runs"))
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "started by other tests"]
async fn a_worker() {
    let (Ok(location), Some(release)) = (env::var(LOCATION), env::var_os(RELEASE)) else { return };
    let release = PathBuf::from(release);
    let prover = Rule::new(move |_, _: &Order| {
        while !release.exists() {
            thread::sleep(Duration::from_millis(20));
        }
        Err(Refusal::Final(LATE.into()))
    });
    let (worker, _) = worker(&Place::at(location), prover, HASTY).await;
    worker.run(1, true).await.expect("a worker");
}
