//! A server of mail for every host (SMTP, RFC 5321): it takes what it is given and keeps it for the report.
//!
//! A conversation is a plain value that is told line by line what a client says. Only a whole message reaches
//! the world, as a request with the method [`MAIL`]; so faults, blows and the record are the same as for
//! everything else. Which logins are good is not played: every secret of a rehearsal is made up.

use base64::Engine as _;

use super::http::{MAIL, Request, Response, Rule};
use super::world::Service;

/// The port on which mail is taken by TLS from the first byte (RFC 8314, 7.3).
pub const PORT: u16 = 465;

/// The rules by which a mail is refused.
pub const RULES: &[Rule] = &[RECEIVER, HEADER];

const RECEIVER: Rule =
    Rule { name: "mail.receiver", source: "https://www.rfc-editor.org/rfc/rfc2606#section-2" };
const HEADER: Rule =
    Rule { name: "mail.header", source: "https://www.rfc-editor.org/rfc/rfc5322#section-3.6" };

/// What is to be done after a line.
#[derive(Debug)]
pub enum Step {
    /// Nothing: more follows.
    Wait,
    /// To say this.
    Say(String),
    /// To ask the world, and to say what [`said`] makes of its answer.
    Deliver(Box<Request>),
    /// To say this, and to end.
    End(String),
}

/// What the next line is.
#[derive(Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Command,
    Plain,
    User,
    Password(String),
    Data,
}

/// One conversation.
#[derive(Debug, Default)]
pub struct Talk {
    host: String,
    next: Next,
    greeted: bool,
    /// User and password, in base64 as `Basic` has them.
    login: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    message: Vec<u8>,
}

impl Talk {
    /// With the server that a client takes this for.
    pub fn new(host: &str) -> Self {
        Self { host: host.to_owned(), ..Self::default() }
    }

    /// What the server says first.
    pub fn greeting(&self) -> String {
        format!("220 {} ESMTP rehearsal\r\n", self.host)
    }

    /// A client says a line.
    pub fn line(&mut self, line: &[u8]) -> Step {
        let end =
            line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
        let line = &line[..end];
        match std::mem::take(&mut self.next) {
            Next::Data => self.data(line),
            Next::Command => self.command(&String::from_utf8_lossy(line)),
            Next::Plain => self.plain(&String::from_utf8_lossy(line)),
            Next::User => {
                self.next = Next::Password(decoded(line));
                Step::Say("334 UGFzc3dvcmQ6\r\n".into())
            }
            Next::Password(user) => self.logged_in(&user, &decoded(line)),
        }
    }

    fn command(&mut self, line: &str) -> Step {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let say = |text: &str| Step::Say(format!("{text}\r\n"));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.greeted = true;
                let host = &self.host;
                Step::Say(format!(
                    "250-{host}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN\r\n"
                ))
            }
            "HELO" => {
                self.greeted = true;
                say("250 rehearsal")
            }
            "NOOP" => say("250 2.0.0 ok"),
            "RSET" => {
                self.forget();
                say("250 2.0.0 forgotten")
            }
            "QUIT" => Step::End("221 2.0.0 bye\r\n".into()),
            "AUTH" | "MAIL" if !self.greeted => say("503 5.5.1 say EHLO first"),
            "AUTH" => self.auth(rest),
            "MAIL" => match path(rest, "FROM:") {
                Some(from) => {
                    self.forget();
                    self.from = Some(from);
                    say("250 2.1.0 ok")
                }
                None => say("501 5.5.4 say MAIL FROM:<address>"),
            },
            "RCPT" if self.from.is_none() => say("503 5.5.1 say MAIL first"),
            "RCPT" => match path(rest, "TO:").filter(|to| to.contains('@')) {
                Some(to) => {
                    self.to.push(to);
                    say("250 2.1.5 ok")
                }
                None => say("501 5.1.3 say RCPT TO:<address>"),
            },
            "DATA" if self.to.is_empty() => say("503 5.5.1 say RCPT first"),
            "DATA" => {
                self.next = Next::Data;
                say("354 end with a line that holds a dot")
            }
            _ => say("500 5.5.1 no such command"),
        }
    }

    fn auth(&mut self, rest: &str) -> Step {
        let (way, first) = rest.split_once(' ').unwrap_or((rest, ""));
        match (way.to_ascii_uppercase().as_str(), first) {
            ("PLAIN", "") => {
                self.next = Next::Plain;
                Step::Say("334 \r\n".into())
            }
            ("PLAIN", first) => self.plain(first),
            ("LOGIN", _) => {
                self.next = Next::User;
                Step::Say("334 VXNlcm5hbWU6\r\n".into())
            }
            _ => Step::Say("504 5.5.4 PLAIN or LOGIN\r\n".into()),
        }
    }

    /// RFC 4616: who acts, who is it, password, with zero bytes between them.
    fn plain(&mut self, word: &str) -> Step {
        let text = decoded(word.as_bytes());
        let parts: Vec<&str> = text.split('\0').collect();
        match parts[..] {
            [_, user, password] => self.logged_in(user, password),
            _ => Step::Say("535 5.7.8 that is no login\r\n".into()),
        }
    }

    fn logged_in(&mut self, user: &str, password: &str) -> Step {
        if user.is_empty() || password.is_empty() {
            return Step::Say("535 5.7.8 that is no login\r\n".into());
        }
        let both = format!("{user}:{password}");
        self.login = Some(base64::engine::general_purpose::STANDARD.encode(both));
        Step::Say("235 2.7.0 welcome\r\n".into())
    }

    /// RFC 5321, 4.5.2: a dot more before each line that begins with one.
    fn data(&mut self, line: &[u8]) -> Step {
        if line != b"." {
            self.message.extend(line.strip_prefix(b".").unwrap_or(line));
            self.message.extend(b"\r\n");
            self.next = Next::Data;
            return Step::Wait;
        }
        let field = |name: &str, value: String| (name.to_owned(), value);
        let mut headers: Vec<(String, String)> =
            self.to.iter().map(|to| field("to", to.clone())).collect();
        headers.extend(self.from.clone().map(|from| field("from", from)));
        headers.extend(
            self.login.as_ref().map(|login| field("authorization", format!("Basic {login}"))),
        );
        let request = Request {
            method: MAIL.into(),
            host: self.host.clone(),
            path: "/".into(),
            target: "/".into(),
            headers,
            body: std::mem::take(&mut self.message),
            ..Request::default()
        };
        self.forget();
        Step::Deliver(Box::new(request))
    }

    fn forget(&mut self) {
        (self.from, self.to, self.message) = (None, Vec::new(), Vec::new());
    }
}

/// What a client hears of the world's answer.
pub fn said(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    format!("{} {line}\r\n", response.status)
}

/// The address in `FROM:<…>`; what follows it are parameters.
fn path(rest: &str, word: &str) -> Option<String> {
    let given = rest.get(..word.len()).filter(|given| given.eq_ignore_ascii_case(word));
    let rest = given.and_then(|_| rest[word.len()..].trim_start().strip_prefix('<'));
    rest.and_then(|rest| rest.split_once('>')).map(|(address, _)| address.to_owned())
}

fn decoded(word: &[u8]) -> String {
    let raw = base64::engine::general_purpose::STANDARD.decode(word).unwrap_or_default();
    String::from_utf8_lossy(&raw).into_owned()
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// When, in seconds since 1970.
    pub at: u64,
    /// By which server.
    pub host: String,
    /// Who logged in.
    pub user: Option<String>,
    /// Who gets it.
    pub to: Vec<String>,
    /// The whole message.
    pub message: String,
}

impl Received {
    /// Whether rel has written it.
    fn by_rel(&self) -> bool {
        self.message
            .lines()
            .any(|line| line.starts_with("Message-ID: ") && line.ends_with("@rel.invalid>"))
    }
}

/// All mail of a world.
#[derive(Debug, Default)]
pub struct Mail {
    received: Vec<Received>,
}

impl Mail {
    /// What was taken, in order.
    pub fn received(&self) -> &[Received] {
        &self.received
    }
}

impl Service for Mail {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        let to: Vec<String> = request
            .headers
            .iter()
            .filter(|(name, _)| name == "to")
            .map(|(_, to)| to.clone())
            .collect();
        if let Some(to) = to.iter().find(|to| to.ends_with(".invalid")) {
            return Response::text(550, format!("5.1.2 <{to}>: there is no such domain"))
                .by(RECEIVER);
        }
        let message = String::from_utf8_lossy(&request.body).into_owned();
        let head = message.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
        let has = |name: &str| head.lines().any(|line| line.starts_with(name));
        if !has("from:") || !has("date:") {
            return Response::text(550, "5.6.0 it lacks `From` or `Date`").by(HEADER);
        }
        let (host, user) = (request.host.clone(), request.basic().map(|(user, _)| user));
        self.received.push(Received { at, host, user, to, message });
        Response::text(250, "2.0.0 taken")
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }

    fn inventory(&self) -> Vec<String> {
        let line = |mail: &Received| {
            let kind = if mail.by_rel() { "notice: mail" } else { "mail:" };
            format!("{kind} to {}", mail.to.join(", "))
        };
        self.received.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(talk: &mut Talk, line: &str) -> String {
        match talk.line(format!("{line}\r\n").as_bytes()) {
            Step::Say(text) | Step::End(text) => text[..3].to_owned(),
            Step::Wait => String::new(),
            Step::Deliver(_) => "deliver".into(),
        }
    }

    fn delivered(lines: &[&str]) -> Request {
        let mut talk = Talk::new("mail.example.org");
        for line in ["EHLO x", "MAIL FROM:<rel@example.org>", "RCPT TO:<ada@example.org>", "DATA"] {
            heard(&mut talk, line);
        }
        for line in lines {
            assert_eq!(heard(&mut talk, line), "", "{line}");
        }
        match talk.line(b".\r\n") {
            Step::Deliver(request) => *request,
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn commands_have_an_order() {
        let mut talk = Talk::new("mail.example.org");
        let said = [
            ("MAIL FROM:<a@x.org>", "503"),
            ("EHLO me", "250"),
            ("DATA", "503"),
            ("RCPT TO:<b@x.org>", "503"),
            ("MAIL TO:<a@x.org>", "501"),
            ("mail from:<a@x.org> BODY=8BITMIME", "250"),
            ("RCPT TO:<b>", "501"),
            ("RCPT TO:<b@x.org>", "250"),
            ("TURN", "500"),
            ("DATA", "354"),
            ("QUIT", ""),
            (".", "deliver"),
            ("DATA", "503"),
            ("QUIT", "221"),
        ];
        for (line, code) in said {
            assert_eq!(heard(&mut talk, line), code, "{line}");
        }
    }

    #[test]
    fn a_login_is_taken_in_each_form_and_an_empty_one_in_none() {
        for lines in [
            vec!["AUTH PLAIN AHUAcA=="],
            vec!["AUTH PLAIN", "AHUAcA=="],
            vec!["AUTH LOGIN", "dQ==", "cA=="],
        ] {
            let mut talk = Talk::new("mail.example.org");
            heard(&mut talk, "EHLO x");
            let last = lines.iter().map(|line| heard(&mut talk, line)).last().unwrap();
            assert_eq!((last.as_str(), talk.login.as_deref()), ("235", Some("dTpw")), "{lines:?}");
        }
        let mut talk = Talk::new("mail.example.org");
        heard(&mut talk, "EHLO x");
        for line in ["AUTH PLAIN AAA=", "AUTH PLAIN x"] {
            assert_eq!(heard(&mut talk, line), "535", "{line}");
        }
        assert_eq!(heard(&mut talk, "AUTH CRAM-MD5"), "504");
    }

    #[test]
    fn dots_that_were_doubled_are_single_again() {
        let request = delivered(&["From: a", "Date: b", "", "..", "...x"]);
        assert_eq!(request.body, b"From: a\r\nDate: b\r\n\r\n.\r\n..x\r\n");
    }

    #[test]
    fn a_mail_is_refused_for_a_domain_that_cannot_be_and_without_its_head() {
        let mut mail = Mail::default();
        let whole = ["From: a", "Date: b", "Message-ID: <1@rel.invalid>", "", "x"];
        assert_eq!(mail.answer(&delivered(&whole), 7).status, 250);
        assert_eq!(mail.inventory(), ["notice: mail to ada@example.org"]);
        let mut nowhere = delivered(&whole);
        nowhere.headers[0].1 = "ada@team.invalid".into();
        assert_eq!(mail.answer(&nowhere, 7).rule, Some(RECEIVER));
        assert_eq!(mail.answer(&delivered(&["", "Date: in the text"]), 7).rule, Some(HEADER));
        assert_eq!(mail.received().len(), 1);
    }
}
