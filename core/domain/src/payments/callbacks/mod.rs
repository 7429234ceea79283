//! What payment providers send of their own accord: kept as it came before anything is made of it.

mod entity;
mod repo;

use soko_extension::payment::{Callback, Subject};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, PaymentId, RefundId, Timestamp};

use super::{Payment, Payments, repo as payment_repo};
use crate::expiry;

pub use entity::{CallbackState, StoredCallback};

impl Payments {
    /// Keeps a callback; the same bytes again are the same one, and are counted.
    ///
    /// # Errors
    /// A failing store.
    pub async fn keep_callback_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        method: &str,
        callback: &Callback,
        now: Timestamp,
    ) -> Result<StoredCallback, DatabaseError> {
        repo::put(tx, scope, method, callback, now).await
    }

    /// Writes down what was made of a callback.
    ///
    /// # Errors
    /// A failing store.
    pub async fn close_callback_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: i64,
        (state, message): (CallbackState, Option<&str>),
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        repo::close(tx, scope, id, (state, message), now).await
    }

    /// Writes down that a callback was not genuine, and keeps nothing of what was in it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn empty_callback_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        id: i64,
        message: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        repo::empty(tx, scope, id, message, now).await
    }

    /// The payment by a method that a provider speaks of.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_subject_in(
        reader: &mut Reader,
        scope: ChannelScope,
        method: &str,
        subject: &Subject,
    ) -> Result<Option<Payment>, DatabaseError> {
        let found = match subject {
            Subject::Key(key) => match entity::id_in(key, "payment-") {
                Some(id) => payment_repo::find(reader, scope, PaymentId(id)).await?,
                None => None,
            },
            Subject::Transaction(reference) => {
                payment_repo::find_by_transaction(reader, scope, method, reference).await?
            }
        };
        Ok(found.filter(|payment| payment.method == method))
    }

    /// The refund that a provider speaks of by its key; by the provider's reference none is found.
    pub fn refund_of_subject(subject: &Subject) -> Option<RefundId> {
        match subject {
            Subject::Key(key) => entity::id_in(key, "refund-").map(RefundId),
            Subject::Transaction(_) => None,
        }
    }

    /// Removes callbacks that came too long ago to matter, and says how many.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_callbacks(&self, now: Timestamp) -> Result<u64, DatabaseError> {
        expiry::sweep(&self.database, repo::DELETE_OLD, now.before(entity::KEPT_FOR)).await
    }
}
