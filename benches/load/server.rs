//! The real binary, started and looked at from outside.

use crate::Done;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    data: PathBuf,
    pub address: SocketAddr,
    pub token: String,
    pub started: Instant,
    /// From the start of the process to its word that it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// Starts the bot on a data folder, with the checklists of `home`, on a free port.
    pub fn start(data: &Path, home: &Path) -> Done<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.arg("--data").arg(data).arg("--checklists").arg(home.join("checklists"));
        command
            .arg("--config")
            .arg(home.join("rollcall.toml"))
            .args(["--listen", "127.0.0.1:0"])
            .env("ROLLCALL_LOG", "warn");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let ready_after = started.elapsed();
        if !line.contains("ready") {
            _ = child.kill();
            return Err(format!("the bot did not start: {line}").into());
        }
        // Read on, so that it can say what it likes.
        std::thread::spawn(move || out.lines().for_each(drop));
        let note: serde_json::Value = serde_json::from_slice(&std::fs::read(data.join("running.json"))?)?;
        let word = |name: &str| note.get(name).and_then(|v| v.as_str()).ok_or("running.json is damaged");
        let (address, token) = (word("address")?.parse()?, word("token")?.to_owned());
        Ok(Self { child, data: data.to_path_buf(), address, token, started, ready_after })
    }

    /// Asks it to end, as an operator would.
    pub fn stop(mut self) -> Done<()> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let ended = self.child.wait()?;
        if told.success() && ended.success() { Ok(()) } else { Err(format!("the bot ended badly: {ended}").into()) }
    }

    /// The number the next deployment gets.
    pub async fn next_id(&self) -> Done<u64> {
        let store = rollcall::store::Store::open_existing(&self.data).await?;
        Ok(store.next_id().await?)
    }

    /// Waits until nothing waits to be shown any more.
    pub async fn settle(&self) {
        let Ok(store) = rollcall::store::Store::open_existing(&self.data).await else { return };
        while store.stats().await.is_ok_and(|s| s.waiting > 0) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        _ = store.close().await;
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> Done<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // In hundredths of a second: user time and system time.
        let ticks = fields.get(11..13).ok_or("/proc has another form")?;
        let ticks: u64 = ticks.iter().map(|t| t.parse::<u64>()).sum::<Result<_, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    pub fn memory(&self) -> Done<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok());
            kib.map_or(f64::NAN, |kib| kib / 1024.0)
        };
        Ok(Memory { resident: mib("VmRSS"), private: mib("RssAnon"), peak: mib("VmHWM") })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already where all went well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// In MiB. Resident is what counts as ours at most: pages of the program itself included.
pub struct Memory {
    resident: f64,
    private: f64,
    peak: f64,
}

impl Memory {
    pub fn cells(&self) -> String {
        format!("{:.1} | {:.1} | {:.1}", self.resident, self.private, self.peak)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident, private, peak } = self;
        write!(f, "{resident:.1} MiB resident, of it {private:.1} MiB private; at most {peak:.1} MiB")
    }
}
