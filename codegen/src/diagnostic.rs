//! What is wrong with a manifest: a stable code, a place, a sentence, and what to do about it.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Sources, Span, line_and_column};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// The kinds of fault, each with a stable word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }
    };
}

codes! {
    /// A file in another encoding than UTF-8, or with a byte order mark inside.
    BadEncoding = "bad-encoding",
    /// The text is no YAML, or YAML of a kind that manifests do without.
    BadYaml = "bad-yaml",
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A key that means nothing here.
    UnknownKey = "unknown-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// Keys that exclude each other stand side by side.
    ConflictingKeys = "conflicting-keys",
    /// A value of the wrong kind.
    WrongType = "wrong-type",
    /// A value that is none of those allowed.
    BadValue = "bad-value",
    /// A name that does not follow its rule.
    BadName = "bad-name",
    /// A manifest format this compiler does not know.
    UnknownFormat = "unknown-format",
    /// A type that is not defined.
    UnknownType = "unknown-type",
    /// A scope that is not defined.
    UnknownScope = "unknown-scope",
    /// An API version that is not defined.
    UnknownApi = "unknown-api",
    /// A type that nothing uses.
    UnusedType = "unused-type",
    /// A name that is defined twice.
    DuplicateName = "duplicate-name",
    /// Two names that become one Rust identifier.
    NameCollision = "name-collision",
    /// A name that generated code needs for itself.
    ReservedName = "reserved-name",
    /// A path or base with a variable that nothing fills, or braces that do not match.
    BadTemplate = "bad-template",
    /// A path parameter that the path does not mention.
    UnusedParameter = "unused-parameter",
    /// A regular expression that is none.
    BadPattern = "bad-pattern",
    /// A parameter of a type that cannot stand where it is put.
    BadPlacement = "bad-placement",
    /// A constraint that does not go with its type or can never hold.
    BadConstraint = "bad-constraint",
    /// A record that requires itself.
    InfiniteRecord = "infinite-record",
    /// An HTTP method that actions do not have.
    UnsupportedMethod = "unsupported-method",
    /// A signature profile that is not defined.
    UnknownSignature = "unknown-signature",
    /// An action that is not defined.
    UnknownAction = "unknown-action",
    /// A parameter set that is not defined.
    UnknownParameterSet = "unknown-parameter-set",
    /// A parameter that the action does not have.
    UnknownParameter = "unknown-parameter",
    /// A field that is not defined.
    UnknownField = "unknown-field",
    /// A credential that is not defined.
    UnknownCredential = "unknown-credential",
    /// A paging style that is not defined.
    UnknownPaging = "unknown-paging",
    /// A sample whose file is not there.
    UnknownSample = "unknown-sample",
    /// A body where there can be none, or that is not clear.
    BadBody = "bad-body",
    /// Paging of what is no list, or without its parameters.
    BadPaging = "bad-paging",
    /// A default that does not fit its type or constraints.
    BadDefault = "bad-default",
    /// A signature profile that would promise more than it checks, or contradicts itself.
    BadSignature = "bad-signature",
    /// A trigger whose read action cannot take the id of an event's resource.
    BadRead = "bad-read",
    /// A resource that no trigger tells of.
    UnknownResource = "unknown-resource",
    /// A changed resource whose id cannot be told from where it is said to be.
    BadChange = "bad-change",
    /// A path through a value without fields, or to a value that cannot be read as what it is to be.
    BadPath = "bad-path",
    /// An action that cannot take an input that it is called with, or needs another.
    BadInput = "bad-input",
    /// A trigger that reads nothing and does not say why.
    MissingReason = "missing-reason",
    /// A sample that is no JSON or does not fit its type.
    BadSample = "bad-sample",
    /// A line of `verified.lock` that gives an action no level, or a second one.
    BadLevel = "bad-level",
    /// Advice: a scope that nothing needs.
    UnusedScope = "unused-scope",
    /// Advice: something that platforms show to people says nothing.
    MissingDescription = "missing-description",
}

impl Code {
    /// Whether such a fault may only seem to be one because a file with definitions could not be read.
    pub(crate) fn may_follow_from_a_lost_file(self) -> bool {
        matches!(
            self,
            Self::UnknownType
                | Self::UnknownAction
                | Self::UnknownParameterSet
                | Self::UnknownParameter
                | Self::UnusedParameter
                | Self::UnusedType
                | Self::BadTemplate
                | Self::BadPaging
                | Self::BadRead
                | Self::BadInput
                | Self::UnknownResource
                | Self::BadChange
        )
    }

    /// Whether it is advice: generation goes on.
    #[must_use]
    pub fn is_advice(self) -> bool {
        matches!(self, Self::UnusedScope | Self::MissingDescription)
    }
}

/// The thing that a fault is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct About {
    /// The kind of thing, such as `type`.
    pub(crate) noun: &'static str,
    pub(crate) name: String,
}

/// One fault of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of fault.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to do: an instruction.
    pub help: Option<String>,
    /// A second place that matters, and what is there.
    pub related: Option<(Span, String)>,
    /// By this, faults of one cause are found.
    pub(crate) about: Option<Box<About>>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None, related: None, about: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(crate) fn about(self, noun: &'static str, name: &str) -> Self {
        Self { about: Some(Box::new(About { noun, name: name.to_owned() })), ..self }
    }

    pub(crate) fn related(self, span: Span, what: impl Into<String>) -> Self {
        Self { related: Some((span, what.into())), ..self }
    }
}

/// What a person sees: every fault with its place and excerpt, then the count.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
    let files: Vec<(&str, &str)> =
        sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&render_one(diagnostic, &files, &renderer));
        out.push_str("\n\n");
    }
    let faults = diagnostics.iter().filter(|diagnostic| !diagnostic.code.is_advice()).count();
    match faults {
        0 => {}
        1 => out.push_str("1 fault; nothing was written\n"),
        count => out.push_str(&format!("{count} faults; nothing was written\n")),
    }
    out
}

/// `file:line:column` of a place; nothing where it lies in none of the sources.
#[must_use]
pub fn locate(span: Span, sources: &Sources) -> String {
    let Some((path, text)) = sources.iter().nth(usize::from(span.file)) else { return String::new() };
    let (line, column) = line_and_column(text, span.start as usize);
    format!("{path}:{line}:{column}")
}

fn render_one(diagnostic: &Diagnostic, files: &[(&str, &str)], renderer: &Renderer) -> String {
    let snippet = |span: Span| {
        let (path, text) = files.get(usize::from(span.file))?;
        Some((Snippet::source(*text).path(*path), clamp(span, text)))
    };
    let mut primary = snippet(diagnostic.span)
        .map(|(snippet, range)| snippet.annotation(AnnotationKind::Primary.span(range)));
    let mut other = None;
    if let Some((span, what)) = &diagnostic.related
        && let Some((snippet, range)) = snippet(*span)
    {
        let annotation = AnnotationKind::Context.span(range).label(what);
        if span.file == diagnostic.span.file {
            primary = primary.map(|primary| primary.annotation(annotation));
        } else {
            other = Some(snippet.annotation(annotation));
        }
    }
    let level = if diagnostic.code.is_advice() { Level::WARNING } else { Level::ERROR };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title).elements(primary).elements(other);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The span on character boundaries of the text, and on its first line only.
fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    start..end.min(line_end)
}
