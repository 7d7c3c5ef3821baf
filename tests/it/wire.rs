//! A loopback HTTP/1.1 wire to look at and to cut: it stands between a client and
//! a server, forwards each request as it came (Host included), and records it.
//! A hook on the n-th write (any method but GET, HEAD and OPTIONS, counted from 1)
//! runs before it is forwarded, or once its whole answer is there but before the
//! client gets it; its `Verdict` says what the client gets. Without an upstream the
//! wire is a sink. Every answer closes its connection, so each request has its own.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::http::{Message, split_url};

/// What happened to one request.
#[derive(Clone)]
pub struct Record {
    pub method: String,
    pub path: String,
    /// By lower-case name; values of a repeated header are joined by ", ".
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// What the upstream answered; none if it was not asked or did not answer.
    pub upstream: Option<u16>,
    /// What the client was told; none if its connection was dropped.
    pub status: Option<u16>,
    /// The body of that answer.
    pub answer: Vec<u8>,
}

impl Record {
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    fn of(request: &Message) -> Record {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in &request.headers {
            let joined = headers.entry(name.to_lowercase()).or_default();
            let comma = if joined.is_empty() { "" } else { ", " };
            *joined += &format!("{comma}{value}");
        }
        Record {
            method: request.method().to_owned(),
            path: request.path().to_owned(),
            headers,
            body: request.body.clone(),
            upstream: None,
            status: None,
            answer: Vec::new(),
        }
    }

    fn note(&mut self, answer: Option<&Message>) {
        self.status = answer.map(Message::status);
        self.answer = answer.map_or(Vec::new(), |answer| answer.body.clone());
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, path, sent) = (&self.method, &self.path, self.body.len());
        let (upstream, status) = (self.upstream, self.status);
        write!(out, "{method} {path} [{sent} bytes] -> {upstream:?} -> {status:?}")
    }
}

/// What a hook decides.
pub enum Verdict {
    /// Go on as if there were no hook.
    Pass,
    /// Close the client's connection without a word.
    Drop,
    /// Tell the client this status and body instead.
    Answer(u16, String),
}

impl Verdict {
    fn apply(self, pass: impl FnOnce() -> Option<Message>) -> Option<Message> {
        match self {
            Verdict::Pass => pass(),
            Verdict::Drop => None,
            Verdict::Answer(status, body) => Some(Message::answer(status, body)),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Moment {
    Before,
    After,
}

type Hook = Box<dyn FnOnce(&Record) -> Verdict + Send>;

#[derive(Default)]
struct State {
    upstream: Option<String>,
    hooks: Mutex<HashMap<(Moment, usize), Hook>>,
    records: Mutex<Vec<Record>>,
    writes: AtomicUsize,
    stopped: AtomicBool,
}

/// The listening end. It stops when dropped.
pub struct Wire {
    address: SocketAddr,
    state: Arc<State>,
    acceptor: Option<JoinHandle<()>>,
}

impl Wire {
    /// A wire to the server at this `http://` URL; only its host and port count.
    pub fn forward(upstream: &str) -> Wire {
        Wire::listen(Some(split_url(upstream).0.to_owned()))
    }

    /// A wire to nowhere: it answers 404 to reads and 500 to writes.
    pub fn sink() -> Wire {
        Wire::listen(None)
    }

    fn listen(upstream: Option<String>) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("the port's number");
        let state = Arc::new(State { upstream, ..State::default() });
        let shared = Arc::clone(&state);
        let acceptor = thread::spawn(move || accept(&listener, &shared));
        Wire { address, state, acceptor: Some(acceptor) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same URL by way of this wire.
    pub fn through(&self, url: &str) -> String {
        format!("{}{}", self.url(), split_url(url).1)
    }

    /// Run `hook` when the n-th write has been read, before it is forwarded.
    pub fn before_request(
        &self,
        nth: usize,
        hook: impl FnOnce(&Record) -> Verdict + Send + 'static,
    ) {
        let mut hooks = self.state.hooks.lock().unwrap();
        hooks.insert((Moment::Before, nth), Box::new(hook));
    }

    /// Run `hook` when the upstream has answered the n-th write, before the
    /// client is told.
    pub fn after_response(
        &self,
        nth: usize,
        hook: impl FnOnce(&Record) -> Verdict + Send + 'static,
    ) {
        let mut hooks = self.state.hooks.lock().unwrap();
        hooks.insert((Moment::After, nth), Box::new(hook));
    }

    /// All requests so far, in the order in which they were answered.
    pub fn requests(&self) -> Vec<Record> {
        self.state.records.lock().unwrap().clone()
    }

    pub fn writes(&self) -> Vec<Record> {
        let mut records = self.requests();
        records.retain(Record::is_write);
        records
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.stopped.store(true, SeqCst);
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(acceptor)) = (woken, self.acceptor.take()) {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.stopped.load(SeqCst) {
            return;
        }
        let (Ok(client), state) = (client, Arc::clone(state)) else {
            continue;
        };
        // A client that goes away in the middle is the business of the test.
        thread::spawn(move || state.serve(client));
    }
}

impl State {
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let request = Message::read_request(&client)?;
        let mut record = Record::of(&request);
        let nth = match record.is_write() {
            true => self.writes.fetch_add(1, SeqCst) + 1,
            false => 0,
        };
        let verdict = self.judge(Moment::Before, nth, &record);
        let mut answer = verdict.apply(|| Some(self.ask_upstream(&request, &mut record)));
        record.note(answer.as_ref());
        if record.upstream.is_some() {
            let verdict = self.judge(Moment::After, nth, &record);
            answer = verdict.apply(|| answer);
            record.note(answer.as_ref());
        }
        self.records.lock().unwrap().push(record);
        answer.map_or(Ok(()), |answer| answer.reply(&client, request.method()))
    }

    fn judge(&self, moment: Moment, nth: usize, record: &Record) -> Verdict {
        let hook = self.hooks.lock().unwrap().remove(&(moment, nth));
        hook.map_or(Verdict::Pass, |hook| hook(record))
    }

    fn ask_upstream(&self, request: &Message, record: &mut Record) -> Message {
        let Some(upstream) = &self.upstream else {
            let status = if record.is_write() { 500 } else { 404 };
            return Message::answer(status, "nothing behind this wire\n");
        };
        match request.send(upstream) {
            Ok(answer) => {
                record.upstream = Some(answer.status());
                answer
            }
            Err(error) => Message::answer(502, format!("upstream: {error}\n")),
        }
    }
}
