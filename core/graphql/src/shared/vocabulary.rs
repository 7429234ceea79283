//! What a schema must name although no resolver returns or takes it: interfaces, types that only they lead to, and
//! shapes that clients know from elsewhere.
//!
//! Such declarations stand in `.graphql` files, one for both endpoints and one for each. They join the registry that the derives have filled;
//! where both name a type, the derive's stands. Which objects implement `Node`, `PaginatedList` and `ErrorResult`
//! follows from their fields.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::registry::{
    Deprecation, EnumBuilder, InputObjectBuilder, MetaEnumValue, MetaField, MetaInputValue, MetaType,
    ObjectBuilder, Registry,
};
use async_graphql::{OutputType, Positioned, Value};

/// An endpoint's declarations.
pub(crate) trait Vocabulary: Send + Sync + 'static {
    /// The endpoint's own declarations in GraphQL's schema language; those of both endpoints come first.
    const SDL: &'static str;
    /// Objects with an `id` that are no `Node`, besides translations.
    const NOT_NODES: &'static [&'static str];

    /// Declares what is not written in the file.
    fn declare(registry: &mut Registry);
}

/// Registers a vocabulary: `schema.register_output_type::<Declared<V>>()`. Never resolved.
pub(crate) struct Declared<V>(PhantomData<V>);

impl<V: Vocabulary> OutputType for Declared<V> {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("__Declared")
    }

    fn create_type_info(registry: &mut Registry) -> String {
        V::declare(registry);
        for sdl in [include_str!("vocabulary.graphql"), V::SDL] {
            declare_all(registry, sdl);
        }
        implement_by_shape(registry, V::NOT_NODES);
        list_implementers(registry);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        _: &async_graphql::ContextSelectionSet<'_>,
        _: &Positioned<async_graphql::parser::types::Field>,
    ) -> async_graphql::ServerResult<Value> {
        Ok(Value::Null)
    }
}

fn declare_all(registry: &mut Registry, sdl: &str) {
    match async_graphql::parser::parse_schema(sdl) {
        Ok(document) => document.definitions.into_iter().for_each(|definition| {
            if let TypeSystemDefinition::Type(definition) = definition {
                declare_type(registry, &definition.node);
            }
        }),
        // The files are part of the program, and the exported schemas show what was read of them.
        Err(error) => tracing::error!(%error, "declarations of the schema cannot be read"),
    }
}

fn declare_type(registry: &mut Registry, definition: &TypeDefinition) {
    let name = definition.name.node.to_string();
    let description = definition.description.as_ref().map(|text| text.node.clone());
    let implements = match &definition.kind {
        TypeKind::Object(object) => object.implements.as_slice(),
        TypeKind::Interface(interface) => interface.implements.as_slice(),
        _ => &[],
    };
    for interface in implements {
        registry.add_implements(&name, &interface.node);
    }
    if definition.extend || registry.types.contains_key(&name) {
        return;
    }
    let declared = match &definition.kind {
        TypeKind::Scalar => return,
        TypeKind::Object(object) => {
            ObjectBuilder::new(&name, fields(&object.fields)).description(description).build()
        }
        TypeKind::Interface(interface) => MetaType::Interface {
            name: name.clone(),
            description,
            fields: fields(&interface.fields),
            possible_types: IndexSet::new(),
            extends: false,
            keys: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: None,
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        },
        TypeKind::Union(union) => MetaType::Union {
            name: name.clone(),
            description,
            possible_types: union.members.iter().map(|member| member.node.to_string()).collect(),
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: None,
            directive_invocations: Vec::new(),
        },
        TypeKind::Enum(list) => {
            let values = list.values.iter().map(|value| value.node.value.node.to_string());
            let values: IndexMap<String, MetaEnumValue> =
                values.map(|value| (value.clone(), MetaEnumValue::new(value))).collect();
            EnumBuilder::new(&name, values).description(description).build()
        }
        TypeKind::InputObject(input) => {
            let fields = input.fields.iter().map(input_value).collect();
            InputObjectBuilder::new(&name, fields).description(description).build()
        }
    };
    registry.types.insert(name, declared);
}

fn fields(definitions: &[Positioned<FieldDefinition>]) -> IndexMap<String, MetaField> {
    definitions
        .iter()
        .map(|definition| {
            let name = definition.node.name.node.to_string();
            let mut field = MetaField::new(&name, definition.node.ty.node.to_string());
            field.description = definition.node.description.as_ref().map(|text| text.node.clone());
            field.args = definition.node.arguments.iter().map(input_value).collect();
            field.deprecation = deprecation(&definition.node.directives);
            (name, field)
        })
        .collect()
}

fn input_value(definition: &Positioned<InputValueDefinition>) -> (String, MetaInputValue) {
    let name = definition.node.name.node.to_string();
    let mut value = MetaInputValue::new(&name, definition.node.ty.node.to_string());
    value.description = definition.node.description.as_ref().map(|text| text.node.clone());
    value.deprecation = deprecation(&definition.node.directives);
    (name, value)
}

fn deprecation(directives: &[Positioned<ConstDirective>]) -> Deprecation {
    let Some(directive) = directives.iter().find(|directive| directive.node.name.node == "deprecated") else {
        return Deprecation::NoDeprecated;
    };
    let reason = directive.node.arguments.iter().find_map(|(name, value)| match &value.node {
        Value::String(reason) if name.node == "reason" => Some(reason.clone()),
        _ => None,
    });
    Deprecation::Deprecated { reason }
}

fn implement_by_shape(registry: &mut Registry, not_nodes: &[&str]) {
    let mut found: Vec<(String, &'static str)> = Vec::new();
    for (name, declared) in &registry.types {
        let MetaType::Object { fields, .. } = declared else { continue };
        if name.ends_with("List") && fields.contains_key("items") && fields.contains_key("totalItems") {
            found.push((name.clone(), "PaginatedList"));
        }
        if fields.contains_key("errorCode") && fields.contains_key("message") {
            found.push((name.clone(), "ErrorResult"));
        }
        if fields.contains_key("id") && !name.ends_with("Translation") && !not_nodes.contains(&name.as_str())
        {
            found.push((name.clone(), "Node"));
        }
    }
    for (name, interface) in found {
        registry.add_implements(&name, interface);
    }
}

/// Tells each declared interface which objects implement it: fragments on it are checked against that.
fn list_implementers(registry: &mut Registry) {
    let mut implementers: Vec<(String, String)> = Vec::new();
    for (name, interfaces) in &registry.implements {
        if matches!(registry.types.get(name), Some(MetaType::Object { .. })) {
            implementers.extend(interfaces.iter().map(|interface| (interface.clone(), name.clone())));
        }
    }
    implementers.sort();
    for (interface, name) in implementers {
        if let Some(MetaType::Interface { possible_types, .. }) = registry.types.get_mut(&interface) {
            possible_types.insert(name);
        }
    }
}

/// Types that fields name although the core has no such thing yet: their shape is declared, and no value exists.
macro_rules! declared_only {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl async_graphql::OutputType for $name {
            fn type_name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }

            fn create_type_info(_: &mut async_graphql::registry::Registry) -> String {
                <Self as async_graphql::OutputType>::qualified_type_name()
            }

            async fn resolve(
                &self,
                _: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                match *self {}
            }
        }
    )*};
}

pub(crate) use declared_only;
