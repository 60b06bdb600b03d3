//! Which hooks are registered at Parse Server, for the console.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use crate::server::admin::response;
use crate::server::admin::state::AdminState;

use super::hook_list::{NO_MASTER_KEY, unknown};

/// The state of each hook.
pub(in crate::server::admin) async fn registration(state: Data<AdminState>) -> HttpResponse {
    let routes = state.server.routes.load_full();
    let registered = routes
        .all()
        .into_iter()
        .filter(|route| route.hook.is_registered)
        .map(|route| route.hook.name.clone());
    let json = match &state.hook_list {
        Some(list) => list.compare(&state.public_url, registered.collect()).await,
        None => unknown(NO_MASTER_KEY),
    };
    response::json(StatusCode::OK, &json)
}
