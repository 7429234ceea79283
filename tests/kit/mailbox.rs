//! A mail server on a real socket, which keeps what it is handed. Mail to `nobody@…` is refused for good, to `later@…` for
//! now.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A mail that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// To whom, by the envelope.
    pub to: Vec<String>,
    /// Headers and body, lines ended by a line feed.
    pub text: String,
}

impl Delivered {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split_once("\n\n").map_or(self.text.as_str(), |(head, _)| head);
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// What follows the headers.
    pub fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body.trim_end())
    }
}

/// A running mail server; it ends with this.
pub struct MailServer {
    address: SocketAddr,
    delivered: Arc<Mutex<Vec<Delivered>>>,
    task: JoinHandle<()>,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let delivered = Arc::<Mutex<Vec<Delivered>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let kept = Arc::clone(&delivered);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { address, delivered, task }
    }

    /// `smtp://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What was handed over so far.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was handed over, once it is so much.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn wait_for(&self, count: usize) -> Vec<Delivered> {
        for _ in 0..400 {
            let delivered = self.delivered();
            if delivered.len() >= count {
                return delivered;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{count} mails did not come, only {:?}", self.delivered());
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection, by RFC 5321. An end of the connection ends it.
async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Delivered>>>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut to = Vec::new();
    writer.write_all(b"220 mail.test ESMTP\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME",
            "HELO" | "NOOP" => "250 mail.test",
            "MAIL" | "RSET" => {
                to.clear();
                "250 OK"
            }
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                match address.split('@').next() {
                    Some("nobody") => "550 there is no such mailbox",
                    Some("later") => "451 try again later",
                    _ => {
                        to.push(address);
                        "250 OK"
                    }
                }
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let mail = Delivered { to: std::mem::take(&mut to), text };
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                "250 OK"
            }
            "QUIT" => "221 bye",
            _ => "502 not here",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if verb == "QUIT" {
            break;
        }
    }
    Ok(())
}
