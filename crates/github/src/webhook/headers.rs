//! The headers that name a delivery.

use http::{HeaderMap, HeaderValue};

use super::events::EventName;
use crate::ids::DeliveryGuid;
use crate::limits::MAX_WEBHOOK_HEADER_BYTES;

/// What GitHub calls this delivery; a redelivery repeats it.
pub const DELIVERY_HEADER: &str = "x-github-delivery";
/// The event's name.
pub const EVENT_HEADER: &str = "x-github-event";

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not there.
    #[error("the {name} header is missing")]
    Missing {
        /// The header, in lower case.
        name: &'static str,
    },
    /// More than once there.
    #[error("the {name} header is repeated")]
    Repeated {
        /// The header, in lower case.
        name: &'static str,
    },
    /// Empty, over 200 bytes, or not visible ASCII.
    #[error("the {name} header is not 1 to {MAX_WEBHOOK_HEADER_BYTES} visible ASCII characters")]
    Malformed {
        /// The header, in lower case.
        name: &'static str,
    },
    /// The body is not JSON; form encoding is not supported.
    #[error("the content type is not application/json: set it in the webhook's settings")]
    NotJson,
}

/// The delivery and the event that a webhook request names.
///
/// # Errors
/// [`HeaderError`] when one of the two is missing, repeated, empty, over 200 bytes or not visible ASCII.
pub fn identify(headers: &HeaderMap) -> Result<(DeliveryGuid, EventName), HeaderError> {
    Ok((named(headers, DELIVERY_HEADER)?, named(headers, EVENT_HEADER)?))
}

/// Checks that the body is declared as JSON; parameters such as a charset do not matter.
///
/// # Errors
/// [`HeaderError::NotJson`], also when the content type is missing or repeated.
pub fn require_json(headers: &HeaderMap) -> Result<(), HeaderError> {
    let value = sole(headers, "content-type").map_err(|_| HeaderError::NotJson)?;
    let text = value.to_str().map_err(|_| HeaderError::NotJson)?;
    let media_type = text.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(HeaderError::NotJson) }
}

/// The one value of a header.
pub(crate) fn sole<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a HeaderValue, HeaderError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(HeaderError::Missing { name })?;
    if values.next().is_some() { Err(HeaderError::Repeated { name }) } else { Ok(value) }
}

fn named<T: std::str::FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, HeaderError> {
    let text = sole(headers, name)?.to_str().map_err(|_| HeaderError::Malformed { name })?;
    text.parse().map_err(|_| HeaderError::Malformed { name })
}

#[cfg(test)]
mod tests {
    use http::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    #[test]
    fn a_delivery_is_identified_by_two_headers() {
        let (delivery, event) = identify(&headers(&[(DELIVERY_HEADER, "d-1"), (EVENT_HEADER, "push")])).unwrap();
        assert_eq!((delivery.as_str(), event.as_str()), ("d-1", "push"));
    }

    #[test]
    fn missing_repeated_empty_and_long_headers_are_refused() {
        let long = "x".repeat(201);
        let (name, event) = (DELIVERY_HEADER, (EVENT_HEADER, "push"));
        for (pairs, error) in [
            (vec![event], HeaderError::Missing { name }),
            (vec![event, (name, "a"), (name, "a")], HeaderError::Repeated { name }),
            (vec![event, (name, "")], HeaderError::Malformed { name }),
            (vec![event, (name, "a b")], HeaderError::Malformed { name }),
            (vec![event, (name, "é")], HeaderError::Malformed { name }),
            (vec![event, (name, &long)], HeaderError::Malformed { name }),
            (vec![(name, "a"), (EVENT_HEADER, "")], HeaderError::Malformed { name: EVENT_HEADER }),
        ] {
            assert_eq!(identify(&headers(&pairs)).unwrap_err(), error);
        }
    }

    #[test]
    fn dispatcher_2_only_json_is_taken() {
        for json in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(require_json(&headers(&[("content-type", json)])), Ok(()));
        }
        for other in ["application/x-www-form-urlencoded", "application/jsonp", "text/json", ""] {
            assert_eq!(require_json(&headers(&[("content-type", other)])), Err(HeaderError::NotJson));
        }
        assert_eq!(require_json(&headers(&[])), Err(HeaderError::NotJson));
    }
}
