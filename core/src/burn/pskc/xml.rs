//! XML in small: elements with their attributes and text, no document type, no entity beside the five, bounded in depth and
//! in parts. Names are kept without their prefixes, and compared without regard to case: the exporter of privacyIDEA writes small
//! letters alone.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};
use zeroize::Zeroizing;

use crate::burn::source::{SourceError, XmlRule};
use crate::limits;

/// An element with all that is in it. Its text may be a seed.
pub(super) struct Element {
    name: String,
    /// The line that it begins on, from 1.
    pub(super) line: usize,
    attributes: Vec<(String, String)>,
    text: Zeroizing<String>,
    children: Vec<Element>,
}

impl Element {
    /// Whether it has this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Those of its elements that have this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// Its first element of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(name))
    }

    /// The first at the end of this path.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Its own text, without blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }
}

/// Reads the elements directly under the root, one after the other; no more than one of them is kept at a time.
///
/// # Errors
/// [`SourceError::Xml`], [`SourceError::NotPskc`] for another root, and what `each` says.
pub(super) fn parts(
    text: &str,
    root: &str,
    mut each: impl FnMut(Element) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut reader = Reader::from_str(text);
    let (mut open, mut parts, mut is_over) = (Vec::<Element>::new(), 0, false);
    let mut lines = Lines { text, line: 1, counted: 0 };
    loop {
        let line = lines.at(reader.buffer_position());
        let fault = |rule| SourceError::Xml { line, rule };
        let event = reader.read_event().map_err(|_| fault(XmlRule::Form))?;
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => {
                let element = element(&start, line).map_err(fault)?;
                match open.len() {
                    0 if is_over => return Err(fault(XmlRule::Form)),
                    0 if !element.is(root) => return Err(SourceError::NotPskc),
                    1 => parts = 0,
                    depth if depth >= limits::XML_DEPTH => return Err(fault(XmlRule::Depth)),
                    _ => {}
                }
                parts += 1;
                if parts > limits::XML_ELEMENTS {
                    return Err(fault(XmlRule::Parts));
                }
                open.push(element);
                if is_empty {
                    is_over = close(&mut open, &mut each)?;
                }
            }
            Event::End(_) => is_over = close(&mut open, &mut each)?,
            Event::Text(part) => {
                let part = part.decode().map_err(|_| fault(XmlRule::Form))?;
                match open.last_mut() {
                    Some(element) => add(&mut element.text, &part),
                    None if part.trim().is_empty() => {}
                    None => return Err(fault(XmlRule::Form)),
                }
            }
            Event::CData(part) => {
                let element = open.last_mut().ok_or_else(|| fault(XmlRule::Form))?;
                add(&mut element.text, &part.decode().map_err(|_| fault(XmlRule::Form))?);
            }
            Event::GeneralRef(entity) => {
                let element = open.last_mut().ok_or_else(|| fault(XmlRule::Form))?;
                let (character, known) = resolved(&entity).ok_or_else(|| fault(XmlRule::Entity))?;
                let mut bytes = [0; 4];
                add(&mut element.text, character.map_or(known, |character| character.encode_utf8(&mut bytes)));
            }
            Event::Decl(declaration) => {
                let said = declaration.encoding().transpose().map_err(|_| fault(XmlRule::Form))?;
                // Whatever it was, it is UTF-8 by now.
                let is_known = |name: &[u8]| {
                    [&b"utf-8"[..], b"utf-16", b"us-ascii"].iter().any(|it| name.eq_ignore_ascii_case(it))
                };
                if said.is_some_and(|name| !is_known(&name)) {
                    return Err(fault(XmlRule::Encoding));
                }
            }
            Event::DocType(_) => return Err(fault(XmlRule::DocumentType)),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if is_over => return Ok(()),
            Event::Eof => return Err(fault(XmlRule::Form)),
        }
    }
}

/// Ends the innermost element; whether it was the root.
fn close(
    open: &mut Vec<Element>,
    each: &mut impl FnMut(Element) -> Result<(), SourceError>,
) -> Result<bool, SourceError> {
    let Some(element) = open.pop() else { return Ok(false) };
    match open.len() {
        0 => return Ok(true),
        1 => each(element)?,
        _ => {
            if let Some(parent) = open.last_mut() {
                parent.children.push(element);
            }
        }
    }
    Ok(false)
}

fn element(start: &BytesStart<'_>, line: usize) -> Result<Element, XmlRule> {
    let plain = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| XmlRule::Form);
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| XmlRule::Form)?;
        if attributes.len() >= limits::XML_ATTRIBUTES {
            return Err(XmlRule::Parts);
        }
        let value = std::str::from_utf8(&attribute.value).map_err(|_| XmlRule::Form)?;
        let value = unescape(value).map_err(|_| XmlRule::Entity)?.into_owned();
        attributes.push((plain(attribute.key.local_name().as_ref())?, value));
    }
    let name = plain(start.local_name().as_ref())?;
    Ok(Element { name, line, attributes, text: Zeroizing::default(), children: Vec::new() })
}

/// The text grows into memory that is wiped as well.
fn add(text: &mut Zeroizing<String>, part: &str) {
    if text.is_empty() && !part.trim().is_empty() {
        text.reserve_exact(part.len());
    }
    if text.capacity() - text.len() < part.len() {
        let mut larger = Zeroizing::new(String::with_capacity((text.len() + part.len()) * 2));
        larger.push_str(text);
        *text = larger;
    }
    text.push_str(part);
}

/// A character by its number, or one of the five.
fn resolved(entity: &BytesRef<'_>) -> Option<(Option<char>, &'static str)> {
    if let Some(character) = entity.resolve_char_ref().ok()? {
        return Some((Some(character), ""));
    }
    Some((None, resolve_predefined_entity(&entity.decode().ok()?)?))
}

/// Counts lines once, however often it is asked.
struct Lines<'a> {
    text: &'a str,
    line: usize,
    counted: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: u64) -> usize {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let new = self.text.as_bytes().get(self.counted..position).unwrap_or_default();
        self.line += new.iter().filter(|byte| **byte == b'\n').count();
        self.counted = position.max(self.counted);
        self.line
    }
}
