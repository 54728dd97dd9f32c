//! A Postgres of this test's own, from Debian's packages: a cluster in a temporary folder, reached through a socket there.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Where Debian puts each version's server.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The server ends with its standard input, that is, with this process at the latest.
const UNTIL_CLOSED: &str = r#""$@" & server=$!; read -r _; kill -INT "$server"; wait "$server""#;

/// A cluster; its server is stopped when dropped.
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    server: Mutex<Option<Child>>,
}

/// The cluster that tests share for as long as one of them needs it.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The shared cluster, or none where Postgres is not installed and not required.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = shared.upgrade() {
            return Some(cluster);
        }
        let cluster = Arc::new(Self::new()?);
        *shared = Arc::downgrade(&cluster);
        Some(cluster)
    }

    /// A cluster of one's own, under the same conditions.
    pub fn new() -> Option<Self> {
        let Some(programs) = programs() else {
            let required = ["CI", "ZKESCROW_REQUIRE_POSTGRES"].iter().any(|name| env::var_os(name).is_some());
            assert!(!required, "no {VERSIONS}/*/bin/postgres: apt-get install postgresql");
            eprintln!("SKIPPED: no {VERSIONS}/*/bin/postgres; to test with Postgres, apt-get install postgresql");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("zkescrow-pg").tempdir().expect("temporary folder");
        if is_root() {
            done(Command::new("chown").arg(format!("{}:", account())).arg(folder.path()));
        }
        let cluster = Self { programs, folder, server: Mutex::new(None) };
        let options = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"];
        done(unprivileged(&cluster.programs.join("initdb")).arg("-D").arg(cluster.data()).args(options));
        cluster.start();
        Some(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the server and waits for it.
    pub fn start(&self) {
        let server = unprivileged(&self.programs.join("postgres"));
        let mut command = Command::new("sh");
        command.args(["-c", UNTIL_CLOSED, "sh"]).arg(server.get_program()).args(server.get_args());
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        *self.server() = Some(command.spawn().expect("sh runs"));
        let begin = Instant::now();
        while !self.client("pg_isready").args(["-q", "-d", "postgres"]).status().expect("pg_isready runs").success() {
            assert!(begin.elapsed() < Duration::from_secs(30), "Postgres does not start: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops the server; whoever is connected is thrown out.
    pub fn stop(&self) {
        if let Some(mut server) = self.server().take() {
            drop(server.stdin.take());
            let _ = server.wait();
        }
    }

    /// Makes an empty database and says where it is.
    pub fn database(&self, name: &str) -> String {
        done(self.client("createdb").arg(name));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.path().display())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-h").arg(self.folder.path()).args(["-U", "postgres"]);
        command
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The programs of the newest version that has a server.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.flatten().map(|entry| entry.path().join("bin"));
    let complete = versions.filter(|bin| ["initdb", "postgres"].iter().all(|name| bin.join(name).is_file()));
    complete.max_by_key(|bin| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok())
}

/// Postgres refuses to run as root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let account = account();
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={account}"), "--regid", &said(&["id", "-g", account]), "--clear-groups", "--"]);
    command.arg(program);
    command
}

/// Who runs the server in root's stead.
fn account() -> &'static str {
    let known = Command::new("id").arg("postgres").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if known.is_ok_and(|status| status.success()) { "postgres" } else { "nobody" }
}

fn is_root() -> bool {
    said(&["id", "-u"]) == "0"
}

fn said(command: &[&str]) -> String {
    let output = Command::new(command[0]).args(&command[1..]).output().expect("id runs");
    String::from_utf8(output.stdout).expect("text").trim().into()
}

fn done(command: &mut Command) {
    // Programs that may run as somebody else must not start in a folder that they cannot read.
    let output = command.current_dir("/").stdin(Stdio::null()).output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
