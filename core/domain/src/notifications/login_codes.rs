//! Codes to log in with, by text message: by the platform's own account, and so of no shop's quota, limits or quiet hours, and
//! in no shop's message log, where others than their reader would find them.

use soko_extension::sms::{Sms, SmsAccount, SmsFailure};
use soko_infra::{DataScope, DatabaseError, Reader, Tx};
use soko_kernel::{Actor, Timestamp};
use tracing::Instrument as _;

use super::Notifications;
use super::error::NotificationError;
use crate::auth::{Auth, AuthError, CodeRequest, IssuedCode, LoginCodeSent};
use crate::channels::Channels;

impl Notifications {
    /// Has a code to log in with sent to the administrator with this telephone number, and says until when it will be good.
    /// Who has no such number is sent nothing, and whoever asks learns nothing of it: it is done apart.
    ///
    /// # Errors
    /// [`AuthError::CodesOff`], [`AuthError::InvalidPhoneNumber`], [`AuthError::TooManyCodes`].
    pub async fn send_login_code(&self, auth: &Auth, phone_number: &str) -> Result<Timestamp, AuthError> {
        let account = self.platform_sms.clone().ok_or(AuthError::CodesOff)?;
        let request = auth.accept_code_request(phone_number).await?;
        let expires_at = request.expires_at;
        let (this, auth) = (self.clone(), auth.clone());
        let sending = async move {
            if let Err(error) = this.issue_and_send(&auth, &account, request).await {
                tracing::warn!(%error, "a code to log in with could not be sent");
            }
        };
        tokio::spawn(sending.in_current_span());
        Ok(expires_at)
    }

    /// Sends a code to a telephone number by which whoever is logged in shows that it is theirs, and says until when it is
    /// good.
    ///
    /// # Errors
    /// [`AuthError::CodesOff`], [`AuthError::WrongPassword`], [`AuthError::InvalidPhoneNumber`], [`AuthError::TooManyCodes`],
    /// [`AuthError::CodeNotSent`].
    pub async fn send_number_code(
        &self,
        auth: &Auth,
        actor: &Actor,
        phone_number: &str,
        password: String,
    ) -> Result<Timestamp, AuthError> {
        let account = self.platform_sms.clone().ok_or(AuthError::CodesOff)?;
        let request = auth.accept_number(actor, phone_number, password).await?;
        let expires_at = request.expires_at;
        // One was sent there just now.
        let issued = auth.issue_login_code(request).await?.ok_or(AuthError::TooManyCodes)?;
        if self.send_code(auth, &account, &issued, actor.channel.default_language.code()).await? {
            return Ok(expires_at);
        }
        Err(AuthError::CodeNotSent)
    }

    async fn issue_and_send(
        &self,
        auth: &Auth,
        account: &SmsAccount,
        request: CodeRequest,
    ) -> Result<(), NotificationError> {
        let Some(issued) = auth.issue_login_code(request).await? else { return Ok(()) };
        let find = async |reader: &mut Reader| Channels::hands_in(reader, &issued.channels).await;
        let hands = self.database.read(DataScope::Platform, find).await?;
        let language = hands.first().map_or("en", |hand| hand.channel.default_language.code());
        if !self.send_code(auth, account, &issued, language).await? {
            return Ok(());
        }
        let (now, sent) = (self.clock.now(), LoginCodeSent { user_id: issued.user() });
        let state = async move |tx: &mut Tx| {
            for hand in &hands {
                tx.publish(hand.public_scope(), now, &sent)?;
            }
            Ok::<_, DatabaseError>(())
        };
        Ok(self.database.write(DataScope::Platform, state).await?)
    }

    /// Sends a code, unless it certainly cannot be sent: then it is taken back. Why, the operator reads in the log: it is about
    /// the platform's account.
    async fn send_code(
        &self,
        auth: &Auth,
        account: &SmsAccount,
        issued: &IssuedCode,
        language: &str,
    ) -> Result<bool, DatabaseError> {
        let sms = Sms { to: issued.phone_number().to_owned(), text: words(language, &issued.code) };
        let sent = match self.gateway() {
            Some(gateway) => gateway.send(account, &sms).await.map(|_| ()),
            None => Err(SmsFailure::Unavailable("there is no way to send it".to_owned())),
        };
        match sent {
            Ok(()) => Ok(true),
            Err(SmsFailure::InDoubt(why)) => {
                tracing::warn!(why, "a code to log in with may not have been sent");
                Ok(true)
            }
            Err(failure) => {
                tracing::warn!(%failure, "a code to log in with could not be sent");
                auth.withdraw_login_code(issued).await?;
                Ok(false)
            }
        }
    }
}

fn words(language: &str, code: &str) -> String {
    match language {
        "sw" => format!("{code} ni nambari yako ya siri, kwa dakika 5. Usimpe mtu yeyote."),
        _ => format!("{code} is your code, good for 5 minutes. Give it to nobody."),
    }
}
