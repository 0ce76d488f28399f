//! What the system says of a process.

use anyhow::Context as _;

/// Lets a process's peak memory count from what it holds now.
pub fn forget_peak_memory(pid: u32) -> anyhow::Result<()> {
    // 5 resets VmHWM (proc(5)).
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5")
        .with_context(|| format!("the peak memory of process {pid} cannot be reset"))
}

/// The most memory that a process held (VmHWM), MiB: ever, or since it was forgotten.
pub fn peak_memory(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmHWM:")
}

/// The memory that a process holds now (VmRSS), MiB.
pub fn memory(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmRSS:")
}

/// The processor time that the first thread of a process has taken, seconds: all of it for a session of PostgreSQL, which has one.
pub fn first_thread_time(pid: u32) -> anyhow::Result<f64> {
    // Its first number is the time on a processor in nanoseconds.
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let nanoseconds: f64 = text.split_whitespace().next().unwrap_or("0").parse()?;
    Ok(nanoseconds / 1e9)
}

/// The machine, for the file of results.
pub fn machine() -> serde_json::Value {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    serde_json::json!({
        "processors": processors,
        "memory": total.unwrap_or_default().trim(),
    })
}

fn status(pid: u32, field: &str) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: f64 = kilobytes.context("no such figure")?.parse()?;
    Ok(kilobytes / 1024.0)
}
