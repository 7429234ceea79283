//! SQL of payment methods and payments.

use soko_infra::db::{Bound, Column, ListSql, MultiRowInsert, in_list};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::operation::ConfigurableOperation;
use soko_kernel::{ChannelId, ChannelScope, ListQuery, OrderId, Page, PaymentId, PaymentMethodId, Timestamp};
use sqlx::AssertSqlSafe;

use super::entity::{Change, MethodText, Payment, PaymentMethod, PaymentMethodTranslation, PaymentState};
use super::error::PaymentError;
use super::reconciling::FIRST_LOOK;

#[derive(sqlx::FromRow)]
struct MethodRow {
    id: PaymentMethodId,
    code: String,
    enabled: bool,
    checker: Option<String>,
    handler: String,
    position: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl MethodRow {
    fn with(self, translations: &[PaymentMethodTranslation]) -> Result<PaymentMethod, DatabaseError> {
        let operation = |text: &String| {
            serde_json::from_str::<ConfigurableOperation>(text)
                .map_err(|error| DatabaseError::corrupt("payment method", error))
        };
        Ok(PaymentMethod {
            id: self.id,
            code: self.code,
            enabled: self.enabled,
            checker: self.checker.as_ref().map(operation).transpose()?,
            handler: operation(&self.handler)?,
            position: self.position,
            translations: translations
                .iter()
                .filter(|translation| translation.payment_method_id == self.id)
                .cloned()
                .collect(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

const METHOD_COLUMNS: &str =
    "m.id, m.code, m.enabled, m.checker, m.handler, m.position, m.created_at, m.updated_at";

/// Every method of the channel, in its order.
pub(super) async fn methods(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<PaymentMethod>, DatabaseError> {
    let rows: Vec<MethodRow> = reader
        .fetch_all(
            "SELECT * FROM payment_method WHERE channel_id = $1 ORDER BY position, id",
            (scope.channel_id(),),
        )
        .await?;
    let translations = translations(reader, scope).await?;
    rows.into_iter().map(|row| row.with(&translations)).collect()
}

pub(super) async fn find_method(
    reader: &mut Reader,
    scope: ChannelScope,
    id: PaymentMethodId,
) -> Result<Option<PaymentMethod>, DatabaseError> {
    Ok(methods(reader, scope).await?.into_iter().find(|method| method.id == id))
}

pub(super) async fn list_methods(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<PaymentMethod>, PaymentError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "m.id"),
        Column::text("code", "m.code"),
        Column::boolean("enabled", "m.enabled"),
        Column::time("createdAt", "m.created_at"),
        Column::time("updatedAt", "m.updated_at"),
        Column::text("name", "t.name"),
        Column::text("description", "t.description"),
    ];
    let list = ListSql {
        select: METHOD_COLUMNS,
        from: "FROM payment_method m \
               LEFT JOIN payment_method_translation t ON t.channel_id = $1 AND t.id = \
               (SELECT MIN(f.id) FROM payment_method_translation f WHERE f.channel_id = $1 AND f.payment_method_id = m.id)",
        condition: "m.channel_id = $1".to_owned(),
        values: vec![Bound::from(scope.channel_id().0)],
        columns: COLUMNS,
        tie_break: "m.position, m.id",
    };
    let page = list.fetch::<MethodRow>(reader, query).await?;
    let translations = translations(reader, scope).await?;
    let items = page.items.into_iter().map(|row| row.with(&translations)).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

async fn translations(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<PaymentMethodTranslation>, DatabaseError> {
    reader
        .fetch_all(
            "SELECT id, payment_method_id, language, name, description, created_at, updated_at \
             FROM payment_method_translation WHERE channel_id = $1 ORDER BY id",
            (scope.channel_id(),),
        )
        .await
}

pub(super) async fn insert_method(
    tx: &mut Tx,
    scope: ChannelScope,
    method: &super::NewPaymentMethod,
    now: Timestamp,
) -> Result<PaymentMethodId, PaymentError> {
    let inserted = tx.fetch_one(
        "INSERT INTO payment_method (channel_id, code, enabled, checker, handler, position, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, \
         (SELECT COALESCE(MAX(position), 0) + 1 FROM payment_method WHERE channel_id = $1), $6, $6) RETURNING id",
        (
            scope.channel_id(),
            method.code.as_str(),
            method.enabled,
            method.checker.as_ref().map(document).transpose()?,
            document(&method.handler)?,
            now,
        ),
    );
    let (id,) = inserted.await.map_err(|error| code_in_use(error, &method.code))?;
    write_texts(tx, scope, id, &method.texts, now).await?;
    Ok(id)
}

pub(super) async fn update_method(
    tx: &mut Tx,
    scope: ChannelScope,
    method: &PaymentMethod,
    texts: &[MethodText],
    now: Timestamp,
) -> Result<(), PaymentError> {
    let updated = tx.execute_one(
        "UPDATE payment_method SET code = $1, enabled = $2, handler = $3, checker = $4, updated_at = $5 \
         WHERE id = $6 AND channel_id = $7",
        (
            method.code.as_str(),
            method.enabled,
            document(&method.handler)?,
            method.checker.as_ref().map(document).transpose()?,
            now,
            method.id,
            scope.channel_id(),
        ),
    );
    updated.await.map_err(|error| code_in_use(error, &method.code))?;
    write_texts(tx, scope, method.id, texts, now).await
}

/// Deletes those of these methods that are there, and says which those are.
pub(super) async fn delete_methods(
    tx: &mut Tx,
    scope: ChannelScope,
    ids: &[PaymentMethodId],
) -> Result<Vec<PaymentMethodId>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = in_list(&mut values, ids.iter().copied());
    let sql = format!("DELETE FROM payment_method WHERE channel_id = $1 AND id IN ({listed}) RETURNING id");
    let deleted: Vec<(PaymentMethodId,)> = tx.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(deleted.into_iter().map(|(id,)| id).collect())
}

async fn write_texts(
    tx: &mut Tx,
    scope: ChannelScope,
    method: PaymentMethodId,
    texts: &[MethodText],
    now: Timestamp,
) -> Result<(), PaymentError> {
    const WRITE: MultiRowInsert = MultiRowInsert::new(
        "INSERT INTO payment_method_translation \
         (channel_id, payment_method_id, language, name, description, created_at, updated_at)",
        7,
        "ON CONFLICT (channel_id, payment_method_id, language) DO UPDATE SET name = excluded.name, \
         description = excluded.description, updated_at = excluded.updated_at",
    );
    let row = |text: &MethodText| {
        vec![
            scope.channel_id().0.into(),
            method.0.into(),
            text.language.code().into(),
            text.name.as_str().into(),
            text.description.as_str().into(),
            now.into(),
            now.into(),
        ]
    };
    WRITE.execute(tx, texts.iter().map(row).collect()).await?;
    Ok(())
}

fn document(operation: &ConfigurableOperation) -> Result<String, DatabaseError> {
    serde_json::to_string(operation).map_err(|error| DatabaseError::corrupt("payment method", error))
}

fn code_in_use(error: DatabaseError, code: &str) -> PaymentError {
    if error.is_unique_violation("payment_method", &["channel_id", "code"]) {
        PaymentError::CodeInUse(code.to_owned())
    } else {
        error.into()
    }
}

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    order_id: OrderId,
    method: String,
    handler: String,
    amount: i64,
    refunded: i64,
    state: String,
    asked: Option<String>,
    transaction_id: Option<String>,
    error_message: Option<String>,
    metadata: String,
    ask_at: Option<Timestamp>,
    asked_times: i64,
    review: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<PaymentRow> for Payment {
    type Error = DatabaseError;

    fn try_from(row: PaymentRow) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            method: row.method,
            handler: row.handler,
            amount: row.amount,
            refunded: row.refunded,
            state: PaymentState::parse(&row.state)?,
            asked: row.asked.as_deref().map(Change::parse).transpose()?,
            transaction_id: row.transaction_id,
            error_message: row.error_message,
            metadata: serde_json::from_str(&row.metadata)
                .map_err(|error| DatabaseError::corrupt("payment metadata", error))?,
            ask_at: row.ask_at,
            asked_times: row.asked_times,
            review: row.review,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The payments of these orders, oldest first.
pub(super) async fn of_orders(
    reader: &mut Reader,
    scope: ChannelScope,
    orders: &[OrderId],
) -> Result<Vec<Payment>, DatabaseError> {
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let orders = in_list(&mut values, orders.iter().copied());
    let sql = format!("SELECT * FROM payment WHERE channel_id = $1 AND order_id IN ({orders}) ORDER BY id");
    let rows: Vec<PaymentRow> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    rows.into_iter().map(Payment::try_from).collect()
}

pub(super) async fn find(
    reader: &mut Reader,
    scope: ChannelScope,
    id: PaymentId,
) -> Result<Option<Payment>, DatabaseError> {
    let row: Option<PaymentRow> = reader
        .fetch_optional("SELECT * FROM payment WHERE id = $1 AND channel_id = $2", (id, scope.channel_id()))
        .await?;
    row.map(Payment::try_from).transpose()
}

pub(super) async fn insert(
    tx: &mut Tx,
    scope: ChannelScope,
    attempt: &super::NewAttempt,
    now: Timestamp,
) -> Result<Payment, DatabaseError> {
    let row: PaymentRow = tx
        .fetch_one(
            "INSERT INTO payment (channel_id, order_id, method, handler, amount, state, metadata, ask_at, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'Created', $6, $7, $8, $8) RETURNING *",
            (
                scope.channel_id(),
                attempt.order_id,
                attempt.method.as_str(),
                attempt.handler.as_str(),
                attempt.amount,
                attempt.metadata.to_string(),
                now.after(FIRST_LOOK),
                now,
            ),
        )
        .await?;
    row.try_into()
}

pub(super) async fn update(
    tx: &mut Tx,
    scope: ChannelScope,
    payment: &Payment,
    from: PaymentState,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let updated = tx.execute_one(
        "UPDATE payment SET state = $1, asked = $2, transaction_id = $3, error_message = $4, metadata = $5, \
         ask_at = $6, review = $7, updated_at = $8 WHERE id = $9 AND channel_id = $10 AND state = $11",
        (
            payment.state.as_str(),
            payment.asked.map(Change::as_str),
            payment.transaction_id.as_deref(),
            payment.error_message.as_deref(),
            payment.metadata.to_string(),
            payment.ask_at,
            payment.review.as_deref(),
            now,
            payment.id,
            scope.channel_id(),
            from.as_str(),
        ),
    );
    updated.await.map_err(|error| match &payment.transaction_id {
        Some(reference)
            if error.is_unique_violation("payment", &["channel_id", "method", "transaction_id"]) =>
        {
            PaymentError::ReferenceInUse(reference.clone())
        }
        _ => error.into(),
    })
}

/// The payment that a provider knows by this reference; of several, as tries that came to nothing may be, the newest.
pub(super) async fn find_by_transaction(
    reader: &mut Reader,
    scope: ChannelScope,
    method: &str,
    reference: &str,
) -> Result<Option<Payment>, DatabaseError> {
    let row: Option<PaymentRow> = reader
        .fetch_optional(
            "SELECT * FROM payment WHERE channel_id = $1 AND method = $2 AND transaction_id = $3 \
             ORDER BY id DESC LIMIT 1",
            (scope.channel_id(), method, reference),
        )
        .await?;
    row.map(Payment::try_from).transpose()
}

/// Attempts of all channels that are to be asked about.
pub(super) async fn due(
    reader: &mut Reader,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ChannelId, PaymentId)>, DatabaseError> {
    reader
        .fetch_all(
            "SELECT channel_id, id FROM payment WHERE ask_at <= $1 ORDER BY ask_at LIMIT $2",
            (now, most),
        )
        .await
}

/// Stores when the payment is asked about next, and whether people have to look at it.
pub(super) async fn update_looks(
    tx: &mut Tx,
    scope: ChannelScope,
    payment: &Payment,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE payment SET ask_at = $1, asked_times = $2, review = $3 WHERE channel_id = $4 AND id = $5",
        (payment.ask_at, payment.asked_times, payment.review.as_deref(), scope.channel_id(), payment.id),
    )
    .await
}

/// Stores what is known of an attempt that still has no answer; one that has one is left as it is.
pub(super) async fn note(
    tx: &mut Tx,
    scope: ChannelScope,
    id: PaymentId,
    message: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        "UPDATE payment SET error_message = $1, updated_at = $2 \
         WHERE channel_id = $3 AND id = $4 AND state = 'Created'",
        (message, now, scope.channel_id(), id),
    )
    .await
    .map(|_| ())
}

pub(super) async fn list_in_review(
    reader: &mut Reader,
    scope: ChannelScope,
    query: &ListQuery,
) -> Result<Page<Payment>, PaymentError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "p.id"),
        Column::text("method", "p.method"),
        Column::text("state", "p.state"),
        Column::integer("amount", "p.amount"),
        Column::text("transactionId", "p.transaction_id"),
        Column::time("createdAt", "p.created_at"),
        Column::time("updatedAt", "p.updated_at"),
    ];
    let list = ListSql {
        select: "p.*",
        from: "FROM payment p",
        condition: "p.channel_id = $1 AND p.review IS NOT NULL".to_owned(),
        values: vec![Bound::from(scope.channel_id().0)],
        columns: COLUMNS,
        tie_break: "p.id",
    };
    let page = list.fetch::<PaymentRow>(reader, query).await?;
    let items = page.items.into_iter().map(Payment::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

/// Nobody else changes the payment or what is given back of it until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, scope: ChannelScope, id: PaymentId) -> Result<(), DatabaseError> {
    let values = vec![scope.channel_id().0.into(), id.0.into()];
    tx.lock_rows("SELECT id FROM payment WHERE channel_id = $1 AND id = $2", values).await
}

/// Adds to what has been given back of a payment, or takes off it. The store holds it to the payment's amount.
pub(super) async fn add_refunded(
    tx: &mut Tx,
    scope: ChannelScope,
    id: PaymentId,
    amount: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute_one(
        "UPDATE payment SET refunded = refunded + $1, updated_at = $2 WHERE id = $3 AND channel_id = $4",
        (amount, now, id, scope.channel_id()),
    )
    .await
}
