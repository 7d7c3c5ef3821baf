//! Which names a new project may have.
//!
//! The check for names that resemble popular ones is not modelled: the server makes it after the fact.
//! Turned down: the modules of all Python versions ever; those of a current one are what a project
//! collides with.

use super::catalog::Catalog;
use super::filename::{is_project_name, normalised};
use super::refusal::{Checked, Refusal, bad, quoted};
use super::rules;

/// Checks the name of a project that is about to be made.
pub(super) fn check(catalog: &Catalog, prohibited: &[String], name: &str) -> Checked {
    let shown = quoted(name);
    let help = format!("See {}#project-name for more information.", rules::HELP);
    let normal = normalised(name);
    if !is_project_name(name) {
        return bad(format!("The name {shown} is invalid."), rules::NEW_NAME);
    }
    if MODULES.split_whitespace().any(|module| normalised(module.trim_matches('_')) == normal) {
        return bad(
            format!(
                "The name {shown} isn't allowed (conflict with Python Standard Library module name). {help}"
            ),
            rules::NEW_NAME,
        );
    }
    if catalog.project(name).is_some() {
        let text = format!("The name {shown} conflicts with an existing project. {help}");
        return Err(Refusal::new(409, text, rules::NEW_NAME));
    }
    if prohibited.contains(&normal) {
        return bad(format!("The name {shown} isn't allowed. {help}"), rules::NEW_NAME);
    }
    let same = confusable(name);
    if catalog.projects().any(|(other, _)| confusable(other) == same) {
        return bad(
            format!("The name {shown} is too similar to an existing project. {help}"),
            rules::NEW_NAME,
        );
    }
    Ok(())
}

/// A name without separators and with letters that look alike made equal.
pub(super) fn confusable(name: &str) -> String {
    let bare = name.chars().filter(|c| !matches!(c, '.' | '_' | '-'));
    let alike = bare.map(|c| match c.to_ascii_lowercase() {
        'l' | 'i' => '1',
        'o' => '0',
        other => other,
    });
    alike.collect()
}

/// Top-level modules of Python's library.
const MODULES: &str = "\
    abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb \
    binascii bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop \
    collections colorsys compileall compression concurrent configparser contextlib contextvars copy \
    copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest \
    email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch formatter \
    fractions ftplib functools __future__ gc genericpath getopt getpass gettext glob graphlib grp gzip \
    hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools \
    json keyword lib2to3 linecache locale logging lzma mailbox mailcap __main__ marshal math mimetypes \
    mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers \
    opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil \
    platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc \
    pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched \
    secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver \
    spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct \
    subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios \
    test textwrap this threading time timeit tkinter token tokenize tomllib trace traceback \
    tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings \
    wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib \
    zoneinfo";
