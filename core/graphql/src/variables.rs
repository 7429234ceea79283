//! Whether the values of variables surely fit their types.
//!
//! A document that was found valid is valid for every request: only the values of its variables differ. Where those
//! surely fit, the request need not be validated again. What is not sure, such as a scalar with rules of its own or a
//! null in place of a default, is left to the validation, which also words every refusal.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use async_graphql::{Name, Value, Variables};

/// The input types of a schema.
#[derive(Debug, Default)]
pub(crate) struct InputTypes(HashMap<Name, InputType>);

#[derive(Debug)]
enum InputType {
    Enum(HashSet<Name>),
    Object(HashMap<Name, InputField>),
}

#[derive(Debug)]
struct InputField {
    of: Type,
    required: bool,
}

impl InputTypes {
    /// The input types of a schema.
    pub(crate) fn of(definitions: Vec<TypeSystemDefinition>) -> Self {
        let types = definitions.into_iter().filter_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return None };
            let definition = definition.node;
            let known = match definition.kind {
                TypeKind::Enum(of) => {
                    InputType::Enum(of.values.into_iter().map(|value| value.node.value.node).collect())
                }
                TypeKind::InputObject(of) if definition.directives.is_empty() => {
                    let fields = of.fields.into_iter().map(|field| {
                        let (name, of) = (field.node.name.node, field.node.ty.node);
                        let required = !of.nullable && field.node.default_value.is_none();
                        (name, InputField { of, required })
                    });
                    InputType::Object(fields.collect())
                }
                _ => return None,
            };
            Some((definition.name.node, known))
        });
        Self(types.collect())
    }

    /// Whether every variable surely has a value of its type, or none where it needs none.
    pub(crate) fn surely_fit(&self, declared: &[(Name, Type)], given: &Variables) -> bool {
        declared.iter().all(|(name, of)| match given.get(name) {
            // The place where it stands may not take the null that the variable takes.
            Some(Value::Null) => false,
            Some(value) => self.fits(of, value),
            None => true,
        })
    }

    fn fits(&self, of: &Type, value: &Value) -> bool {
        match (&of.base, value) {
            (_, Value::Null) => of.nullable,
            (BaseType::List(of), Value::List(items)) => items.iter().all(|item| self.fits(of, item)),
            (BaseType::List(_), _) => false,
            (BaseType::Named(name), value) => self.fits_named(name, value),
        }
    }

    fn fits_named(&self, name: &Name, value: &Value) -> bool {
        match (name.as_str(), value) {
            ("ID" | "String", Value::String(_)) | ("Boolean", Value::Boolean(_)) | ("JSON", _) => true,
            ("Int", Value::Number(number)) => {
                number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
            }
            _ => match (self.0.get(name), value) {
                (Some(InputType::Enum(values)), Value::String(value)) => values.contains(value.as_str()),
                (Some(InputType::Object(fields)), Value::Object(given)) => {
                    let known = |(name, value): (&Name, &Value)| {
                        fields.get(name).is_some_and(|field| self.fits(&field.of, value))
                    };
                    given.iter().all(known)
                        && fields.iter().all(|(name, field)| !field.required || given.contains_key(name))
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SDL: &str = "scalar Money scalar JSON enum Color { RED BLUE } \
        input Paint { color: Color! coats: Int = 1 prices: [Money!] labels: [String!]! under: Paint note: JSON }";

    fn of(sdl: &str) -> InputTypes {
        let parsed = async_graphql::parser::parse_schema(sdl);
        InputTypes::of(parsed.expect("a schema").definitions)
    }

    fn fits(ty: &str, value: &serde_json::Value) -> bool {
        let declared = [(Name::new("v"), Type::new(ty).expect("a type"))];
        of(SDL).surely_fit(&declared, &Variables::from_json(json!({ "v": value })))
    }

    #[test]
    fn what_surely_fits() {
        let under = json!({ "color": "BLUE", "labels": [] });
        let paint = json!({ "color": "RED", "labels": ["a"], "under": under, "note": { "a": [1] } });
        assert!(fits("Paint!", &paint));
        assert!(fits("[Paint!]", &json!([])));
        assert!(fits("ID!", &json!("7")) && fits("Int", &json!(-5)) && fits("Boolean", &json!(true)));
        let nulls = json!({ "color": "RED", "labels": [], "under": null, "coats": null });
        assert!(fits("Paint", &nulls));
        let missing =
            of(SDL).surely_fit(&[(Name::new("v"), Type::new("Int").expect("a type"))], &Variables::default());
        assert!(missing);
    }

    #[test]
    fn what_is_left_to_the_validation() {
        for (of, value) in [
            ("Int", json!(null)),
            ("Int!", json!(3_000_000_000_i64)),
            ("Int", json!("1")),
            ("Money", json!(1)),
            ("Color", json!("GREEN")),
            ("[ID!]!", json!("1")),
            ("[ID!]!", json!(["1", null])),
            ("Paint!", json!({ "labels": [] })),
            ("Paint!", json!({ "color": "RED", "labels": [], "size": 1 })),
            ("Paint!", json!({ "color": "RED", "labels": null })),
            ("Paint!", json!({ "color": "RED", "labels": [], "prices": [1] })),
            ("Unknown", json!("x")),
        ] {
            assert!(!fits(of, &value), "{of}: {value}");
        }
    }

    /// Of a schema that cannot be read nothing is known, and every request would be validated anew.
    #[test]
    fn knows_the_inputs_of_both_apis() {
        let email = json!({ "emailAddress": "asha@mail.example", "firstName": "Asha", "lastName": "Otieno" });
        for sdl in [crate::shop::ShopSchema::new().sdl(), crate::admin::AdminSchema::new().sdl()] {
            let declared = [(Name::new("v"), Type::new("CreateCustomerInput!").expect("a type"))];
            assert!(of(&sdl).surely_fit(&declared, &Variables::from_json(json!({ "v": email }))));
        }
    }
}
