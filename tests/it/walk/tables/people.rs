//! Customers and their groups; administrators and their roles.

pub const LINES: &[&str] = &[
    "markNotificationAsRead(id: $notification)",
    "customer(id: $kept_customer)",
    r#"updateCustomer(input: { id: $kept_customer, firstName: "Njeri" })"#,
    "customerGroup(id: $kept_customer_group)",
    r#"updateCustomerGroup(input: { id: $kept_customer_group, name: "trade" })"#,
    r#"createCustomerGroup(input: { name: "neighbours", customerIds: [$kept_customer] })"#,
    "addCustomersToGroup(customerGroupId: $kept_customer_group, customerIds: [$kept_customer])",
    "removeCustomersFromGroup(customerGroupId: $kept_customer_group, customerIds: [$kept_customer]) { customers { totalItems } }",
    "role(id: $kept_role)",
    r#"createRole(input: { code: "walker", description: "", permissions: [ReadOrder], channelIds: [$channel] })"#,
    "updateRole(input: { id: $kept_role, permissions: [ReadOrder, ReadCustomer], channelIds: [$channel] })",
    "administrator(id: $administrator)",
    r#"createAdministrator(input: { firstName: "Wanjiru", lastName: "Kamau", emailAddress: "wanjiru@walk.example", password: "for-tests-only", roleIds: [$kept_role] })"#,
    "assignRoleToAdministrator(administratorId: $kept_administrator, roleId: $first_role)",
    r#"updateAdministrator(input: { id: $kept_administrator, firstName: "Njeri", roleIds: [$kept_role] })"#,
];

pub const DELETIONS: &[&str] = &[
    "deleteCustomer(id: $first_customer)",
    "deleteCustomers(ids: [$second_customer, $third_customer])",
    "deleteCustomerGroup(id: $first_customer_group)",
    "deleteCustomerGroups(ids: [$second_customer_group, $third_customer_group])",
    "deleteAdministrator(id: $first_administrator)",
    "deleteAdministrators(ids: [$second_administrator, $third_administrator])",
    "deleteRole(id: $first_role)",
    "deleteRoles(ids: [$second_role, $third_role])",
];
