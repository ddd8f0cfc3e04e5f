//! From YAML events to the tree. Aliases, tags and several documents in one file are refused: a manifest reads the
//! same to everybody.

use std::borrow::Cow;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput};

use super::{Entry, Kind, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::notation;
use crate::source::{Span, Spanned};

/// No manifest nests deeper than this; the limit keeps recursion over the tree within the stack.
const MAX_DEPTH: usize = 48;

/// The message and the remedy about an alias, whether its anchor exists or not.
const ALIAS: (&str, &str) =
    ("an alias stands here", "write the value out, or quote a text that begins with `*`");

/// Parses one file. Duplicate keys are reported and the first one counts; anything else that is wrong ends the file.
pub(crate) fn parse<'s>(file: u16, text: &'s str, faults: &mut Vec<Diagnostic>) -> Option<Node<'s>> {
    let places = Places::new(file, text);
    if u32::try_from(text.len()).is_err() {
        let span = Span { file, start: 0, end: 0 };
        faults.push(Diagnostic::new(Code::BadYaml, span, "the file is larger than 4 GiB"));
        return None;
    }
    let conflicts = notation::conflicts(file, text, Code::BadYaml);
    let certain = if conflicts.is_empty() { notation::certain(file, text) } else { None };
    if !conflicts.is_empty() || certain.is_some() {
        faults.extend(conflicts.into_iter().chain(certain));
        return None;
    }
    let mut builder = Builder { parser: Parser::new_from_str(text), places, faults };
    match builder.document() {
        Ok(root) => Some(root),
        Err(Failure::Refused(fault)) => {
            builder.faults.push(fault);
            None
        }
        Err(Failure::Broken(fault)) => {
            let explained = notation::explain(file, text, fault.span.start as usize);
            builder.faults.push(explained.unwrap_or(fault));
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

/// Why a file has no tree.
enum Failure {
    /// It is YAML of a kind that manifests do without.
    Refused(Diagnostic),
    /// It is no YAML.
    Broken(Diagnostic),
}

impl<'s> Builder<'s, '_> {
    fn next(&mut self) -> Result<Parsed<'s>, Failure> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.places.span(&span))),
            Some(Err(error)) => Err(self.broken(&error)),
            None => Ok((Event::StreamEnd, self.places.span(&saphyr_parser::Span::default()))),
        }
    }

    fn broken(&self, error: &ScanError) -> Failure {
        let at = self.places.byte(error.marker());
        let span = Span { file: self.places.file, start: at, end: at + 1 };
        let info = error.info();
        if info.contains("unknown anchor") {
            return Failure::Refused(Diagnostic::new(Code::BadYaml, span, ALIAS.0).help(ALIAS.1));
        }
        let fault = Diagnostic::new(Code::BadYaml, span, format!("this is no YAML: {info}"));
        match info {
            _ if info.contains("escape") => {
                Failure::Refused(fault.help(
                    "write a backslash as `\\\\` within double quotes, or put the text in single quotes",
                ))
            }
            _ if info.contains("tab") => Failure::Broken(fault.help("indent with spaces")),
            _ if info.contains("mapping values") => {
                Failure::Broken(fault.help("quote a text that contains a colon, and check the indentation"))
            }
            _ => Failure::Broken(fault.help("check the indentation, quotes and brackets from here upwards")),
        }
    }

    fn document(&mut self) -> Result<Node<'s>, Failure> {
        let refuse = |span, what: &str, help: &str| {
            Failure::Refused(Diagnostic::new(Code::BadYaml, span, what).help(help))
        };
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) => {}
                Event::StreamEnd => {
                    return Err(refuse(span, "the file is empty", "write keys into it, or remove it"));
                }
                event => {
                    let root = self.node(event, span, 0)?;
                    loop {
                        match self.next()? {
                            (Event::StreamEnd, _) => return Ok(root),
                            (Event::DocumentStart(_), span) => {
                                let help = "keep one document in a file";
                                return Err(refuse(span, "a second document begins here", help));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn node(&mut self, event: Event<'s>, span: Span, depth: usize) -> Result<Node<'s>, Failure> {
        let refuse = |what: &str, help: &str| {
            Err(Failure::Refused(Diagnostic::new(Code::BadYaml, span, what).help(help)))
        };
        if depth > MAX_DEPTH {
            return refuse("this is nested too deeply", "give the inner part a name of its own");
        }
        match event {
            Event::Alias(_) => refuse(ALIAS.0, ALIAS.1),
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                refuse("a tag stands here", "remove it, or quote a text that begins with `!`")
            }
            Event::Scalar(_, _, 1.., None)
            | Event::SequenceStart(1.., None)
            | Event::MappingStart(1.., None) => {
                refuse("an anchor stands here", "remove it, or quote a text that begins with `&`")
            }
            Event::Scalar(text, style, _, None) => {
                let plain = style == ScalarStyle::Plain;
                if plain {
                    self.faults.extend(notation::unopened(&text, span));
                }
                let kind = Kind::Scalar { text, plain };
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

    fn mapping(&mut self, start: Span, depth: usize) -> Result<Node<'s>, Failure> {
        let mut entries: Vec<Entry<'s>> = Vec::new();
        loop {
            let (key, plain) = match self.next()? {
                (Event::MappingEnd, end) => return Ok(whole(start, end, Kind::Mapping(entries))),
                (Event::Scalar(text, style, _, None), span) => {
                    (Spanned { value: text, span }, style == ScalarStyle::Plain)
                }
                (_, span) => {
                    let fault = Diagnostic::new(Code::BadYaml, span, "this key is no plain text");
                    return Err(Failure::Refused(fault.help("use a word or a quoted text as key")));
                }
            };
            let (event, span) = self.next()?;
            let before = self.faults.len();
            let value = self.node(event, span, depth + 1)?;
            if plain && let Some(fault) = no_colon(&key) {
                self.faults.truncate(before);
                self.faults.push(fault);
                continue;
            }
            let (key, value) = match split(&key, &value).filter(|_| plain) {
                Some((left, right)) => {
                    self.faults.push(no_blank(&left, &right));
                    (left, right)
                }
                None => (key, value),
            };
            match entries.iter().find(|entry| entry.key.value == key.value) {
                Some(first) => self.faults.push(duplicate(&key, first.key.span)),
                None => entries.push(Entry { key, value }),
            }
        }
    }
}

/// Key and value of `key:value` within braces, which YAML takes for a key without a value.
fn split<'s>(key: &Spanned<Cow<'s, str>>, value: &Node<'s>) -> Option<(Spanned<Cow<'s, str>>, Node<'s>)> {
    if value.noun() != "nothing" {
        return None;
    }
    let (name, rest) = key.value.split_once(':')?;
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !is_name || rest.is_empty() {
        return None;
    }
    let middle = key.span.start + name.len() as u32;
    let kind = Kind::Scalar { text: Cow::Owned(rest.to_owned()), plain: true };
    let right = Node { span: Span { start: middle + 1, ..key.span }, kind };
    Some((Spanned { value: Cow::Owned(name.to_owned()), span: Span { end: middle, ..key.span } }, right))
}

/// The fault of `key {inner: …`, whose key lacks its colon.
fn no_colon(key: &Spanned<Cow<'_, str>>) -> Option<Diagnostic> {
    let (name, _) = key.value.split_once(" {").or_else(|| key.value.split_once(" ["))?;
    let span = Span { end: key.span.start + name.len() as u32, ..key.span };
    let fault = Diagnostic::new(Code::BadYaml, span, format!("no colon follows `{name}`"));
    Some(fault.help(format!("write a colon and a blank after the key: `{name}: …`")))
}

fn no_blank(key: &Spanned<Cow<'_, str>>, value: &Node<'_>) -> Diagnostic {
    let message = format!("no blank follows the colon after `{}`", key.value);
    let text = value.text().map_or("", |text| text.value);
    let help = format!("write a blank after the colon: `{}: {text}`", key.value);
    Diagnostic::new(Code::BadYaml, key.span, message).help(help)
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
