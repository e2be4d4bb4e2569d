//! What the API's answers mean.

use http::StatusCode;
use serde_json::Value;

use crate::cli::Failure;

/// The JSON of a good answer.
///
/// # Errors
/// [`Failure`] with the detail and hint of a problem document (RFC 9457), of which the API's errors are.
pub(super) fn read(status: StatusCode, body: &[u8]) -> Result<Value, Failure> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    if status.is_success() {
        return Ok(answer);
    }
    let text = |member: &str| answer[member].as_str().map(str::to_owned);
    let message = text("detail").unwrap_or_else(|| format!("the server answered {status}"));
    let hint = match status {
        StatusCode::UNAUTHORIZED => "set SWITCHBOARD_OPERATOR_TOKEN, or give --token".to_owned(),
        _ => text("hint").unwrap_or_else(|| "the server's log says why".to_owned()),
    };
    Err(Failure::Failed { message, hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_its_hint() {
        let told = |status: StatusCode, body: &str| read(status, body.as_bytes()).unwrap_err().to_string();
        let body = r#"{"detail":"There is no such delivery.","hint":"Look again."}"#;
        assert_eq!(told(StatusCode::NOT_FOUND, body), "error: There is no such delivery.\n  hint: Look again.");
        assert!(told(StatusCode::UNAUTHORIZED, "{}").contains("--token"));
        assert!(told(StatusCode::BAD_GATEWAY, "<html>").contains("502"));
        assert_eq!(read(StatusCode::OK, b"{\"a\":1}").unwrap()["a"], 1);
    }
}
