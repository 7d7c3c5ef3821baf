//! Questions, asked and answered on a real terminal (a pseudo terminal of Python's).

use std::path::Path;
use std::process::Command;

use crate::project::{Project, Ran};

/// `python3 -c TYPIST CWD STEPS REL WORDS…`: starts rel on a terminal; for each step waits until
/// the text is on the screen, then types. Ends as rel does, with the screen on its output.
const TYPIST: &str = r#"
import json, os, pty, sys
cwd, steps, argv = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.chdir(cwd)
    os.execv(argv[0], argv)
screen, seen = b"", 0
def read():
    global screen
    try:
        data = os.read(fd, 4096)
    except OSError:
        return False
    screen += data
    return bool(data)
for wanted, keys in steps:
    while wanted.encode() not in screen[seen:] and read():
        pass
    seen = len(screen)
    os.write(fd, keys.encode())
while read():
    pass
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
"#;

fn typed(project: &Project, line: &str, steps: &[(&str, &str)]) -> Ran {
    typed_to(&project.command(line), &project.root(), steps)
}

/// The same for a command that is ready to be started in a folder.
pub fn typed_to(rel: &Command, folder: &Path, steps: &[(&str, &str)]) -> Ran {
    let mut typist = Command::new("python3");
    typist.args(["-c", TYPIST]).arg(folder).arg(serde_json::to_string(steps).unwrap());
    typist.arg(rel.get_program()).args(rel.get_args()).env_clear();
    typist.envs(rel.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = typist.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn project() -> Project {
    Project::new(
        r#"task("t").effects("command").confirm("Really?").run(|| remote("touch ../sent"));"#,
    )
    .git()
}

#[test]
fn a_yes_to_each_question_sends() {
    let project = project();
    let ran = typed(
        &project,
        "t --live",
        &[("Send 1 effect to command? [y/N]", "y\n"), ("t: Really? [y/N]", "yes\n")],
    );
    ran.code(0).says("sent now");
    assert!(project.root().join("../sent").exists());
}

#[test]
fn anything_else_sends_nothing() {
    for (first, second) in [("\n", ""), ("n\n", ""), ("y\n", "no\n"), ("y\n", "\u{4}")] {
        let project = project();
        let steps = [("? [y/N]", first), ("Really? [y/N]", second)];
        let steps = if second.is_empty() { &steps[..1] } else { &steps[..] };
        typed(&project, "t --live", steps).code(3).says("this run sent nothing");
        assert!(!project.root().join("../sent").exists());
    }
}

#[test]
fn ctrl_c_at_a_question_ends_the_run() {
    let project = project();
    typed(&project, "t --live", &[("? [y/N]", "\u{3}")]).code(130).says("stopped at a question");
    typed(&project, "t --live", &[("? [y/N]", "y\n"), ("Really? [y/N]", "\u{3}")]).code(130);
    assert!(!project.root().join("../sent").exists());
}
