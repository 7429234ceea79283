//! Which address is served by what, and what lies around it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use soko_domain::auth::Api;
use soko_infra::Blobs;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::graphql::{Endpoint, Endpoints, cross_origin};
use super::guard::{Guard, take_place, watch};
use super::refusal::Refusal;
use super::{Readiness, assets, explorer, graphql, health, webhooks};

/// How long a browser remembers what other origins may do.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);

/// The whole HTTP surface.
pub fn router(endpoints: &Arc<Endpoints>, blobs: Blobs, readiness: Readiness, guard: Arc<Guard>) -> Router {
    let cross_origin = cross_origin(&endpoints.http.cors_origins);
    let services = Arc::clone(&endpoints.services);
    let api =
        |api| post(graphql::post).get(graphql::get).with_state(Endpoint::new(api, Arc::clone(endpoints)));
    let limited = Router::new()
        .route("/shop-api", api(Api::Shop))
        .route("/admin-api", api(Api::Admin))
        .route("/assets/{*name}", get(assets::get).with_state(blobs))
        .route("/webhooks/{channel}/{method}", post(webhooks::post).with_state(services))
        .layer(from_fn_with_state(Arc::clone(&guard), take_place));
    let pages = Router::new()
        .merge(limited)
        .route("/", get(async || Redirect::to("/explorer")))
        .route("/explorer", get(explorer::page));
    watched(pages.merge(health_routes(readiness)), guard).layer(cross_origin)
}

/// What a node that serves no clients has.
pub fn health_router(readiness: Readiness, guard: Arc<Guard>) -> Router {
    watched(health_routes(readiness), guard)
}

fn health_routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz).with_state(readiness))
}

fn watched(router: Router, guard: Arc<Guard>) -> Router {
    router
        .fallback(async || Refusal::NotFound)
        .method_not_allowed_fallback(refuse_method)
        .layer(from_fn_with_state(guard, watch))
}

/// The header with the methods that are served is the router's to add.
async fn refuse_method() -> Response {
    let mut response = Refusal::Method("this address does not serve this method").into_response();
    response.headers_mut().remove(header::ALLOW);
    response
}

/// What pages of other origins may do: with `*` everything that needs no cookie; named origins may send cookies.
fn cross_origin(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(cross_origin::request_headers())
        .expose_headers(cross_origin::response_headers())
        .max_age(PREFLIGHT_AGE);
    if origins.iter().any(|origin| origin == "*") {
        return layer.allow_origin(tower_http::cors::Any);
    }
    let named = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    layer.allow_origin(AllowOrigin::list(named)).allow_credentials(true)
}
