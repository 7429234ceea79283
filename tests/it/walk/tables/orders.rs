//! Orders, their payments, what is handed over, and notes.

pub const LINES: &[&str] = &[
    "order(id: $order)",
    "priceReceipts(orderId: $order)",
    "settlePayment(id: $first_payment)",
    "cancelPayment(id: $second_payment)",
    r#"resolvePaymentInReview(input: { paymentId: $third_payment, reason: "It is on the bank's list" })"#,
    r#"transitionPaymentToState(id: $third_payment, state: "Settled")"#,
    "refundOrder(input: { paymentId: $third_payment, amount: 100, lines: [{ orderLineId: $third_order_line, quantity: 1 }] })",
    r#"settleRefund(input: { id: $refund, transactionId: "by-hand" })"#,
    r#"resolvePaymentInReview(input: { paymentId: $reviewed_payment, reason: "on the statement" })"#,
    r#"resolvePendingRefund(input: { refundId: $doubtful_refund, state: Settled, reason: "on the statement" })"#,
    r#"transitionOrderToState(id: $unpaid_order, state: "AddingItems")"#,
    r#"transitionOrderToState(id: $unpaid_order, state: "ArrangingPayment")"#,
    r#"addManualPaymentToOrder(input: { orderId: $unpaid_order, method: "mpesa" })"#,
    "setOrderCustomer(input: { orderId: $unpaid_order, customerId: $kept_customer })",
    r#"addNoteToOrder(input: { id: $order, note: "Gate 4", isPublic: false })"#,
    r#"updateOrderNote(input: { noteId: $note, note: "Gate 5" })"#,
    "deleteOrderNote(id: $note)",
    r#"transitionFulfillmentToState(id: $fulfillment, state: "Shipped")"#,
    r#"addFulfillmentToOrder(input: { lines: [{ orderLineId: $order_line, quantity: 1 }], handler: { code: "manual-fulfillment", arguments: [] } })"#,
    "cancelOrder(input: { orderId: $order })",
];
