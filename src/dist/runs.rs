//! Whether a wheel runs with an interpreter, by the tags in its name.
//!
//! The interpreter tells itself what it is; the rules are those of PEP 425, 513, 600, 656 and 703, as
//! `packaging.tags` has them, which judges this in the tests. Nothing is installed. Turned down: asking pip, which
//! not every interpreter has; the machine alone, which does not know whose libc an interpreter was linked with.

use super::filename::{self, Kind};

/// What an interpreter is asked; it prints JSON.
pub const QUESTION: &str = "import json, platform, sys, sysconfig
print(json.dumps(dict(
    name=sys.implementation.name, version=sys.version_info[:2], flags=getattr(sys, 'abiflags', ''),
    platform=sysconfig.get_platform(), machine=platform.machine(), wide=sys.maxsize > 2**32,
    libc=platform.libc_ver(), macos=platform.mac_ver()[0])))";

/// Tags with the glibc that they stand for.
const NAMED: [(&str, [u64; 2]); 3] =
    [("manylinux1", [2, 5]), ("manylinux2010", [2, 12]), ("manylinux2014", [2, 17])];
/// What macOS calls itself to programs that were built for older ones.
const MASKED: [u64; 2] = [10, 16];
/// Machines of macOS, with the machines in tags that run there.
const MACOS: [(&str, &[&str]); 2] = [
    ("arm64", &["arm64", "universal2"]),
    ("x86_64", &["x86_64", "universal2", "universal", "intel", "fat64", "fat3"]),
];

/// An interpreter.
#[derive(Debug, serde::Deserialize)]
pub struct Interpreter {
    name: String,
    version: [u64; 2],
    /// As they stand behind the version in its ABI: `t` for one without the global lock.
    flags: String,
    platform: String,
    machine: String,
    /// Whether it has 64 bits.
    wide: bool,
    /// Its name and version; of musl mostly nothing is told.
    libc: [String; 2],
    macos: String,
}

impl Interpreter {
    /// Reads the answer to [`QUESTION`].
    pub fn read(answer: &str) -> Option<Self> {
        serde_json::from_str(answer).ok()
    }

    /// Whether the file of this name is a wheel that runs with it.
    pub fn runs(&self, file: &str) -> bool {
        if !filename::parse(file).is_ok_and(|dist| dist.kind == Kind::Wheel) {
            return false;
        }
        let tags = file.trim_end_matches(".whl").rsplitn(4, '-').take(3);
        let tags: Vec<Vec<&str>> = tags.map(|tag| tag.split('.').collect()).collect();
        let [platforms, abis, pythons] = tags.as_slice() else { return false };
        platforms.iter().any(|platform| match *platform {
            "any" => abis.contains(&"none") && pythons.iter().any(|tag| self.speaks(tag, "none")),
            platform => {
                let speaks = |abi: &&str| pythons.iter().any(|tag| self.speaks(tag, abi));
                abis.iter().any(speaks) && self.stands_on(platform)
            }
        })
    }

    /// Whether it takes an ABI of a Python.
    fn speaks(&self, python: &str, abi: &str) -> bool {
        let [major, own] = self.version;
        let minor = |name: &str| -> Option<u64> {
            python.strip_prefix(name)?.strip_prefix(&major.to_string())?.parse().ok()
        };
        if python.starts_with("py") {
            let older = minor("py").is_some_and(|minor| minor <= own);
            return abi == "none" && (older || *python == format!("py{major}"));
        }
        match self.name.as_str() {
            "cpython" => match (minor("cp"), abi) {
                (Some(minor), "abi3") => minor <= own && !self.flags.contains('t'),
                (Some(minor), abi) if minor == own => {
                    abi == "none" || abi == format!("cp{major}{own}{}", self.flags)
                }
                _ => false,
            },
            "pypy" => {
                let abis = format!("pypy{major}{own}_");
                minor("pp") == Some(own) && (abi == "none" || abi.starts_with(&abis))
            }
            _ => false,
        }
    }

    /// Whether the platform of a tag is its own.
    fn stands_on(&self, platform: &str) -> bool {
        match self.platform.split('-').next() {
            Some("linux") => self.is_linux(platform),
            Some("macosx") => self.is_macos(platform),
            _ => platform == self.platform.replace(['-', '.'], "_"),
        }
    }

    fn is_linux(&self, platform: &str) -> bool {
        let machine = match (self.machine.as_str(), self.wide) {
            ("x86_64", false) => "i686",
            ("aarch64", false) => "armv7l",
            (machine, _) => machine,
        };
        let kind = platform.strip_suffix(machine).and_then(|rest| rest.strip_suffix('_'));
        let Some(kind) = kind else { return false };
        let [libc, version] = &self.libc;
        let has = |wanted: [u64; 2]| numbers(version, '.').is_some_and(|own| own >= wanted);
        if let Some((_, glibc)) = NAMED.iter().find(|(name, _)| *name == kind) {
            return libc == "glibc" && has(*glibc);
        }
        let wanted = |name: &str| numbers(kind.strip_prefix(name)?, '_');
        match (wanted("manylinux_"), wanted("musllinux_")) {
            (Some(glibc), _) => libc == "glibc" && has(glibc),
            (_, Some(musl)) => libc.is_empty() || libc == "musl" && has(musl),
            _ => kind == "linux",
        }
    }

    fn is_macos(&self, platform: &str) -> bool {
        let parts: Vec<&str> = platform.splitn(4, '_').collect();
        let ["macosx", major, minor, machine] = parts.as_slice() else { return false };
        let runs = MACOS.iter().find(|(own, _)| *own == self.machine);
        let (Ok(major), Ok(minor)) = (major.parse(), minor.parse()) else { return false };
        let own = numbers(&self.macos, '.').unwrap_or_default();
        runs.is_some_and(|(_, machines)| machines.contains(machine))
            && (own >= [major, minor] || own == MASKED)
    }
}

/// The first two numbers of a text.
fn numbers(text: &str, sign: char) -> Option<[u64; 2]> {
    let mut parts = text.split(sign).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(platform: &str, machine: &str, libc: [&str; 2], macos: &str) -> Interpreter {
        let answer = serde_json::json!({
            "name": "cpython", "version": [3, 12], "flags": "", "platform": platform,
            "machine": machine, "wide": true, "libc": libc, "macos": macos,
        });
        Interpreter::read(&answer.to_string()).unwrap()
    }

    #[test]
    fn a_wheel_runs_where_one_of_its_tags_does() {
        let glibc = interpreter("linux-x86_64", "x86_64", ["glibc", "2.28"], "");
        let musl = interpreter("linux-x86_64", "x86_64", ["", ""], "");
        let new_musl = interpreter("linux-aarch64", "aarch64", ["musl", "1.2.5"], "");
        let mac = interpreter("macosx-11.0-arm64", "arm64", ["", ""], "14.5");
        let windows = interpreter("win-amd64", "AMD64", ["", ""], "");
        let all = [&glibc, &musl, &new_musl, &mac, &windows];
        for (tags, runs) in [
            ("py3-none-any", [true; 5]),
            ("py2.py3-none-any", [true; 5]),
            ("py2-none-any", [false; 5]),
            ("cp312-abi3-any", [false; 5]),
            ("py313-none-any", [false; 5]),
            ("cp312-cp312-linux_x86_64", [true, true, false, false, false]),
            (
                "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
                [true, false, false, false, false],
            ),
            ("cp39-abi3-manylinux_2_34_x86_64", [false; 5]),
            ("cp39-cp39-manylinux1_x86_64", [false; 5]),
            ("py3-none-musllinux_1_2_x86_64", [false, true, false, false, false]),
            ("py3-none-musllinux_1_2_aarch64", [false, false, true, false, false]),
            ("py3-none-musllinux_1_3_aarch64", [false; 5]),
            ("cp312-cp312-macosx_11_0_arm64", [false, false, false, true, false]),
            ("cp312-none-macosx_10_12_universal2", [false, false, false, true, false]),
            ("cp312-cp312-macosx_15_0_arm64", [false; 5]),
            ("cp312-cp312-macosx_11_0_x86_64", [false; 5]),
            ("cp312-cp312-win_amd64", [false, false, false, false, true]),
            ("cp312-cp312t-win_amd64", [false; 5]),
        ] {
            let found = all.map(|one| one.runs(&format!("demo-1.0-{tags}.whl")));
            assert_eq!(found, runs, "{tags}");
        }
        for other in ["demo-1.0.tar.gz", "demo.whl", ""] {
            assert!(!glibc.runs(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_answer_is_no_interpreter() {
        assert!(Interpreter::read("Traceback").is_none());
    }
}
