//! The program: run, and the exit status.

fn main() {}
