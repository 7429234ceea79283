//! What a request carries: who acts, the services, and the session that its answer hands out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Context;
use soko_kernel::Actor;

/// A session that an operation began or ended; the HTTP layer tells the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChange {
    /// The client's session from now on, by its token.
    Issued {
        /// What the client sends from now on.
        token: String,
        /// Whether a cookie outlives the browser.
        remember: bool,
    },
    /// The client's session is over.
    Ended,
}

/// One request's context. Made by the HTTP layer, shared by the operations of a batch.
pub struct RequestContext {
    actor: Mutex<Arc<Actor>>,
    session: Mutex<Option<SessionChange>>,
    /// Where clients find assets: an absolute URL that ends in a slash.
    assets_url: String,
}

impl RequestContext {
    /// The context of a request by `actor`. `assets_url` is where clients find assets, without a slash at its end
    /// or with one.
    pub fn new(actor: Actor, assets_url: &str) -> Self {
        Self {
            actor: Mutex::new(Arc::new(actor)),
            session: Mutex::default(),
            assets_url: format!("{}/", assets_url.trim_end_matches('/')),
        }
    }

    /// Who acts. Operations that begin or end a session change it for those after them.
    pub fn actor(&self) -> Arc<Actor> {
        Arc::clone(&lock(&self.actor))
    }

    /// The session that the request's operations began or ended, to be told to the client.
    pub fn session_change(&self) -> Option<SessionChange> {
        lock(&self.session).clone()
    }

    /// Goes on as another actor, and tells the client about its session.
    pub(crate) fn change_session(&self, actor: Actor, change: SessionChange) {
        *lock(&self.actor) = Arc::new(actor);
        *lock(&self.session) = Some(change);
    }

    /// The absolute URL of a stored file.
    pub(crate) fn asset_url(&self, name: &str) -> String {
        format!("{}{name}", self.assets_url)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The request's context, for resolvers.
pub(crate) trait OfRequest<'c> {
    /// The context that the request came with.
    fn request(&self) -> &'c RequestContext;

    /// Who acts.
    fn actor(&self) -> Arc<Actor> {
        self.request().actor()
    }
}
