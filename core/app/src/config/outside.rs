//! Settings of what is outside: who moves money, who brings mail and text messages, and what secrets are sealed with.

use serde::{Deserialize, Serialize};
use soko_domain::payments::HANDLER_TIMEOUT;
use soko_extension::effect::SecretBytes;
use soko_extension::sms::{SmsAccount, SmsProvider};

use super::settings::{Broken, Secret};
use crate::push::is_private_key;

/// Payment handlers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentSettings {
    /// Seconds that a handler may take to answer; what it was asked is in doubt afterwards.
    pub handler_timeout_s: u64,
}

impl Default for PaymentSettings {
    fn default() -> Self {
        Self { handler_timeout_s: HANDLER_TIMEOUT.as_secs() }
    }
}

/// Secrets of plugins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    /// What they are sealed with: 64 hexadecimal digits. Empty: none can be set.
    pub key: Secret,
}

/// Mail to customers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// The server that sends it on: `smtps://USER:PASSWORD@HOST`, or `smtp://USER:PASSWORD@HOST:587?tls=required`. Empty:
    /// nobody gets mail.
    pub smtp_url: Secret,
    /// Whom it is from: `Soko <no-reply@example.com>`.
    pub from: String,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self { smtp_url: Secret::default(), from: "Soko <no-reply@localhost>".to_owned() }
    }
}

/// Text messages: each shop has an account of its own with one of these, and the platform may have one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// The server of Africa's Talking; `https://api.sandbox.africastalking.com` to try things.
    pub africastalking_url: String,
    /// The server of TextSMS.
    pub textsms_url: String,
    /// By whom the platform itself sends codes to log in with: `africastalking` or `textsms`. Empty: it sends none.
    pub platform_provider: String,
    /// The platform's user name with Africa's Talking, its partner id with TextSMS.
    pub platform_username: String,
    /// Whom its messages are from; TextSMS wants one.
    pub platform_sender_id: String,
    /// What the provider knows the platform by.
    pub platform_api_key: Secret,
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self {
            africastalking_url: "https://api.africastalking.com".to_owned(),
            textsms_url: "https://sms.textsms.co.ke".to_owned(),
            platform_provider: String::new(),
            platform_username: String::new(),
            platform_sender_id: String::new(),
            platform_api_key: Secret::default(),
        }
    }
}

/// Messages to people's browsers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushSettings {
    /// The platform's private key (VAPID): 32 bytes of P-256 in base64url without padding. Empty: nobody is told in browsers.
    pub vapid_private_key: Secret,
    /// Whom push services write to when something is wrong: `mailto:` and an address, or `https:`.
    pub subject: String,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self { vapid_private_key: Secret::default(), subject: "mailto:operator@localhost".to_owned() }
    }
}

impl PushSettings {
    pub(super) fn check(&self) -> Result<(), Broken> {
        if self.vapid_private_key.reveal().is_some_and(|key| !is_private_key(key)) {
            let what = "is refused: it is 32 bytes of a private key on P-256, in base64url without padding";
            return Err(Broken::new("push.vapid_private_key", what));
        }
        if !["mailto:", "https://"].iter().any(|scheme| self.subject.starts_with(scheme)) {
            return Err(Broken::new("push.subject", "must begin with mailto: or https://"));
        }
        Ok(())
    }
}

impl SmsSettings {
    pub(super) fn check(&self) -> Result<(), Broken> {
        let addresses =
            [("sms.africastalking_url", &self.africastalking_url), ("sms.textsms_url", &self.textsms_url)];
        for (key, address) in addresses {
            let known = |url: &reqwest::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
            if !address.parse().is_ok_and(|url| known(&url)) {
                return Err(Broken::new(
                    key,
                    format!("must be such as https://sms.example, not {address:?}"),
                ));
            }
        }
        if self.platform_provider.is_empty() {
            let given = !self.platform_username.is_empty() || self.platform_api_key.reveal().is_some();
            let missing = || Broken::new("sms.platform_provider", "is needed with the rest of the account");
            return if given { Err(missing()) } else { Ok(()) };
        }
        let Some(provider) = SmsProvider::parse(&self.platform_provider) else {
            let what = format!("must be africastalking or textsms, not {:?}", self.platform_provider);
            return Err(Broken::new("sms.platform_provider", what));
        };
        let needed = [
            ("sms.platform_username", self.platform_username.is_empty()),
            ("sms.platform_api_key", self.platform_api_key.reveal().is_none()),
            (
                "sms.platform_sender_id",
                provider == SmsProvider::TextSms && self.platform_sender_id.is_empty(),
            ),
        ];
        match needed.into_iter().find(|(_, is_missing)| *is_missing) {
            Some((key, _)) => Err(Broken::new(key, "is needed with sms.platform_provider")),
            None => Ok(()),
        }
    }

    /// The platform's own account, if it has one.
    pub fn platform_account(&self) -> Option<SmsAccount> {
        let provider = SmsProvider::parse(&self.platform_provider)?;
        let api_key = SecretBytes(self.platform_api_key.reveal()?.as_bytes().to_vec());
        let sender_id = (!self.platform_sender_id.is_empty()).then(|| self.platform_sender_id.clone());
        Some(SmsAccount { provider, username: self.platform_username.clone(), sender_id, api_key })
    }
}
