//! Clients of subscriptions: a socket that speaks `graphql-transport-ws`, and a reader of server-sent events.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The protocol that sockets speak.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// Longest that a message may take to come.
const PATIENCE: Duration = Duration::from_secs(12);

/// A socket to an endpoint.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came over a socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// A message of the protocol.
    Message(Value),
    /// The server closed it, with this code.
    Closed(u16),
}

impl Socket {
    /// Opens one, with these headers beside those that it takes.
    ///
    /// # Errors
    /// The server's refusal.
    ///
    /// # Panics
    /// When a header is none.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, Box<tungstenite::Error>> {
        let url = url.replacen("http", "ws", 1);
        let mut request = url.into_client_request().map_err(Box::new)?;
        let all = headers.iter().chain([&("sec-websocket-protocol", PROTOCOL)]);
        for (name, value) in all {
            let name: reqwest::header::HeaderName = name.parse().expect("a header's name");
            request.headers_mut().insert(name, value.parse().expect("a header's value"));
        }
        let (socket, response) = connect_async(request).await.map_err(Box::new)?;
        let chosen = response.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(chosen, Some(PROTOCOL));
        Ok(Self(socket))
    }

    /// Opens one and greets the server with this.
    ///
    /// # Panics
    /// When the server does not greet back.
    pub async fn greeted(url: &str, payload: Value) -> Self {
        let mut socket = Self::open(url, &[]).await.expect("a socket");
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await, Came::Message(json!({ "type": "connection_ack" })));
        socket
    }

    /// Sends a message.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("an open socket");
    }

    /// Asks for something under an id.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// What comes next, signs of life left out.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub async fn next(&mut self) -> Came {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    return Came::Message(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Came::Closed(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Came::Closed(1006),
            }
        }
    }

    /// The payload of the next answer under an id.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn answer(&mut self, id: &str) -> Value {
        let Came::Message(message) = self.next().await else { panic!("the socket is closed") };
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"].clone()
    }
}

/// A stream of server-sent events.
pub struct Events {
    response: Response,
    read: String,
}

impl Events {
    /// Of a response that is one.
    ///
    /// # Panics
    /// When it is none.
    pub fn of(response: Response) -> Self {
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!(kind, Some("text/event-stream"), "{response:?}");
        Self { response, read: String::new() }
    }

    /// The next event with its data; none at the end.
    ///
    /// # Panics
    /// When nothing comes in time.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let event: String = self.read.drain(..end + 2).collect();
                let line = |name: &str| {
                    event.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().to_owned()))
                };
                if let Some(kind) = line("event:") {
                    let data = line("data:").unwrap_or_default();
                    return Some((kind, serde_json::from_str(&data).unwrap_or(Value::Null)));
                }
                continue;
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            self.read.push_str(&String::from_utf8_lossy(&chunk.ok()??));
        }
    }

    /// What the next event says.
    ///
    /// # Panics
    /// When it is no answer.
    pub async fn answer(&mut self) -> Value {
        let (kind, data) = self.next().await.expect("an event");
        assert_eq!(kind, "next", "{data}");
        data
    }
}
