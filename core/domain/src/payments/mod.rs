//! Payments: ways to pay, attempts to pay, and who moves the money.
//!
//! Invariants: an attempt is recorded before its handler is called, and the handler is called outside any
//! transaction; a payment settles once; no more is given back of a payment than it brought; an outcome in doubt is kept as
//! it is and never guessed.
//!
//! A handler is built in, or a plugin that the channel has bound, which methods name as `plugin:<name>`.
//!
//! To add a built-in way to pay: its handler in `handlers.rs` and a line in [`PaymentHandlers::built_in`].

mod asking;
mod callbacks;
mod entity;
mod error;
mod event;
mod handlers;
mod plugged;
mod reconciling;
mod refunds;
mod repo;

use std::sync::Arc;
use std::time::Duration;

use soko_extension::effect::PaymentPlugins;
use soko_extension::payment::{PaymentChange, PaymentHandler, PaymentOutcome, PaymentReference};
use soko_infra::{Database, DatabaseError, Reader, RevisionCache, Tx};
use soko_kernel::operation::OperationDefinition;
use soko_kernel::{
    Actor, CacheStats, ChannelScope, Clock, ConfigurableOperation, IDS_MAX, Language, ListQuery, OrderId,
    Page, PaymentId, PaymentMethodId, Permission, Timestamp,
};

use plugged::Plugged;

use crate::channels::Channels;
use crate::plugins::Plugins;

pub use asking::{HANDLER_TIMEOUT, PaymentsConfig};
pub use callbacks::{CallbackState, StoredCallback};
pub use entity::{
    Change, Coverage, MethodText, MethodTextChanges, NewPaymentMethod, Payment, PaymentMethod,
    PaymentMethodChanges, PaymentMethodTranslation, PaymentState,
};
pub use error::PaymentError;
pub use event::PaymentInReview;
pub use handlers::{Funds, PaymentHandlers};
pub use plugged::PLUGIN_PREFIX;
pub use reconciling::QUESTIONS_MAX;
pub use refunds::{NewRefund, Refund, RefundLine, RefundParts, RefundState};

const CACHED_CHANNELS_MAX: usize = 10_000;
const CODE_LENGTH_MAX: usize = 64;
/// How much longer than its handler a transaction may take to record the answer.
const RECORDING_GRACE: Duration = Duration::from_secs(10);
/// There are no checkers yet: every method that is on is for every order.
const CHECKERS: &[OperationDefinition] = &[];
const READ: &[Permission] = &[Permission::ReadSettings, Permission::ReadPaymentMethod];
const CREATE: &[Permission] = &[Permission::CreateSettings, Permission::CreatePaymentMethod];
const UPDATE: &[Permission] = &[Permission::UpdateSettings, Permission::UpdatePaymentMethod];
const DELETE: &[Permission] = &[Permission::DeleteSettings, Permission::DeletePaymentMethod];

/// The use cases of payments.
#[derive(Clone)]
pub struct Payments {
    database: Database,
    clock: Clock,
    handlers: PaymentHandlers,
    handler_timeout: Duration,
    runner: Option<Arc<dyn PaymentPlugins>>,
    plugged: Option<Plugged>,
    methods: Arc<RevisionCache<Vec<PaymentMethod>>>,
}

impl std::fmt::Debug for Payments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payments").field("handlers", &self.handlers).finish_non_exhaustive()
    }
}

/// An attempt to pay that is about to be made.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// The order to pay for.
    pub order_id: OrderId,
    /// Code of the payment method.
    pub method: String,
    /// Code of the handler.
    pub handler: String,
    /// Minor units.
    pub amount: i64,
    /// What the client sent along.
    pub metadata: serde_json::Value,
}

impl Payments {
    /// The service over this store, with these handlers.
    pub fn new(database: Database, clock: Clock, config: impl Into<PaymentsConfig>) -> Self {
        let PaymentsConfig { handlers, plugins: runner, handler_timeout } = config.into();
        let methods = Arc::new(RevisionCache::new(CACHED_CHANNELS_MAX));
        Self { database, clock, handlers, handler_timeout, runner, plugged: None, methods }
    }

    /// The same with the plugins that channels have bound, where there is somebody to run them.
    #[must_use]
    pub fn with_plugins(self, plugins: Plugins) -> Self {
        let plugged = self.runner.clone().map(|runner| Plugged { plugins, runner });
        Self { plugged, ..self }
    }

    /// How the cache of channels' configuration does.
    pub fn cache_stats(&self) -> CacheStats {
        self.methods.stats()
    }

    /// The handlers that payment methods can name.
    pub fn handlers(&self) -> &PaymentHandlers {
        &self.handlers
    }

    /// The handlers that payment methods can name, for administrators: the built-in ones by code, then the plugins that
    /// the channel has bound.
    ///
    /// # Errors
    /// [`PaymentError::Forbidden`]; a failing store.
    pub async fn list_handlers(&self, actor: &Actor) -> Result<Vec<Arc<dyn PaymentHandler>>, PaymentError> {
        actor.require_any(READ)?;
        let mut handlers: Vec<Arc<dyn PaymentHandler>> = self.handlers.iter().cloned().collect();
        if let Some(plugged) = &self.plugged {
            let bound = plugged.plugins.payment_bindings(actor).await.map_err(PaymentError::of_plugins)?;
            handlers.extend(bound.into_iter().map(|binding| {
                Arc::new(plugged.handler(actor, binding, self.clock.clone())) as Arc<dyn PaymentHandler>
            }));
        }
        Ok(handlers)
    }

    /// The handler with this code in the actor's channel: a built-in one, or a plugin that is bound there.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_handler(
        &self,
        actor: &Actor,
        code: &str,
    ) -> Result<Option<Arc<dyn PaymentHandler>>, PaymentError> {
        if let Some(built_in) = self.handlers.find(code) {
            return Ok(Some(built_in));
        }
        let (Some(plugged), Some(name)) = (&self.plugged, code.strip_prefix(PLUGIN_PREFIX)) else {
            return Ok(None);
        };
        let bound = plugged.plugins.payment_bindings(actor).await.map_err(PaymentError::of_plugins)?;
        let found = bound.into_iter().find(|binding| *binding.name == *name);
        Ok(found.map(|binding| Arc::new(plugged.handler(actor, binding, self.clock.clone())) as _))
    }

    /// The checkers that payment methods can have.
    ///
    /// # Errors
    /// [`PaymentError::Forbidden`].
    pub fn list_checkers(&self, actor: &Actor) -> Result<&'static [OperationDefinition], PaymentError> {
        actor.require_any(READ)?;
        Ok(CHECKERS)
    }

    /// The channel's payment methods in their order, those that are off included.
    ///
    /// # Errors
    /// A failing store.
    pub async fn methods(&self, actor: &Actor) -> Result<Arc<Vec<PaymentMethod>>, PaymentError> {
        let scope = actor.public_scope();
        let load = self.database.read(scope, async |reader| repo::methods(reader, scope).await);
        Ok(self.methods.get(actor.channel.id, actor.channel.revision, load).await?)
    }

    /// The method that customers of the channel may use by this code, and its handler.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_usable(
        &self,
        actor: &Actor,
        code: &str,
    ) -> Result<Option<(PaymentMethod, Arc<dyn PaymentHandler>)>, PaymentError> {
        let methods = self.methods(actor).await?;
        let Some(method) = methods.iter().find(|method| method.enabled && method.code == code) else {
            return Ok(None);
        };
        let handler = self.find_handler(actor, &method.handler.code).await?;
        Ok(handler.map(|handler| (method.clone(), handler)))
    }

    /// The handler of the channel's method with this code, whether customers may use it or not: what was begun by it is
    /// told of all the same.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_for_callback(
        &self,
        actor: &Actor,
        code: &str,
    ) -> Result<Option<Arc<dyn PaymentHandler>>, PaymentError> {
        let methods = self.methods(actor).await?;
        match methods.iter().find(|method| method.code == code) {
            Some(method) => self.find_handler(actor, &method.handler.code).await,
            None => Ok(None),
        }
    }

    /// A page of the channel's payment methods.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn list_methods(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<PaymentMethod>, PaymentError> {
        let scope = actor.require_any(READ)?;
        self.database.read(scope, async |reader| repo::list_methods(reader, scope, query).await).await
    }

    /// A payment method of the channel.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn find_method(
        &self,
        actor: &Actor,
        id: PaymentMethodId,
    ) -> Result<Option<PaymentMethod>, PaymentError> {
        let scope = actor.require_any(READ)?;
        Ok(self.database.read(scope, async |reader| repo::find_method(reader, scope, id).await).await?)
    }

    /// Creates a payment method, after the channel's others.
    ///
    /// # Errors
    /// A code in use or malformed, no name, an unknown handler or checker, or arguments that the handler does not take.
    pub async fn create_method(
        &self,
        actor: &Actor,
        new: NewPaymentMethod,
    ) -> Result<PaymentMethod, PaymentError> {
        let scope = actor.require_any(CREATE)?;
        check_code(&new.code)?;
        check_texts(&new.texts, true)?;
        self.check_handler(actor, &new.handler).await?;
        new.checker.as_ref().map_or(Ok(()), check_checker)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let id = repo::insert_method(tx, scope, &new, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                repo::find_method(tx, scope, id).await?.ok_or(PaymentError::MethodNotFound(id))
            })
            .await
    }

    /// Changes a payment method.
    ///
    /// # Errors
    /// As for [`Self::create_method`]; also an unknown id.
    pub async fn update_method(
        &self,
        actor: &Actor,
        id: PaymentMethodId,
        changes: PaymentMethodChanges,
    ) -> Result<PaymentMethod, PaymentError> {
        let scope = actor.require_any(UPDATE)?;
        changes.code.as_deref().map_or(Ok(()), check_code)?;
        if let Some(handler) = &changes.handler {
            self.check_handler(actor, handler).await?;
        }
        changes.checker.iter().flatten().try_for_each(check_checker)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let found = repo::find_method(tx, scope, id).await?;
                let mut method = found.ok_or(PaymentError::MethodNotFound(id))?;
                let texts = method.apply(changes);
                check_texts(&texts, false)?;
                repo::update_method(tx, scope, &method, &texts, now).await?;
                Channels::touch_in_tx(tx, scope, now).await?;
                repo::find_method(tx, scope, id).await?.ok_or(PaymentError::MethodNotFound(id))
            })
            .await
    }

    /// Deletes payment methods, all or none. Payments made by them keep their codes.
    ///
    /// # Errors
    /// An unknown id.
    pub async fn delete_methods(&self, actor: &Actor, ids: Vec<PaymentMethodId>) -> Result<(), PaymentError> {
        let scope = actor.require_any(DELETE)?;
        if ids.len() > IDS_MAX {
            return Err(PaymentError::TooMany);
        }
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let deleted = repo::delete_methods(tx, scope, &ids).await?;
                if let Some(unknown) = ids.iter().find(|id| !deleted.contains(id)) {
                    return Err(PaymentError::MethodNotFound(*unknown));
                }
                Ok(Channels::touch_in_tx(tx, scope, now).await?)
            })
            .await
    }

    /// Records an attempt before its handler is called. The caller raises the order's version in the same transaction,
    /// since an order that is known to have no payment is known so by its version.
    ///
    /// # Errors
    /// A failing store.
    pub async fn begin_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        attempt: &NewAttempt,
        now: Timestamp,
    ) -> Result<Payment, DatabaseError> {
        repo::insert(tx, scope, attempt, now).await
    }

    /// Records the handler's answer to an attempt, once: an attempt that has been answered already is left as it is.
    ///
    /// # Errors
    /// An unknown payment, or one that is past [`PaymentState::Created`].
    pub async fn record_outcome_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        outcome: PaymentOutcome,
        now: Timestamp,
    ) -> Result<Payment, PaymentError> {
        let mut payment = repo::find(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
        let from = payment.state;
        payment.record(outcome);
        let open = payment.state == PaymentState::Created;
        payment.ask_at = open.then(|| reconciling::next_look(payment.asked_times, now));
        payment.review = None;
        if from != PaymentState::Created {
            return Err(PaymentError::StateTransition { from, to: payment.state });
        }
        repo::update(tx, scope, &payment, from, now).await?;
        Ok(payment)
    }

    /// Records what a handler is about to be asked to do with what is reserved. Locks the payment's row.
    ///
    /// # Errors
    /// An unknown payment, one that is not authorised, or whose handler has not answered what it was asked before.
    pub async fn begin_change_in_tx(
        &self,
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        change: Change,
        now: Timestamp,
    ) -> Result<Payment, PaymentError> {
        repo::lock(tx, scope, id).await?;
        let mut payment = repo::find(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
        let from = payment.state;
        payment.ask(change, self.answered_by(payment.updated_at), now)?;
        repo::update(tx, scope, &payment, from, now).await?;
        Ok(payment)
    }

    /// Until when the answer of a handler that is asked at this moment may be recorded.
    pub fn answered_by(&self, asked_at: Timestamp) -> Timestamp {
        asked_at.after(self.handler_timeout.saturating_add(RECORDING_GRACE))
    }

    /// Records the handler's answer to what it was asked, once.
    ///
    /// # Errors
    /// An unknown payment, or one whose handler was not asked or has answered.
    pub async fn record_change_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: PaymentId,
        change: Change,
        answer: &PaymentChange,
        now: Timestamp,
    ) -> Result<Payment, PaymentError> {
        repo::lock(tx, scope, id).await?;
        let mut payment = repo::find(tx, scope, id).await?.ok_or(PaymentError::NotFound(id))?;
        let from = payment.state;
        payment.answer(change, answer)?;
        repo::update(tx, scope, &payment, from, now).await?;
        Ok(payment)
    }

    /// A payment by its id.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_in(
        reader: &mut Reader,
        scope: ChannelScope,
        id: PaymentId,
    ) -> Result<Option<Payment>, DatabaseError> {
        repo::find(reader, scope, id).await
    }

    /// The payments of these orders, oldest first.
    ///
    /// # Errors
    /// A failing store.
    pub async fn of_orders(
        reader: &mut Reader,
        scope: ChannelScope,
        orders: &[OrderId],
    ) -> Result<Vec<Payment>, DatabaseError> {
        repo::of_orders(reader, scope, orders).await
    }

    /// What a handler needs to know of a payment that exists. Its settings are those that its method has now.
    ///
    /// # Errors
    /// A failing store.
    pub async fn reference(
        &self,
        actor: &Actor,
        payment: &Payment,
        currency: soko_kernel::Currency,
    ) -> Result<PaymentReference, PaymentError> {
        let methods = self.methods(actor).await?;
        let method = methods.iter().find(|method| method.code == payment.method);
        let arguments = method.map(|method| method.handler.named_args()).unwrap_or_default();
        Ok(PaymentReference {
            idempotency_key: payment.idempotency_key(),
            transaction_id: payment.transaction_id.clone(),
            amount: payment.amount,
            currency: currency.code().to_owned(),
            arguments,
        })
    }

    /// Who moves the money of a payment.
    ///
    /// # Errors
    /// [`PaymentError::UnknownHandler`].
    pub async fn handler_of(
        &self,
        actor: &Actor,
        payment: &Payment,
    ) -> Result<Arc<dyn PaymentHandler>, PaymentError> {
        let handler = self.find_handler(actor, &payment.handler).await?;
        handler.ok_or_else(|| PaymentError::UnknownHandler(payment.handler.clone()))
    }

    async fn check_handler(&self, actor: &Actor, chosen: &ConfigurableOperation) -> Result<(), PaymentError> {
        let found = self.find_handler(actor, &chosen.code).await?;
        let handler = found.ok_or_else(|| PaymentError::UnknownHandler(chosen.code.clone()))?;
        let known = handler.arguments();
        if let Some(unknown) = chosen.args.iter().find(|arg| !known.iter().any(|one| one.name == arg.name)) {
            let (handler, argument) = (chosen.code.clone(), unknown.name.clone());
            return Err(PaymentError::UnknownArgument { handler, argument });
        }
        match known.iter().find(|one| one.required && chosen.arg(one.name).is_none()) {
            Some(missing) => {
                Err(PaymentError::MissingArgument { handler: chosen.code.clone(), argument: missing.name })
            }
            None => Ok(()),
        }
    }
}

fn check_checker(checker: &ConfigurableOperation) -> Result<(), PaymentError> {
    if CHECKERS.iter().any(|known| known.code == checker.code) {
        Ok(())
    } else {
        Err(PaymentError::UnknownChecker(checker.code.clone()))
    }
}

fn check_code(code: &str) -> Result<(), PaymentError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if code.is_empty() || code.len() > CODE_LENGTH_MAX || !code.chars().all(allowed) {
        return Err(PaymentError::InvalidCode);
    }
    Ok(())
}

fn check_texts(texts: &[MethodText], required: bool) -> Result<(), PaymentError> {
    if (required && texts.is_empty()) || texts.iter().any(|text| text.name.trim().is_empty()) {
        return Err(PaymentError::NameMissing);
    }
    let twice = Language::first_twice(texts.iter().map(|text| text.language));
    twice.map_or(Ok(()), |twice| Err(PaymentError::LanguageTwice(twice)))
}
