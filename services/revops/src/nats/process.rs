//! A server process: one that we started, or one that we found running.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// How long a server may take to close its store before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// How often a process that is not our child is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Process {
    pid: u32,
    kin: Kin,
}

#[derive(Debug)]
enum Kin {
    /// We started it, and so we must reap it.
    Child(Child),
    /// An earlier process of ours started it on this configuration. Its id may pass to a stranger
    /// once it is gone; the configuration tells.
    Adopted(PathBuf),
}

impl Process {
    /// Runs the program on a configuration, in a process group of its own and with no terminal,
    /// so that Ctrl-C reaches us alone. What it says before it opens its log goes to `said`.
    pub fn spawn(program: &Path, config: &Path, said: &Path) -> io::Result<Self> {
        let child = Command::new(program)
            .arg("-c")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(said)?)
            .process_group(0)
            .spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(Self { pid, kin: Kin::Child(child) })
    }

    /// The live process that runs on this configuration: the one in the pid file, or any other.
    pub fn find(config: &Path, pid_file: &Path) -> Option<Self> {
        let noted = fs::read_to_string(pid_file).ok().and_then(|text| text.trim().parse().ok());
        noted
            .filter(|pid| runs_on(*pid, config))
            .or_else(|| all_pids().find(|pid| runs_on(*pid, config)))
            .map(|pid| Self { pid, kin: Kin::Adopted(config.to_path_buf()) })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    pub fn has_exited(&mut self) -> bool {
        match &mut self.kin {
            Kin::Child(child) => !matches!(child.try_wait(), Ok(None)),
            Kin::Adopted(config) => !runs_on(self.pid, config),
        }
    }

    /// Waits until the process is gone. Dropping the future is harmless.
    pub async fn exited(&mut self) {
        match &mut self.kin {
            // An error means that there is no such child any more.
            Kin::Child(child) => drop(child.wait().await),
            Kin::Adopted(config) => {
                while runs_on(self.pid, config) {
                    sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Asks it to stop, waits, and kills it if it does not.
    pub async fn stop(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM)?;
        if timeout(GRACE, self.exited()).await.is_ok() {
            return Ok(());
        }
        tracing::warn!(pid = self.pid, "nats-server did not stop in time, killing it");
        self.signal(Signal::KILL)?;
        self.exited().await;
        Ok(())
    }

    /// A process that has gone in the meantime is what we wanted.
    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.has_exited() {
            return Ok(());
        }
        match to_pid(self.pid).map(|pid| kill_process(pid, signal)) {
            None | Some(Ok(()) | Err(rustix::io::Errno::SRCH)) => Ok(()),
            Some(Err(error)) => Err(error.into()),
        }
    }
}

/// Whether the process is alive and was started on exactly this configuration file, as our servers
/// are. One that ended and waits to be reaped shows no arguments.
fn runs_on(pid: u32, config: &Path) -> bool {
    let Ok(command) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return false;
    };
    let config = config.as_os_str().as_encoded_bytes();
    let mut arguments = command.split(|byte| *byte == 0);
    arguments.any(|argument| argument == b"-c") && arguments.next() == Some(config)
}

fn all_pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
