//! The cache in a Redis that several nodes share.
//!
//! Whoever asks waits for an answer, and never for a connection: while there is none, one is made beside, and what is asked for
//! meanwhile is not there. So a Redis that is gone costs nothing, and one that has stopped answering 100 ms three times in half a
//! minute.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, RedisResult, Value};
use async_trait::async_trait;
use switchboard_clock::Timestamp;

use super::backend::{Backend, Entry, Standing};
use super::breaker::Breaker;
use super::keys::CacheKey;
use crate::config::CacheBackend;
use crate::observe::Observer;

/// How long a command may take.
pub const COMMAND_TIMEOUT: Duration = Duration::from_millis(100);
/// How long connecting may take, with all that is said at its beginning.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Values that are put with one command's time.
const PUT_AT_ONCE: usize = 100;
/// How Redis says that under a key stands something of another shape: somebody else's, and so not ours to read.
const WRONG_SHAPE: &str = "WRONGTYPE";

/// Why a Redis cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The address is none of a Redis.
    #[error("this is not the address of a Redis: {0}")]
    Address(String),
    /// Nothing was heard in time.
    #[error("no answer within {} s", CONNECT_TIMEOUT.as_secs())]
    Silent,
    /// It cannot be reached, or refuses us.
    #[error("{0}")]
    Refused(String),
}

/// A Redis.
pub struct Redis {
    client: Client,
    node: String,
    /// How long a command may take.
    patience: Duration,
    link: Arc<Link>,
}

/// The connection, and how it fares.
#[derive(Default)]
struct Link {
    state: Mutex<State>,
    breaker: Breaker,
    observer: OnceLock<Arc<dyn Observer>>,
}

#[derive(Default)]
enum State {
    #[default]
    Down,
    Connecting,
    /// A connection, and which one since the start it is.
    Up(MultiplexedConnection, u64),
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.write_str("Redis")
    }
}

impl Redis {
    /// The Redis at this address, `redis://` or `rediss://`, shared with others under the name `node`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Unusable::Address`].
    pub fn new(url: &str, node: impl Into<String>) -> Result<Self, Unusable> {
        // The client's own words may repeat the address.
        let client = Client::open(url).map_err(|error| Unusable::Address(error.category().to_owned()))?;
        Ok(Self { client, node: node.into(), patience: COMMAND_TIMEOUT, link: Arc::default() })
    }

    /// The same, with another time for a command than [`COMMAND_TIMEOUT`].
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Tells of every failure from now on. Only the first who asks is told.
    pub fn tell(&self, observer: Arc<dyn Observer>) {
        let _ = self.link.observer.set(observer);
    }

    /// Connects, and asks for a sign of life.
    ///
    /// # Errors
    /// [`Unusable::Silent`], [`Unusable::Refused`].
    pub async fn ping(&self) -> Result<(), Unusable> {
        let mut connection = connect(&self.client).await?;
        let ping = ::redis::cmd("PING");
        let answer = tokio::time::timeout(CONNECT_TIMEOUT, ping.query_async::<String>(&mut connection));
        answer.await.map_err(|_| Unusable::Silent)?.map_err(|error| refused(&error))?;
        self.link.up(connection);
        Ok(())
    }

    /// What Redis answers to each of these commands; nothing for one that found what is not ours.
    async fn ask(&self, commands: &mut Pipeline, now: Timestamp) -> Option<Vec<Value>> {
        if !self.link.breaker.is_closed(now) {
            return None;
        }
        let (mut connection, which) = self.connection(now)?;
        let asked = commands.ignore_errors().query_async::<Vec<RedisResult<Value>>>(&mut connection);
        let answers = match tokio::time::timeout(self.patience, asked).await {
            Ok(Ok(answers)) => answers.into_iter().map(ours).collect(),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                self.link.failed(now, "no answer in time", None);
                return None;
            }
        };
        match answers {
            Ok(answers) => {
                self.link.breaker.succeeded();
                Some(answers)
            }
            Err(error) => {
                let dropped = error.is_unrecoverable_error() || error.is_io_error();
                self.link.failed(now, &error.to_string(), dropped.then_some(which));
                None
            }
        }
    }

    /// What Redis answers to one command, if it is of this shape.
    async fn ask_one<T: FromRedisValue>(&self, commands: &mut Pipeline, now: Timestamp) -> Option<T> {
        let answer = self.ask(commands, now).await?.into_iter().next()?;
        T::from_redis_value(answer).ok()
    }

    /// The connection. If there is none, one is made in the meantime.
    fn connection(&self, now: Timestamp) -> Option<(MultiplexedConnection, u64)> {
        let mut state = self.link.state();
        match &*state {
            State::Up(connection, which) => return Some((connection.clone(), *which)),
            State::Connecting => return None,
            State::Down => *state = State::Connecting,
        }
        drop(state);
        let (client, link) = (self.client.clone(), Arc::clone(&self.link));
        tokio::spawn(async move {
            match connect(&client).await {
                Ok(connection) => link.up(connection),
                Err(error) => {
                    *link.state() = State::Down;
                    link.failed(now, &error.to_string(), None);
                }
            }
        });
        None
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self, connection: MultiplexedConnection) {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let which = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        *self.state() = State::Up(connection, which);
    }

    /// Counts a failure. `broken` names a connection that is of no use any more; one that is left alone is not kept either, because
    /// answers to what was asked before would still come over it.
    fn failed(&self, now: Timestamp, why: &str, broken: Option<u64>) {
        let left_alone = self.breaker.failed(now);
        if let Some(observer) = self.observer.get() {
            observer.cache_error();
        }
        if left_alone {
            tracing::warn!(
                error = why,
                "the cache does not answer and is left alone for a while; nothing depends on it"
            );
        }
        let mut state = self.state();
        let gone = matches!(&*state, State::Up(_, which) if left_alone || broken == Some(*which));
        if gone {
            *state = State::Down;
        }
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, Unusable> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(CONNECT_TIMEOUT));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let connected: RedisResult<_> =
        tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| Unusable::Silent)?;
    connected.map_err(|error| refused(&error))
}

fn refused(error: &RedisError) -> Unusable {
    if error.is_timeout() { Unusable::Silent } else { Unusable::Refused(error.to_string()) }
}

/// An answer; nothing where Redis is well, and holds something that is not ours.
fn ours(answer: RedisResult<Value>) -> RedisResult<Value> {
    match answer {
        Err(error) if error.code() == Some(WRONG_SHAPE) => Ok(Value::Nil),
        other => other,
    }
}

#[async_trait]
impl Backend for Redis {
    fn kind(&self) -> CacheBackend {
        CacheBackend::Redis
    }

    fn node(&self) -> Option<&str> {
        Some(&self.node)
    }

    fn standing(&self) -> Standing {
        self.link.breaker.standing()
    }

    fn errors(&self) -> u64 {
        self.link.breaker.errors()
    }

    async fn get(&self, keys: &[CacheKey], now: Timestamp) -> Vec<Option<Vec<u8>>> {
        let mut commands = Pipeline::with_capacity(1);
        commands.cmd("MGET").arg(keys.iter().map(|key| key.text.as_str()).collect::<Vec<_>>());
        self.ask_one(&mut commands, now).await.unwrap_or_default()
    }

    async fn fields(&self, key: &CacheKey, now: Timestamp) -> Vec<(String, Vec<u8>)> {
        let mut commands = Pipeline::with_capacity(1);
        commands.cmd("HGETALL").arg(&key.text);
        let found: Vec<(Vec<u8>, Vec<u8>)> = self.ask_one(&mut commands, now).await.unwrap_or_default();
        let named = |(name, value): (Vec<u8>, Vec<u8>)| Some((String::from_utf8(name).ok()?, value));
        found.into_iter().filter_map(named).collect()
    }

    async fn put(&self, entries: Vec<Entry>, now: Timestamp) {
        for entries in entries.chunks(PUT_AT_ONCE) {
            let mut commands = Pipeline::with_capacity(2 * entries.len());
            for Entry { key, field, value, ttl } in entries {
                let (key, ttl) = (&key.text, u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1));
                match field {
                    None => commands.cmd("SET").arg(key).arg(value).arg("PX").arg(ttl),
                    Some(field) => {
                        commands.cmd("HSET").arg(key).arg(field).arg(value);
                        commands.cmd("PEXPIRE").arg(key).arg(ttl)
                    }
                };
            }
            self.ask(&mut commands, now).await;
        }
    }
}
