//! Customers and groups, and the forms that their facts must have.

use soko_kernel::{CustomerGroupId, CustomerId, Timestamp, UserId};

use super::error::CustomerError;

const NAME_LENGTH_MAX: usize = 200;
const EMAIL_LENGTH_MAX: usize = 254;

/// Who buys.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// The account, if there is one.
    pub user_id: Option<UserId>,
    /// Form of address.
    pub title: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// As given.
    pub phone_number: Option<String>,
    /// In lower case.
    pub email_address: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A named set of customers.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CustomerGroup {
    /// Its id.
    pub id: CustomerGroupId,
    /// Its name, unique in the channel; plugins see it.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A customer who is logged in, as pricing and taxes see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShoppingCustomer {
    /// The customer.
    pub id: CustomerId,
    /// Their groups, in order of name.
    pub group_ids: Vec<CustomerGroupId>,
    /// The groups' names, sorted.
    pub group_names: Vec<String>,
}

/// What a guest says of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Customer")]
pub struct GuestCustomer {
    pub title: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: Option<String>,
    pub email_address: String,
}

impl GuestCustomer {
    /// Whether every fact has its form.
    ///
    /// # Errors
    /// The first that has not.
    pub fn check(&self) -> Result<(), CustomerError> {
        check_name("the first name", &self.first_name)?;
        check_name("the last name", &self.last_name)?;
        self.phone_number.as_deref().map_or(Ok(()), check_phone)?;
        check_email(&self.normal_email())
    }

    /// The e-mail address as it is stored: trimmed, in lower case.
    pub fn normal_email(&self) -> String {
        self.email_address.trim().to_lowercase()
    }
}

/// What a new customer needs.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// Who it is.
    pub facts: GuestCustomer,
    /// Gives the customer an account.
    pub password: Option<String>,
}

/// What may change; absent fields stay, and what is present but nothing is taken away.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of Customer")]
pub struct CustomerChanges {
    pub title: Option<Option<String>>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone_number: Option<Option<String>>,
    pub email_address: Option<String>,
}

impl Customer {
    pub(super) fn apply(&mut self, changes: CustomerChanges) -> Result<(), CustomerError> {
        if let Some(first_name) = changes.first_name {
            check_name("the first name", &first_name)?;
            self.first_name = first_name;
        }
        if let Some(last_name) = changes.last_name {
            check_name("the last name", &last_name)?;
            self.last_name = last_name;
        }
        if let Some(phone_number) = changes.phone_number {
            phone_number.as_deref().map_or(Ok(()), check_phone)?;
            self.phone_number = phone_number;
        }
        if let Some(email_address) = changes.email_address {
            self.email_address = email_address.trim().to_lowercase();
            check_email(&self.email_address)?;
        }
        self.title = changes.title.unwrap_or(self.title.take());
        Ok(())
    }
}

pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), CustomerError> {
    if name.trim().is_empty() || name.chars().count() > NAME_LENGTH_MAX {
        return Err(CustomerError::InvalidName(what));
    }
    Ok(())
}

fn check_phone(number: &str) -> Result<(), CustomerError> {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let allowed = number.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    if allowed && (6..=15).contains(&digits) { Ok(()) } else { Err(CustomerError::InvalidPhoneNumber) }
}

/// One `@` with something on both sides, a dot-separated domain, no spaces: the rest only a message can tell.
fn check_email(email: &str) -> Result<(), CustomerError> {
    if is_email_address(email) { Ok(()) } else { Err(CustomerError::InvalidEmail) }
}

/// Whether mail can be sent there, as far as can be seen.
pub fn is_email_address(email: &str) -> bool {
    let well_formed = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.contains('.')
            && domain.split('.').all(|part| !part.is_empty())
    });
    let clean = email.chars().all(|c| !c.is_whitespace() && !c.is_control());
    well_formed && clean && email.len() <= EMAIL_LENGTH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_malformed_addresses_and_numbers() {
        for email in ["", "a", "@b.ke", "a@b", "a@@b.ke", "a b@c.ke", "a@.ke", "a@b.ke\n"] {
            assert!(check_email(email).is_err(), "{email:?}");
        }
        assert!(check_email("asha.o+duka@mail.example").is_ok());
        for number in ["", "12345", "07x2345678", "1234567890123456"] {
            assert!(check_phone(number).is_err(), "{number:?}");
        }
        assert!(check_phone("+254 712 345678").is_ok());
    }
}
