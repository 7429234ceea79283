//! What an endpoint offers, as it says itself by introspection: which operations take ids, and what to ask of them.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};
use soko_tests::Client;

const INTROSPECTION: &str = "{ __schema { queryType { name } mutationType { name } types {
    kind name possibleTypes { name } inputFields(includeDeprecated: true) { name type { ...T } }
    fields(includeDeprecated: true) { name type { ...T } args(includeDeprecated: true) { name type { ...T } } } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

static NOTHING: Value = Value::Null;

/// Whether an operation asks or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    Query,
    Mutation,
}

/// The schema of an endpoint.
pub struct Schema {
    types: HashMap<String, Value>,
    roots: [String; 2],
}

impl Schema {
    /// Asks the endpoint.
    pub async fn of(client: &Client) -> Self {
        let schema = client.query(INTROSPECTION, json!({})).await["__schema"].clone();
        let types = list(&schema["types"]).iter().map(|one| (text(&one["name"]).to_owned(), one.clone()));
        let roots = ["queryType", "mutationType"].map(|root| text(&schema[root]["name"]).to_owned());
        Self { types: types.collect(), roots }
    }

    /// Whether the operation is a query or a mutation, and its field.
    pub fn find(&self, operation: &str) -> Option<(Root, &Value)> {
        let field = |root: Root| self.operations(root).iter().find(|field| field["name"] == operation);
        let query = field(Root::Query).map(|field| (Root::Query, field));
        query.or_else(|| field(Root::Mutation).map(|field| (Root::Mutation, field)))
    }

    /// Every query, or every mutation.
    pub fn operations(&self, root: Root) -> &[Value] {
        list(&self.get(&self.roots[root as usize])["fields"])
    }

    /// Every place that takes an id: `updateProduct.input.id`. Below the roots it is called by its type:
    /// `Product.variants.id`.
    pub fn id_paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        // What is subscribed to by an id, `streams` tests: a subscription is no request that is answered.
        let walked =
            |of: &&Value| text(&of["name"]) != "Subscription" && !text(&of["name"]).starts_with("__");
        for of in self.types.values().filter(walked) {
            let name = text(&of["name"]);
            let prefix =
                if self.roots.iter().any(|root| root == name) { String::new() } else { format!("{name}.") };
            for field in list(&of["fields"]) {
                for argument in list(&field["args"]) {
                    let path = format!("{prefix}{}.{}", text(&field["name"]), text(&argument["name"]));
                    self.collect_ids(&argument["type"], path, &mut Vec::new(), &mut paths);
                }
            }
        }
        paths
    }

    fn collect_ids<'s>(
        &'s self,
        of: &'s Value,
        path: String,
        within: &mut Vec<&'s str>,
        paths: &mut BTreeSet<String>,
    ) {
        let name = named(of);
        if name == "ID" {
            // The language alone says which text is meant: the id is there for clients that send back what they read.
            if !path.ends_with(".translations.id") {
                paths.insert(path);
            }
        } else if !within.contains(&name) {
            within.push(name);
            for field in list(&self.get(name)["inputFields"]) {
                self.collect_ids(&field["type"], format!("{path}.{}", text(&field["name"])), within, paths);
            }
            within.pop();
        }
    }

    /// What tells answers apart. Of a query all plain fields, and those of a page's items; of a mutation what became of
    /// it, so that new ids do not count.
    pub fn selection(&self, root: Root, of: &Value) -> String {
        let of = self.get(named(of));
        let members = list(&of["possibleTypes"]);
        let mut fields = vec!["__typename".to_owned()];
        match of["kind"].as_str().unwrap_or_default() {
            "SCALAR" | "ENUM" => return String::new(),
            "UNION" => fields.extend(members.iter().map(|member| {
                let name = text(&member["name"]);
                format!("... on {name} {{ __typename {} }}", self.plain_fields(name, is_outcome).join(" "))
            })),
            _ if root == Root::Mutation => fields.extend(self.plain_fields(text(&of["name"]), is_outcome)),
            _ => fields.extend(self.plain_fields(text(&of["name"]), |_| true)),
        }
        if root == Root::Query
            && let Some(items) = list(&of["fields"]).iter().find(|field| field["name"] == "items")
        {
            fields.push(format!("items {}", self.selection(root, &items["type"])));
        }
        format!("{{ {} }}", fields.join(" "))
    }

    fn plain_fields(&self, of: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let fields = list(&self.get(of)["fields"]).iter();
        let plain = fields.filter(|field| {
            let kind = &self.get(named(&field["type"]))["kind"];
            (kind == "SCALAR" || kind == "ENUM") && takes_nothing(field) && wanted(text(&field["name"]))
        });
        plain.map(|field| text(&field["name"]).to_owned()).collect()
    }

    /// A selection of the ids of everything that is reached from a type in so many steps; a page's items are no step.
    pub fn ids_below(&self, of: &Value, steps: usize) -> String {
        let of = self.get(named(of));
        let mut parts = vec!["__typename".to_owned()];
        for field in list(&of["fields"]).iter().filter(|field| takes_nothing(field)) {
            let name = text(&field["name"]);
            let kind = self.get(named(&field["type"]))["kind"].as_str().unwrap_or_default();
            if name == "id" {
                parts.push("id".to_owned());
            } else if matches!(kind, "OBJECT" | "INTERFACE" | "UNION") && (steps > 0 || name == "items") {
                let below = if name == "items" { steps } else { steps - 1 };
                parts.push(format!("{name} {}", self.ids_below(&field["type"], below)));
            }
        }
        for member in if of["kind"] == "UNION" { list(&of["possibleTypes"]) } else { &[] } {
            if list(&self.get(text(&member["name"]))["fields"]).iter().any(|field| field["name"] == "id") {
                parts.push(format!("... on {} {{ id }}", text(&member["name"])));
            }
        }
        format!("{{ {} }}", parts.join(" "))
    }

    /// The queries of pages whose items have an id and can be filtered by it.
    pub fn pages_by_id(&self) -> Vec<&str> {
        let pages = self.operations(Root::Query).iter().filter(|field| {
            let items = self.field(&field["type"], "items");
            let options = list(&field["args"]).iter().find(|argument| argument["name"] == "options");
            let filter = options.and_then(|options| self.input_field(&options["type"], "filter"));
            takes_nothing(field)
                && items.is_some_and(|items| self.field(&items["type"], "id").is_some())
                && filter.is_some_and(|filter| self.input_field(&filter["type"], "id").is_some())
        });
        pages.map(|field| text(&field["name"])).collect()
    }

    fn field(&self, of: &Value, name: &str) -> Option<&Value> {
        list(&self.get(named(of))["fields"]).iter().find(|field| field["name"] == name)
    }

    /// A type; null where the schema names one that it does not hold.
    fn get(&self, name: &str) -> &Value {
        self.types.get(name).unwrap_or(&NOTHING)
    }

    fn input_field(&self, of: &Value, name: &str) -> Option<&Value> {
        list(&self.get(named(of))["inputFields"]).iter().find(|field| field["name"] == name)
    }
}

/// Whether a field can be asked without arguments.
pub fn takes_nothing(field: &Value) -> bool {
    list(&field["args"]).iter().all(|argument| argument["type"]["kind"] != "NON_NULL")
}

fn is_outcome(field: &str) -> bool {
    matches!(field, "errorCode" | "message" | "result" | "success")
}

/// The name of a type without what stands around it.
fn named(of: &Value) -> &str {
    if of["ofType"].is_null() { text(&of["name"]) } else { named(&of["ofType"]) }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
