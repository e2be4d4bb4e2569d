//! Forms that change something: only from our own pages, only by somebody who may act.

use aws_lc_rs::constant_time;
use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Operator, Session};
use crate::Fault;

/// What a form of ours sent, and who sent it. The form must hold a hidden field `csrf` with [`Session::csrf`]; see
/// [`crate::components::Guarded`].
#[derive(Debug, Clone)]
pub struct SessionForm<T> {
    /// Who sent it.
    pub session: Session,
    /// What they filled in.
    pub fields: T,
}

/// A [`SessionForm`] from somebody who may act.
#[derive(Debug, Clone)]
pub struct OperatorForm<T> {
    /// Who sent it.
    pub operator: Operator,
    /// What they filled in.
    pub fields: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for SessionForm<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let session = Session::from_request_parts(&mut parts, state).await?;
        if !same_origin(&parts.headers) {
            return Err(Fault::foreign_form());
        }
        let content_type = parts.headers.get(header::CONTENT_TYPE).cloned();
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "form_too_large", "The form is too large."))?;
        // The extractor consumes a request, and it must run twice: for the token, and for the rest.
        let again = || {
            let mut request = Request::new(Body::from(body.clone()));
            *request.method_mut() = Method::POST;
            if let Some(content_type) = &content_type {
                request.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
            }
            request
        };
        let Form(token) = Form::<Token>::from_request(again(), &()).await.map_err(|_| Fault::foreign_form())?;
        constant_time::verify_slices_are_equal(token.csrf.as_bytes(), session.csrf.as_bytes())
            .map_err(|_| Fault::foreign_form())?;
        let Form(fields) = Form::<T>::from_request(again(), &()).await.map_err(|rejection| {
            Fault::parameter(format!("The form is not as expected: {}.", rejection.body_text()))
        })?;
        Ok(Self { session, fields })
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OperatorForm<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, state).await?;
        let SessionForm { fields, .. } = SessionForm::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self { operator, fields })
    }
}

/// Whether a browser sent this from a page of ours. Browsers say so with every request that could change something; a
/// program that says nothing is no browser, and holds no cookie that somebody else could make it send.
#[must_use]
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text("host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_send_forms() {
        for (headers, ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "http://localhost:3000"), ("host", "localhost:3000")], true),
            (&[("origin", "http://evil.example"), ("host", "localhost:3000")], false),
            (&[("origin", "null"), ("host", "localhost:3000")], false),
        ] {
            let map: HeaderMap = headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
            assert_eq!(same_origin(&map), ours, "{headers:?}");
        }
    }
}
