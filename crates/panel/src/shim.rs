#![allow(missing_docs)]
pub mod accept {
    use switchboard_store::*;
    #[derive(Debug, Clone)]
    pub struct Action { pub id: String, pub event: String, pub actor: String, pub body: serde_json::Map<String, serde_json::Value>, pub subject: Option<Subject>, pub installation: Option<Installation> }
    pub struct Acceptor;
    impl Acceptor { pub async fn action(&self, _: Action) -> std::result::Result<Acceptance, StoreError> { Err(StoreError::Full) } }
}
