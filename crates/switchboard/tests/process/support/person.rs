//! Somebody's browser: keeps cookies, follows redirects one at a time, and writes down every secret that passes through it.

use std::collections::BTreeMap;

use reqwest::{Method, Response, StatusCode};

use super::client;
use super::github::{GitHub, PUBLIC_URL};

/// A browser at one server.
pub struct Browser {
    url: String,
    cookies: BTreeMap<String, String>,
    /// Codes and states that stood in addresses, and values of cookies.
    pub secrets: Vec<String>,
}

/// An answer, read to its end.
pub struct Page {
    pub status: StatusCode,
    pub location: String,
    pub body: String,
}

impl Browser {
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), cookies: BTreeMap::new(), secrets: Vec::new() }
    }

    /// The same browser after the server came back somewhere else.
    pub fn moves_to(&mut self, url: &str) {
        url.clone_into(&mut self.url);
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Method::POST, path, Some(form)).await
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = client().request(method, format!("{}{path}", self.url)).header("cookie", cookies.join("; "));
        let request = match form {
            Some(form) => request.header("content-type", "application/x-www-form-urlencoded").body(form),
            None => request,
        };
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => {
                    self.secrets.push(value.to_owned());
                    self.cookies.insert(name.to_owned(), value.to_owned())
                }
            };
        }
        read(answer).await
    }

    /// Begins to sign in and goes to GitHub; returns where GitHub's page is.
    pub async fn begin(&mut self, next: &str) -> String {
        let begun = self.get(&format!("/sign-in/github?next={next}")).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        begun.location
    }

    /// Approves at GitHub as somebody; returns where GitHub leads back to, as a path.
    pub async fn approve(&mut self, authorize: &str, login: &str) -> String {
        let approved = read(
            client().get(format!("{authorize}&login={login}")).header("user-agent", "browser").send().await.unwrap(),
        );
        let location = approved.await.location;
        self.came_back(&location)
    }

    /// Says no at GitHub.
    pub async fn decline(&mut self, github: &GitHub, authorize: &str) -> String {
        let query = authorize.split_once('?').unwrap().1;
        let request = client().post(format!("{}/login/oauth/authorize", github.url)).header("user-agent", "browser");
        let answer = request.body(format!("{query}&authorize=0")).send().await.unwrap();
        let location = read(answer).await.location;
        self.came_back(&location)
    }

    fn came_back(&mut self, location: &str) -> String {
        let url = url::Url::parse(location).unwrap();
        let secret = |(name, value): (_, std::borrow::Cow<'_, str>)| {
            (name == "code" || name == "state").then(|| value.into_owned())
        };
        self.secrets.extend(url.query_pairs().filter_map(secret));
        assert!(location.starts_with(PUBLIC_URL), "it leads to {location}");
        location.replacen(PUBLIC_URL, "", 1)
    }

    /// The whole way; returns what the server says at its end.
    pub async fn sign_in(&mut self, login: &str, next: &str) -> Page {
        let authorize = self.begin(next).await;
        let back = self.approve(&authorize, login).await;
        self.get(&back).await
    }
}

async fn read(answer: Response) -> Page {
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status();
    Page { status, location: location.unwrap_or_default(), body: answer.text().await.unwrap() }
}

impl Page {
    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        assert!(self.body.contains(&start), "no field {name} in {}", self.body);
        self.body.split(&start).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    }
}
