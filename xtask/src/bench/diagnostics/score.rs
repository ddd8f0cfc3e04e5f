//! Judges the compiler's messages about a mistake, and counts.

use std::collections::HashMap;

use anyhow::Context as _;
use connector_codegen::{Diagnostic, FormatCache, Sources, compile, decode, locate, render};
use serde_json::{Value, json};

use super::corpus::{Files, Layer, Manifest, Mistake};

/// What the compiler made of a mistake.
pub(super) struct Verdict {
    pub(super) layer: Layer,
    /// Whether a fault is at a right line.
    line: bool,
    /// Whether the help of that fault contains a right word.
    remedy: bool,
    /// Further faults.
    pub(super) following: usize,
    /// The mistake and all messages, for people.
    pub(super) report: String,
}

impl Verdict {
    pub(super) fn is_right(&self) -> bool {
        self.line && self.remedy
    }
}

/// The score of a layer, or of all.
#[derive(Debug)]
pub(super) struct Score {
    pub(super) count: usize,
    pub(super) lines: usize,
    /// Right remedies at right lines.
    pub(super) remedies: usize,
    /// The median of the further faults.
    pub(super) following: usize,
}

impl Score {
    pub(super) fn of<'v>(verdicts: impl Iterator<Item = &'v Verdict>) -> Self {
        let verdicts: Vec<&Verdict> = verdicts.collect();
        let mut following: Vec<usize> = verdicts.iter().map(|verdict| verdict.following).collect();
        following.sort_unstable();
        Self {
            count: verdicts.len(),
            lines: verdicts.iter().filter(|verdict| verdict.line).count(),
            remedies: verdicts.iter().filter(|verdict| verdict.is_right()).count(),
            following: following.get(following.len() / 2).copied().unwrap_or_default(),
        }
    }

    pub(super) fn lines(&self) -> f64 {
        100.0 * self.lines as f64 / self.count as f64
    }

    pub(super) fn remedies(&self) -> f64 {
        100.0 * self.remedies as f64 / self.count as f64
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "mistakes": self.count,
            "right_line_percent": self.lines(),
            "right_line_and_remedy_percent": self.remedies(),
            "median_follow_ons": self.following,
        })
    }
}

/// Compiles mistakes in one manifest.
pub(super) struct Judge<'m> {
    manifest: &'m Manifest,
    /// What the manifest without mistakes becomes.
    right: connector_codegen::Files,
    cache: Memory,
}

impl<'m> Judge<'m> {
    /// # Errors
    /// If the manifest has faults already.
    pub(super) fn new(manifest: &'m Manifest) -> anyhow::Result<Self> {
        let mut cache = Memory::default();
        let sources: Sources = manifest.texts.clone();
        let compiled =
            compile(&sources, &mut cache).map_err(|faults| anyhow::anyhow!(render(&faults, &sources, false)));
        let right =
            compiled.with_context(|| format!("the manifest in `{}` has faults", manifest.folder))?.files;
        Ok(Self { manifest, right, cache })
    }

    /// What the compiler makes of the mistake; `None` if the change means the same as before, so that it is none.
    pub(super) fn judge(&mut self, layer: Layer, mistake: &Mistake) -> Option<Verdict> {
        let files = mistake.files(self.manifest);
        let (sources, faults) = self.compile(&files)?;
        let at = |fault: &&Diagnostic| {
            let place = locate(fault.span, &sources);
            let mut parts = place.rsplitn(3, ':').skip(1);
            let line = parts.next().and_then(|line| line.parse().ok()).unwrap_or_default();
            mistake.lines.contains(&(parts.next().unwrap_or_default().to_owned(), line))
        };
        let has_word = |fault: &Diagnostic| {
            let help = fault.help.as_deref().unwrap_or_default().to_lowercase();
            mistake.remedies.iter().any(|remedy| help.contains(&remedy.to_lowercase()))
        };
        let line = faults.iter().any(|fault| at(&fault));
        let remedy = faults.iter().filter(at).any(has_word);
        let following = faults.len().saturating_sub(1);
        let report = format!(
            "== {} / {}: {} {}\n   right lines {:?}, words {:?}: line {line}, remedy {remedy}, further faults {following}\n{}",
            layer.name(),
            mistake.kind,
            self.manifest.folder,
            mistake.shown(self.manifest),
            mistake.lines.iter().take(6).collect::<Vec<_>>(),
            mistake.remedies,
            render(&faults[..faults.len().min(4)], &sources, false),
        );
        Some(Verdict { layer, line, remedy, following, report })
    }

    fn compile(&mut self, files: &Files) -> Option<(Sources, Vec<Diagnostic>)> {
        let (sources, faults) = decode(files);
        if !faults.is_empty() {
            return Some((sources, faults));
        }
        let faults = match compile(&sources, &mut self.cache) {
            Ok(compiled) if self.is_right(&compiled.files) => return None,
            // Accepted in silence: neither a line nor a remedy.
            Ok(_) => Vec::new(),
            Err(faults) => faults,
        };
        Some((sources, faults))
    }

    /// Whether the files say the same as those of the manifest without mistakes; where they come from is no matter.
    fn is_right(&self, files: &connector_codegen::Files) -> bool {
        *files == self.right
    }
}

/// Formatted code by its tokens: most modules are the same for each mistake.
#[derive(Default)]
struct Memory(HashMap<String, String>);

impl FormatCache for Memory {
    fn get(&mut self, tokens: &str) -> Option<String> {
        self.0.get(tokens).cloned()
    }

    fn put(&mut self, tokens: &str, text: &str) {
        self.0.insert(tokens.to_owned(), text.to_owned());
    }
}
