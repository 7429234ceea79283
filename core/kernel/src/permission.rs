//! Permissions: what a role may allow. The names are the API's.

use std::fmt;

macro_rules! permissions {
    ($($name:ident),* $(,)?) => {
        /// One thing that a role can allow. Each operation names the permissions of which one suffices.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names say it all: a verb and what it applies to")]
        pub enum Permission {
            $($name),*
        }

        impl Permission {
            /// Every permission, in the order in which clients see them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name that clients and the database use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name)),*
                }
            }
        }
    };
}

permissions! {
    Authenticated, SuperAdmin, Owner, Public, UpdateGlobalSettings, CreateCatalog, ReadCatalog,
    UpdateCatalog, DeleteCatalog, CreateSettings, ReadSettings, UpdateSettings, DeleteSettings,
    CreateAdministrator, ReadAdministrator, UpdateAdministrator, DeleteAdministrator, CreateApiKey,
    ReadApiKey, UpdateApiKey, DeleteApiKey, CreateAsset, ReadAsset, UpdateAsset, DeleteAsset,
    CreateChannel, ReadChannel, UpdateChannel, DeleteChannel, CreateCollection, ReadCollection,
    UpdateCollection, DeleteCollection, CreateCountry, ReadCountry, UpdateCountry, DeleteCountry,
    CreateCustomer, ReadCustomer, UpdateCustomer, DeleteCustomer, CreateCustomerGroup,
    ReadCustomerGroup, UpdateCustomerGroup, DeleteCustomerGroup, CreateFacet, ReadFacet, UpdateFacet,
    DeleteFacet, CreateOrder, ReadOrder, UpdateOrder, DeleteOrder, CreatePaymentMethod,
    ReadPaymentMethod, UpdatePaymentMethod, DeletePaymentMethod, CreateProduct, ReadProduct,
    UpdateProduct, DeleteProduct, CreatePromotion, ReadPromotion, UpdatePromotion, DeletePromotion,
    CreateShippingMethod, ReadShippingMethod, UpdateShippingMethod, DeleteShippingMethod, CreateTag,
    ReadTag, UpdateTag, DeleteTag, CreateTaxCategory, ReadTaxCategory, UpdateTaxCategory,
    DeleteTaxCategory, CreateTaxRate, ReadTaxRate, UpdateTaxRate, DeleteTaxRate, CreateSeller,
    ReadSeller, UpdateSeller, DeleteSeller, CreateStockLocation, ReadStockLocation, UpdateStockLocation,
    DeleteStockLocation, CreateSystem, ReadSystem, UpdateSystem, DeleteSystem, CreateZone, ReadZone,
    UpdateZone, DeleteZone, CreatePlugin, ReadPlugin, UpdatePlugin, DeletePlugin, ReadLedger,
    UpdateLedger, CloseAccountingPeriod, ApproveCustomerCredit, ManageCustomerCreditLimit,
    OverrideCustomerBalance, ManageSupplierCreditPurchases,
}

impl Permission {
    /// The permission with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }

    /// Whether a role can hold it: the pseudo-permissions that describe the caller cannot be given.
    pub fn is_assignable(self) -> bool {
        !matches!(self, Self::Authenticated | Self::Owner | Self::Public)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u128);

// One bit each.
const _: () = assert!(Permission::ALL.len() <= 128);

impl PermissionSet {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Every permission that a role can hold.
    pub fn all_assignable() -> Self {
        Permission::ALL.iter().copied().filter(|permission| permission.is_assignable()).collect()
    }

    /// Whether the permission is in the set. `SuperAdmin` contains every other.
    pub fn allows(self, permission: Permission) -> bool {
        self.has(permission) || self.has(Permission::SuperAdmin)
    }

    /// Both sets together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether each permission of `other` is allowed by this set.
    pub fn covers(self, other: Self) -> bool {
        other.iter().all(|permission| self.allows(permission))
    }

    /// The permissions in the set, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    fn has(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }
}

fn bit(permission: Permission) -> u128 {
    1 << (permission as u32)
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn superadmin_covers_everything_and_nothing_covers_superadmin() {
        let superadmin: PermissionSet = [Permission::SuperAdmin].into_iter().collect();
        assert!(superadmin.covers(PermissionSet::all_assignable()));
        let most: PermissionSet =
            PermissionSet::all_assignable().iter().filter(|one| *one != Permission::SuperAdmin).collect();
        assert!(!most.covers(superadmin));
        assert!(most.allows(Permission::ReadOrder));
    }

    #[test]
    fn reads_back_every_name() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
        }
    }
}
