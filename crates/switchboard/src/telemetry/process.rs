//! The process itself, under the names that every Prometheus client gives them. What the kernel does not tell is left out.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use switchboard_clock::Timestamp;

/// Fields of `/proc/self/stat` behind the name in brackets (proc(5)): time in user and in kernel mode, in clock ticks.
const TICKS_USER: usize = 11;
const TICKS_KERNEL: usize = 12;

/// The process as it is now.
pub(super) fn look(started_at: Timestamp) -> Registry {
    let mut registry = Registry::with_prefix("process");
    let started: Gauge<f64, AtomicU64> = Gauge::default();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay far below 2^52")]
    started.set(started_at.millis() as f64 / 1000.0);
    registry.register_with_unit("start_time", "When the server started, in Unix time", Unit::Seconds, started);
    if let Some(bytes) = resident_bytes() {
        let resident: Gauge = Gauge::default();
        resident.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        registry.register_with_unit("resident_memory", "Memory of the process", Unit::Bytes, resident);
    }
    if let Some(seconds) = cpu_seconds() {
        let cpu: Counter<f64, AtomicU64> = Counter::default();
        cpu.inc_by(seconds);
        registry.register_with_unit("cpu", "Time on the processors, in user and kernel mode", Unit::Seconds, cpu);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        let files: Gauge = Gauge::default();
        files.set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        registry.register("open_fds", "Open file descriptors", files);
    }
    registry
}

fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold spaces and brackets itself.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |n: usize| fields.get(n)?.parse::<u32>().ok();
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).ok()?;
    Some((f64::from(ticks(TICKS_USER)?) + f64::from(ticks(TICKS_KERNEL)?)) / f64::from(per_second))
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn the_process_is_told_under_the_usual_names() {
        let mut text = String::new();
        encode(&mut text, &look(Timestamp::from_millis(1_700_000_000_250))).unwrap();
        assert!(text.contains("\nprocess_start_time_seconds 1700000000.25\n"), "{text}");
        #[cfg(target_os = "linux")]
        for name in ["process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"] {
            let value =
                text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}: {text}"));
            assert!(value.trim().parse::<f64>().unwrap() >= 0.0);
        }
    }
}
