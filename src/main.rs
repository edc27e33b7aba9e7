//! Arguments → `cli`.

fn main() -> std::process::ExitCode {
    one_arena();
    rollcall::cli::main()
}

/// glibc gives every thread its own heap, and what one has let go of is of no use to another. One heap for all costs
/// nothing here (each thread keeps a small stock) and saves some 5 MiB with a thousand deployments: see
/// `benches/README.md`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn one_arena() {
    // SAFETY: called before any other thread is there; it sets a number.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn one_arena() {}
