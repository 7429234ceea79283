//! Codes to log in with, by text message: of no shop's quota, limits or quiet hours, since somebody is waiting for them.

use soko_extension::sms::{Sms, SmsAccount};
use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, Language, Timestamp};
use tracing::Instrument as _;

use super::error::NotificationError;
use super::{Notifications, repo};
use crate::auth::{Auth, AuthError, CodeRequest, IssuedCode, LoginCodeSent};
use crate::channels::Channels;

impl Notifications {
    /// Has a code to log in with sent to the administrator with this telephone number, by the account of a shop where they
    /// work, and says until when it will be good. Who has no such number is sent nothing, and whoever asks learns nothing of
    /// it: it is done apart.
    ///
    /// # Errors
    /// [`AuthError::InvalidPhoneNumber`], [`AuthError::TooManyCodes`].
    pub async fn send_login_code(&self, auth: &Auth, phone_number: &str) -> Result<Timestamp, AuthError> {
        let request = auth.accept_code_request(phone_number).await?;
        let expires_at = request.expires_at;
        let (this, auth) = (self.clone(), auth.clone());
        let sending = async move {
            if let Err(error) = this.issue_and_send(&auth, request).await {
                tracing::warn!(%error, "a code to log in with could not be sent");
            }
        };
        tokio::spawn(sending.in_current_span());
        Ok(expires_at)
    }

    async fn issue_and_send(&self, auth: &Auth, request: CodeRequest) -> Result<(), NotificationError> {
        let Some(issued) = auth.issue_login_code(request).await? else { return Ok(()) };
        let Some((hand, account)) = self.account_of_any(&issued).await? else {
            tracing::warn!(user = %issued.user, "no shop where they work can send a code to log in with");
            return Ok(());
        };
        let Some(gateway) = self.gateway() else { return Ok(()) };
        let IssuedCode { user, phone_number: to, code, .. } = issued;
        let sms = Sms { to, text: words(&hand.channel.default_language, &code) };
        if let Err(failure) = gateway.send(&account, &sms).await {
            tracing::warn!(channel = hand.channel.code, %failure, "a code to log in with could not be sent");
            return Ok(());
        }
        let (scope, now) = (hand.public_scope(), self.clock.now());
        let state = async move |tx: &mut Tx| tx.publish(scope, now, &LoginCodeSent { user_id: user }).await;
        Ok(self.database.write_concurrently(scope, state).await?)
    }

    /// The first of somebody's shops that has an account for text messages, and the account.
    async fn account_of_any(
        &self,
        issued: &IssuedCode,
    ) -> Result<Option<(Actor, SmsAccount)>, NotificationError> {
        let hands = self
            .database
            .read(DataScope::Platform, async |reader: &mut Reader| {
                Channels::hands_in(reader, &issued.channels).await
            })
            .await?;
        for hand in hands {
            let scope = hand.public_scope();
            let stored =
                self.database.read(scope, async |reader| repo::sms_account(reader, scope).await).await?;
            if let Some(stored) = stored {
                return Ok(Some((hand, self.opened(scope, &stored)?)));
            }
        }
        Ok(None)
    }
}

fn words(language: &Language, code: &str) -> String {
    match language.code() {
        "sw" => format!("{code} ni nambari yako ya kuingia, kwa dakika 5. Usimpe mtu yeyote."),
        _ => format!("{code} is your code to log in, good for 5 minutes. Give it to nobody."),
    }
}
