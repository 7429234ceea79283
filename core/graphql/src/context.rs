//! What a request carries: who acts, the services, what is being loaded, and the session that its answer hands out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::Context;
use soko_domain::Services;
use soko_domain::auth::{Api, RequestCredentials};
use soko_domain::tax::TaxSetup;
use soko_kernel::Actor;

use crate::error::ApiResult;
use crate::shared::loads::Loads;

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
    pub(crate) services: Arc<Services>,
    pub(crate) api: Api,
    pub(crate) loads: Loads,
    credentials: RequestCredentials,
    state: Mutex<State>,
    assets_url: String,
}

struct State {
    actor: Arc<Actor>,
    /// Whether the actor is that of before a change of the session or of the channel's configuration.
    stale: bool,
    session: Option<SessionChange>,
}

impl RequestContext {
    /// The context of a request with these credentials, which stand for `actor`. `assets_url` is the absolute URL
    /// under which clients find assets, with or without a slash at its end.
    pub fn new(
        services: Arc<Services>,
        credentials: RequestCredentials,
        actor: Actor,
        assets_url: &str,
    ) -> Self {
        Self {
            services,
            api: credentials.api,
            loads: Loads::default(),
            credentials,
            state: Mutex::new(State { actor: Arc::new(actor), stale: false, session: None }),
            assets_url: format!("{}/", assets_url.trim_end_matches('/')),
        }
    }

    /// Who acts, as of the last [`Self::current_actor`].
    pub fn actor(&self) -> Arc<Actor> {
        Arc::clone(&self.state().actor)
    }

    /// The session that the request's operations began or ended, to be told to the client.
    pub fn session_change(&self) -> Option<SessionChange> {
        self.state().session.clone()
    }

    /// Who acts now, in the channel as it is now: after an operation of the same request began or ended a session,
    /// whoever that session is; after one changed the channel's configuration, with the channel's new revision.
    pub(crate) async fn current_actor(&self) -> ApiResult<Arc<Actor>> {
        let token = {
            let state = self.state();
            match &state.session {
                _ if !state.stale => return Ok(Arc::clone(&state.actor)),
                Some(SessionChange::Issued { token, .. }) => Some(token.clone()),
                Some(SessionChange::Ended) => None,
                None => self.credentials.session_token.clone(),
            }
        };
        let credentials = RequestCredentials { session_token: token, ..self.credentials.clone() };
        let actor = Arc::new(self.services.auth.resolve_actor(credentials).await?);
        let mut state = self.state();
        state.actor = Arc::clone(&actor);
        state.stale = false;
        Ok(actor)
    }

    /// Who acts now, looked up anew: for what lasts longer than a request.
    pub(crate) async fn renewed_actor(&self) -> ApiResult<Arc<Actor>> {
        self.state().stale = true;
        self.current_actor().await
    }

    /// The channel's configuration has changed: what the actor knows of it, and by it the caches, is out of date.
    pub(crate) fn configuration_changed(&self) {
        self.state().stale = true;
    }

    /// A session has begun.
    pub(crate) fn session_issued(&self, token: String, remember: bool) {
        self.change_session(SessionChange::Issued { token, remember });
    }

    /// The session is over.
    pub(crate) fn session_ended(&self) {
        self.change_session(SessionChange::Ended);
    }

    fn change_session(&self, change: SessionChange) {
        let mut state = self.state();
        state.session = Some(change);
        state.stale = true;
    }

    /// The channel's taxes, as they are now.
    pub(crate) async fn taxes(&self) -> ApiResult<Arc<TaxSetup>> {
        let actor = self.current_actor().await?;
        Ok(self.services.tax.setup(&actor).await?)
    }

    /// The absolute URL of a stored file.
    pub(crate) fn asset_url(&self, name: &str) -> String {
        format!("{}{name}", self.assets_url)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What resolvers ask of their request.
pub(crate) trait OfRequest<'c> {
    /// The context that the request came with.
    fn request(&self) -> &'c RequestContext;
}

impl<'c> OfRequest<'c> for Context<'c> {
    fn request(&self) -> &'c RequestContext {
        // Both endpoints put it there before they run anything.
        self.data_unchecked::<Arc<RequestContext>>()
    }
}
