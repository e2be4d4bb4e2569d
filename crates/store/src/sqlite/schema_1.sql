-- Schema version 1. Ids are 48 bits of milliseconds and 15 bits of sequence (see id.rs), so every table is in order of
-- time. A "print" is a 64-bit fingerprint of text too long or too scattered to index as it is (see print.rs).

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    key_print    INTEGER NOT NULL,   -- of platform and delivery_id
    platform     TEXT NOT NULL,
    delivery_id  TEXT NOT NULL,
    event        TEXT NOT NULL,
    action       TEXT NOT NULL,
    digest       BLOB NOT NULL,
    headers      TEXT NOT NULL,      -- JSON
    body_bytes   INTEGER NOT NULL,
    body_kept    INTEGER NOT NULL,
    installation INTEGER,
    repository   TEXT COLLATE NOCASE,
    subject      TEXT,
    accepted_at  INTEGER NOT NULL,
    state        INTEGER NOT NULL,   -- 0 ignored, 1 pending, 2 settled, 3 dead
    open         INTEGER NOT NULL,   -- its jobs that are not settled
    dead         INTEGER NOT NULL,   -- its dead jobs
    settled_at   INTEGER,
    duplicates   INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_key ON deliveries (key_print);
CREATE INDEX deliveries_event ON deliveries (event);
CREATE INDEX deliveries_state ON deliveries (state);
CREATE INDEX deliveries_installation ON deliveries (installation) WHERE installation IS NOT NULL;
CREATE INDEX deliveries_repository ON deliveries (repository) WHERE repository IS NOT NULL;
CREATE INDEX deliveries_subject ON deliveries (subject) WHERE subject IS NOT NULL;
CREATE INDEX deliveries_with_body ON deliveries (accepted_at) WHERE body_kept = 1 AND state IN (0, 2);

-- Bodies have a table of their own, so that no list of deliveries reads past them and they can go first.
CREATE TABLE bodies (
    id   INTEGER PRIMARY KEY,        -- the delivery's
    body BLOB NOT NULL               -- zstd if shorter than body_bytes, else as received
) STRICT;

CREATE TABLE works (
    id              INTEGER PRIMARY KEY,
    class           INTEGER NOT NULL, -- 0 job, 1 intent
    state           INTEGER NOT NULL, -- 0 waiting, 1 leased, 2 done, 3 dead, 4 withdrawn
    queue           TEXT NOT NULL,
    automation      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    lane            TEXT NOT NULL,
    lane_print      INTEGER NOT NULL, -- of class, automation and lane
    key             TEXT,
    installation    INTEGER NOT NULL, -- -1 is none, which takes turns like any other
    delivery        INTEGER,
    payload         ANY NOT NULL,     -- JSON; a blob is zstd
    wish_order      TEXT,             -- an intent's: what its key last held
    next_wish       ANY,              -- an intent's: the newer wish that came while it was leased; JSON
    pos             INTEGER,          -- with seq its place in the lane; NULL once settled
    seq             INTEGER NOT NULL,
    turn            INTEGER,          -- a waiting head of its lane: 1 to wake later, 2 to be claimed; else NULL
    wake            INTEGER,          -- when a head with turn 1 may be claimed
    due             INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    unanswered      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    first_leased_at INTEGER,
    settled_at      INTEGER,
    failure         TEXT,             -- JSON
    epoch           INTEGER NOT NULL,
    worker          TEXT,
    leased_at       INTEGER,
    lease_until     INTEGER           -- NULL unless leased
) STRICT;

CREATE INDEX works_list ON works (class, state);
CREATE INDEX works_lane ON works (lane_print, pos, seq) WHERE pos IS NOT NULL;
CREATE INDEX works_turn ON works (queue, turn, installation, pos, seq) WHERE turn IS NOT NULL;
CREATE INDEX works_wake ON works (queue, wake) WHERE turn = 1;
CREATE INDEX works_lease ON works (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX works_delivery ON works (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX works_key ON works (key, class, state) WHERE key IS NOT NULL;
CREATE INDEX works_old ON works (settled_at) WHERE state IN (2, 4);

CREATE TABLE attempts (
    id         INTEGER PRIMARY KEY,
    work       INTEGER NOT NULL,
    worker     TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    failure    TEXT,
    calls      ANY NOT NULL
) STRICT;

CREATE INDEX attempts_work ON attempts (work);

CREATE TABLE facts (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    delivery   INTEGER,
    work       INTEGER NOT NULL,
    automation TEXT NOT NULL,
    subject    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    data       ANY NOT NULL
) STRICT;

CREATE INDEX facts_subject ON facts (subject);
CREATE INDEX facts_delivery ON facts (delivery) WHERE delivery IS NOT NULL;
CREATE INDEX facts_work ON facts (work);

CREATE TABLE records (
    view  TEXT NOT NULL,
    key   TEXT NOT NULL,
    value ANY NOT NULL,
    PRIMARY KEY (view, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    view   TEXT NOT NULL,
    key    TEXT NOT NULL,
    fields TEXT NOT NULL,            -- JSON object of integers
    PRIMARY KEY (view, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    installation INTEGER PRIMARY KEY,
    until        INTEGER NOT NULL
) STRICT;
