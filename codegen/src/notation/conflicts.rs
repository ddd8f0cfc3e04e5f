//! The marks that a merge of two versions leaves in a file.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// A fault for each conflict, at its first mark, and for each mark that stands alone.
pub(crate) fn conflicts(file: u16, text: &str, code: Code) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut is_open = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some(mark) = mark(line.trim_end()) else { continue };
        if !is_open {
            let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span { file, start: byte(start), end: byte(start + 7) };
            let fault = Diagnostic::new(code, span, "a mark of a merge conflict stands here");
            faults.push(fault.help(
                "resolve the conflict: keep one version, and remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`",
            ));
        }
        is_open = mark != '>' && (is_open || mark == '<');
    }
    faults
}

/// The letter of which a line's mark consists.
fn mark(line: &str) -> Option<char> {
    let first = line.chars().next().filter(|first| matches!(first, '<' | '=' | '>' | '|'))?;
    let rest = line.trim_start_matches(first);
    let is_mark = line.len() - rest.len() == 7 && (rest.is_empty() || rest.starts_with(' ') && first != '=');
    is_mark.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<u32> {
        conflicts(0, text, Code::BadYaml).iter().map(|fault| fault.span.start).collect()
    }

    #[test]
    fn each_conflict_is_one_fault_at_its_first_mark() {
        let conflict = "<<<<<<< HEAD\na: 1\n||||||| base\na: 0\n=======\na: 2\n>>>>>>> topic\n";
        assert_eq!(places(&format!("{conflict}b: 1\n{conflict}")), [0, conflict.len() as u32 + 5]);
        assert_eq!(places("a: 1\n=======\nb: 2\n"), [5]);
        assert_eq!(places("a: 1\n>>>>>>> topic\n"), [5]);
    }

    #[test]
    fn lines_that_are_no_marks_are_none() {
        for text in ["", "a: <<<<<<< b\n", "<<: *a\n", "========\n", "======\n", "======= x\n", "# =======\n"]
        {
            assert!(places(text).is_empty(), "{text:?}");
        }
    }
}
