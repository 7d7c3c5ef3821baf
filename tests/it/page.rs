//! The page of a plan, and what came between a plan and its moment; in the rehearsal's world.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use expect_test::expect;
use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::crates::{self, ApiToken, Registry};
use rel::rehearse::http::{Request, Response};
use rel::rehearse::oidc::{Identity, Issuer};
use rel::rehearse::pypi::{Index, Settings};
use rel::rehearse::wire::Proxy;
use rel::rehearse::world::World;

use crate::project::{Project, Ran};
use crate::refusals::{dists, packages};

/// Making keys takes long: all tests share them.
static AUTHORITY: LazyLock<Arc<Authority>> = LazyLock::new(|| Arc::new(Authority::new().unwrap()));
static ISSUER: LazyLock<Issuer> = LazyLock::new(|| {
    let text = |text: &str| text.to_owned();
    let identity = Identity {
        repository: text("acme/time-piece"),
        workflow: text("release.yml"),
        environment: None,
        reference: text("refs/tags/v1.0"),
        sha: "0".repeat(40),
        event: text("push"),
        visibility: text("public"),
    };
    let github = Endpoints::default().github;
    Issuer::new(&github.issuer, &github.web, "runner", identity).unwrap()
});

const RELEASEFILE: &str = r#"
    guard("tag", "warn");
    task("build").run(|t| sh("cp dist/* {}", t.out));
    task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
"#;

/// The token of an account of crates.io.
const CRATES_TOKEN: &str = "cioGood";

/// A project that publishes a version of a crate, with one more file.
fn of_crate(version: &str, more: &str) -> Project {
    let project = Project::new(
        r#"
        task("build").run(|t| sh("cp dist/* {}", t.out));
        task("publish").needs("build").effects("crates").run(|t| crates::publish(t.artifacts("build")));
        "#,
    );
    let manifest = packages::manifest(packages::NAME, version, "");
    let file = tar::EntryType::Regular;
    let members =
        [("Cargo.toml", file, manifest.as_str()), ("src/lib.rs", file, ""), (more, file, "x")];
    let (name, bytes) = packages::with(&format!("{}-{version}", packages::NAME), &members);
    std::fs::create_dir(project.root().join("dist")).unwrap();
    std::fs::write(project.root().join("dist").join(name), bytes).unwrap();
    project.env("CARGO_REGISTRY_TOKEN", CRATES_TOKEN).git()
}

/// A wheel of a version, with more members.
fn wheel(version: &str, more: &[(&str, usize)]) -> dists::File {
    let name = format!("time_piece-{version}-py3-none-any.whl");
    let mut members = dists::members(&name, "");
    members.extend(more.iter().map(|(name, size)| ((*name).to_owned(), "x".repeat(*size))));
    let bytes = dists::zip(&members);
    (name, bytes)
}

/// A project that publishes a wheel of version 1.0.
fn project(more: &[(&str, usize)]) -> Project {
    let project = Project::new(RELEASEFILE);
    let (name, bytes) = wheel("1.0", more);
    std::fs::create_dir(project.root().join("dist")).unwrap();
    std::fs::write(project.root().join("dist").join(name), bytes).unwrap();
    project.env("PYPI_TOKEN", "pypi-good").git()
}

/// A PyPI and a crates.io, and the way to them.
struct Pypi {
    index: Arc<Mutex<Index>>,
    asked: Arc<Mutex<Vec<String>>>,
    proxy: Proxy,
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

impl Pypi {
    fn start() -> Self {
        Self::start_with(|_| None)
    }

    /// With another answer to some requests.
    fn start_with(instead: fn(&Request) -> Option<Response>) -> Self {
        let mut index = Index::new(Settings {
            name: "pypi".into(),
            base: "https://pypi.org".into(),
            docs: Endpoints::default().docs,
            issuer: ISSUER.verifier(),
            attest: Box::new(|_| Ok(())),
        });
        index.add_token("pypi-good", None);
        let index = Arc::new(Mutex::new(index));
        let mut world = World::new([], [], Box::new(|_| None), Box::new(now));
        for host in ["pypi.org", "upload.pypi.org", "files.pythonhosted.org"] {
            world.serve(host, index.clone());
        }
        let addresses = Endpoints::default().crates;
        let mut registry = Registry::new(crates::Settings {
            api: addresses.api,
            index: addresses.index,
            downloads: addresses.downloads,
            audience: "crates.io".into(),
            issuer: ISSUER.verifier(),
        });
        let (secret, user) = (CRATES_TOKEN.to_owned(), "acme".to_owned());
        registry.add_token(ApiToken { secret, user, scopes: None, crates: Vec::new() });
        let registry = Arc::new(Mutex::new(registry));
        for host in ["crates.io", "index.crates.io", "static.crates.io"] {
            world.serve(host, registry.clone());
        }
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = asked.clone();
        let answerer = Arc::new(move |request: Request| {
            let line = format!("{} {}{}", request.method, request.host, request.path);
            let login =
                if request.header("authorization").is_some() { " with a login" } else { "" };
            noted.lock().unwrap().push(line + login);
            instead(&request).unwrap_or_else(|| world.answer(&request))
        });
        let proxy = Proxy::start(AUTHORITY.clone(), answerer).unwrap();
        Self { index, asked, proxy }
    }

    /// Somebody uploads a wheel.
    fn gets(&self, version: &str, more: &[(&str, usize)]) {
        let (name, bytes) = wheel(version, more);
        let mut index = self.index.lock().unwrap();
        index.add_file("time-piece", version, &name, &bytes, now()).unwrap();
    }

    /// Runs rel where this is PyPI.
    fn rel(&self, project: &Project, line: &str) -> Ran {
        let (term, captured) = Term::captured();
        let env = Env::new(project.variables());
        let mut host = Host::new(project.root(), env, Endpoints::default(), term);
        host.program = Some(PathBuf::from(env!("CARGO_BIN_EXE_rel")));
        let proxy = format!("http://{}", self.proxy.address);
        host.way = Some(Way { proxy, authority: AUTHORITY.pem(), ..Way::default() });
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let code = rel::run(&words, host).0;
        Ran { code: code.into(), out: captured.out(), err: captured.err() }
    }

    fn uploads(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| !line.starts_with("GET ")).count()
    }
}

/// The page without what differs from commit to commit.
fn steady(page: &str) -> String {
    let line = |line: &str| {
        let start = line.split_whitespace().next().unwrap_or_default();
        match start {
            "commit" if line.len() > 40 => "  commit       [commit]".to_owned(),
            "made" => "  made         [when]".to_owned(),
            "Releasefile" => "  Releasefile  [digest]".to_owned(),
            _ => line.to_owned(),
        }
    };
    page.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_page_tells_what_goes_where_what_is_in_it_and_what_is_new() {
    let pypi = Pypi::start();
    let project = project(&[("tests/big.bin", 5000), ("\u{1b}[31m<b>|.py", 7)]).tag("v1.0");
    pypi.gets("0.9", &[("tests/big.bin", 300), ("old.py", 1)]);
    pypi.gets("1.1", &[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    let before = pypi.asked.lock().unwrap().len();
    let offline = pypi.rel(&project, "show ../plan.json").code(0);
    assert_eq!(pypi.asked.lock().unwrap().len(), before, "without --online nobody is asked");
    let online = pypi.rel(&project, "show ../plan.json --online").code(0);
    assert!(online.out.starts_with(offline.out.trim_end()), "{}", online.out);
    let asked = pypi.asked.lock().unwrap()[before..].to_vec();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked.iter().all(|line| line.starts_with("GET ") && !line.contains("login")),
        "{asked:?}"
    );
    expect![[r#"
        plan
          goals        publish
          commit       [commit]
          tags         v1.0
          made         [when]
          Releasefile  [digest]

        what goes where
          effect  place  what                             size    sha256        then on the remote
          upload  pypi   time_piece-1.0-py3-none-any.whl  5.9 kB  10d5e00b58cf  not there yet

        addresses
          pypi  https://upload.pypi.org/legacy/

        versions there that are not older
          pypi  1.1

        guards, when the plan was made
          commit       held
          clean-tree   held
          credentials  held
          version      held
          notes        held
          tag          held

        time_piece-1.0-py3-none-any.whl: 6 files, 5.2 kB unpacked
          sha256 10d5e00b58cf2df54227151c3de4690f6bb412bc1fcbb0b6f9dae26c67910e4d
                7 B  \u{1b}[31m<b>|.py
             5.0 kB  tests/big.bin
               52 B  time_piece-1.0.dist-info/METADATA
               50 B  time_piece-1.0.dist-info/RECORD
               75 B  time_piece-1.0.dist-info/WHEEL
                6 B  time_piece.py
          since time_piece-0.9-py3-none-any.whl:
            new                 7 B  \u{1b}[31m<b>|.py
            gone                1 B  old.py
            grown   300 B -> 5.0 kB  tests/big.bin

    "#]]
    .assert_eq(&steady(&online.out));
}

#[test]
fn the_page_is_drawn_without_running_the_releasefile_and_without_the_files() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    project.write("Releasefile", "this is no Releasefile");
    pypi.rel(&project, "show ../plan.json").code(0).says("time_piece.py");
    std::fs::remove_dir_all(project.state().join("store")).unwrap();
    pypi.rel(&project, "show ../plan.json")
        .code(0)
        .says("time_piece-1.0-py3-none-any.whl: not on this machine: ")
        .says("is gone from the store");
    std::fs::remove_file(project.root().join("Releasefile")).unwrap();
    pypi.rel(&project, "show ../plan.json").code(0).says("no project is here").says("upload");
}

#[test]
fn files_of_an_earlier_release_may_be_given() {
    let pypi = Pypi::start();
    let project = project(&[("new.py", 3)]);
    let (name, bytes) = wheel("0.8", &[]);
    project.write("../old/note.txt", "");
    std::fs::write(project.root().join("../old").join(&name), bytes).unwrap();
    std::fs::write(project.root().join("../old/time_piece-0.9.tar.gz"), "no archive").unwrap();
    pypi.rel(&project, "run publish -o ../plan.json --offline").code(0);
    let line = format!("show ../plan.json --against ../old/time_piece-0.9.tar.gz ../old/{name}");
    pypi.rel(&project, &line)
        .code(0)
        .says("not looked")
        .says("since time_piece-0.8-py3-none-any.whl:\n    new     3 B  new.py\n");
    pypi.rel(&project, "show ../plan.json --against ../old/time_piece-0.9.tar.gz")
        .code(0)
        .says("no file of an earlier release to compare with");
    pypi.rel(&project, "show ../plan.json --against ../old/none.whl")
        .code(2)
        .says("there is no file ../old/none.whl");
    pypi.rel(&project, "show publish --markdown").code(2).says("`publish` is no file of a plan");
    project.write("other.json", "{}");
    pypi.rel(&project, "show other.json").code(2).says("this is no plan");
}

#[test]
fn the_page_is_markdown_for_a_job_summary() {
    let pypi = Pypi::start();
    let project = project(&[("</pre>|`x`.py", 7)]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    let page = pypi.rel(&project, "show ../plan.json --markdown").code(0);
    let page = page
        .says("### plan of publish\n")
        .says("| upload | pypi | time&#95;piece&#45;1&#46;0&#45;py3&#45;none&#45;any&#46;whl |")
        .says("| tag | warned | HEAD carries no tag ")
        .says("7 B  &#60;/pre&#62;|`x`.py\n");
    assert_eq!(page.out.matches("</pre>").count(), 1, "{}", page.out);
}

#[test]
fn a_plan_is_applied_in_the_world_and_again_without_sending_twice() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.gets("0.9", &[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    pypi.gets("0.9.1", &[]);
    pypi.rel(&project, "apply ../plan.json --yes").code(0).says("proven");
    assert_eq!(pypi.uploads(), 1, "an older version is no obstacle");
    std::fs::remove_dir_all(project.state().join("ledger")).unwrap();
    pypi.rel(&project, "apply ../plan.json --yes").code(0).says("nothing had to be sent");
    assert_eq!(pypi.uploads(), 1, "the plan's own file is known without a ledger");
}

#[test]
fn a_plan_is_stale_once_somebody_else_has_released() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    pypi.gets("1.2", &[]);
    let ran = pypi.rel(&project, "apply ../plan.json --yes").code(3);
    ran.says("the plan is stale: pypi now has time-piece 1.2").says("was not there when");
    assert_eq!(pypi.uploads(), 0);
    // Whoever makes the plan anew has seen it.
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    pypi.rel(&project, "apply ../plan.json --yes").code(0).says("proven");
}

#[test]
fn another_file_of_the_same_version_makes_a_plan_stale_too() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    let name = "time_piece-1.0-py2-none-any.whl";
    let bytes = dists::named(name, "").1;
    pypi.index.lock().unwrap().add_file("time-piece", "1.0", name, &bytes, now()).unwrap();
    let ran = pypi.rel(&project, "apply ../plan.json --yes").code(3);
    ran.says("the plan is stale: pypi now has time-piece 1.0");
    assert_eq!(pypi.uploads(), 0);
}

#[test]
fn where_nobody_had_looked_nothing_is_stale() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.rel(&project, "run publish -o ../plan.json --offline").code(0);
    pypi.gets("1.2", &[]);
    pypi.rel(&project, "apply ../plan.json --yes").code(0).says("proven");
}

#[test]
fn a_plan_that_was_changed_is_neither_shown_nor_applied() {
    let pypi = Pypi::start();
    let project = project(&[]);
    pypi.rel(&project, "run publish -o ../plan.json").code(0);
    let path = project.root().join("../plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write(&text.replace("https://upload.pypi.org/legacy/", "https://elsewhere.example/"));
    for line in ["show ../plan.json", "apply ../plan.json --yes"] {
        pypi.rel(&project, line).code(2).says("this plan was changed after it was made");
    }
    // What a key does not tell is compared when the plan is applied.
    write(&text.replace("\"version\": \"1.0\"", "\"version\": \"0.1\""));
    pypi.rel(&project, "apply ../plan.json --yes").code(3).says("no longer the same as then");
    write(&text.replace("\"v\": 2", "\"v\": 1"));
    pypi.rel(&project, "apply ../plan.json --yes").code(2).says("format 1");
    assert_eq!(pypi.uploads(), 0);
}

#[test]
fn a_crate_is_compared_with_the_one_before_and_a_newer_one_makes_its_plan_stale() {
    let services = Pypi::start();
    let publish = |version: &str, more: &str| {
        let project = of_crate(version, more);
        services.rel(&project, "publish --live --yes").code(0).says("proven");
    };
    publish("0.9.0", "src/old.rs");
    let project = of_crate("0.10.0", "src/new.rs");
    let before = services.asked.lock().unwrap().len();
    services.rel(&project, "run publish -o ../plan.json").code(0);
    let asked = services.asked.lock().unwrap()[before..].to_vec();
    assert_eq!(asked, ["GET index.crates.io/ti/me/time-piece"], "each crate is asked for once");
    services.rel(&project, "show ../plan.json --online").code(0).says(
        "since time-piece-0.9.0.crate:\n    new     1 B  src/new.rs\n    gone    1 B  src/old.rs\n",
    );
    publish("0.11.0-rc.1", "src/rc.rs");
    let sent = services.uploads();
    let ran = services.rel(&project, "apply ../plan.json --yes").code(3);
    ran.says("the plan is stale: crates now has time-piece 0.11.0-rc.1");
    assert_eq!(services.uploads(), sent);
}

#[test]
fn an_earlier_file_that_cannot_be_had_or_is_another_one_is_said_and_no_error() {
    let files = |answer: fn(&Request) -> Option<Response>| {
        let pypi = Pypi::start_with(answer);
        pypi.gets("0.9", &[]);
        let project = project(&[]);
        pypi.rel(&project, "run publish -o ../plan.json --offline").code(0);
        pypi.rel(&project, "show ../plan.json --online").code(0)
    };
    files(|request| request.path.ends_with(".whl").then(|| Response::text(200, "other bytes")))
        .says("not compared: time_piece-0.9-py3-none-any.whl came with other bytes");
    files(|request| (request.host == "pypi.org").then(|| Response::text(500, "down")))
        .says("not compared: https://pypi.org/simple/time-piece/ answered 500");
    files(|request| (request.host == "pypi.org").then(|| Response::text(404, "")))
        .says("no file of an earlier release to compare with");
}
