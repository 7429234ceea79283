//! Subscriptions: over WebSocket by the protocol `graphql-transport-ws`, and as server-sent events.
//!
//! Over a socket a client sends queries as well; what changes something is sent with POST, where an idempotency key and a new
//! session have their place. A browser cannot give a socket headers: the first message, `connection_init`, may hold
//! `authorization` and `vendure-token` instead.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::http::WsMessage;
use async_graphql::http::{ALL_WEBSOCKET_PROTOCOLS, WebSocket as Protocol, WebSocketProtocols};
use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Executor, Request, Response as Answer, ServerError};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, SinkExt as _, Stream, StreamExt as _};
use soko_domain::auth::{Api, RequestCredentials};
use soko_graphql::context::RequestContext;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, interval};

use super::graphql::{Endpoint, refuse};
use super::refusal::Refusal;
use super::session::Presented;

/// The only protocol that is spoken: the other of [`ALL_WEBSOCKET_PROTOCOLS`] is no longer kept up.
const PROTOCOL: &str = ALL_WEBSOCKET_PROTOCOLS[0];
/// Time between two signs of life on a stream on which nothing happens.
const ALIVE_EVERY: Duration = Duration::from_secs(20);
/// Longest that a socket may say nothing, not even answer a sign of life, and until it must have said who it is.
const SILENCE_MAX: Duration = Duration::from_secs(75);
const INIT_MAX: Duration = Duration::from_secs(10);
/// Queries that run at a time, of all sockets; more wait.
const QUERIES_MAX: usize = 64;
/// Operations under way on one socket.
const OPERATIONS_MAX: usize = 32;
/// `graphql-transport-ws`: the client did not say in time who it is.
const CLOSE_INIT_TIMEOUT: u16 = 4408;

/// The streams that are open at this node.
#[derive(Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    places_max: usize,
    queries: Semaphore,
    stopping: watch::Sender<bool>,
}

impl Streams {
    /// So many at a time.
    pub fn new(places_max: usize) -> Self {
        let (places, queries) = (Arc::new(Semaphore::new(places_max)), Semaphore::new(QUERIES_MAX));
        Self { places, places_max, queries, stopping: watch::Sender::new(false) }
    }

    /// Ends all of them, and lets none begin: clients connect to another node.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.places_max.saturating_sub(self.places.available_permits())
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        if *self.stopping.borrow() {
            return Err(Refusal::Overloaded);
        }
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Overloaded)
    }

    /// Completes when the streams are to end.
    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopping = self.stopping.subscribe();
        async move {
            // The sender's end means that the server has ended.
            stopping.wait_for(|stopping| *stopping).await.ok();
        }
    }
}

impl Endpoint {
    fn streams(&self) -> &Streams {
        &self.shared.streams
    }

    /// What kind of operation a request asks for; none where it cannot be read.
    fn kind_of(&self, request: &Request) -> Option<OperationType> {
        match self.api {
            Api::Shop => self.shared.shop.kind_of(request),
            Api::Admin => self.shared.admin.kind_of(request),
        }
    }

    /// Whether a request asks for a stream.
    pub(super) fn is_subscription(&self, request: &Request) -> bool {
        self.kind_of(request) == Some(OperationType::Subscription)
    }

    fn subscribe(&self, request: Request, context: &Arc<RequestContext>) -> BoxStream<'static, Answer> {
        match self.api {
            Api::Shop => self.shared.shop.subscribe(request, context),
            Api::Admin => self.shared.admin.subscribe(request, context),
        }
    }

    async fn execute_one(&self, request: Request, context: &Arc<RequestContext>) -> Answer {
        match self.api {
            Api::Shop => self.shared.shop.execute(request, context).await,
            Api::Admin => self.shared.admin.execute(request, context).await,
        }
    }

    /// The context of an operation on a socket, as whoever these credentials stand for now.
    async fn context(
        &self,
        credentials: &RequestCredentials,
        assets_url: &str,
    ) -> Result<RequestContext, Refusal> {
        let services = Arc::clone(&self.shared.services);
        let actor = services.auth.resolve_actor(credentials.clone()).await.map_err(|error| refuse(&error))?;
        Ok(RequestContext::new(services, credentials.clone(), actor, assets_url))
    }

    /// Whether a page may open a socket with a session that its browser added by itself: one of the server's own origin, or
    /// of those that may send cookies.
    pub(super) fn check_origin(&self, headers: &HeaderMap, presented: &Presented) -> Result<(), Refusal> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
        let host = origin.split_once("://").map(|(_, host)| host);
        let named = self.shared.http.cors_origins.iter().any(|named| named == origin);
        if named || host == text(header::HOST) || !matches!(presented, Presented::Cookie(_)) {
            return Ok(());
        }
        Err(Refusal::CrossSiteSocket)
    }
}

/// Whether the client wants to be told by server-sent events.
pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}

/// The answers to a subscription as server-sent events: each as `next`, and at the end `complete`.
///
/// # Errors
/// [`Refusal::Overloaded`].
pub(super) fn events(
    endpoint: &Endpoint,
    request: Request,
    context: &Arc<RequestContext>,
) -> Result<Response, Refusal> {
    let place = endpoint.streams().enter()?;
    let answers = endpoint.subscribe(request, context).take_until(endpoint.streams().stopped());
    let next = answers.map(|answer| {
        let event = Event::default().event("next");
        event.json_data(answer).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer of a subscription cannot be written");
            let fault = refused(&Refusal::Internal.to_string(), Refusal::Internal.code());
            let text = serde_json::json!({ "data": null, "errors": fault.errors });
            Event::default().event("next").data(text.to_string())
        })
    });
    let complete = stream::once(async { Event::default().event("complete").data("") });
    let told = next.chain(complete).map(move |event| {
        // Held for as long as the stream is.
        let _held = &place;
        Ok::<_, Infallible>(event)
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response())
}

/// Makes a connection a socket.
///
/// # Errors
/// [`Refusal::Overloaded`].
pub(super) fn upgrade(
    endpoint: Endpoint,
    credentials: RequestCredentials,
    assets_url: String,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let place = endpoint.streams().enter()?;
    let bytes_max = usize::try_from(endpoint.shared.http.json_body_bytes_max).unwrap_or(usize::MAX);
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(bytes_max).max_frame_size(bytes_max);
    Ok(upgrade.on_upgrade(async move |socket| {
        let _place = place;
        let speaker = Speaker {
            endpoint,
            presented: Arc::new(credentials),
            known: Arc::default(),
            assets_url: assets_url.into(),
            under_way: Arc::default(),
        };
        speaker.run(socket).await;
    }))
}

/// What speaks to a client over a socket.
#[derive(Clone)]
struct Speaker {
    endpoint: Endpoint,
    /// As the connection began.
    presented: Arc<RequestCredentials>,
    /// As the first message said.
    known: Arc<OnceLock<RequestCredentials>>,
    assets_url: Arc<str>,
    under_way: Arc<AtomicUsize>,
}

impl Speaker {
    async fn run(self, socket: WebSocket) {
        let (mut out, incoming) = socket.split();
        let (heard, mut last_heard) = watch::channel(Instant::now());
        let incoming = incoming.take_while(|message| std::future::ready(message.is_ok()));
        let texts = incoming.filter_map(move |message| {
            heard.send_replace(Instant::now());
            let text = match message {
                Ok(Message::Text(text)) => Some(axum::body::Bytes::from(text)),
                Ok(Message::Binary(bytes)) => Some(bytes),
                _ => None,
            };
            std::future::ready(text)
        });
        let greeted = self.clone();
        let mut answers = Protocol::new(self.clone(), texts.boxed(), WebSocketProtocols::GraphQLWS)
            .on_connection_init(async move |payload| greeted.greet(&payload).await);
        let mut stopped = std::pin::pin!(self.endpoint.streams().stopped());
        let (begun, mut alive) = (Instant::now(), interval(ALIVE_EVERY));
        alive.reset();
        let end = loop {
            let message = tokio::select! {
                () = &mut stopped => break Some((close_code::AWAY, "the server stops".to_owned())),
                () = tokio::time::sleep_until(begun + INIT_MAX), if self.known.get().is_none() => {
                    break Some((CLOSE_INIT_TIMEOUT, "Connection initialisation timeout".to_owned()));
                }
                _ = alive.tick() => {
                    if last_heard.borrow_and_update().elapsed() > SILENCE_MAX {
                        break None;
                    }
                    Message::Ping(axum::body::Bytes::new())
                }
                answer = answers.next() => match answer {
                    Some(WsMessage::Text(text)) => Message::Text(text.into()),
                    Some(WsMessage::Close(code, reason)) => break Some((code, reason)),
                    None => break None,
                },
            };
            if out.send(message).await.is_err() {
                break None;
            }
        };
        if let Some((code, reason)) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            // Whoever is gone need not be told.
            out.send(Message::Close(Some(frame))).await.ok();
        }
    }

    /// Takes what the client says of itself, if it may speak here.
    async fn greet(self, payload: &serde_json::Value) -> async_graphql::Result<Data> {
        let mut credentials = (*self.presented).clone();
        let said = |name: &str| {
            let fields = payload.as_object()?;
            let (_, value) = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name))?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if let Some(token) = said("vendure-token") {
            credentials.channel_token = Some(token);
        }
        if let Some(authorization) = said("authorization") {
            let token =
                authorization.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            credentials.session_token = token.map(|(_, token)| token.trim().to_owned());
        }
        self.endpoint.context(&credentials, &self.assets_url).await.map_err(|refusal| refusal.to_string())?;
        // Once: another greeting is refused by the protocol.
        self.known.set(credentials).ok();
        Ok(Data::default())
    }

    /// The answers to an operation.
    async fn answers(self, request: Request) -> BoxStream<'static, Answer> {
        let one = |answer: Answer| stream::once(std::future::ready(answer)).boxed();
        let credentials = self.known.get().unwrap_or(&self.presented);
        let context = match self.endpoint.context(credentials, &self.assets_url).await {
            Ok(context) => Arc::new(context),
            Err(refusal) => return one(refused(&refusal.to_string(), refusal.code())),
        };
        match self.endpoint.kind_of(&request) {
            Some(OperationType::Subscription) => self.endpoint.subscribe(request, &context),
            Some(OperationType::Mutation) => {
                one(refused("a mutation is sent with POST", "METHOD_NOT_ALLOWED"))
            }
            _ => {
                // The semaphore is never closed.
                let _place = self.endpoint.streams().queries.acquire().await;
                one(self.endpoint.execute_one(request, &context).await)
            }
        }
    }
}

/// An operation that is under way on a socket.
struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Executor for Speaker {
    async fn execute(&self, request: Request) -> Answer {
        let mut answers = self.clone().answers(request).await;
        answers.next().await.unwrap_or_default()
    }

    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Answer> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        let under_way = UnderWay(Arc::clone(&self.under_way));
        if before >= OPERATIONS_MAX {
            let message = format!("there are {OPERATIONS_MAX} operations under way on this socket");
            return stream::once(std::future::ready(refused(&message, "OVERLOADED"))).boxed();
        }
        held(self.clone().answers(request).flatten_stream(), under_way).boxed()
    }
}

/// The same stream, which holds something for as long as it is there.
fn held<T>(stream: impl Stream<Item = T>, something: impl Send) -> impl Stream<Item = T> {
    stream.map(move |item| {
        let _held = &something;
        item
    })
}

fn refused(message: &str, code: &'static str) -> Answer {
    let mut error = ServerError::new(message, None);
    error.extensions.get_or_insert_default().set("code", code);
    Answer::from_errors(vec![error])
}
