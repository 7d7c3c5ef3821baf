//! The platform tags of wheels that the index takes.
//!
//! No tag is parsed further than that needs. Turned down: one regular expression, which nobody could
//! compare with the specifications of the platforms.

/// Tags without a pattern.
const FIXED: &[&str] = &[
    "any",
    "win32",
    "win_arm64",
    "win_amd64",
    "win_ia64",
    "manylinux1_x86_64",
    "manylinux1_i686",
    "manylinux2010_x86_64",
    "manylinux2010_i686",
    "manylinux2014_x86_64",
    "manylinux2014_i686",
    "manylinux2014_aarch64",
    "manylinux2014_armv7l",
    "manylinux2014_ppc64",
    "manylinux2014_ppc64le",
    "manylinux2014_s390x",
    "linux_armv6l",
    "linux_armv7l",
];

const MACOS: &[&str] = &[
    "ppc",
    "ppc64",
    "i386",
    "x86_64",
    "arm64",
    "intel",
    "fat",
    "fat3",
    "fat64",
    "universal",
    "universal2",
];

/// Architectures that glibc and musl share.
const LINUX: &[&str] = &["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"];

/// Whether a wheel may carry this platform tag.
pub(super) fn is_allowed(tag: &str) -> bool {
    FIXED.contains(&tag)
        || numbered(tag, "macosx_", 2).is_some_and(|(numbers, arch)| {
            let series = ["11", "12", "13", "14", "15", "26"];
            let known = numbers[0] == "10" || series.contains(&numbers[0]) && numbers[1] == "0";
            known && MACOS.contains(&arch)
        })
        || numbered(tag, "manylinux_", 2)
            .is_some_and(|(_, arch)| arch == "ppc64" || LINUX.contains(&arch))
        || numbered(tag, "musllinux_", 2).is_some_and(|(_, arch)| LINUX.contains(&arch))
        || numbered(tag, "ios_", 2).is_some_and(|(_, rest)| {
            rest.strip_suffix("_iphoneos")
                .or_else(|| rest.strip_suffix("_iphonesimulator"))
                .is_some_and(|arch| matches!(arch, "arm64" | "x86_64"))
        })
        || numbered(tag, "android_", 1)
            .is_some_and(|(_, arch)| matches!(arch, "armeabi_v7a" | "arm64_v8a" | "x86" | "x86_64"))
        || numbered(tag, "pyemscripten_", 2).is_some_and(|(_, rest)| rest.starts_with("wasm32"))
}

/// The numbers after `prefix` and what follows them.
fn numbered<'a>(tag: &'a str, prefix: &str, count: usize) -> Option<(Vec<&'a str>, &'a str)> {
    let mut parts = tag.strip_prefix(prefix)?.splitn(count + 1, '_');
    let numbers: Vec<&str> = parts.by_ref().take(count).collect();
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let rest = parts.next()?;
    numbers.iter().all(digits).then_some((numbers, rest))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn tags_of_released_platforms_pass_and_local_ones_do_not() {
        for tag in [
            "any",
            "win_amd64",
            "manylinux_2_17_x86_64",
            "manylinux_2_17_ppc64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_universal2",
            "macosx_26_0_arm64",
            "ios_13_0_arm64_iphoneos",
            "android_21_arm64_v8a",
            "pyemscripten_2025_0_wasm32",
        ] {
            assert!(is_allowed(tag), "{tag}");
        }
        for tag in [
            "linux_x86_64",
            "macosx_11_1_arm64",
            "macosx_16_0_arm64",
            "musllinux_1_2_ppc64",
            "manylinux_x_17_x86_64",
            "ios_13_0_arm64_watch",
            "android_21_mips",
            "emscripten_3_1_wasm32",
        ] {
            assert!(!is_allowed(tag), "{tag}");
        }
    }
}
