//! What to do about refusals: tables of words that a service says, each with the cure.

/// Words of reasons, with what to do; the first row whose words are said counts.
pub(super) type Cures = &'static [(&'static str, &'static str)];

/// What to do about a reason, if a row knows it.
pub(super) fn of(cures: Cures, reason: &str) -> Option<&'static str> {
    cures.iter().find(|(words, _)| reason.contains(words)).map(|(_, cure)| *cure)
}

/// Each row counts: none has words that an earlier one finds too.
#[cfg(test)]
pub(super) fn each_counts<'a>(words: impl IntoIterator<Item = &'a str>) {
    let words: Vec<&str> = words.into_iter().collect();
    for (at, one) in words.iter().enumerate() {
        let first = words.iter().position(|other| one.contains(other));
        assert_eq!(first, Some(at), "`{one}` is never reached");
    }
}
