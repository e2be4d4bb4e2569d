//! Where the database lies, and how fast a sync is there: without these two a figure of durable writes says little.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::latency::Latencies;
use crate::trouble::Trouble;

/// Syncs that are timed; a second at most on a slow disk.
const PROBES: usize = 100;
/// What is written before each: a page, as the database's journal does at least.
const PAGE: [u8; 4096] = [0x5a; 4096];

/// A folder's disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    /// The file system's type, as the kernel names it.
    pub(crate) file_system: String,
    /// Half of the syncs of a written page took no longer.
    pub(crate) sync_p50: Duration,
}

/// Looks at the disk under `folder`; one that lives in memory makes the benchmark void.
pub(crate) fn under(folder: &Path) -> Result<Disk, Trouble> {
    let folder = folder.canonicalize().map_err(Trouble::file(folder))?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").map_err(Trouble::file("/proc/self/mountinfo"))?;
    let file_system = file_system(&mounts, &folder).unwrap_or_else(|| "unknown".to_owned());
    if ["tmpfs", "ramfs"].contains(&file_system.as_str()) {
        let text = format!("{} lies in memory ({file_system}); set CARGO_TARGET_DIR to a disk", folder.display());
        return Err(Trouble::Void(text));
    }
    Ok(Disk { file_system, sync_p50: sync(&folder)? })
}

/// The type of the file system whose mount point is the nearest above `folder` (proc_pid_mountinfo(5)).
fn file_system(mounts: &str, folder: &Path) -> Option<String> {
    let nearest = mounts.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let point = PathBuf::from(left.split(' ').nth(4)?);
        folder.starts_with(&point).then(|| (point.components().count(), right.split(' ').next()))
    });
    // Of equally near ones the last was mounted over the others.
    nearest.max_by_key(|(depth, _)| *depth)?.1.map(str::to_owned)
}

fn sync(folder: &Path) -> Result<Duration, Trouble> {
    let path = folder.join("sync-probe");
    let mut file = File::create(&path).map_err(Trouble::file(&path))?;
    let mut durations = Vec::with_capacity(PROBES);
    for _ in 0..PROBES {
        file.write_all(&PAGE).map_err(Trouble::file(&path))?;
        let began = Instant::now();
        file.sync_data().map_err(Trouble::file(&path))?;
        durations.push(began.elapsed());
    }
    std::fs::remove_file(&path).map_err(Trouble::file(&path))?;
    Ok(Latencies::new(durations).percentile(50))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / /tmp rw shared:1 - tmpfs tmpfs rw\n3 1 0:3 / /tmpfiles rw - xfs x rw\n";
        assert_eq!(file_system(mounts, Path::new("/home/x")).as_deref(), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/tmp/x")).as_deref(), Some("tmpfs"));
        assert_eq!(file_system(mounts, Path::new("/tmpfiles")).as_deref(), Some("xfs"));
    }
}
