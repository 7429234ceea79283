//! What somebody may hand on: their own rights in every channel, read inside the transaction that relies on them.
//!
//! A right that was taken from them while their request was under way is gone here, whatever the actor still says.

use soko_infra::Reader;
use soko_kernel::{Actor, ChannelId, ChannelScope, Forbidden, Permission, PermissionSet, SessionId, UserId};

use super::error::AuthError;
use super::repo;
use super::roles::{Role, SUPERADMIN_ROLE};

/// Who acts, in the form in which a transaction can take them along.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granter {
    pub(super) user: Option<UserId>,
    pub(super) session: Option<SessionId>,
    pub(super) channel: ChannelId,
    pub(super) scope: ChannelScope,
    permissions: PermissionSet,
}

impl Granter {
    pub(super) fn of(actor: &Actor) -> Self {
        let (user, session) = (actor.user, actor.session);
        let (channel, scope) = (actor.channel.id, actor.public_scope());
        Self { user, session, channel, scope, permissions: actor.permissions }
    }

    /// Their rights as they are now. One statement; none for the platform's own hand, which is no user.
    pub(super) async fn powers(self, reader: &mut Reader) -> Result<Powers, AuthError> {
        let Some(user) = self.user else {
            let everywhere = self.permissions.allows(Permission::SuperAdmin);
            return Ok(Powers { everywhere, channels: vec![(self.channel, self.permissions)] });
        };
        Ok(repo::powers(reader, user).await?)
    }

    /// Whether the role can be seen from where they act.
    pub(super) fn sees(self, powers: &Powers, role: &Role) -> bool {
        powers.everywhere || role.channels.contains(&self.channel)
    }
}

/// Rights by channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Powers {
    /// Whether they hold the super administrator's role.
    pub(super) everywhere: bool,
    pub(super) channels: Vec<(ChannelId, PermissionSet)>,
}

impl Powers {
    fn in_channel(&self, channel: ChannelId) -> PermissionSet {
        let here = self.channels.iter().filter(|(id, _)| *id == channel);
        here.fold(PermissionSet::NONE, |all, (_, some)| all.union(*some))
    }

    /// Whether the permission is held in the channel.
    pub(super) fn require(&self, channel: ChannelId, permission: Permission) -> Result<(), Forbidden> {
        if self.everywhere || self.in_channel(channel).allows(permission) {
            return Ok(());
        }
        Err(Forbidden::Missing(permission))
    }

    /// Whether these permissions may be handed on in these channels: in each, whoever does so holds every one of them
    /// and `needed`, the right to do so. What holds in no channel is the platform's operators' matter.
    pub(super) fn check(
        &self,
        permissions: PermissionSet,
        channels: &[ChannelId],
        needed: Permission,
    ) -> Result<(), AuthError> {
        if self.everywhere {
            return Ok(());
        }
        if channels.is_empty() {
            return Err(Forbidden::Missing(Permission::SuperAdmin).into());
        }
        for channel in channels {
            self.require(*channel, needed)?;
            let held = self.in_channel(*channel);
            if let Some(missing) = permissions.iter().find(|permission| !held.allows(*permission)) {
                return Err(AuthError::Escalation(missing));
            }
        }
        Ok(())
    }

    /// [`Self::check`] for all that a role gives.
    pub(super) fn check_role(&self, role: &Role, needed: Permission) -> Result<(), AuthError> {
        if role.code == SUPERADMIN_ROLE && !self.everywhere {
            return Err(Forbidden::Missing(Permission::SuperAdmin).into());
        }
        self.check(role.permissions, &role.channels, needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: ChannelId = ChannelId(1);
    const THERE: ChannelId = ChannelId(2);
    const NEEDED: Permission = Permission::CreateAdministrator;

    fn set(permissions: &[Permission]) -> PermissionSet {
        permissions.iter().copied().collect()
    }

    #[test]
    fn refuses_what_is_held_in_another_channel_only() {
        let here = set(&[NEEDED, Permission::ReadOrder]);
        let powers = Powers { everywhere: false, channels: vec![(HERE, here), (THERE, set(&[NEEDED]))] };
        let orders = set(&[Permission::ReadOrder]);
        assert!(powers.check(orders, &[HERE], NEEDED).is_ok());
        let both = powers.check(orders, &[HERE, THERE], NEEDED);
        assert!(matches!(both, Err(AuthError::Escalation(Permission::ReadOrder))), "{both:?}");
        assert!(powers.check(PermissionSet::NONE, &[ChannelId(3)], NEEDED).is_err());
        assert!(powers.check(PermissionSet::NONE, &[], NEEDED).is_err());
    }
}
