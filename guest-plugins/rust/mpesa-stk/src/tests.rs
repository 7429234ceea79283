#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::json;

use super::*;

fn config() -> Config {
    serde_json::from_str(include_str!("../example-config.json")).unwrap()
}

fn json(status: u16, body: Value) -> Answered {
    Answered::Json { status, body }
}

#[test]
fn takes_the_example_configuration_and_no_nonsense() {
    let schema: Value = serde_json::from_str(include_str!("../config-schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let example: Value = serde_json::from_str(include_str!("../example-config.json")).unwrap();
    assert!(validator.is_valid(&example));
    let odd = [
        json!({}),
        json!({ "shortCode": "174379" }),
        json!({ "shortCode": "17", "callbackUrl": "https://a.example/w" }),
        json!({ "shortCode": "174379", "callbackUrl": "https://a.example/w?x=1" }),
        json!({ "shortCode": "174379", "callbackUrl": "https://a.example/w", "baseUrl": "https://a.example/" }),
    ];
    for document in odd {
        assert!(!validator.is_valid(&document), "{document}");
    }
    assert_eq!(config().receiver(), ("CustomerPayBillOnline", "174379"));
    let till = Config { till: Some("5201234".to_owned()), ..config() };
    assert_eq!(till.receiver(), ("CustomerBuyGoodsOnline", "5201234"));
}

#[test]
fn reads_kenyan_mobile_numbers() {
    for given in ["0712345678", "+254 712 345 678", "254712345678", "712345678", "0712-345-678"] {
        assert_eq!(requests::phone(given).as_deref(), Some("254712345678"), "{given}");
    }
    assert_eq!(requests::phone("0110123456").as_deref(), Some("254110123456"));
    for odd in ["", "020123456", "0812345678", "07123456789", "+44712345678", "07123x5678", "25412345678"] {
        assert_eq!(requests::phone(odd), None, "{odd}");
    }
}

#[test]
fn asks_as_daraja_wants_it() {
    let (password, timestamp) = requests::stamp(&config(), b"bfb279", 1_780_219_800_123);
    assert_eq!(timestamp, "20260531123000");
    assert_eq!(data_encoding::BASE64.decode(password.as_bytes()).unwrap(), b"174379bfb27920260531123000");
    let url = requests::callback_url(&config(), "t0k3n", "payment", "payment-7");
    assert_eq!(url, "https://shop.example/webhooks/default/mpesa?token=t0k3n&payment=payment-7");
    let order = "ABCDEFGHJKLMNPQR";
    let body = requests::push(&config(), (&password, &timestamp), (2_500, "254712345678", order), &url);
    assert_eq!((&body["Amount"], &body["PartyB"]), (&json!(2_500), &json!("174379")));
    assert_eq!(body["AccountReference"], "ABCDEFGHJKLM");
    assert_eq!(body["CallBackURL"], url);
}

#[test]
fn keeps_a_token_only_when_there_is_one() {
    let good = json(200, json!({ "access_token": "abc", "expires_in": "3599" }));
    assert_eq!(answers::token(&good), Some(("abc".to_owned(), 3_599)));
    for bad in [
        json(200, json!({ "access_token": "", "expires_in": "3599" })),
        json(200, json!({ "access_token": "abc" })),
        json(400, json!({ "access_token": "abc", "expires_in": "3599" })),
        Answered::Other { status: 200 },
    ] {
        assert_eq!(answers::token(&bad), None);
    }
}

#[test]
fn is_pending_refused_or_in_doubt_after_the_prompt() {
    let accepted = json!({ "MerchantRequestID": "1", "CheckoutRequestID": "ws_CO_1", "ResponseCode": "0" });
    let PaymentOutcome::Pending(pending) = answers::pushed(&json(200, accepted)) else { panic!("pending") };
    assert_eq!(pending.transaction_id.as_deref(), Some("ws_CO_1"));
    let refused = json!({ "requestId": "1", "errorCode": "400.002.02", "errorMessage": "Bad Request - Invalid Amount" });
    assert!(matches!(answers::pushed(&json(400, refused.clone())), PaymentOutcome::Failed(_)));
    // A fault of the server's own may come after the prompt went out.
    for open in [
        json(500, refused),
        json(200, json!({ "ResponseCode": "0" })),
        json(200, json!({ "ResponseCode": "1" })),
        json(404, json!({})),
        Answered::Other { status: 503 },
        Answered::Lost("no answer in time".to_owned()),
    ] {
        assert!(matches!(answers::pushed(&open), PaymentOutcome::InDoubt(_)), "{open:?}");
    }
    let unsent = Answered::NotSent("refused".to_owned());
    assert!(matches!(answers::pushed(&unsent), PaymentOutcome::Failed(_)));
}

#[test]
fn knows_what_daraja_says_when_it_is_asked() {
    let says = |code: &str| answers::queried(&json(200, json!({ "ResponseCode": "0", "ResultCode": code })));
    assert_eq!(says("0"), PaymentOutcome::Settled(None));
    for code in ["1", "1032", "1037", "2001"] {
        assert!(matches!(says(code), PaymentOutcome::Declined(_)), "{code}");
    }
    assert!(matches!(says("9999"), PaymentOutcome::InDoubt(_)), "an unknown code is no failure");
    let busy = json!({ "errorCode": "500.001.1001", "errorMessage": "The transaction is being processed" });
    assert!(matches!(answers::queried(&json(500, busy)), PaymentOutcome::Pending(_)));
    for open in [json(500, json!({})), json(404, json!({})), Answered::NotSent("x".to_owned())] {
        assert!(matches!(answers::queried(&open), PaymentOutcome::InDoubt(_)));
    }
}

#[test]
fn reads_callbacks_about_prompts() {
    let paid = json!({ "Body": { "stkCallback": {
        "MerchantRequestID": "29115", "CheckoutRequestID": "ws_CO_1", "ResultCode": 0, "ResultDesc": "processed",
        "CallbackMetadata": { "Item": [
            { "Name": "Amount", "Value": 2500.00 }, { "Name": "MpesaReceiptNumber", "Value": "NLJ7RT61SV" },
            { "Name": "Balance" }, { "Name": "PhoneNumber", "Value": 254_712_345_678_i64 } ] } } } });
    let told = answers::push_result(&paid).unwrap();
    assert_eq!(told.checkout, "ws_CO_1");
    assert_eq!(told.outcome, PaymentOutcome::Settled(Some("NLJ7RT61SV".to_owned())));
    assert_eq!(told.amount, Some(250_000));
    let cancelled =
        json!({ "Body": { "stkCallback": { "CheckoutRequestID": "ws_CO_1", "ResultCode": 1032 } } });
    let told = answers::push_result(&cancelled).unwrap();
    assert!(matches!(told.outcome, PaymentOutcome::Declined(_)));
    for odd in [json!({}), json!({ "Body": {} }), json!({ "Body": { "stkCallback": { "ResultCode": 0 } } })] {
        assert_eq!(answers::push_result(&odd), None);
    }
}

#[test]
fn takes_a_reversal_for_done_only_when_it_is_told() {
    let accepted = json(200, json!({ "OriginatorConversationID": "1", "ResponseCode": "0" }));
    assert!(matches!(answers::reversal_asked(&accepted), RefundOutcome::InDoubt(_)));
    assert!(matches!(
        answers::reversal_asked(&json(500, json!({ "errorCode": "1" }))),
        RefundOutcome::InDoubt(_)
    ));
    assert!(matches!(
        answers::reversal_asked(&json(400, json!({ "errorCode": "1" }))),
        RefundOutcome::Failed(_)
    ));
    let done = json!({ "Result": { "ResultCode": 0, "TransactionID": "NLJ0000000" } });
    let settled = RefundOutcome::Settled(Some("NLJ0000000".to_owned()));
    assert_eq!(answers::reversal_result(&done), Some(settled));
    let refused =
        json!({ "Result": { "ResultCode": 2001, "ResultDesc": "The initiator information is invalid." } });
    assert!(matches!(answers::reversal_result(&refused), Some(RefundOutcome::Failed(_))));
    assert_eq!(answers::reversal_result(&json!({})), None);
}
