//! From YAML events to the tree. Aliases, tags and several documents in one file are refused: a manifest reads the
//! same to everybody.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use super::{Entry, Kind, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// No manifest nests deeper than this; the limit keeps recursion over the tree within the stack.
const MAX_DEPTH: usize = 48;

/// Parses one file. Duplicate keys are reported and the first one counts; anything else that is wrong ends the file.
pub(crate) fn parse<'s>(file: u16, text: &'s str, faults: &mut Vec<Diagnostic>) -> Option<Node<'s>> {
    let places = Places::new(file, text);
    if u32::try_from(text.len()).is_err() {
        let span = Span { file, start: 0, end: 0 };
        faults.push(Diagnostic::new(Code::BadYaml, span, "the file is larger than 4 GiB"));
        return None;
    }
    let mut builder = Builder { parser: Parser::new_from_str(text), places, faults };
    match builder.document() {
        Ok(root) => Some(root),
        Err(fault) => {
            builder.faults.push(fault);
            None
        }
    }
}

/// Character positions, as the parser counts them, to byte positions.
struct Places {
    file: u16,
    /// Where the last line ends that says anything: what is missing at the end is missing there.
    end: usize,
    bytes: Option<Vec<u32>>,
}

impl Places {
    fn new(file: u16, text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at as u32).collect());
        Self { file, end: text.trim_end().len(), bytes }
    }

    fn byte(&self, marker: &Marker) -> u32 {
        let byte = match &self.bytes {
            None => marker.index() as u32,
            Some(bytes) => bytes.get(marker.index()).copied().unwrap_or(u32::MAX),
        };
        byte.min(self.end as u32)
    }

    fn span(&self, span: &saphyr_parser::Span) -> Span {
        Span { file: self.file, start: self.byte(&span.start), end: self.byte(&span.end) }
    }
}

struct Builder<'s, 'f> {
    parser: Parser<'s, StrInput<'s>>,
    places: Places,
    faults: &'f mut Vec<Diagnostic>,
}

type Parsed<'s> = (Event<'s>, Span);

impl<'s> Builder<'s, '_> {
    fn next(&mut self) -> Result<Parsed<'s>, Diagnostic> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.places.span(&span))),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, self.places.span(&saphyr_parser::Span::default()))),
        }
    }

    fn broken(&self, error: &ScanError) -> Diagnostic {
        let at = self.places.byte(error.marker());
        let span = Span { file: self.places.file, start: at, end: at + 1 };
        let help = match error.info() {
            info if info.contains("tab") => "indent with spaces",
            info if info.contains("mapping values") => {
                "quote a text that holds a colon, and check the indentation"
            }
            _ => "check the indentation, quotes and brackets from here upwards",
        };
        Diagnostic::new(Code::BadYaml, span, format!("this is no YAML: {}", error.info())).help(help)
    }

    fn document(&mut self) -> Result<Node<'s>, Diagnostic> {
        let refuse = |span, what: &str| Diagnostic::new(Code::BadYaml, span, what);
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => {
                    return Err(refuse(span, "the file is empty").help("write keys into it, or remove it"));
                }
                event => {
                    let root = self.node(event, span, 0)?;
                    loop {
                        match self.next()? {
                            (Event::StreamEnd, _) => return Ok(root),
                            (Event::DocumentStart(_), span) => {
                                let fault = refuse(span, "a second document begins here");
                                return Err(fault.help("keep one document in a file"));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn node(&mut self, event: Event<'s>, span: Span, depth: usize) -> Result<Node<'s>, Diagnostic> {
        let refuse = |what: &str, help: &str| Err(Diagnostic::new(Code::BadYaml, span, what).help(help));
        if depth > MAX_DEPTH {
            return refuse("this is nested too deeply", "give the inner part a name of its own");
        }
        match event {
            Event::Alias(_) => {
                refuse("an alias stands here", "write the value out or give it a name in the manifest")
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                refuse("a tag stands here", "remove it: the manifest's language knows the type")
            }
            Event::Scalar(text, style, _, None) => {
                let kind = Kind::Scalar { text, plain: style == ScalarStyle::Plain };
                Ok(Node { span, kind })
            }
            Event::SequenceStart(_, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => return Ok(whole(span, end, Kind::Sequence(items))),
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(_, None) => self.mapping(span, depth),
            _ => refuse("a value is missing here", "write one"),
        }
    }

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node<'s>, Diagnostic> {
        let mut entries: Vec<Entry<'s>> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, end) => return Ok(whole(start, end, Kind::Mapping(entries))),
                (Event::Scalar(text, _, _, None), span) => Spanned { value: text, span },
                (_, span) => {
                    let fault = Diagnostic::new(Code::BadYaml, span, "this key is no plain text");
                    return Err(fault.help("use a word or a quoted text as key"));
                }
            };
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            match entries.iter().find(|entry| entry.key.value == key.value) {
                Some(first) => self.faults.push(duplicate(&key, first.key.span)),
                None => entries.push(Entry { key, value }),
            }
        }
    }
}

fn duplicate(key: &Spanned<Cow<'_, str>>, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::DuplicateKey,
        key.span,
        format!("the key `{}` stands here a second time", key.value),
    )
    .help("remove or rename one of them")
    .related(first, "the first one")
}

fn whole(start: Span, end: Span, kind: Kind<'_>) -> Node<'_> {
    Node { span: Span { end: end.end.max(start.end), ..start }, kind }
}
