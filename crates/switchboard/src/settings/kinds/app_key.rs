use switchboard_github::secret::{AppKey, KeyError, WebhookSecret};

use crate::settings::value::{FromText, Refusal};

impl FromText for AppKey {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Self::from_pem(text).map_err(|error| {
            Refusal::new(error.to_string()).hint(match error {
                KeyError::NotPem => {
                    "use the whole content of the .pem file from the App's settings page; a path belongs in private_key_path"
                }
                KeyError::NotRsaPrivate => "generate a private key on the App's settings page and use the file as it is",
                KeyError::Damaged => {
                    "a value of several lines needs double quotes; or write its line breaks as \\n, or use private_key_path"
                }
            })
        })
    }
}

impl FromText for WebhookSecret {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(Self::new(text))
    }
}
