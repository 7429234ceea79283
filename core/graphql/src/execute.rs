//! Running requests: a schema behind its limits and its cache of documents that were parsed and validated.

use std::any::Any;
use std::sync::Arc;

use async_graphql::{
    BatchRequest, BatchResponse, ErrorExtensionValues, Name, ObjectType, Request, Response, Schema,
    ServerError, SubscriptionType, ValidationMode, Value, value,
};
use soko_kernel::ErrorKind;

use crate::document::{DIRECTIVES_MAX, DocumentError, Documents, Operation, RECURSION_MAX};
use crate::variables::InputTypes;

/// Most requests of one batch.
pub const BATCH_MAX: usize = 10;
/// The code of a text that is no GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The code of a document that does not fit the schema, or is beyond a limit.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// A schema, ready to run requests.
pub(crate) struct Endpoint<Query, Mutation, Subscription> {
    schema: Schema<Query, Mutation, Subscription>,
    /// The same without the validation, for documents that have passed it.
    trusting: Schema<Query, Mutation, Subscription>,
    inputs: InputTypes,
    documents: Documents,
}

impl<Query, Mutation, Subscription> Endpoint<Query, Mutation, Subscription>
where
    Query: ObjectType + 'static,
    Mutation: ObjectType + 'static,
    Subscription: SubscriptionType + 'static,
{
    pub(crate) fn new(
        build: impl Fn() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription>,
    ) -> Self {
        // The other limits are the document's own.
        let finish = |mode| {
            let builder = build().limit_recursive_depth(RECURSION_MAX).limit_directives(DIRECTIVES_MAX);
            builder.validation_mode(mode).finish()
        };
        let schema = finish(ValidationMode::Strict);
        let inputs = InputTypes::of(&schema.sdl());
        Self { schema, trusting: finish(ValidationMode::Fast), inputs, documents: Documents::new() }
    }

    /// The schema in GraphQL's schema language.
    pub(crate) fn sdl(&self) -> String {
        self.schema.sdl_with_options(
            async_graphql::SDLExportOptions::new().include_specified_by().use_space_ident().indent_width(2),
        )
    }

    /// Runs one request; resolvers find `context` as they need it. Every error of the answer has an
    /// `extensions.code`.
    pub(crate) async fn execute<C: Any + Send + Sync>(
        &self,
        mut request: Request,
        context: &Arc<C>,
    ) -> Response {
        let document = match self.documents.get(&request.query) {
            Ok(document) => document,
            Err(DocumentError::Syntax(error)) => return refused(error, PARSE_FAILED),
            Err(DocumentError::Limit { what, most }) => {
                let message = format!("the document has too many {what}: there may be {most}");
                return refused(ServerError::new(message, None), VALIDATION_FAILED);
            }
        };
        let operation = document.operation(request.operation_name.as_deref());
        if let Some(missing) = operation.and_then(|operation| missing_variable(operation, &request)) {
            let message = format!("the variable ${missing} must have a value");
            return refused(ServerError::new(message, None), VALIDATION_FAILED);
        }
        let is_known = document.is_valid()
            && operation
                .is_some_and(|operation| self.inputs.surely_fit(&operation.variables, &request.variables));
        let schema = if is_known { &self.trusting } else { &self.schema };
        request.set_parsed_query(document.parsed.clone());
        let mut response = schema.execute(request.data(Arc::clone(context))).await;
        let ran = ran(&response);
        if ran && !is_known {
            document.mark_valid();
        }
        let uncoded = if ran { ErrorKind::InvalidInput.code() } else { VALIDATION_FAILED };
        for error in &mut response.errors {
            add_code(error, uncoded);
        }
        if let Some(operation) = operation {
            let cost = operation.cost;
            let shown = value!({ "complexity": cost.complexity, "depth": cost.depth });
            response.extensions.insert("cost".to_owned(), shown);
        }
        response
    }

    /// Runs a request, or the requests of a batch one after another.
    pub(crate) async fn execute_batch<C: Any + Send + Sync>(
        &self,
        batch: BatchRequest,
        context: &Arc<C>,
    ) -> BatchResponse {
        match batch {
            BatchRequest::Single(request) => BatchResponse::Single(self.execute(request, context).await),
            BatchRequest::Batch(requests) if requests.len() > BATCH_MAX => {
                let message = format!("a batch has at most {BATCH_MAX} requests");
                BatchResponse::Single(refused(ServerError::new(message, None), VALIDATION_FAILED))
            }
            BatchRequest::Batch(requests) => {
                let mut responses = Vec::with_capacity(requests.len());
                for request in requests {
                    responses.push(self.execute(request, context).await);
                }
                BatchResponse::Batch(responses)
            }
        }
    }
}

/// Whether a response comes from running an operation; if not, its document was refused before.
pub fn ran(response: &Response) -> bool {
    response.errors.is_empty()
        || response.data != Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty())
}

/// A variable that must have a value and has none. Looked for before anything runs, so that a mutation is not half
/// done when its second field finds out.
fn missing_variable<'d>(operation: &'d Operation, request: &Request) -> Option<&'d Name> {
    let has_value = |name: &&Name| request.variables.get(*name).is_some_and(|value| *value != Value::Null);
    operation.required.iter().find(|name| !has_value(name))
}

fn refused(mut error: ServerError, code: &'static str) -> Response {
    add_code(&mut error, code);
    Response::from_errors(vec![error])
}

fn add_code(error: &mut ServerError, code: &'static str) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
