//! A person with a browser: follows links and redirects, keeps cookies, and presses the buttons that stand on a page.

use std::collections::BTreeMap;

use http::header;
use url::Url;

/// See the [module's documentation](self).
pub struct Browser {
    client: reqwest::Client,
    /// By host and port, as a careful browser keeps them.
    cookies: BTreeMap<String, String>,
    pub at: Url,
    pub page: String,
    pub status: u16,
    pub headers: http::HeaderMap,
}

impl Browser {
    pub fn new() -> Self {
        Self {
            client: super::client(),
            cookies: BTreeMap::new(),
            at: Url::parse("about:blank").unwrap(),
            page: String::new(),
            status: 0,
            headers: http::HeaderMap::new(),
        }
    }

    /// Opens an address.
    pub async fn open(&mut self, address: &str) {
        let address = Url::options().base_url(Some(&self.at)).parse(address).unwrap();
        self.visit(address, None).await;
    }

    /// Fills fields of the form with this button, and presses it.
    pub async fn press(&mut self, button: &str, filled: &[(&str, &str)]) {
        let page = self.page.clone();
        let at = find(&page, button);
        let start = page[..at].rfind("<form").unwrap();
        let form = &page[start..start + page[start..].find("</form>").unwrap()];
        let action = attribute(&form[..form.find('>').unwrap()], "action").unwrap_or_else(|| self.at.to_string());
        let mut fields: Vec<(String, String)> = Vec::new();
        for input in form.split("<input").skip(1).map(|rest| &rest[..rest.find('>').unwrap()]) {
            let checked = attribute(input, "type").as_deref() != Some("checkbox") || input.contains(" checked");
            if let (Some(name), true) = (attribute(input, "name"), checked) {
                fields.push((name, attribute(input, "value").unwrap_or_default()));
            }
        }
        for (name, value) in filled {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let target = Url::options().base_url(Some(&self.at)).parse(&action).unwrap();
        self.visit(target, Some(body)).await;
    }

    /// Where a link leads.
    pub fn link(&self, id: &str) -> String {
        let at = find(&self.page, id);
        let start = self.page[..at].rfind("<a").unwrap();
        attribute(&self.page[start..start + self.page[start..].find('>').unwrap()], "href").unwrap()
    }

    async fn visit(&mut self, mut target: Url, mut form: Option<String>) {
        for _ in 0..10 {
            let origin = target.origin().ascii_serialization();
            let mut request = match form.take() {
                Some(body) => {
                    let same = self.at.origin() == target.origin();
                    let site = if same { "same-origin" } else { "cross-site" };
                    let kind = "application/x-www-form-urlencoded";
                    self.client
                        .post(target.clone())
                        .body(body)
                        .header(header::CONTENT_TYPE, kind)
                        .header("sec-fetch-site", site)
                }
                None => self.client.get(target.clone()),
            };
            request = request.header(header::USER_AGENT, "a browser").header(header::ACCEPT, "text/html");
            if let Some(cookie) = self.cookies.get(&origin) {
                request = request.header(header::COOKIE, cookie);
            }
            let answer = request.send().await.unwrap();
            if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
                self.cookies.insert(origin, pair);
            }
            self.at = target.clone();
            (self.status, self.headers) = (answer.status().as_u16(), answer.headers().clone());
            let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
            self.page = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
            match location {
                Some(to) if (300..400).contains(&self.status) => target = target.join(&to).unwrap(),
                _ => return,
            }
        }
        unreachable!("redirected in a circle: {}", self.at);
    }
}

/// Where the element with this id stands.
fn find(page: &str, id: &str) -> usize {
    let at = page.find(&format!("id=\"{id}\""));
    assert!(at.is_some(), "no {id} on {page}");
    at.unwrap()
}

/// An attribute's value, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    let value = &rest[..rest.find('"')?];
    let mut text = value.to_owned();
    for (escaped, plain) in [
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    Some(text)
}
