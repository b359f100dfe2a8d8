//! The screen: a terminal that is ours until `q` is pressed or the program is told to end, and is given back as it was.
//!
//! Floor 6. Where there is no such terminal, opening it fails and whoever wanted it writes lines.

use std::io;
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A terminal in raw mode, showing its other screen.
#[cfg(unix)]
pub struct Screen {
    before: rustix::termios::Termios,
    /// Whether the program is told to end.
    told: Arc<AtomicBool>,
}

#[cfg(unix)]
impl Screen {
    /// Takes the terminal.
    pub fn open() -> io::Result<Self> {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let told = Arc::default();
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            // Told twice, it ends at once: what is waited for may be a database that does not answer.
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&told))?;
            signal_hook::flag::register(signal, Arc::clone(&told))?;
        }
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let screen = Self { before, told };
        write("\u{1b}[?1049h\u{1b}[?25l")?;
        Ok(screen)
    }

    /// Shows these lines, as many as there is room for.
    pub fn draw(&self, text: &str, height: usize) -> io::Result<()> {
        let lines: Vec<&str> = text.lines().collect();
        let room = height.saturating_sub(1).max(1);
        let mut out = String::from("\u{1b}[H");
        for line in lines.iter().take(room) {
            out.push_str(line);
            out.push_str("\u{1b}[K\r\n");
        }
        out.push_str("\u{1b}[J");
        let hidden = lines.len().saturating_sub(room);
        let more = if hidden > 0 { format!("{hidden} more lines · ") } else { String::new() };
        out.push_str(&format!("{more}q quits"));
        write(&out)
    }

    /// Waits for a key, no longer than this. Says whether it means that the watching is over, or somebody told the program to
    /// end.
    pub fn quits_within(&self, length: Duration) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let stdin = io::stdin();
        let mut keys = [PollFd::new(&stdin, PollFlags::IN)];
        let timeout = Timespec { tv_sec: length.as_secs().try_into().unwrap_or(1), tv_nsec: 0 };
        match poll(&mut keys, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(self.is_told()),
            Ok(_) if self.is_told() => return Ok(true),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut typed = [0_u8; 64];
        let count = rustix::io::read(&stdin, &mut typed)?;
        // No key at all: the terminal has gone. In raw mode Ctrl-C and Ctrl-D are keys like others.
        Ok(count == 0 || typed[..count].iter().any(|key| matches!(key, b'q' | b'Q' | 3 | 4)))
    }

    fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
impl Drop for Screen {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Where the terminal has gone, there is nothing to give back and nobody to tell.
        let _ = write("\u{1b}[?25h\u{1b}[?1049l");
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(unix)]
fn write(text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A terminal that can't be taken.
#[cfg(not(unix))]
pub struct Screen;

#[cfg(not(unix))]
impl Screen {
    /// Fails: this system's terminals are not known here.
    pub fn open() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
    /// Does nothing.
    pub fn draw(&self, _: &str, _: usize) -> io::Result<()> {
        Ok(())
    }
    /// It is over.
    pub fn quits_within(&self, _: Duration) -> io::Result<bool> {
        Ok(true)
    }
}
