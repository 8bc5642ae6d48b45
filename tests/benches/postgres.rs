//! A PostgreSQL of our own, for questions beside it: Debian's package, started for one measurement.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

/// The user whom Debian's package makes: the server refuses to run as root.
const RUNS_AS: &str = "postgres";
/// Everything that is asked for fits into memory, as it does in a cell.
const SETTINGS: &str = "-c listen_addresses= -c shared_buffers=2GB -c work_mem=256MB \
     -c maintenance_work_mem=1GB -c max_wal_size=16GB -c jit=off -c autovacuum=off \
     -c checkpoint_timeout=1h";
/// An event of about the size of a changed amount.
const APPEND: &str = "INSERT INTO events (stream, version, name, body) VALUES \
     (gen_random_uuid(), 1, 'opportunity.amount_changed.v1', decode(repeat('2a', 96), 'hex'));";

/// Whether what a server has said yes to is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// Each.
    Durable,
    /// None needs to be: the server is filled once and asked.
    InMemory,
}

/// A server and its folder, both gone when it is dropped.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
}

/// What one statement answered, and how long that took between the two.
#[derive(Debug)]
pub struct Answer {
    /// The rows, fields separated by `|`.
    pub rows: Vec<String>,
    /// As `psql` timed it.
    pub took: Duration,
}

impl Postgres {
    /// Starts a server; `None` where the package is not installed.
    pub fn start(commits: Commits) -> anyhow::Result<Option<Postgres>> {
        let Some(programs) = find_programs() else {
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let server = Postgres { folder, programs };
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").arg(RUNS_AS).arg(server.folder.path()))?;
        }
        let data = server.data();
        run(server
            .program("initdb")
            .args(["-A", "trust", "-U", "bench", "--no-sync", "-D"])
            .arg(&data))?;
        let fsync = if commits == Commits::Durable { "on" } else { "off" };
        let folder = server.socket().display();
        let options = format!("{SETTINGS} -c fsync={fsync} -c unix_socket_directories={folder}");
        run(server
            .program("pg_ctl")
            .args(["start", "-w", "-s", "-o", &options, "-l"])
            .arg(server.folder.path().join("server.log"))
            .arg("-D")
            .arg(&data))?;
        Ok(Some(server))
    }

    /// Runs statements that answer nothing.
    pub fn run(&self, statements: &str) -> anyhow::Result<()> {
        self.feed(statements.as_bytes()).map(drop)
    }

    /// Copies lines of tab-separated fields into a table.
    pub fn copy(&self, table: &str, lines: impl Iterator<Item = String>) -> anyhow::Result<()> {
        let mut child = self.psql().spawn().context("psql cannot be started")?;
        let mut stdin = std::io::BufWriter::new(child.stdin.take().context("no stdin")?);
        writeln!(stdin, "COPY {table} FROM STDIN;")?;
        for line in lines {
            writeln!(stdin, "{line}")?;
        }
        writeln!(stdin, "\\.")?;
        drop(stdin.into_inner()?);
        succeeded("psql", &child.wait_with_output()?).map(drop)
    }

    /// Asks one question after another over one connection, and times each.
    pub fn ask(&self, questions: &[String]) -> anyhow::Result<Vec<Answer>> {
        let asked = format!("\\timing on\n{}\n", questions.join("\n"));
        let said = self.feed(asked.as_bytes())?;
        let (mut answers, mut rows) = (Vec::with_capacity(questions.len()), Vec::new());
        for line in said.lines().filter(|line| *line != "Timing is on.") {
            let Some(time) = line.strip_prefix("Time: ") else {
                rows.push(line.to_owned());
                continue;
            };
            let millis = time.split_whitespace().next().context("how long?")?;
            let took = Duration::from_secs_f64(millis.parse::<f64>()? / 1e3);
            answers.push(Answer { rows: std::mem::take(&mut rows), took });
        }
        ensure!(answers.len() == questions.len(), "psql answered {} times", answers.len());
        Ok(answers)
    }

    /// Makes the table that [`Postgres::appends`] needs: an event store's, with its two keys.
    pub fn make_events(&self) -> anyhow::Result<()> {
        self.run(
            "CREATE TABLE events (position bigserial PRIMARY KEY, stream uuid NOT NULL, version int \
             NOT NULL, name text NOT NULL, body bytea NOT NULL, UNIQUE (stream, version));",
        )
    }

    /// How many events a second so many clients append one by one, as `pgbench` counts them.
    pub fn appends(&self, clients: usize, length: Duration) -> anyhow::Result<f64> {
        let script = self.folder.path().join("append.sql");
        std::fs::write(&script, APPEND)?;
        let seconds = length.as_secs_f64().ceil().to_string();
        let (clients, threads) = (clients.to_string(), clients.min(2).to_string());
        let mut pgbench = self.program("pgbench");
        pgbench.args(["-n", "-M", "prepared", "-U", "bench"]);
        pgbench.args(["-c", &clients, "-j", &threads, "-T", &seconds, "-f"]).arg(script);
        pgbench.arg("-h").arg(self.socket()).arg("postgres");
        let said = succeeded("pgbench", &pgbench.output().context("pgbench cannot be started")?)?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split_whitespace().next());
        Ok(rate.context("pgbench does not say how many")?.parse()?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn socket(&self) -> &Path {
        self.folder.path()
    }

    fn feed(&self, words: &[u8]) -> anyhow::Result<String> {
        let mut child = self.psql().spawn().context("psql cannot be started")?;
        child.stdin.take().context("no stdin")?.write_all(words)?;
        succeeded("psql", &child.wait_with_output()?)
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "bench",
            "-d",
            "postgres",
        ]);
        psql.arg("-h").arg(self.socket());
        psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        psql
    }

    /// One of its programs, run by somebody who is not root.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", RUNS_AS, "--regid", RUNS_AS, "--clear-groups", "--"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "-s", "-m", "immediate", "-D"]).arg(self.data());
        if let Err(error) = run(&mut stop) {
            eprintln!("PostgreSQL in {} may still run: {error}", self.folder.path().display());
        }
    }
}

/// The newest of Debian's, or wherever `pg_ctl` is on the path.
fn find_programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.splice(..0, std::env::split_paths(&path));
    found.into_iter().rev().find(|folder| {
        ["initdb", "pg_ctl", "psql", "pgbench"].iter().all(|program| folder.join(program).exists())
    })
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_owned();
    // A server started here must not hold our pipes open.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("{} cannot be started", name.display()))?;
    ensure!(status.success(), "{} ended with {status}", name.display());
    Ok(())
}

fn succeeded(name: impl AsRef<OsStr>, output: &Output) -> anyhow::Result<String> {
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {said}", name.as_ref().display(), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
