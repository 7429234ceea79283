//! Running requests: a schema behind its limits and its cache of documents that were parsed and validated.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::OperationType;
use async_graphql::{
    BatchRequest, BatchResponse, ErrorExtensionValues, Name, ObjectType, Request, Response, Schema,
    ServerError, SubscriptionType, ValidationMode, Value, value,
};
use futures_util::StreamExt as _;
use futures_util::future::ready;
use futures_util::stream::{self, BoxStream};
use soko_kernel::{CacheStats, ErrorKind};
use tracing::Instrument as _;

use crate::document::{DIRECTIVES_MAX, Document, DocumentError, Documents, Operation, RECURSION_MAX};
use crate::traffic::{OperationTraffic, RootFields};
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
    roots: RootFields,
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
        // None of a text that is no schema, for which then no value is sure and no operation known.
        let definitions = parse_schema(schema.sdl()).map(|parsed| parsed.definitions).unwrap_or_default();
        let (roots, inputs) = (RootFields::of(&definitions), InputTypes::of(definitions));
        let trusting = finish(ValidationMode::Fast);
        Self { schema, trusting, inputs, documents: Documents::new(), roots }
    }

    /// The schema in GraphQL's schema language.
    pub(crate) fn sdl(&self) -> String {
        self.schema.sdl_with_options(
            async_graphql::SDLExportOptions::new().include_specified_by().use_space_ident().indent_width(2),
        )
    }

    /// What the operations came to.
    pub(crate) fn traffic(&self) -> Vec<OperationTraffic> {
        self.roots.traffic()
    }

    /// How the cache of documents does.
    pub(crate) fn cache_stats(&self) -> CacheStats {
        self.documents.stats()
    }

    /// Runs one request; resolvers find `context` as they need it. Every error of the answer has an
    /// `extensions.code`.
    pub(crate) async fn execute<C: Any + Send + Sync>(&self, request: Request, context: &Arc<C>) -> Response {
        let began = Instant::now();
        let (root, response) = match self.documents.get(&request.query, &self.roots) {
            Err(error) => (RootFields::UNKNOWN, error.into_response()),
            Ok(document) => {
                let operation = document.operation(request.operation_name.as_deref());
                let root = operation.map_or(RootFields::UNKNOWN, |operation| operation.root);
                let span = tracing::info_span!("operation", operation = self.roots.name(root));
                (root, self.run(&document, operation, request, context).instrument(span).await)
            }
        };
        self.roots.answered(root, &response, began.elapsed());
        response
    }

    async fn run<C: Any + Send + Sync>(
        &self,
        document: &Document,
        operation: Option<&Operation>,
        mut request: Request,
        context: &Arc<C>,
    ) -> Response {
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

    /// What kind of operation a request asks for; none where it cannot be read.
    pub(crate) fn kind_of(&self, request: &Request) -> Option<OperationType> {
        let document = self.documents.get(&request.query, &self.roots).ok()?;
        Some(document.operation(request.operation_name.as_deref())?.kind)
    }

    /// Opens a stream; resolvers find `context` as they need it. Every error of its answers has an `extensions.code`, and
    /// what cannot be opened is a stream of one answer.
    pub(crate) fn subscribe<C: Any + Send + Sync>(
        &self,
        mut request: Request,
        context: &Arc<C>,
    ) -> BoxStream<'static, Response> {
        let document = match self.documents.get(&request.query, &self.roots) {
            Ok(document) => document,
            Err(error) => return stream::once(ready(error.into_response())).boxed(),
        };
        let operation = document.operation(request.operation_name.as_deref());
        if let Some(missing) = operation.and_then(|operation| missing_variable(operation, &request)) {
            let message = format!("the variable ${missing} must have a value");
            let refused = refused(ServerError::new(message, None), VALIDATION_FAILED);
            return stream::once(ready(refused)).boxed();
        }
        request.set_parsed_query(document.parsed.clone());
        let answers = self.schema.execute_stream(request.data(Arc::clone(context)));
        let coded = answers.map(|mut response| {
            let uncoded = if ran(&response) { ErrorKind::InvalidInput.code() } else { VALIDATION_FAILED };
            response.errors.iter_mut().for_each(|error| add_code(error, uncoded));
            response
        });
        coded.boxed()
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

impl DocumentError {
    fn into_response(self) -> Response {
        match self {
            Self::Syntax(error) => refused(error, PARSE_FAILED),
            Self::Limit { what, most } => {
                let message = format!("the document has too many {what}: there may be {most}");
                refused(ServerError::new(message, None), VALIDATION_FAILED)
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
