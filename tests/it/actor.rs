//! A loopback server that plays the part a test gives it: for answers that no real index gives when
//! it is well, and for what must never be asked. It keeps every request.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::http::Message;

pub struct Actor {
    url: String,
    requests: Arc<Mutex<Vec<Message>>>,
}

impl Actor {
    /// Answers each request with what `part` makes of it; `None` closes the connection.
    pub fn new(part: impl Fn(&Message) -> Option<Message> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (kept, part) = (requests.clone(), Arc::new(part));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (kept, part) = (kept.clone(), part.clone());
                thread::spawn(move || serve(&client, &kept, &*part));
            }
        });
        Self { url, requests }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn requests(&self) -> Vec<Message> {
        self.requests.lock().unwrap().clone()
    }

    pub fn writes(&self) -> usize {
        self.requests().iter().filter(|request| request.method() == "POST").count()
    }
}

fn serve(
    client: &TcpStream,
    kept: &Mutex<Vec<Message>>,
    part: &dyn Fn(&Message) -> Option<Message>,
) {
    let Ok(request) = Message::read_request(client) else { return };
    kept.lock().unwrap().push(request.clone());
    if let Some(answer) = part(&request) {
        // A client that is gone needs no answer.
        let _ = answer.reply(client, request.method());
    }
}

/// A project page with these lines of HTML.
pub fn page(html: &str) -> Message {
    let mut answer =
        Message::answer(200, format!("<!DOCTYPE html><html><body>{html}</body></html>"));
    answer.headers = vec![("Content-Type".into(), "text/html".into())];
    answer
}
