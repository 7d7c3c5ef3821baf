//! The platform tags that PyPI takes.
//!
//! Source: warehouse/forklift/legacy.py with PEP 513, 571, 599, 600, 656, 730, 738, 783. No tag says that a wheel
//! really runs there: that is for auditwheel and its like.

/// Tags that are taken as they are.
const PLAIN: [&str; 18] = [
    "any",
    "win32",
    "win_amd64",
    "win_arm64",
    "win_ia64",
    "linux_armv6l",
    "linux_armv7l",
    "manylinux1_i686",
    "manylinux1_x86_64",
    "manylinux2010_i686",
    "manylinux2010_x86_64",
    "manylinux2014_aarch64",
    "manylinux2014_armv7l",
    "manylinux2014_i686",
    "manylinux2014_ppc64",
    "manylinux2014_ppc64le",
    "manylinux2014_s390x",
    "manylinux2014_x86_64",
];

/// Tags of a name, so many numbers, and a machine.
const NUMBERED: [(&str, usize, &[&str]); 6] = [
    (
        "manylinux",
        2,
        &["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "ppc64"],
    ),
    ("musllinux", 2, &["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"]),
    (
        "macosx",
        2,
        &[
            "x86_64",
            "arm64",
            "universal2",
            "universal",
            "intel",
            "i386",
            "fat",
            "fat3",
            "fat64",
            "ppc",
            "ppc64",
        ],
    ),
    (
        "ios",
        2,
        &["arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphoneos", "x86_64_iphonesimulator"],
    ),
    ("android", 1, &["armeabi_v7a", "arm64_v8a", "x86", "x86_64"]),
    ("pyemscripten", 2, &["wasm32"]),
];

/// Releases of macOS after the 10th series, which have no second number of their own.
const MACOS: [&str; 6] = ["11", "12", "13", "14", "15", "26"];

/// Whether PyPI takes wheels for this platform.
pub(super) fn is_taken(tag: &str) -> bool {
    PLAIN.contains(&tag)
        || NUMBERED.iter().any(|(name, count, machines)| numbered(tag, name, *count, machines))
}

fn numbered(tag: &str, name: &str, count: usize, machines: &[&str]) -> bool {
    let Some(rest) = tag.strip_prefix(name).and_then(|rest| rest.strip_prefix('_')) else {
        return false;
    };
    let parts: Vec<&str> = rest.splitn(count + 1, '_').collect();
    let Some((machine, numbers)) = parts.split_last() else { return false };
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = match (name, numbers) {
        ("macosx", [series, second]) => *series == "10" || MACOS.contains(series) && *second == "0",
        _ => true,
    };
    numbers.len() == count && numbers.iter().all(digits) && known && machines.contains(machine)
}

#[cfg(test)]
mod tests {
    use super::is_taken;

    #[test]
    fn tags_that_pypi_takes_and_some_that_it_does_not() {
        let taken = [
            "any",
            "win_amd64",
            "linux_armv7l",
            "manylinux2014_x86_64",
            "manylinux_2_17_x86_64",
            "manylinux_2_31_riscv64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_x86_64",
            "macosx_11_0_arm64",
            "macosx_26_0_universal2",
            "ios_13_0_arm64_iphoneos",
            "android_21_arm64_v8a",
            "pyemscripten_2025_0_wasm32",
        ];
        let refused = [
            "linux_x86_64",
            "linux_aarch64",
            "manylinux_2_17",
            "manylinux_2_x86_64",
            "musllinux_1_2_ppc64",
            "macosx_11_1_arm64",
            "macosx_16_0_arm64",
            "macosx_10_9_arm",
            "ios_13_0_arm64",
            "android_21_mips",
            "win_x86_64",
            "ANY",
            "",
        ];
        assert_eq!(taken.into_iter().find(|tag| !is_taken(tag)), None);
        assert_eq!(refused.into_iter().find(|tag| is_taken(tag)), None);
    }
}
