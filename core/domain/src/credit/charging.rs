//! Buying on account, inside the transaction of what is bought.

use soko_infra::Tx;
use soko_kernel::{ChannelScope, Currency, CustomerId, OrderId, Timestamp};

use super::entity::{Charge, OnAccount};
use super::error::{CreditError, CreditRefusal};
use super::event::{CreditSaleRefused, CustomerBalanceChanged};
use super::{Credit, reminders, repo};
use crate::ledger::{Ledger, Party};

impl Credit {
    /// Decides whether a customer may pay so much on account, under their account's lock, which is held until the
    /// transaction ends: whoever calls books it in the same one. A refusal is told of now and then.
    ///
    /// # Errors
    /// A failing store. The refusal is an answer, because its transaction has an attempt to record.
    pub async fn decide_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        charge: Charge,
        now: Timestamp,
    ) -> Result<Result<(), CreditRefusal>, CreditError> {
        let party = Party::Customer(charge.customer);
        repo::lock(tx, scope, party).await?;
        let account = repo::find(tx, scope, party).await?;
        let balance = Ledger::party_balance_in(tx, scope, party, charge.currency).await?;
        let decided = match (charge.out_of, &account) {
            (OnAccount::Credit, Some(account)) => account.check(balance.unpaid, charge.amount),
            (OnAccount::Credit, None) => Err(CreditRefusal::NotApproved),
            (OnAccount::Deposit, _) if charge.amount > balance.ahead => {
                Err(CreditRefusal::DepositExceeded { available: balance.ahead })
            }
            (OnAccount::Deposit, _) => Ok(()),
        };
        if let (Err(refusal), OnAccount::Credit, Some(mut account)) = (decided, charge.out_of, account)
            && account.tells_of_refusal(now)
        {
            account.refused_at = Some(now);
            repo::update(tx, scope, &account, now).await?;
            let refused = CreditSaleRefused {
                customer_id: charge.customer,
                order_id: charge.order,
                amount: charge.amount,
                reason: refusal.to_string(),
            };
            tx.publish(scope, now, &refused)?;
        }
        Ok(decided)
    }

    /// States what a customer owes after something was booked on their account.
    ///
    /// # Errors
    /// A failing store.
    pub async fn state_balance_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        customer: CustomerId,
        currency: Currency,
        now: Timestamp,
    ) -> Result<(), CreditError> {
        let party = Party::Customer(customer);
        let balance = Ledger::party_balance_in(tx, scope, party, currency).await?;
        if balance.unpaid == 0 {
            reminders::clear(tx, scope, party).await?;
        }
        let (outstanding, deposit) = (balance.unpaid, balance.ahead);
        let changed = CustomerBalanceChanged { customer_id: customer, outstanding, deposit };
        Ok(tx.publish(scope, now, &changed)?)
    }

    /// Where money that is given back on account goes, under the account's lock: off what is unpaid of the order if it was
    /// bought on credit, and for the rest to the customer's deposit.
    ///
    /// # Errors
    /// A failing store.
    pub async fn given_back_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        charge: Charge,
    ) -> Result<Vec<(Option<OrderId>, i64)>, CreditError> {
        let Charge { customer, order, out_of, amount, currency } = charge;
        let party = Party::Customer(customer);
        repo::lock(tx, scope, party).await?;
        let owed = match out_of {
            OnAccount::Credit => Ledger::unpaid_of_order_in(tx, scope, party, currency, order).await?,
            OnAccount::Deposit => 0,
        };
        let off = owed.min(amount);
        Ok(vec![(Some(order), off), (None, amount - off)])
    }
}
