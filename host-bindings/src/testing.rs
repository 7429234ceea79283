//! Test components without a toolchain: a core module's few instructions, wrapped as a component of the pricing world.
//!
//! ```
//! use soko_host::testing::PricingGuest;
//!
//! let endless = PricingGuest::new().price("(loop $again br $again) unreachable").build();
//! ```
//!
//! A guest has its memory, an allocator (`call $alloc`, bytes → address), the host's log (`call $log`, address and
//! length), and [`PricingGuest::adjust`], which builds an answer. Offsets follow the canonical ABI of the component
//! model for the records of `wit/pricing-0.1.0`.

mod action;
mod payment;

use std::fmt::Write as _;

pub use action::{ActionGuest, Way};
pub use payment::{Carry, PaymentGuest};

/// Where the answer of `price-order` is put.
const ANSWER: usize = 16;
/// Where the adjustments of [`PricingGuest::adjust`] begin.
const ADJUSTMENTS: usize = 4096;
/// Where texts begin.
const TEXTS: usize = 16_384;
/// Bytes of an adjustment in memory: target 8, amount 8, reason's address and length.
const ADJUSTMENT_BYTES: usize = 24;
/// Bytes of the first page that texts may fill.
const TEXTS_END: usize = 60_000;
/// Where the allocator begins.
const HEAP: usize = 61_440;

/// What an adjustment of a test guest changes.
#[derive(Debug, Clone, Copy)]
pub enum On {
    /// The line with this id.
    Line(u32),
    /// The order.
    Order,
}

/// A component of the pricing world, under construction. Unless told otherwise it is well behaved and adjusts nothing.
#[derive(Debug, Clone)]
pub struct PricingGuest {
    name: String,
    version: String,
    description: String,
    kind: String,
    config_schema: String,
    contract: String,
    describe: Option<String>,
    price: String,
    functions: String,
    memory_pages: u32,
    imports: String,
    lowered: String,
    core_imports: String,
    arguments: String,
    price_export: String,
    texts: Vec<u8>,
}

impl Default for PricingGuest {
    fn default() -> Self {
        Self::new()
    }
}

impl PricingGuest {
    /// A guest that answers every order with no adjustments.
    pub fn new() -> Self {
        Self {
            name: "test-guest".to_owned(),
            version: "1.0.0".to_owned(),
            description: "A guest for tests.".to_owned(),
            kind: "pricing".to_owned(),
            config_schema: "{}".to_owned(),
            contract: "0.1.0".to_owned(),
            describe: None,
            price: format!("(call $answer (i32.const {ADJUSTMENTS}) (i32.const 0))"),
            functions: String::new(),
            memory_pages: 2,
            imports: String::new(),
            lowered: String::new(),
            core_imports: String::new(),
            arguments: String::new(),
            price_export: "price-order".to_owned(),
            texts: Vec::new(),
        }
    }

    /// The manifest's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The manifest's version.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// The manifest's kind.
    #[must_use]
    pub fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    /// The manifest's configuration schema.
    #[must_use]
    pub fn config_schema(mut self, schema: &str) -> Self {
        schema.clone_into(&mut self.config_schema);
        self
    }

    /// Version of the `soko:pricing` package that it is built against.
    #[must_use]
    pub fn contract(mut self, version: &str) -> Self {
        version.clone_into(&mut self.contract);
        self
    }

    /// Instructions of `price-order`: `$input` is the address of the arguments; leaves the address of a
    /// `result<list<adjustment>, refusal>`.
    #[must_use]
    pub fn price(mut self, instructions: &str) -> Self {
        instructions.clone_into(&mut self.price);
        self
    }

    /// Instructions of `describe`: leaves the address of a manifest.
    #[must_use]
    pub fn describe(mut self, instructions: &str) -> Self {
        self.describe = Some(instructions.to_owned());
        self
    }

    /// More functions for the core module, as WAT.
    #[must_use]
    pub fn functions(mut self, wat: &str) -> Self {
        wat.clone_into(&mut self.functions);
        self
    }

    /// Pages of 64 KiB that its memory begins with; at least 1.
    #[must_use]
    pub fn memory_pages(mut self, pages: u32) -> Self {
        self.memory_pages = pages;
        self
    }

    /// One more import of the component, an empty instance of this name: `wasi:sockets/tcp@0.2.0`.
    #[must_use]
    pub fn import(mut self, interface: &str) -> Self {
        // A `String` takes every write.
        let _ = writeln!(self.imports, "(import \"{interface}\" (instance))");
        self
    }

    /// Imports one function for use in instructions as `call $name`. `exports` is the inside of the interface's instance
    /// type, `signature` the function's core signature.
    #[must_use]
    pub fn import_function(mut self, interface: &str, exports: &str, name: &str, signature: &str) -> Self {
        let _ = writeln!(self.imports, "(import \"{interface}\" (instance ${name} {exports}))");
        let _ = writeln!(
            self.lowered,
            "(core func ${name} (canon lower (func ${name} \"{name}\")
               (memory $mem) (realloc (core func $realloc)) string-encoding=utf8))"
        );
        let _ = writeln!(self.core_imports, "(import \"{interface}\" \"{name}\" (func ${name} {signature}))");
        let _ =
            writeln!(self.arguments, "(with \"{interface}\" (instance (export \"{name}\" (func ${name}))))");
        self
    }

    /// Exports `price-order` under another name, which makes it a component of another world.
    #[must_use]
    pub fn price_export(mut self, name: &str) -> Self {
        name.clone_into(&mut self.price_export);
        self
    }

    /// Answers every order with these adjustments: what, minor units, reason.
    #[must_use]
    pub fn adjust(self, adjustments: &[(On, i64, &str)]) -> Self {
        self.adjust_after("", adjustments)
    }

    /// Runs these instructions, which leave nothing, and then answers with these adjustments.
    #[must_use]
    pub fn adjust_after(mut self, first: &str, adjustments: &[(On, i64, &str)]) -> Self {
        let mut body = first.to_owned();
        for (place, (on, amount, reason)) in adjustments.iter().enumerate() {
            let at = ADJUSTMENTS + place * ADJUSTMENT_BYTES;
            let (address, length) = self.text(reason);
            let (case, line) = match on {
                On::Line(id) => (0, *id),
                On::Order => (1, 0),
            };
            let _ = write!(
                body,
                "(i32.store8 (i32.const {at}) (i32.const {case}))
                 (i32.store offset=4 (i32.const {at}) (i32.const {line}))
                 (i64.store offset=8 (i32.const {at}) (i64.const {amount}))
                 (i32.store offset=16 (i32.const {at}) (i32.const {address}))
                 (i32.store offset=20 (i32.const {at}) (i32.const {length}))"
            );
        }
        let _ = write!(body, "(call $answer (i32.const {ADJUSTMENTS}) (i32.const {}))", adjustments.len());
        self.price = body;
        self
    }

    /// Adjusts the whole order by what these instructions leave: an i64, minor units.
    #[must_use]
    pub fn adjust_order_by(mut self, amount: &str, reason: &str) -> Self {
        let (address, length) = self.text(reason);
        self.price = format!(
            "(i64.store offset=8 (i32.const {ADJUSTMENTS}) {amount})
             (i32.store8 (i32.const {ADJUSTMENTS}) (i32.const 1))
             (i32.store offset=16 (i32.const {ADJUSTMENTS}) (i32.const {address}))
             (i32.store offset=20 (i32.const {ADJUSTMENTS}) (i32.const {length}))
             (call $answer (i32.const {ADJUSTMENTS}) (i32.const 1))"
        );
        self
    }

    /// Answers every order with the refusal `invalid-config` and this sentence.
    #[must_use]
    pub fn refuse(mut self, why: &str) -> Self {
        let (address, length) = self.text(why);
        self.price = format!(
            "(i32.store8 (i32.const {ANSWER}) (i32.const 1))
             (i32.store8 offset=4 (i32.const {ANSWER}) (i32.const 0))
             (i32.store offset=8 (i32.const {ANSWER}) (i32.const {address}))
             (i32.store offset=12 (i32.const {ANSWER}) (i32.const {length}))
             (i32.const {ANSWER})"
        );
        self
    }

    /// Puts a text into the guest's memory; its address and length, for use in instructions.
    ///
    /// # Panics
    /// When all texts together have more than some 40 KB.
    pub fn text(&mut self, text: &str) -> (usize, usize) {
        let address = TEXTS + self.texts.len();
        self.texts.extend_from_slice(text.as_bytes());
        assert!(TEXTS + self.texts.len() <= TEXTS_END, "too much text for a test guest");
        (address, text.len())
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When the instructions are no WAT, with the parser's message.
    pub fn build(self) -> Vec<u8> {
        let wat = self.wat();
        match wat::parse_str(&wat) {
            Ok(bytes) => bytes,
            Err(error) => panic!("the guest is no WAT: {error}"),
        }
    }

    fn wat(mut self) -> String {
        let describe = self.describe.take().unwrap_or_else(|| self.describe_truly());
        let Self { contract, price, functions, memory_pages, imports, price_export, texts, .. } = self;
        let Self { lowered, core_imports, arguments, .. } = self;
        let memory = memory_module(memory_pages, &texts);
        format!(
            r#"(component
{imports}
(import "soko:pricing/types@{contract}" (instance $types
  {TYPES}
))
(alias export $types "context" (type $types-context))
(import "context" (type $context (eq $types-context)))
(alias export $types "adjustment" (type $types-adjustment))
(import "adjustment" (type $adjustment (eq $types-adjustment)))
(alias export $types "refusal" (type $types-refusal))
(import "refusal" (type $refusal (eq $types-refusal)))
(alias export $types "manifest" (type $types-manifest))
(import "manifest" (type $manifest (eq $types-manifest)))
(import "soko:pricing/log@{contract}" (instance $log (export "info" (func (param "message" string)))))
{memory}
(core instance $memory (instantiate $Memory))
(alias core export $memory "memory" (core memory $mem))
(alias core export $memory "realloc" (core func $realloc))
(core func $log_info (canon lower (func $log "info") (memory $mem) string-encoding=utf8))
{lowered}
(core module $Guest
  (import "memory" "memory" (memory 1))
  (import "memory" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (import "log" "info" (func $log (param i32 i32)))
  {core_imports}
  (func $alloc (param $bytes i32) (result i32)
    (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (local.get $bytes)))
  (func $answer (param $adjustments i32) (param $count i32) (result i32)
    (i32.store8 (i32.const {ANSWER}) (i32.const 0))
    (i32.store offset=4 (i32.const {ANSWER}) (local.get $adjustments))
    (i32.store offset=8 (i32.const {ANSWER}) (local.get $count))
    (i32.const {ANSWER}))
  {functions}
  (func (export "describe") (result i32) {describe})
  (func (export "price-order") (param $input i32) (result i32) {price})
)
(core instance $guest (instantiate $Guest
  (with "memory" (instance $memory))
  (with "log" (instance (export "info" (func $log_info))))
  {arguments}
))
(func $describe (result $manifest)
  (canon lift (core func $guest "describe") (memory $mem) string-encoding=utf8))
(func $price (param "context" $context) (param "config" string)
  (result (result (list $adjustment) (error $refusal)))
  (canon lift (core func $guest "price-order") (memory $mem) (realloc (core func $realloc)) string-encoding=utf8))
(export "describe" (func $describe))
(export "{price_export}" (func $price))
)"#
        )
    }

    /// Instructions that lay out the manifest of the fields.
    fn describe_truly(&mut self) -> String {
        let fields =
            [&self.name, &self.version, &self.description, &self.kind, &self.config_schema].map(Clone::clone);
        let mut body = String::new();
        for (place, field) in fields.iter().enumerate() {
            let (address, length) = self.text(field);
            let at = ANSWER + 8 * place;
            let _ = write!(
                body,
                "(i32.store (i32.const {at}) (i32.const {address}))
                 (i32.store offset=4 (i32.const {at}) (i32.const {length}))"
            );
        }
        let _ = write!(body, "(i32.const {ANSWER})");
        body
    }
}

/// The module that holds a guest's memory, its texts and its allocator, so that the log can be lowered into them before
/// the guest itself exists.
fn memory_module(pages: u32, texts: &[u8]) -> String {
    let texts = texts.iter().fold(String::new(), |mut escaped, byte| {
        let _ = write!(escaped, "\\{byte:02x}");
        escaped
    });
    format!(
        r#"(core module $Memory
  (memory (export "memory") {pages})
  (data (i32.const {TEXTS}) "{texts}")
  (global $heap (mut i32) (i32.const {HEAP}))
  (func (export "realloc") (param $old i32) (param $old_bytes i32) (param $align i32) (param $bytes i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (local.set $end (i32.add (local.get $at) (local.get $bytes)))
    (block $fits (loop $grow
      (br_if $fits (i32.le_u (local.get $end) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      br $grow))
    (global.set $heap (local.get $end))
    (local.get $at))
)"#
    )
}

/// The types of the contract, as the inside of an instance type.
const TYPES: &str = r#"
  (type $minor-units s64) (export "minor-units" (type $minor-units' (eq $minor-units)))
  (type $facet-value (record (field "facet" string) (field "value" string)))
  (export "facet-value" (type $facet-value' (eq $facet-value)))
  (type $order-line (record
    (field "id" u32) (field "variant-id" string) (field "sku" string) (field "product-slug" string)
    (field "quantity" u32) (field "unit-list-price" $minor-units') (field "line-price" $minor-units')
    (field "facet-values" (list $facet-value'))))
  (export "order-line" (type $order-line' (eq $order-line)))
  (type $customer (record (field "id" string) (field "groups" (list string))))
  (export "customer" (type $customer' (eq $customer)))
  (type $local-time (record
    (field "unix-ms" s64) (field "date" string) (field "weekday" u8) (field "minute-of-day" u16)))
  (export "local-time" (type $local-time' (eq $local-time)))
  (type $context (record
    (field "channel" string) (field "currency" string) (field "prices-include-tax" bool)
    (field "now" $local-time') (field "customer" (option $customer')) (field "coupon-codes" (list string))
    (field "lines" (list $order-line'))))
  (export "context" (type (eq $context)))
  (type $target (variant (case "line" u32) (case "order")))
  (export "target" (type $target' (eq $target)))
  (type $adjustment (record (field "target" $target') (field "amount" $minor-units') (field "reason" string)))
  (export "adjustment" (type (eq $adjustment)))
  (type $refusal (variant (case "invalid-config" string) (case "unsupported" string)))
  (export "refusal" (type (eq $refusal)))
  (type $manifest (record
    (field "name" string) (field "version" string) (field "description" string) (field "kind" string)
    (field "config-schema" string)))
  (export "manifest" (type (eq $manifest)))
"#;
