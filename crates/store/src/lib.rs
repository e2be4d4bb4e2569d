//! Durable state behind one trait: deliveries, jobs, intents, facts, records and counters.
