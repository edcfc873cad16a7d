//! Which instructions this process uses: chosen once, by the machine or by `CISTRON_INSTRUCTIONS`.

use std::sync::OnceLock;

/// A set of instructions that the kernels are compiled for, from the least to the most capable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstructionSet {
    /// What every processor of this architecture has.
    Portable,
    /// 256-bit registers with fused multiply-add.
    Avx2,
    /// 512-bit registers.
    Avx512,
}

impl InstructionSet {
    const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn is_available(self) -> bool {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma");
        match self {
            Self::Portable => true,
            Self::Avx2 => avx2,
            Self::Avx512 => avx2 && has!("avx512f") && has!("avx512vl") && has!("avx512dq"),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn is_available(self) -> bool {
        self == Self::Portable
    }

    fn best() -> Self {
        *Self::ALL.iter().rfind(|s| s.is_available()).unwrap_or(&Self::Portable)
    }

    /// The set that a wish asks for, and what to say where the wish can't be met.
    fn wished(wish: Option<&str>) -> (Self, Option<String>) {
        let best = Self::best();
        let Some(wish) = wish else { return (best, None) };
        let known = || {
            Self::ALL
                .iter()
                .filter(|s| s.is_available())
                .map(|s| s.name())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match Self::ALL.iter().find(|s| s.name() == wish) {
            Some(set) if set.is_available() => (*set, None),
            Some(_) => {
                let found = format!("CISTRON_INSTRUCTIONS is `{wish}`, which this machine does not have");
                (best, Some(format!("{found}: using {} (it has {})", best.name(), known())))
            }
            None => {
                let found = format!("CISTRON_INSTRUCTIONS is `{wish}`, expected one of {}", known());
                (best, Some(format!("{found}: using {}", best.name())))
            }
        }
    }
}

/// The set of this process.
pub(crate) fn chosen() -> InstructionSet {
    static CHOSEN: OnceLock<InstructionSet> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let wish = std::env::var("CISTRON_INSTRUCTIONS").ok().filter(|w| !w.is_empty());
        let (set, message) = InstructionSet::wished(wish.as_deref());
        if let Some(message) = message {
            eprintln!("{message}");
        }
        set
    })
}

/// The instruction set that operations use: `avx512`, `avx2` or `portable`.
///
/// It is the best that the machine has, or the one that the environment variable `CISTRON_INSTRUCTIONS` names; a name that
/// is unknown or not available is reported once on standard error and passed over. Results of different sets differ in
/// the last digits.
pub fn instructions() -> &'static str {
    chosen().name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_that_cannot_be_met_are_reported() {
        let best = InstructionSet::best();
        assert_eq!(InstructionSet::wished(None), (best, None));
        assert_eq!(InstructionSet::wished(Some("portable")), (InstructionSet::Portable, None));
        let (set, message) = InstructionSet::wished(Some("avx3"));
        let message = message.expect("a word about it");
        assert_eq!(set, best);
        assert!(
            message.starts_with("CISTRON_INSTRUCTIONS is `avx3`, expected one of portable"),
            "{message}"
        );
    }

    #[test]
    fn every_set_goes_through_the_harness() {
        if std::env::var_os("CISTRON_INSTRUCTIONS").is_some() {
            println!("skipped: a set is chosen already");
            return;
        }
        for set in InstructionSet::ALL.into_iter().filter(|s| s.is_available() && *s != chosen()) {
            let program = std::env::current_exe().expect("this program");
            let run = std::process::Command::new(program)
                .args(["every_operation_agrees", "products_of_all_layouts", "the_set_of_this_process"])
                .env("CISTRON_INSTRUCTIONS", set.name())
                .env("CISTRON_TEST_SET", set.name())
                .output()
                .expect("runs");
            let output = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && output.contains("3 passed"), "{set:?}: {output}");
        }
    }

    #[test]
    fn the_set_of_this_process_is_the_one_wished_for() {
        if let Ok(name) = std::env::var("CISTRON_TEST_SET") {
            assert_eq!(instructions(), name);
        }
    }
}
