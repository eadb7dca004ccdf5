//! What else the computer does: whether it runs on its battery, and how busy others keep it.
//!
//! Read from the files by which Linux tells it (proc(5); Documentation/ABI/testing/sysfs-class-power). Where they are
//! not there, nothing is known, and nothing waits.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Others keep the computer busy from this share of all its cores on...
const BUSY: f64 = 0.5;
/// ...until they use less than this.
const CALM: f64 = 0.35;

/// Where to look, and how often. [`Surroundings::default`] is right for users; tests change parts.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The folder of power supplies.
    pub power: PathBuf,
    /// The folder of processes.
    pub proc: PathBuf,
    /// How often to look.
    pub every: Duration,
}

impl Default for Surroundings {
    fn default() -> Self {
        Surroundings {
            power: "/sys/class/power_supply".into(),
            proc: "/proc".into(),
            every: Duration::from_secs(2),
        }
    }
}

/// Whether the computer runs on its battery: one discharges, and no mains is there. Batteries of mice and the like
/// are none of its own.
pub(super) fn on_battery(power: &Path) -> bool {
    let Ok(supplies) = std::fs::read_dir(power) else { return false };
    let mut discharging = false;
    for supply in supplies.flatten() {
        let word = |name: &str| {
            let text = std::fs::read_to_string(supply.path().join(name)).unwrap_or_default();
            text.trim().to_owned()
        };
        if word("online") == "1" {
            return false;
        }
        discharging |= word("scope") != "Device" && word("status") == "Discharging";
    }
    discharging
}

/// How busy others keep the computer, from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Load {
    last: Option<Ticks>,
    looked: Option<Instant>,
    busy: bool,
}

/// Time that was spent since the computer was started, of all cores together, in the kernel's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticks {
    all: u64,
    busy: u64,
    own: u64,
}

impl Load {
    /// Looks, unless that was done just now. Between two thresholds the answer stays as it was.
    pub(super) fn is_busy(&mut self, surroundings: &Surroundings) -> bool {
        if self.looked.is_some_and(|at| at.elapsed() < surroundings.every) {
            return self.busy;
        }
        self.looked = Some(Instant::now());
        let now = ticks(&surroundings.proc);
        if let (Some(last), Some(now)) = (self.last, now)
            && let Some(share) = others(last, now)
        {
            self.busy = share >= if self.busy { CALM } else { BUSY };
        }
        // Files that have gone away tell nothing.
        self.busy &= now.is_some();
        self.last = now;
        self.busy
    }
}

/// The share of all cores that others used between two looks; `None` when no time has passed.
fn others(last: Ticks, now: Ticks) -> Option<f64> {
    let all = now.all.checked_sub(last.all).filter(|all| *all > 0)?;
    let busy = now.busy.saturating_sub(last.busy);
    Some(busy.saturating_sub(now.own.saturating_sub(last.own)) as f64 / all as f64)
}

fn ticks(proc: &Path) -> Option<Ticks> {
    let stat = std::fs::read_to_string(proc.join("stat")).ok()?;
    let (all, idle) = cores(&stat)?;
    let mut own = spent(&std::fs::read_to_string(proc.join("self/stat")).ok()?, true)?;
    // The language model's process works for us.
    for thread in std::fs::read_dir(proc.join("self/task")).into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let stat = std::fs::read_to_string(proc.join(child).join("stat")).unwrap_or_default();
            own += spent(&stat, false).unwrap_or_default();
        }
    }
    Some(Ticks { all, busy: all.saturating_sub(idle), own })
}

/// Of `/proc/stat`: all time and idle time. What guests used is part of user time.
fn cores(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let times: Vec<u64> = line.split_whitespace().take(8).map_while(|t| t.parse().ok()).collect();
    let idle = times.get(3)? + times.get(4).copied().unwrap_or_default();
    Some((times.iter().sum(), idle))
}

/// Of a process's `stat`: user and system time, if asked with that of children that have ended. The name, in
/// brackets, may hold blanks and brackets.
fn spent(stat: &str, with_children: bool) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let of = |at: usize| fields.get(at).and_then(|t| t.parse::<u64>().ok());
    let own = of(11)? + of(12)?;
    Some(if with_children { own + of(13)? + of(14)? } else { own })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn supply(power: &Path, name: &str, files: &[(&str, &str)]) {
        fs::create_dir_all(power.join(name)).expect("a folder");
        for (file, text) in files {
            fs::write(power.join(name).join(file), format!("{text}\n")).expect("written");
        }
    }

    #[test]
    fn a_battery_that_discharges_without_mains_is_told_from_all_else() {
        let power = tempfile::tempdir().expect("a folder");
        assert!(!on_battery(power.path()) && !on_battery(Path::new("/no/such/folder")));
        supply(power.path(), "hidpp_battery_0", &[("scope", "Device"), ("status", "Discharging")]);
        assert!(!on_battery(power.path()), "a mouse");
        supply(power.path(), "BAT0", &[("scope", "System"), ("status", "Discharging")]);
        assert!(on_battery(power.path()));
        supply(power.path(), "AC", &[("online", "1")]);
        assert!(!on_battery(power.path()), "mains");
        supply(power.path(), "AC", &[("online", "0")]);
        assert!(on_battery(power.path()));
        supply(power.path(), "BAT0", &[("status", "Not charging")]);
        assert!(!on_battery(power.path()));
    }

    #[test]
    fn what_we_and_our_processes_use_does_not_make_the_computer_busy() {
        let proc = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(proc.path().join("self/task/1")).expect("a folder");
        fs::create_dir_all(proc.path().join("77")).expect("a folder");
        let write = |file: &str, text: String| {
            fs::write(proc.path().join(file), text).expect("written");
        };
        let state = |busy: u64, idle: u64, own: u64, child: u64| {
            write("stat", format!("cpu  {busy} 0 0 {idle} 0 0 0 0 5 0\ncpu0 1 2 3\n"));
            write("self/stat", format!("1 (a) b) R 0 1 1 0 -1 4 0 0 0 0 {own} 0 0 0 20 0\n"));
            write("self/task/1/children", "77 ".into());
            write("77/stat", format!("77 (llm) S 1 1 1 0 -1 4 0 0 0 0 {child} 0 9 9 20 0\n"));
        };
        let surroundings = Surroundings {
            proc: proc.path().to_owned(),
            every: Duration::ZERO,
            ..Surroundings::default()
        };
        let mut load = Load::default();
        let mut is_busy = || load.is_busy(&surroundings);
        state(1000, 1000, 100, 100);
        assert!(!is_busy(), "one look tells nothing");
        state(1200, 1000, 200, 190);
        assert!(!is_busy(), "it is we who use it all");
        state(1320, 1080, 200, 190);
        assert!(is_busy(), "0.6 by others");
        state(1360, 1140, 200, 190);
        assert!(is_busy(), "0.4: not calm yet");
        state(1390, 1210, 200, 190);
        assert!(!is_busy(), "0.3");
        state(1430, 1270, 200, 190);
        assert!(!is_busy(), "0.4: not busy yet");
        assert!(!is_busy(), "no time has passed");
        fs::remove_file(proc.path().join("stat")).expect("removed");
        assert!(!is_busy(), "nothing is known");
    }
}
