//! The machine: clock, environment, files, processes, network and terminal behind one value.
//!
//! Nothing outside this folder touches any of them (`clippy.toml` holds the doors), so a test that
//! gives another [`Host`] has given another machine. A struct and no trait: a trait would invite
//! a mock for every test.
#![expect(clippy::disallowed_methods, reason = "this is the one place that touches the machine")]

pub mod clock;
pub mod endpoints;
pub mod env;
pub mod fs;
pub mod namespace;
pub mod net;
pub mod proc;
pub mod rehearsed;
pub mod shim;
pub mod signals;
pub mod stop;
pub mod stray;
pub mod term;
pub mod tree;
pub mod watch;

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::sync::OnceLock;

use clock::Clock;
use endpoints::Endpoints;
use env::Env;
use net::Net;
use rehearsed::Way;
use stop::Stop;
use term::Term;

/// The machine as one run sees it.
pub struct Host {
    /// The folder rel was started in.
    pub cwd: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Variables and the secrets among them.
    pub env: Env,
    /// Addresses of the public services.
    pub endpoints: Endpoints,
    /// Where text goes and answers come from.
    pub term: Term,
    /// This program's own file, for shims; without it children have none.
    pub program: Option<PathBuf>,
    /// Where requests go within a rehearsal.
    pub way: Option<Way>,
    net: OnceLock<Net>,
    takes_signals: bool,
}

impl Host {
    /// The machine that this process runs on.
    ///
    /// # Errors
    /// The current folder does not exist; or this should be a rehearsal, and is none.
    pub fn from_process() -> std::io::Result<Self> {
        let cwd = std::env::current_dir().map_err(|error| {
            std::io::Error::other(format!("the current folder cannot be read: {error}"))
        })?;
        let way = rehearsed::way()?;
        let host = Self::new(cwd, Env::from_process(), Endpoints::default(), Term::from_process());
        Ok(Self { takes_signals: true, program: std::env::current_exe().ok(), way, ..host })
    }

    /// The same machine as it is now, for another run of this process: its clock begins anew. Its own program
    /// stays where it was found first: a build may have replaced it since.
    ///
    /// # Errors
    /// As [`Host::from_process`].
    pub fn again(&self) -> std::io::Result<Self> {
        let (cwd, program) = (self.cwd.clone(), self.program.clone());
        Ok(Self { cwd, program, ..Self::from_process()? })
    }

    /// Fires `stop` on Ctrl-C, SIGTERM, and the end of its terminal, if this is a machine of its own and not one of a test.
    ///
    /// # Errors
    /// The system does not let signals be caught.
    pub fn stop_on_signals(&self, stop: &Stop) -> std::io::Result<()> {
        if !self.takes_signals {
            return Ok(());
        }
        signals::stop_on_signals(stop, term::attached())
    }

    /// Writes data, with secrets masked.
    pub fn out(&self, text: &str) {
        self.term.out(&self.env.masked(text));
    }

    /// Writes a JSON value as one line of data, with secrets masked in its texts.
    pub fn out_json(&self, value: serde_json::Value) {
        self.term.out(&format!("{}\n", self.env.masked_json(value)));
    }

    /// Writes what is for eyes, with secrets masked.
    pub fn err(&self, text: &str) {
        self.term.err(&self.env.masked(text));
    }

    /// Asks a person and waits for a line; `None` at the end of input, or when `stop` fires.
    pub fn ask(&self, question: &str, stop: &Stop) -> Option<String> {
        self.term.ask(&self.env.masked(question), stop)
    }

    /// A machine without a current folder, only good for saying so.
    pub fn nowhere() -> Self {
        Self::new(PathBuf::new(), Env::default(), Endpoints::default(), Term::from_process())
    }

    /// The words after the program's name. What is not Unicode is shown with replacements, and so
    /// matches nothing.
    pub fn words(&self) -> Vec<String> {
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// How many bodies run at the same time unless told otherwise.
    pub fn cores(&self) -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    /// Whether this is a run of a CI service. A rehearsal plays one, on a person's machine.
    pub fn is_ci(&self) -> bool {
        self.way.is_none() && self.env.is_ci()
    }

    /// This process's number.
    pub fn pid(&self) -> u32 {
        std::process::id()
    }

    /// A word that nobody else can guess: the standard library seeds its hashing from the system's
    /// randomness, and what it hashes to cannot be foretold without that seed.
    pub fn nonce(&self) -> String {
        let word = || std::hash::RandomState::new().build_hasher().finish();
        format!("{:016x}{:016x}", word(), word())
    }

    /// A machine made of these parts.
    pub fn new(cwd: PathBuf, env: Env, endpoints: Endpoints, term: Term) -> Self {
        Self {
            cwd,
            clock: Clock::start(),
            env,
            endpoints,
            term,
            program: None,
            way: None,
            net: OnceLock::new(),
            takes_signals: false,
        }
    }

    /// The network, made when first needed: loading certificate roots takes time.
    pub fn net(&self) -> &Net {
        self.net.get_or_init(|| Net::new(self.way.clone()))
    }
}
