//! Custom fields in inputs: clients may name them, and there are none.

use std::borrow::Cow;

use async_graphql::registry::Registry;
use async_graphql::{InputType, InputValueError, InputValueResult, Value};

use crate::error::invalid_value;
use crate::scalars::Json;

/// Custom fields that a client sends: nothing, or an object without fields. What cannot be kept is refused, so that
/// nobody believes it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCustomFields;

impl InputType for NoCustomFields {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <Json as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Json as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        match value.unwrap_or_default() {
            Value::Object(fields) if fields.is_empty() => Ok(Self),
            _ => Err(invalid_value(InputValueError::custom("there are no custom fields"))),
        }
    }

    fn to_value(&self) -> Value {
        Value::Object(async_graphql::indexmap::IndexMap::new())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_fields_that_nobody_would_keep() {
        let read = |json| Option::<NoCustomFields>::parse(Value::from_json(json).ok()).ok();
        assert_eq!(read(serde_json::json!({})), Some(Some(NoCustomFields)));
        assert_eq!(read(serde_json::Value::Null), Some(None));
        assert_eq!(read(serde_json::json!({ "weight": 3 })), None);
        assert_eq!(read(serde_json::json!([])), None);
    }
}
