//! Notes of a release are not longer than GitHub takes: it would say so when the files are out already.
//! (<https://docs.github.com/rest/releases/releases>: `body is too long (maximum is 125000 characters)`)

use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::model::effect::Effect;
use crate::plan::Planned;

/// The most characters.
const MOST: usize = 125_000;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    ground.effects.iter().filter_map(too_long).collect()
}

fn too_long(planned: &Planned) -> Option<Diagnostic> {
    let Effect::DraftRelease(draft) = &planned.effect else { return None };
    let length = draft.notes.as_ref()?.chars().count();
    if length <= MOST {
        return None;
    }
    let tag = &draft.at.tag;
    let wrong = Diagnostic::refused(format!(
        "the notes of {tag} have {length} characters, and GitHub takes {MOST}"
    ));
    Some(wrong.hint("shorten them, or attach them as a file"))
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::{draft, upload};
    use super::too_long;

    #[test]
    fn notes_are_counted_in_characters() {
        assert!(too_long(&draft(None)).is_none());
        assert!(too_long(&upload("a-1.0.tar.gz")).is_none());
        assert!(too_long(&draft(Some(&"ä".repeat(125_000)))).is_none());
        let wrong = too_long(&draft(Some(&"ä".repeat(125_001)))).unwrap();
        let message = "the notes of v1.0 have 125001 characters, and GitHub takes 125000";
        assert_eq!(wrong.message, message);
    }
}
